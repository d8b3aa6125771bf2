"""Facts of telephone numbers in a text that is normalised (NFKC), as people of many countries write them.

It cannot see a number in words, nor a short one (`110`).
"""

from __future__ import annotations

import re

# Hyphens, dashes, and the long vowel mark that stands for one in Japanese.
_BETWEEN = r"[ ()\-\u2010-\u2015\u2212\u30fc]{1,3}"
# In groups (`03-1234-5678`, `+1 888 555-0123`; `04992-2-1234`; `030-1234567`; `01 23 45 67 89`), with full stops
# (`050.1234.5678`), or in one (`09012345678`, `+18885550123`). A date, an IP address, an amount or the number of an
# order is none.
TELEPHONE = re.compile(
    r"(?<![\w./-])(?<!\d:)(?:"
    rf"\(?(?:\+\d{{1,3}}{_BETWEEN}\d{{1,4}}|(?:\d{{1,3}}{_BETWEEN})?\d{{2,4}}){_BETWEEN}\d{{2,4}}{_BETWEEN}\d{{3,4}}"
    rf"|\(?0\d{{1,4}}{_BETWEEN}\d{{1,4}}{_BETWEEN}\d{{3,4}}"
    rf"|\(?(?:\+\d{{1,3}}{_BETWEEN}\d{{1,4}}|0[1-9]\d{{1,3}}){_BETWEEN}\d{{6,8}}"
    rf"|0\d(?:{_BETWEEN}\d{{2}}){{4}}"
    r"|(?:\+?\d{1,3}\.)?\(?\d{2,4}\)?\.\d{3,4}\.\d{4}"
    r"|0[1-9]\d{8,9}|\+\d{10,12}"
    r")(?![\w/-]|[.:]\d)",
    re.ASCII,
)
