"""Whether a message tells a name of a domain."""

from __future__ import annotations

import pytest
from tests.auth_support import context, letter

from sekisho.checks.facts.told_names import is_readable, tells_a_name

WORDS = context().vocabulary


def tells(name: str, domain: str, text: str = "") -> bool:
    return tells_a_name((domain,), letter("s", text, author=f"{name} <a@{domain}>"), WORDS)


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("Tidewater Valley Credit Union", "tvcu.test"),
        ("Harrow Pruitt Coleman LLP", "hpclaw.test"),
        ("Consolidated Edison", "coned.test"),
        ("Abfallwirtschaft Kreis Moorbeck", "awkm.test"),
        ("Stadtwerke Ruhland", "sw-ruhland.test"),
        ("Énergie Vexin", "energievexin.test"),
        ("北森フーズ", "kitamori-foods.test"),
        ("トラベルマルシェ", "travelmarche.test"),
        ("ダイナースクラブ", "diners.test"),
        ("青空薬局", "bluesky-pharmacy.test"),
    ],
)
def test_a_domain_is_called_as_the_name(name: str, domain: str) -> None:
    """As letters, initials, beginnings of words, sounds, or a translation."""
    assert tells(name, domain)


@pytest.mark.parametrize(
    ("name", "domain", "text"),
    [
        ("Hotel Seeblick", "bergundsee-gruppe.test", "Ein Haus der Berg & See Gruppe"),
        ("Little Acorns Nursery", "famlyboard.test", "Sent with Famlyboard"),
        ("西海電力", "nepco.test", "西海電力株式会社 (NEPCO)"),
        ("受講料係", "ina-dance.test", "スタジオ・ミモザ 伊那市坂下"),
        ("Ferrovia Mobile", "linkeo.test", "Linkeo is now Ferrovia Mobile."),
    ],
)
def test_a_text_tells_whose_the_domain_is(name: str, domain: str, text: str) -> None:
    """A group, a platform, initials, a town, a former name."""
    assert tells(name, domain, text)
    assert not tells(name, domain)


@pytest.mark.parametrize(
    ("name", "domain", "text"),
    [
        ("Marlin Bay Savings Bank", "lakeside-upholstery.test", "https://lakeside-upholstery.test/mb/verify"),
        ("Stadtwerke Ruhland", "yoga-mit-petra.test", "Jetzt mit Karte zahlen"),
        ("みなとひかり信用金庫", "sobadokoro-genji.test", "みなとひかり信用金庫をご利用のお客様"),
        ("桜橋カード", "piano-school-linden.test", "カードのご利用を制限いたしました"),
        ("Payglide", "smiledental-austin.test", "Write to help@smiledental-austin.test"),
    ],
)
def test_another_name_is_none(name: str, domain: str, text: str) -> None:
    """Words that any text has, hosts and addresses tell no name."""
    assert not tells(name, domain, text)


def test_which_names_can_be_compared() -> None:
    """A name in characters of which one is not known may be that of any domain."""
    assert is_readable("Payglide", WORDS)
    assert is_readable("北森", WORDS)
    assert not is_readable("众云盘", WORDS)
    assert not is_readable("", WORDS)


def test_the_first_domains_are_compared() -> None:
    """A message with more of them than genuine mail has must not cost more."""
    read, others = letter("s", "", author="Payglide <a@x.test>"), [f"s{number}.test" for number in range(29)]
    assert tells_a_name((*others, "payglide.test"), read, WORDS)
    assert not tells_a_name((*others, "other.test", "payglide.test"), read, WORDS)
