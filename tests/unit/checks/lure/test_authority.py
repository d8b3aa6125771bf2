"""Authorities that nothing confirms: an office without an institution, and an institution that cannot be found."""

from __future__ import annotations

import pytest
from tests.auth_support import context, led, letter

from sekisho.checks.lure import authority
from sekisho.evidence import AuthorStatus, Claim, Cue, Evidence, Place, Proof

PROVEN = Evidence(proofs=(Proof("velmora.test", "dkim", True),), author_status=AuthorStatus.AUTHENTICATED)
DEMAND = "Pay by Friday. Otherwise we seize your car.\n\nhttps://velmora.test/pay"
KANKOKU = "4月30日までに納付がない場合、差し押さえます。\n\nhttps://velmora.test/pay"


def found(
    author: str,
    text: str = DEMAND,
    subject: str = "Case 1",
    seen: Evidence = PROVEN,
    kinds: dict[str, str] | None = None,
) -> list[str]:
    """The doubts, without their family."""
    at = context(kinds=kinds)
    read = letter(subject, text, author=author)
    return [
        each.kind.id.removeprefix("lure.") for each in authority.check(read, led(read, at) + seen, at).doubts
    ]


@pytest.mark.parametrize(
    ("author", "text"),
    [
        ("Clerk of the Court <a@velmora.test>", DEMAND),
        ("Clerk of the Court <a@velmora.test>", f"{DEMAND}\n\nHarlan Pruett\nCall (555) 010-2233"),
        (
            "Zentrale Bußgeldstelle <a@velmora.test>",
            "Zahlen Sie bis Montag, sonst wird Ihr Konto gepfändet.\n\nhttps://velmora.test/",
        ),
        ("民事訴訟管理室 <a@velmora.test>", KANKOKU),
        (
            "民事訴訟管理室 <a@velmora.test>",
            "4月30日までに連絡がない場合、差し押さえます。\n電話 03-5550-0000",
        ),
        (
            "교통민원센터 <a@velmora.test>",
            "과태료가 미납되었습니다. 4월 30일까지 납부하지 않으면 압류됩니다.\nhttps://velmora.test/",
        ),
    ],
)
def test_an_office_is_no_institution(author: str, text: str) -> None:
    """However many telephone numbers stand below it, and whoever signs."""
    subject = "과태료 안내" if "과태료" in text else "Case 1"
    assert found(author, text, subject) == ["from_a_nameless_authority"]


@pytest.mark.parametrize(
    ("author", "text"),
    [
        ("Velmora Municipal Court <a@velmora.test>", DEMAND),
        ("Clerk of the Court <a@velmora.test>", f"{DEMAND}\n\nVelmora County"),
        ("納税課 <a@velmora.test>", f"{KANKOKU}\n\n北原市 納税課"),
        ("Tax Office <a@city.kitahara.lg.jp>", DEMAND),
        (
            "Office of the Clerk <a@velmora.test>",
            "Pay by Friday. Otherwise we close.\n\nhttps://www.velmora.gov/pay",
        ),
        ("小鳥会計事務所 税務担当 <a@velmora.test>", f"{KANKOKU}\n\nTEL 03-5550-0000"),
        ("Customer Service <a@velmora.test>", DEMAND),
        ("Clerk of the Court <a@velmora.test>", "The library closes at five.\n\nhttps://velmora.test/"),
    ],
)
def test_what_is_spared(author: str, text: str) -> None:
    """An institution whose name is its domain's, a place, a government, a telephone beside a name; what no authority
    does, and what demands nothing."""
    assert found(author, text) == []


def test_a_name_that_stands_before_the_address_alone() -> None:
    """Neither a domain nor the text knows it."""
    assert found("霞ヶ関給付金センター <a@velmora.test>", KANKOKU, "給付金のご案内") == [
        "from_an_unreachable_office",
        "unreachable_office_threatens",
    ]
    text = f"{KANKOKU}\n\n霞ヶ関協会"
    assert found("霞ヶ関給付金センター <a@velmora.test>", text, "給付金のご案内") == []


def test_whom_other_checks_judge() -> None:
    """A platform's customer, a brand in the sender's name."""
    office = "Clerk of the Court <a@velmora.test>"
    assert found(office, kinds={"velmora.test": "esp"}) == []
    assert found(office, seen=PROVEN + Evidence(claims=(Claim("irs", Place.DISPLAY_NAME, "IRS"),))) == []


def test_a_theme_in_the_headline_is_enough() -> None:
    """Lures of courts and taxes are known by their phrases, too."""
    cues = (Cue("theme", "tax", "tax", Place.SUBJECT),)
    assert found("Desk <a@velmora.test>", seen=PROVEN + Evidence(cues=cues)) == ["from_a_nameless_authority"]
