"""Text as its reader sees it: what may be printed, what is invisible, and which texts read as the same name.

- `printable`: the text in a form that may go to a log line, a header (after RFC 2047) or a terminal.
- `invisibles`, `bidi`, `combining`: characters that show nothing, change the reading direction, or alter a letter.
- `is_japanese`, `chinese_characters`: whether a text is Japanese, and its characters that only Chinese uses.
- `fold` and `skeleton`: the forms in which names are compared. `fold` removes what a Japanese reader does not read as
  a difference: width, case, hiragana or katakana, small kana, long-vowel marks, spaces, punctuation. `skeleton` also
  removes what the eye does not see: Cyrillic and Greek letters, digits for letters, kanji for kana (Unicode UTS 39,
  with additions for Japanese phishing).
- `sound`: kana and Latin letters in one romanisation, in which a name and a domain can be compared.
- `SpokenRuns`: how much of a Latin word runs of Japanese characters sound as, by their readings.

Both forms are made character by character from a table. Then neighbouring characters are joined: a kana and its voiced
mark; `rn`, which looks like `m`. `skeleton_spans` tells where each character came from. Everything here is without I/O,
and linear in the text.

It cannot see how a font draws a character, or what a picture shows.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
