"""The recipient's own data in the subject, and a domain that reads as the recipient's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.auth_support import NAME_WORDS, context, led, letter

from sekisho.checks.identity import recipient
from sekisho.evidence import Cue, Evidence, Finding
from sekisho.ports import Context
from sekisho.results import AuthResult, MethodResult
from sekisho.site import Site, SiteOptions

MAILBOX = Evidence(
    cues=(Cue("theme", "mailbox", "mailbox + full", "text"),),
    results=(MethodResult("spf", AuthResult.NONE), MethodResult("dkim", AuthResult.NONE)),
)


def findings(
    subject: str, text: str = "", seen: Evidence = MAILBOX, *, at: Context | None = None, **more: Any
) -> list[Finding]:
    """What the check finds in a letter (`auth_support.letter`)."""
    read, at = letter(subject, text, **more), at or context()
    return list(recipient.check(read, led(read, at) + seen, at).findings)


def found(subject: str, text: str = "", seen: Evidence = MAILBOX, **more: Any) -> list[str]:
    return [each.kind.id for each in findings(subject, text, seen, **more)]


@pytest.mark.parametrize("subject", ["For hanako@example.jp", "For hanako+list@example.jp"])
def test_the_recipients_address_without_its_extension(subject: str) -> None:
    """`hanako+list@` reads the mailbox of `hanako@`, whichever of the two the subject names."""
    at = replace(context(), recipient_delimiter="+")
    rcpt = ("hanako+list@example.jp",)
    assert found(subject, rcpt=rcpt, at=at) == ["recipient.address_in_subject"]


@pytest.mark.parametrize(
    "subject",
    [
        "hanako@example.jp",
        "Notice for HANAKO@Example.JP!",
        "【hanako@example.jp】様",
        "hanako@example.jpのパスワード",
        "to hanako@example.jp.",
        "Herzlichen Glückwunsch,hanako@example.jp",
        "Congratulations! hanako@example.jp-f-p, you are chosen",
    ],
)
def test_the_recipients_address_in_the_subject(subject: str) -> None:
    """In any case, and with whatever stands around it."""
    assert found(subject) == ["recipient.address_in_subject"]


@pytest.mark.parametrize(
    "subject",
    ["ahanako@example.jp", "a.hanako@example.jp", "hanako@example.jpn", "hanako@example.com", "hanako"],
)
def test_another_address_or_a_name_alone_is_not_his(subject: str) -> None:
    """A longer address holds his letters and is somebody else's; a name is known to many."""
    assert found(subject) == []


def test_invitations_and_reports_name_whom_they_are_for() -> None:
    """A calendar's invitation and a bounce hold the recipient's address by their nature."""
    assert found("Invitation (hanako@example.jp)", media="text/calendar") == []
    assert found("Undelivered: hanako@example.jp 090-0000-0000", sender=None) == []
    assert found("Undelivered: hanako@example.jp", sender="") == []


def test_who_writes_to_many_knows_none_of_them() -> None:
    """Only the first few recipients are looked at, and what is no address is nobody."""
    crowd = tuple(f"r{number}@example.jp" for number in range(recipient.MAX_RECIPIENTS))
    assert found("hanako@example.jp", rcpt=(*crowd, "hanako@example.jp")) == []
    assert found("postmaster", rcpt=("postmaster",)) == []
    assert found("hanako@example.jp", rcpt=()) == []


@pytest.mark.parametrize(
    ("subject", "data"),
    [
        ("080-0000-0000 様 ご利用料金", "080-0000-0000"),
        ("【09000000000】最終通告", "09000000000"),
        ("03-0000-0000", "03-0000-0000"),
        ("０９０－００００－００００様", "090-0000-0000"),
        ("〒100-0000 ご契約者様", "〒100-0000"),
        ("東京都千代田区例示町1-2-3 様", "都千代田区例示町1-2"),
        ("大阪府大阪市北区 例示 １丁目", "府大阪市北区 例示 1丁目"),
        ("北海道札幌市中央区12番", "道札幌市中央区12番"),
    ],
)
def test_a_telephone_number_or_postal_address_is_shown(subject: str, data: str) -> None:
    """Also in full width; the explanation quotes what was seen."""
    (finding,) = findings(subject)
    assert finding.kind is recipient.DATA
    assert finding.facts["data"] == data
    assert data in finding.reason_en
    assert data in finding.reason_ja


@pytest.mark.parametrize(
    "subject",
    [
        "ご注文 2026-0401-0099",
        "10-0000-00000",
        "Ticket 1080-0000-0000",
        "080-0000-0000-1",
        "東京都町田市 セミナーのご案内 2026-04-20",
        "千葉県柏市 4-5月の講座",
        "都市部の市場について",
        "090000000001",
        "",
    ],
)
def test_other_numbers_are_nobodys_data(subject: str) -> None:
    """Order numbers, dates beside a place, numbers that go on."""
    assert found(subject) == []


def test_hostile_subjects_are_read_too() -> None:
    """Whatever stands there, the check answers; a long one holds its number at the far end."""
    for subject in ("都" * 3000 + "市" * 3000, "0" * 5000, "都市" * 3000 + "1-", "〒" * 5000, "\udc80\x00"):
        found(subject.encode("utf-8", "replace").decode())
    assert found("都市" * 2000 + " 080-0000-0000") == ["recipient.data_in_subject"]


@pytest.mark.parametrize(
    ("author", "rcpt", "alike"),
    [
        ("a@kaisha-co.jp", "b@kaisha.co.jp", True),
        ("a@mail.kaisha-co.jp", "b@div.kaisha.co.jp", True),
        ("a@exarnple.jp", "b@example.jp", True),
        ("a@xn--exampl-gva.jp", "b@example.jp", True),
        ("a@kaisha.jp", "b@kaisha.co.jp", False),
        ("a@kaisha.co.jp", "b@sub.kaisha.co.jp", False),
        ("a@kaishas.co.jp", "b@kaisha.co.jp", False),
        ("a@fre-e.test", "b@free.test", False),
        ("nobody", "b@example.jp", False),
        ("a@kaisha-co.jp", "postmaster", False),
    ],
)
def test_a_domain_that_reads_as_the_recipients(author: str, rcpt: str, alike: bool) -> None:
    """Look-alike letters, hyphens and dots; not another suffix, not one letter more, not a provider's customers."""
    ids = found("s", author=author, rcpt=(rcpt,), at=context(kinds={"free.test": "mailbox"}))
    assert ("recipient.lookalike" in ids) is alike


def test_our_own_site_has_a_check_of_its_own() -> None:
    """It knows the exceptions that an admin has made."""
    ours = Site.of(SiteOptions(domains=("kaisha.co.jp",), exceptions=("kaisha-co.jp",)), NAME_WORDS)
    at = replace(context(), site=ours)
    assert "recipient.lookalike" not in found("s", author="a@kaisha-co.jp", rcpt=("b@kaisha.co.jp",), at=at)


class OfTables(Site):
    """A site whose domain stands in a table: nobody finds its imitations but this check."""

    def guards(self, domain: str) -> bool:
        return False


def test_a_domain_of_a_table_is_looked_after_here() -> None:
    """`site` cannot find its imitations. Two domains that are both ours imitate nobody."""
    for domains, alike in ((("kaisha.co.jp",), True), (("kaisha.co.jp", "kaisha-co.jp"), False)):
        at = replace(context(), site=OfTables.of(SiteOptions(domains=domains), NAME_WORDS))
        ids = found("s", author="a@kaisha-co.jp", rcpt=("b@kaisha.co.jp",), at=at)
        assert ("recipient.lookalike" in ids) is alike


def test_both_spellings_may_be_one_brands() -> None:
    """Who is known to own both names imitates nobody; who is known to own one of them may."""
    for owners, alike in (
        ({"kaisha-co.jp": "kaisha", "kaisha.co.jp": "kaisha"}, False),
        ({"kaisha.co.jp": "kaisha"}, True),
        ({"kaisha-co.jp": "kaisha"}, True),
        ({"kaisha-co.jp": "other", "kaisha.co.jp": "kaisha"}, True),
    ):
        ids = found("s", author="a@kaisha-co.jp", rcpt=("b@kaisha.co.jp",), at=context(owners=owners))
        assert ("recipient.lookalike" in ids) is alike
