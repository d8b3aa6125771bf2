"""A demand under a name that no registry knows, from a domain that has another name."""

from __future__ import annotations

import pytest
from tests.auth_support import context, led, letter

from sekisho.checks.lure import anothers_domain
from sekisho.evidence import AuthorStatus, Cue, Evidence, Place, Proof

FLORIST, BANK = "petals-and-stems.test", "Marlin Bay Savings Bank"
BLOCKED = "Your Marlin Bay account will be closed unless you confirm it by Friday.\n\n{url}\n\nMarlin Bay Savings Bank"
BOTH = ["from_anothers_domain", "to_nobody_by_name", "deadline_and_threat"]


def found(
    text: str = BLOCKED,
    *,
    name: str = BANK,
    address: str = f"alerts@{FLORIST}",
    subject: str = "Your account",
    url: str = f"https://{FLORIST}/mb/",
    seen: Evidence | None = None,
    kinds: dict[str, str] | None = None,
) -> list[str]:
    """The doubts, without their family; the author is proven."""
    domain = address.partition("@")[2]
    proven = Evidence(proofs=(Proof(domain, "dkim", True),), author_status=AuthorStatus.AUTHENTICATED)
    at = context(kinds=kinds)
    read = letter(subject, text.format(url=url), author=f"{name} <{address}>")
    doubts = anothers_domain.check(read, led(read, at) + (seen or proven), at).doubts
    return [each.kind.id.removeprefix("lure.") for each in doubts]


def test_a_bank_in_the_mail_of_a_florist() -> None:
    """The domain is decent, proven, and leads home; nothing says what it has to do with the bank."""
    assert found() == BOTH
    assert found(url="https://sunflower-yarns.test/") == BOTH


def test_other_languages() -> None:
    """The form of a demand is the same everywhere."""
    text = "Votre carte sera bloquée sinon vérifiez avant le 28 avril.\n\n{url}\n\nBanque du Vexin"
    assert found(text, name="Banque du Vexin", subject="Votre compte", address=f"alerte@{FLORIST}") != []
    text = "北森信用金庫をご利用のお客様\n\n4月25日までに確認がない場合、口座を凍結いたします。\n{url}"
    assert found(text, name="北森信用金庫", subject="【北森信用金庫】口座のお知らせ") == BOTH


def test_an_office_whose_firm_the_subject_names() -> None:
    """The name before the address says nobody; the one at the head of the subject is the sender's."""
    text = "北森信用金庫をご利用のお客様\n\n4月25日までに確認がない場合、口座を凍結いたします。\n{url}"
    head = "【北森信用金庫】口座のお知らせ"
    assert found(text, name="カスタマーサポート", subject=head) == BOTH
    assert found(text, name="カスタマーサポート", subject="口座のお知らせ") == []


@pytest.mark.parametrize(
    "address",
    [
        "alerts@marlinbay.test",
        "alerts@mbsb.test",
        "alerts@marlin-bay-online.test",
        "alerts@bank.marlinbaysb.test",
    ],
)
def test_its_own_domain(address: str) -> None:
    """A word of the name, all of it, or its initials."""
    assert found(address=address, url=f"https://{address.partition('@')[2]}/") == []


@pytest.mark.parametrize(
    "line",
    [
        "A service of Petals and Stems.",
        "Petals Group, which Marlin Bay belongs to",
        "Call us: (415) 555-0142",
        "You are reading what we send to our members. Unsubscribe: {url}",
    ],
)
def test_what_tells_more_of_the_sender(line: str) -> None:
    """The text tells the domain's name, or how to reach the sender; a list can be left by who is greeted by name."""
    assert found(f"Dear Ms Ito,\n\n{BLOCKED}\n\n{line}") == []


def test_a_reader_who_is_greeted_by_name() -> None:
    """That weighs less, and says nothing at all under a name in Japanese, which may be a translation."""
    assert found(f"Dear Ms Ito,\n\n{BLOCKED}") == ["from_anothers_domain", "deadline_and_threat"]
    text = "佐藤 恵 様\n\n4月25日までにお支払いがない場合、ご予約を取り消します。\n{url}\n北森フーズ"
    assert found(text, name="北森フーズ", subject="お支払いのお願い", address=f"order@{FLORIST}") == []


def test_what_is_no_demand_of_a_firm() -> None:
    """A person, a notice that presses nobody, a name that cannot be read, a provider, a long text, no way out."""
    assert (
        found(name="Boyd Stephen Smith", address=f"bss@{FLORIST}", text="My account will be closed. {url}")
        == []
    )
    assert found("Your statement is ready.\n{url}\nMarlin Bay Savings Bank", subject="Statement") == []
    assert found(name="海澜云盘") == []
    assert found(kinds={FLORIST: "mailbox"}) == []
    assert found(BLOCKED + " word" * 1_000) == []
    assert found(url="") == []


def test_a_domain_of_an_organisation_that_leads_home() -> None:
    """A suffix that only companies get says that somebody was asked for a name; a link elsewhere does not."""
    assert found(address="alerts@petals.co.jp", url="https://petals.co.jp/") == []
    assert found(address="alerts@petals.co.jp", url="https://sunflower-yarns.test/")[0] == BOTH[0]


def test_a_name_with_words_that_calm() -> None:
    """Two of them beside the name, or one below a suffix of throw-away domains: no firm needs that."""
    for domain, calm in (
        ("marlinbay-secure-login.test", True),
        ("marlinbay-login.top", True),
        ("marlinbay-login.test", False),
        ("marlinbay.top", False),
    ):
        ids = found(address=f"alerts@{domain}", url=f"https://{domain}/")
        assert ids == (["from_a_calming_domain", *BOTH[1:]] if calm else [])


def test_a_log_in_that_nothing_presses_for() -> None:
    """Under a name in Latin letters it is enough that the headline is about it and the text asks for it."""
    text = "We noticed a sign-in. Please log in.\n{url}\nMarlin Bay Savings Bank"
    cues = tuple(
        Cue(aspect, name, name, Place.SUBJECT if aspect == "theme" else Place.TEXT)
        for aspect, name in (("theme", "security"), ("action", "login"))
    )
    seen = Evidence(cues=cues, author_status=AuthorStatus.AUTHENTICATED)
    assert found(text, seen=seen) == ["from_anothers_domain", "to_nobody_by_name"]
    assert found(text) == []
