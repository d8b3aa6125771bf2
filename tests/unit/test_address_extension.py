"""Address extensions, as Postfix splits them."""

from __future__ import annotations

import pytest

from sekisho.address import unquoted, without_extension


@pytest.mark.parametrize(
    ("local", "delimiters", "mailbox"),
    [
        ("help+x", "+", "help"),
        ("help+x+y", "+", "help"),
        ("help+", "+", "help"),
        ("help", "+", "help"),
        ("help+x", "", "help+x"),
        ("help-x+y", "+-", "help"),
        ("help+x-y", "-+", "help"),
        ("help-x", "+", "help-x"),
        ("+x", "+", "+x"),
        ("", "+", ""),
        ("postmaster+x", "+", "postmaster"),
        ("mailer-daemon", "-", "mailer-daemon"),
        ("MAILER-daemon", "-", "MAILER-daemon"),
        ("double-bounce", "-", "double-bounce"),
        ("owner-list", "-", "owner-list"),
        ("Owner-list-x", "+-", "Owner-list-x"),
        ("list-request", "-", "list-request"),
        ("-request", "-", "-request"),
        ("owner-list+x", "+", "owner-list"),
        ("list+x-request", "+", "list"),
    ],
)
def test_split_as_postfix_does(local: str, delimiters: str, mailbox: str) -> None:
    """An address is split at the first delimiter in its local part (split_addr.c). Reserved names stay whole, and so do
    list names if a hyphen is a delimiter. No local part becomes empty."""
    assert without_extension(local, delimiters) == mailbox


@pytest.mark.parametrize(
    ("written", "meant"),
    [('"help"', "help"), ('"he\\lp"', "help"), ('"a\\"b"', 'a"b'), ("help", "help"), ('"', '"'), ('""', "")],
)
def test_quotes_are_not_part_of_a_name(written: str, meant: str) -> None:
    """Quotes and escapes are removed (RFC 5322 section 3.2.4)."""
    assert unquoted(written) == meant
