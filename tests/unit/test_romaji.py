"""Names in kana and in Latin letters are compared by their sound."""

from __future__ import annotations

import pytest

from sekisho.text import sound


@pytest.mark.parametrize(
    ("kana", "latin"),
    [
        ("みのり", "minori"),
        ("しょくひん", "shokuhin"),
        ("さっぽろ", "sapporo"),
        ("とうきょう", "Tokyo"),
        ("チューリップ", "churippu"),
        ("ジャンボ", "jambo"),
        ("つばめ", "tsubame"),
        ("ファミリ", "famiri"),
        ("ｶﾓﾒ", "kamome"),
    ],
)
def test_kana_sounds_like_its_romanisation(kana: str, latin: str) -> None:
    """Hepburn and Kunrei, long vowels, doubled letters, small kana and half width."""
    assert sound(kana) == sound(latin)


@pytest.mark.parametrize(("one", "other"), [("みのり", "midori"), ("かもめ", "kamone"), ("食品", "shokuhin")])
def test_other_sounds_differ(one: str, other: str) -> None:
    """One letter is another name, and kanji have no sound here."""
    assert sound(one) != sound(other)
