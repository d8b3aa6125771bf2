"""Bytes with a charset label to text: by the label, or by what the bytes really are.

The label is used if the bytes are valid in its charset and do not look like another one. If not, the bytes are read as
UTF-8 if they are valid UTF-8, or as ISO-2022-JP if they hold its escape sequences. Otherwise Shift_JIS, EUC-JP, the
label's charset and windows-1252 are tried, and the one whose text is most plausible is used.

Problem codes: `charset.lie` (another charset than the label's; the detail names both), `charset.unknown` (unknown
label), `charset.refused` (UTF-7), `charset.broken` (bytes that are no text in any charset), `charset.unlabelled` (8-bit
bytes without a label, which is ordinary in old mail).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from unicodedata import category

from sekisho.bounded_cache import remembered
from sekisho.charsets.japanese import REPLACEMENT, decode_euc_jp, decode_iso_2022_jp
from sekisho.charsets.labels import REFUSED, codecs_of, is_no_label, lookup

MAX_SAMPLE_BYTES = 16_384
"""Bytes that a guess is based on, from the first non-ASCII byte on."""

_HIGH = re.compile(rb"[\x80-\xff]")
_LONG_UTF8 = re.compile(rb"[\xe0-\xf4][\x80-\xbf]{2}")
_ANY_UTF8 = re.compile(rb"[\xc2-\xf4][\x80-\xbf]")
_JIS_ESCAPE = re.compile(rb"\x1b(?:\$[@B]|\(I)")
# Three full-width kana in Shift_JIS, and in EUC-JP (GB 2312 has kana there, too): Japanese under a Chinese label.
_SJIS_KANA = re.compile(rb"(?:[\x82\x83][\x40-\xf1]){3}")
_EUC_KANA = re.compile(rb"(?:[\xa4\xa5][\xa1-\xf6]){3}")
_ANY_KANA = re.compile(_SJIS_KANA.pattern + b"|" + _EUC_KANA.pattern)
_LATIN = frozenset({"iso-8859-1", "iso-8859-15", "windows-1252"})
_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16le"), (b"\xfe\xff", "utf-16be"))
_MARK_OF = {name: mark for mark, name in _BYTE_ORDER_MARKS}
_SEVEN_BIT_STATEFUL = frozenset({"utf-16", "utf-16le", "utf-16be", "hz-gb-2312", "iso-2022-kr", REFUSED})
_STRICT_ENOUGH = frozenset({"utf-8", "us-ascii", "iso-2022-jp", "utf-16", "utf-16le", "utf-16be"})
_MULTIBYTE = frozenset({"shift_jis", "euc-jp", "gb18030", "big5", "euc-kr"})
_LABEL_BONUS = 0.2
"""Points of plausibility that the label's charset gets in addition."""
_UTF8_BONUS = 0.5
"""Points of plausibility that UTF-8 gets in addition if all bytes are valid: other text is hardly ever valid UTF-8."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the canonical name of the charset that the bytes were read in, and problems as (code, detail)."""

    text: str
    charset: str
    problems: tuple[tuple[str, str], ...] = ()


def decode(data: bytes, label: str | None = None) -> Decoded:
    """The text of bytes with a charset label (None: without one). Never raises; linear; deterministic."""
    charset, problems = _from_label(label) if label else (None, ())
    if data.isascii() and charset not in _SEVEN_BIT_STATEFUL and b"\x1b" not in data:
        return Decoded(data.decode("ascii"), charset or "us-ascii", problems)
    if charset is not None and charset != REFUSED:
        text = _strict(data, charset)
        if text is not None and not _suspicious(data, charset):
            return Decoded(text, charset, problems)
    return _guess(data, charset, problems)


@remembered(1024, longest=64)
def _from_label(label: str) -> tuple[str | None, tuple[tuple[str, str], ...]]:
    if is_no_label(label):
        return None, ()
    charset = lookup(label)
    if charset is None:
        return None, (("charset.unknown", label[:64]),)
    return charset, (("charset.refused", label[:64]),) if charset == REFUSED else ()


def _strict(data: bytes, charset: str) -> str | None:
    """The text if every byte is valid in that charset, else None."""
    if charset == "iso-2022-jp":
        return _if_unbroken(decode_iso_2022_jp(data)) if data.isascii() else None
    if charset == "euc-jp":
        return _if_unbroken(decode_euc_jp(data))
    data = _without_bom(data, charset)
    for codec in codecs_of(charset):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    return None


def _if_unbroken(text: str) -> str | None:
    return None if REPLACEMENT in text else text


def _without_bom(data: bytes, charset: str) -> bytes:
    """The bytes without their byte order mark. It stays if the label is UTF-16 without a byte order."""
    mark = _MARK_OF.get(charset)
    return data.removeprefix(mark) if mark else data


def _lenient(data: bytes, charset: str) -> str:
    if charset == "iso-2022-jp":
        return decode_iso_2022_jp(data)
    if charset == "euc-jp":
        return decode_euc_jp(data)
    return _without_bom(data, charset).decode(codecs_of(charset)[0], "replace")


def _suspicious(data: bytes, charset: str) -> bool:
    """True if bytes that are valid in the label's charset look like another one, which must be tried."""
    if charset != "iso-2022-jp" and data.isascii():
        return _JIS_ESCAPE.search(data) is not None or charset.startswith("utf-16")
    if charset in _STRICT_ENOUGH:
        return False
    pattern = _LONG_UTF8 if charset in _MULTIBYTE else _ANY_UTF8
    if pattern.search(data) and _strict(data, "utf-8") is not None:
        return True
    if charset in {"shift_jis", "gb18030"}:
        return (_EUC_KANA if charset == "shift_jis" else _ANY_KANA).search(data) is not None
    return charset in _LATIN and _may_be_japanese(data)


def _may_be_japanese(data: bytes) -> bool:
    """True for 8-bit bytes in a row: Western text has single ones."""
    return re.search(rb"[\x80-\xff]{4}|(?:[\x81-\x9f][\x40-\xfc]){3}", data) is not None


def _guess(data: bytes, charset: str | None, problems: tuple[tuple[str, str], ...]) -> Decoded:
    found = _certain(data, charset) or _likeliest(data, charset)
    text = _lenient(data, found)
    if problems == () and charset is None and not data.isascii():
        problems = (("charset.unlabelled", found),)
    if charset not in {None, REFUSED, found}:
        problems += (("charset.lie", f"{charset} is {found}"),)
    if REPLACEMENT in text:
        problems += (("charset.broken", found),)
    return Decoded(text, found, problems)


def _certain(data: bytes, charset: str | None) -> str | None:
    """The charset that the form of the bytes proves, or None."""
    for mark, name in _BYTE_ORDER_MARKS:
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
    """The charset in which the bytes are most plausible. The label gets a bonus, and wins if two are equal."""
    sample = _sample(data)
    names = [charset] if charset and charset not in {REFUSED, "us-ascii"} else []
    names += [name for name in ("utf-8", "shift_jis", "euc-jp", "windows-1252") if name not in names]
    if _JIS_ESCAPE.search(data) and "iso-2022-jp" not in names:
        names.insert(0, "iso-2022-jp")
    bonus = {charset: _LABEL_BONUS}
    if _strict(data, "utf-8") is not None:
        bonus["utf-8"] = _UTF8_BONUS
    scores = [_score(_lenient(sample, name)) + bonus.get(name, 0.0) for name in names]
    return names[scores.index(max(scores))]


def _sample(data: bytes) -> bytes:
    high = _HIGH.search(data)
    start = high.start() if high else 0
    return data[start : start + MAX_SAMPLE_BYTES]


def _score(text: str) -> float:
    """The plausibility of a text: the mean weight of its non-ASCII characters, from 1 (Japanese) to -3 (no text)."""
    weights = [_weight(char) for char in text if char > "\x7f" or char == "\x1b"]
    return sum(weights) / len(weights) if weights else 0.0


@cache
def _weight(char: str) -> float:
    """How much a character speaks for the charset that it was decoded with."""
    code = ord(char)
    if char in (REPLACEMENT, "\x1b") or 0x80 <= code < 0xA0:
        return -3.0
    if 0x3040 <= code < 0x3100:
        return 1.0
    if 0x3000 <= code < 0x3040 or 0xFF01 <= code < 0xFF5F:
        return 0.8
    if 0xFF61 <= code < 0xFFA0:
        return 0.35
    if 0x4E00 <= code < 0xA000:
        return 0.5 if _is_common_kanji(char) else 0.0
    return {"L": 0.3, "S": 0.1, "P": 0.1, "N": 0.1, "M": 0.1}.get(category(char)[0], -1.0)


def _is_common_kanji(char: str) -> bool:
    """True for the kanji of JIS level 1 (rows 16 to 47): nearly all kanji of ordinary text."""
    try:
        lead = char.encode("euc_jp")
    except UnicodeEncodeError:
        return False
    return len(lead) == 2 and 0xB0 <= lead[0] <= 0xCF
