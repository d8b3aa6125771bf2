"""Text as its reader sees it: what may be printed, what is invisible, and what reads as the same name.

Four questions are answered here, all without I/O and in time linear in the text:

- `printable`: the text in a form that may go to a log line, a header (after RFC 2047) or a terminal;
- `invisibles`, `bidi`, `combining`: characters that show nothing, turn the reading direction, or pile up;
- `japanese`, `chinese`: whether a text is Japanese, and the characters in it that only Chinese is written with;
- `fold` and `skeleton`: the form in which names are compared. `fold` removes what a Japanese reader does not
  read as a difference (width, case, hiragana or katakana, small kana, long-vowel marks, spaces, punctuation);
  `skeleton` also removes what the eye does not see (Cyrillic and Greek letters, digits for letters, kanji for
  kana: Unicode UTS 39 with additions that Japanese phishing needs).

Both forms are made character by character from a table, then neighbouring characters are joined (a kana and
its voiced mark; `rn`, which looks like `m`). `skeleton_spans` tells where each character came from.

What it cannot see: how a font really draws a character, and what a picture says.
"""

from sekisho.text.characters import BIDI, BLANKS, MARKS, is_hiragana, is_kana, is_kanji, is_katakana
from sekisho.text.foreign import chinese, japanese
from sekisho.text.invisible import bidi, combining, invisibles, unusual
from sekisho.text.normalize import breaks, compact, compact_spans, fold, skeleton, skeleton_spans, spaced
from sekisho.text.printable import ELLIPSIS, escaped, printable

__all__ = [
    "BIDI",
    "BLANKS",
    "ELLIPSIS",
    "MARKS",
    "bidi",
    "breaks",
    "chinese",
    "combining",
    "compact",
    "compact_spans",
    "escaped",
    "fold",
    "invisibles",
    "is_hiragana",
    "is_kana",
    "is_kanji",
    "is_katakana",
    "japanese",
    "printable",
    "skeleton",
    "skeleton_spans",
    "spaced",
    "unusual",
]
