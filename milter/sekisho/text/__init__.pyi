from .characters import (
    BIDI_CONTROLS,
    NO_GLYPH,
    is_hiragana,
    is_kana,
    is_kanji,
    is_katakana,
)
from .escaped import ELLIPSIS, printable
from .invisible import bidi, combining, invisibles, unusual
from .language import chinese_characters, is_japanese
from .normalize import breaks, compact, fold, skeleton, skeleton_spans, spaced
from .readings import SpokenRuns, readings_of, voiceless
from .romaji import sound

__all__ = [
    "BIDI_CONTROLS",
    "ELLIPSIS",
    "NO_GLYPH",
    "SpokenRuns",
    "bidi",
    "breaks",
    "chinese_characters",
    "combining",
    "compact",
    "fold",
    "invisibles",
    "is_hiragana",
    "is_japanese",
    "is_kana",
    "is_kanji",
    "is_katakana",
    "printable",
    "readings_of",
    "skeleton",
    "skeleton_spans",
    "sound",
    "spaced",
    "unusual",
    "voiceless",
]
