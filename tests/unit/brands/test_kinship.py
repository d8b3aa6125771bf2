"""How an unlisted domain's name is related to a brand's names."""

from __future__ import annotations

import pytest

from sekisho.brands.kinship import KinshipIndex
from sekisho.brands.model import Brand
from sekisho.known import Kinship
from sekisho.vocabulary import BrandWords

INDEX = KinshipIndex(
    [
        Brand(id="sony-bank", names=("ソニー銀行", "Sony Bank"), sources=("x",)),
        Brand.model_validate(
            {"id": "yucho", "names": ["ゆうちょ銀行"], "domains": {"jp-bank.jp": {"confidence": "low"}}}
        ),
        Brand(id="aeon-card", names=("イオンカード", "AEON Card"), organisation="aeon"),
        Brand(id="waon", names=("WAON",), organisation="aeon"),
        Brand(id="hp", names=("HP",)),
        Brand(id="portal", names=("Portal",)),
    ],
    BrandWords(calming=frozenset({"secure", "portal", "my", "mypage", "info", "id"})),
)


@pytest.mark.parametrize(
    ("domain", "group", "expected"),
    [
        ("ma.sonybank.jp", "sony-bank", Kinship.NAME),
        ("sony-bank.co.uk", "sony-bank", Kinship.NAME),
        ("jpbank.example", "yucho", Kinship.NAME),
        ("waon.example", "aeon", Kinship.NAME),
        ("jp-bank-card.jp", "yucho", Kinship.COMPOUND),
        ("sonybanktravel.example", "sony-bank", Kinship.COMPOUND),
        ("email.aeon.example", "aeon", Kinship.COMPOUND),
        ("hp-store.example", "hp", Kinship.COMPOUND),
        ("hazuki-portal.example", "portal", None),  # a word that calms is anybody's
        ("sonybank-secure.example", "sony-bank", Kinship.SUSPICIOUS),
        ("sonybankportal.example", "sony-bank", Kinship.SUSPICIOUS),
        ("mysonybank.example", "sony-bank", Kinship.SUSPICIOUS),
        ("sonybank2026.example", "sony-bank", Kinship.SUSPICIOUS),
        ("hp-id.example", "hp", Kinship.SUSPICIOUS),
        ("sonybank.stranger.example", "sony-bank", None),
        ("shp.example", "hp", None),
        ("kensetsu.example", "yucho", None),
        ("sonybank.jp", "no-such-group", None),
    ],
)
def test_kinship(domain: str, group: str, expected: Kinship | None) -> None:
    """The registrable label decides: the bare name, other words beside it, or words that calm the reader."""
    assert INDEX.find(domain, group) is expected
