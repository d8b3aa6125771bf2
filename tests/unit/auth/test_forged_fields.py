"""Which fields pretend to be ours, however they are written, and which are left to others."""

from __future__ import annotations

import pytest

from sekisho.auth.forged_fields import ForgedFields, OwnFields, is_forged
from sekisho.message import Field

OURS = "mx.example.jp"

FORGED = [
    " mx.example.jp; spf=pass",
    "mx.example.jp;spf=pass",
    " MX.Example.JP; spf=pass",
    " mx.example.jp 1; spf=pass",
    " mx.example.jp\t1 ; spf=pass",
    "\r\n mx.example.jp\r\n ; spf=pass",
    ' "mx.example.jp"; spf=pass',
    ' "mx.exam\\ple.jp"; spf=pass',
    " (a comment) mx.example.jp; spf=pass",
    " (nested (comment) \\) here) mx.example.jp (x); spf=pass",
    " mx.example.jp(; spf=pass",
    " mx(comment).example.jp; spf=pass",
    " mx . example . jp; spf=pass",
    ' "mx.example".jp; spf=pass',
    " mx.example.jp.; spf=pass",
    " mx.example.jp",
    " (" + "x" * 3000 + ") mx.example.jp; spf=pass",
    " (" + "x" * 2039 + ") mx.example.jp; spf=pass",
    " ; spf=pass",
    "",
    " (only a comment",
    " mx.example.jp; " + "spf=pass; " * 5000,
    " =?utf-8?q?mx.example.jp?=; spf=pass",
    " =?us-ascii?b?bXguZXhhbXBsZS5qcA==?=; spf=pass",
    " mx.example.jp/1; spf=pass",
    " mx.example.jp:25; spf=pass",
    " <mx.example.jp>; spf=pass",
    " [mx.example.jp]; spf=pass",
    " 'mx.example.jp'; spf=pass",
    " mx.example.jp\x01; spf=pass",
    " \uff4d\uff58.example.jp; spf=pass",
    " mx\u3002example\uff0ejp; spf=pass",
    " mx\u00ad.exam\u200bple.jp; spf=pass",
    " \ufeffmx.example.jp; spf=pass",
    " \ud7ffmx.example.jp; spf=pass",
]
FOREIGN = [
    " mx.other.jp; spf=pass",
    " notmx.example.jp; spf=pass",
    " mx.example.jp.evil.example; spf=pass",
    " example.jp; spf=pass smtp.mailfrom=mx.example.jp",
    " (mx.example.jp) other.jp; spf=pass",
    ' "mx.other.jp"; x="mx.example.jp;"',
    " spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=mx.example.jp",
    " relay_1; spf=pass",
    " spool 1; spf=pass",
    " mx.\u4f8b\u3048.jp; spf=pass",
]


@pytest.mark.parametrize("value", FORGED)
def test_forged_is_found(value: str) -> None:
    """Every way to write our authserv-id, and every field without any, is taken for forged."""
    assert is_forged(Field(b"Authentication-Results", value.encode()), OwnFields(OURS))


@pytest.mark.parametrize("value", FOREIGN)
def test_foreign_is_left(value: str) -> None:
    """Fields of others stay."""
    assert not is_forged(Field(b"Authentication-Results", value.encode()), OwnFields(OURS))


@pytest.mark.parametrize("written", ["mx.\u4f8b\u3048.jp", "MX.\u4f8b\u3048\u3002JP", "mx.XN--R8JZ45G.jp."])
def test_an_international_name_is_one_name(written: str) -> None:
    """As U-label or A-label, our authserv-id is ours."""
    field = Field(b"Authentication-Results", f" {written}; spf=pass".encode())
    assert is_forged(field, OwnFields("mx.xn--r8jz45g.jp"))


@pytest.mark.parametrize("count", [1, 5, 50])
def test_indexes_go_from_the_highest_down(count: int) -> None:
    """Forged copies among foreign ones are named by index from the highest down, whatever the name's case."""
    fields = []
    for number in range(count):
        fields.append(Field(b"authentication-RESULTS", b" mx.example.jp; spf=pass"))
        fields.append(Field(b"Authentication-Results", b" other.jp; spf=pass"))
        fields.append(Field(b"Subject", b" %d" % number))
    found = ForgedFields.among(fields, OwnFields(OURS))
    assert found.fields == tuple(("authentication-RESULTS", index) for index in range(2 * count - 1, 0, -2))


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (b"X-Sekisho-Verdict", b" accept", True),
        (b"x-sekisho-", b"", True),
        (b"X-Sekisho", b" accept", False),
        (b"Subject", b" x\rX-Sekisho-Verdict: accept", True),
        (b"Subject", b" x\rAuthentication-Results: mx.example.jp; spf=pass", True),
        (b"Subject", b" x\r\n X-Sekisho-Verdict: accept", False),
        (b"Subject", b" x\rAuthentication-Results: mx.other.jp; spf=pass", False),
    ],
)
def test_names_of_ours(name: bytes, value: bytes, expected: bool) -> None:
    """All that is named X-Sekisho- is forged, and so is a field that holds one of ours behind a bare CR."""
    assert is_forged(Field(name, value), OwnFields(OURS)) is expected


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text", ["(" * 60_000, "\\" * 60_000, '"' * 60_001, "=" * 60_000, ";" * 60_000, "a.b." * 15_000]
)
def test_hostile_fields_are_read_in_a_moment(text: str) -> None:
    """Deep comments, endless quotes and separators cost linear time and raise nothing."""
    ForgedFields.among((Field(b"Authentication-Results", text.encode()),) * 20, OwnFields(OURS))
