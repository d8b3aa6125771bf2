"""Names in kana and in Latin letters, compared by their sound: みのり is `minori`.

Kana has one sound each, which its Unicode name tells (HIRAGANA LETTER MI). Latin letters are brought to the same
romanisation (Kunrei-shiki, ISO 3602): `shi` is `si`, `tsu` is `tu`. Long vowels and doubled letters are written once,
since people write them in many ways. It cannot read kanji.
"""

from __future__ import annotations

import re
import unicodedata

LETTER = re.compile(r"(?:HIRAGANA|KATAKANA) LETTER (SMALL )?([A-Z]+)")
SMALL_GLIDE = re.compile(r"i<(y[auo])>")  # しゃ is `si` and a small `ya`
SMALL_VOWEL = re.compile(r"[aiueo]<([aiueo])>")  # ファ is `hu` and a small `a`
SMALL = re.compile(r"<[a-z]+>")  # the small っ doubles a letter, which is written once
HEPBURN = (
    ("sh", "sy"), ("ch", "ty"), ("ts", "t"), ("j", "zy"), ("f", "h"), ("yi", "i"), ("di", "zi"), ("du", "zu"),
    ("mb", "nb"), ("mp", "np"), ("mm", "nm"), ("ou", "o"),
)  # fmt: skip
DOUBLED = re.compile(r"(.)\1+")


def sound(text: str) -> str:
    """Kana and Latin letters of a text in one romanisation, in lower case; what else it holds stays as it is."""
    latin = "".join(map(_letter, unicodedata.normalize("NFKC", text)))
    latin = SMALL.sub("", SMALL_VOWEL.sub(r"\1", SMALL_GLIDE.sub(r"\1", latin)))
    for hepburn, kunrei in HEPBURN:
        latin = latin.replace(hepburn, kunrei)
    return DOUBLED.sub(r"\1", latin)


def _letter(char: str) -> str:
    """A kana as Latin letters, a small one in angle brackets; nothing for the mark of a long vowel."""
    if char == "ー":
        return ""
    found = LETTER.fullmatch(unicodedata.name(char, ""))
    if found is None:
        return char.lower()
    name = found[2].lower()
    return f"<{name}>" if found[1] else name
