"""Labelled bytes to text: the label first, then what the bytes can really be.

A label is believed when the bytes decode strictly by it and nothing speaks against it. Otherwise a fixed
order decides: UTF-8 if it is strictly that, ISO-2022-JP where its escape sequences stand, then the most
plausible of Shift_JIS, EUC-JP, the label itself and Western, by how much each reading looks like text.

Problem codes: `charset.lie` (another encoding than the label's; detail: label and what it was),
`charset.unknown` (label not known), `charset.refused` (UTF-7), `charset.broken` (bytes that are no text in
any reading), `charset.unlabelled` (8-bit bytes without label; ordinary in old mail).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from unicodedata import category

from sekisho.bounded_cache import remembered
from sekisho.charsets.japanese import BAD, decode_euc_jp, decode_iso_2022_jp
from sekisho.charsets.labels import REFUSED, codecs_of, lookup, says_nothing

SAMPLE = 16_384
"""Bytes from the first non-ASCII one on that a guess is based on."""

_HIGH = re.compile(rb"[\x80-\xff]")
_LONG_UTF8 = re.compile(rb"[\xe0-\xf4][\x80-\xbf]{2}")
_ANY_UTF8 = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_JIS_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\(I)")
# Full-width kana as Shift_JIS, and as EUC-JP (where GB 2312 has kana too): Japanese under a Chinese label.
_SJIS_KANA = re.compile(rb"(?:[\x82\x83][\x40-\xf1]){3}")
_EUC_KANA = re.compile(rb"(?:[\xa4\xa5][\xa1-\xf6]){3}")
_ANY_KANA = re.compile(_SJIS_KANA.pattern + b"|" + _EUC_KANA.pattern)
_LATIN = frozenset({"iso-8859-1", "iso-8859-15", "windows-1252"})
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16le"), (b"\xfe\xff", "utf-16be"))
_MARKS = {name: mark for mark, name in _BOMS}
_SEVEN_BIT_STATEFUL = frozenset({"utf-16", "utf-16le", "utf-16be", "hz-gb-2312", "iso-2022-kr", REFUSED})
_STRICT_ENOUGH = frozenset({"utf-8", "us-ascii", "iso-2022-jp", "utf-16", "utf-16le", "utf-16be"})
_MULTIBYTE = frozenset({"shift_jis", "euc-jp", "gb18030", "big5", "euc-kr"})
_LOYALTY = 0.2
"""Head start of the label's charset, in points of plausibility."""
_FORM = 0.5
"""Head start of UTF-8 where all bytes have its form, which other text hardly ever has."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """`charset` is the canonical name of what the bytes were read as; problems are (code, detail)."""

    text: str
    charset: str
    problems: tuple[tuple[str, str], ...] = ()


def decode(data: bytes, label: str | None = None) -> Decoded:
    """The text of labelled bytes. Never raises; linear time; deterministic."""
    charset, problems = _believed(label) if label else (None, ())
    if data.isascii() and charset not in _SEVEN_BIT_STATEFUL and b"\x1b" not in data:
        return Decoded(data.decode("ascii"), charset or "us-ascii", problems)
    if charset is not None and charset != REFUSED:
        text = _strict(data, charset)
        if text is not None and not _suspicious(data, charset):
            return Decoded(text, charset, problems)
    return _guess(data, charset, problems)


@remembered(1024, longest=64)
def _believed(label: str) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    if says_nothing(label):
        return None, ()
    charset = lookup(label)
    if charset is None:
        return None, (("charset.unknown", label[:64]),)
    return charset, (("charset.refused", label[:64]),) if charset == REFUSED else ()


def _strict(data: bytes, charset: str) -> str | None:
    """The text if every byte is right in that charset, else None."""
    if charset == "iso-2022-jp":
        return _whole(decode_iso_2022_jp(data)) if data.isascii() else None
    if charset == "euc-jp":
        return _whole(decode_euc_jp(data))
    data = _without_bom(data, charset)
    for codec in codecs_of(charset):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return None


def _whole(text: str) -> str | None:
    return None if BAD in text else text


def _without_bom(data: bytes, charset: str) -> bytes:
    """UTF-16 keeps its mark when the label leaves the byte order open."""
    mark = _MARKS.get(charset)
    return data.removeprefix(mark) if mark else data


def _lenient(data: bytes, charset: str) -> str:
    if charset == "iso-2022-jp":
        return decode_iso_2022_jp(data)
    if charset == "euc-jp":
        return decode_euc_jp(data)
    return _without_bom(data, charset).decode(codecs_of(charset)[0], "replace")


def _suspicious(data: bytes, charset: str) -> bool:
    """True when bytes that decode by the label look like something else that must be tried."""
    if charset != "iso-2022-jp" and data.isascii():
        return _JIS_ESCAPE.search(data) is not None or charset.startswith("utf-16")
    if charset in _STRICT_ENOUGH:
        return False
    pattern = _LONG_UTF8 if charset in _MULTIBYTE else _ANY_UTF8
    if pattern.search(data) and _strict(data, "utf-8") is not None:
        return True
    if charset in {"shift_jis", "gb18030"}:
        return (_EUC_KANA if charset == "shift_jis" else _ANY_KANA).search(data) is not None
    return charset in _LATIN and _japanese_bytes(data)


def _japanese_bytes(data: bytes) -> bool:
    """Many 8-bit bytes in a row: Western text has them one by one."""
    return re.search(rb"[\x80-\xff]{4}|(?:[\x81-\x9f][\x40-\xfc]){3}", data) is not None


def _guess(data: bytes, charset: str | None, problems: tuple[tuple[str, str], ...]) -> Decoded:
    found = _certain(data, charset) or _likeliest(data, charset)
    text = _lenient(data, found)
    if problems == () and charset is None and not data.isascii():
        problems = (("charset.unlabelled", found),)
    if charset not in {None, REFUSED, found}:
        problems += (("charset.lie", f"{charset} is {found}"),)
    if BAD in text:
        problems += (("charset.broken", found),)
    return Decoded(text, found, problems)


def _certain(data: bytes, charset: str | None) -> str | None:
    """A charset that the bytes prove by their form."""
    for mark, name in _BOMS:
        if data.startswith(mark) and _strict(data, name) is not None:
            return name
    if data.isascii():
        return _seven_bit(data, charset)
    if charset in _MULTIBYTE and charset != "shift_jis":
        return None
    return "utf-8" if _ANY_UTF8.search(data) and _strict(data, "utf-8") is not None else None


def _seven_bit(data: bytes, charset: str | None) -> str:
    if charset == "iso-2022-jp" or (_JIS_ESCAPE.search(data) and _strict(data, "iso-2022-jp") is not None):
        return "iso-2022-jp"
    if charset is None or charset == REFUSED or charset.startswith("utf-16"):
        return "us-ascii"
    return charset


def _likeliest(data: bytes, charset: str | None) -> str:
    """The candidate whose text is most like text; the label has a head start, and wins a tie."""
    sample = _sample(data)
    names = [charset] if charset and charset not in {REFUSED, "us-ascii"} else []
    names += [name for name in ("utf-8", "shift_jis", "euc-jp", "windows-1252") if name not in names]
    if _JIS_ESCAPE.search(data) and "iso-2022-jp" not in names:
        names.insert(0, "iso-2022-jp")
    bonus = {charset: _LOYALTY}
    if _strict(data, "utf-8") is not None:
        bonus["utf-8"] = _FORM
    scores = [_score(_lenient(sample, name)) + bonus.get(name, 0.0) for name in names]
    return names[scores.index(max(scores))]


def _sample(data: bytes) -> bytes:
    high = _HIGH.search(data)
    start = high.start() if high else 0
    return data[start : start + SAMPLE]


def _score(text: str) -> float:
    """Mean weight of the non-ASCII characters, from about 1 (Japanese) to -3 (not text)."""
    weights = [_weight(char) for char in text if char > "\x7f" or char == "\x1b"]
    return sum(weights) / len(weights) if weights else 0.0


@cache
def _weight(char: str) -> float:
    """How much a character speaks for having been decoded rightly."""
    code = ord(char)
    if char in (BAD, "\x1b") or 0x80 <= code < 0xA0:
        return -3.0
    if 0x3040 <= code < 0x3100:
        return 1.0
    if 0x3000 <= code < 0x3040 or 0xFF01 <= code < 0xFF5F:
        return 0.8
    if 0xFF61 <= code < 0xFFA0:
        return 0.35
    if 0x4E00 <= code < 0xA000:
        return 0.5 if _everyday(char) else 0.0
    return {"L": 0.3, "S": 0.1, "P": 0.1, "N": 0.1, "M": 0.1}.get(category(char)[0], -1.0)


def _everyday(char: str) -> bool:
    """True for the kanji of JIS level 1 (rows 16 to 47), which is nearly all that people write."""
    try:
        lead = char.encode("euc_jp")
    except UnicodeEncodeError:
        return False
    return len(lead) == 2 and 0xB0 <= lead[0] <= 0xCF
