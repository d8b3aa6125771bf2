"""ISO-2022-JP and EUC-JP, with the extensions that Japanese mail uses.

Mail holds half-width katakana (`ESC ( I`), NEC row 13 and IBM's kanji, as in Microsoft's CP50221 and CP51932. Python's
codecs refuse those. So both encodings are decoded here, by one table of the JIS X 0208 cells as CP932 fills them. Each
pair of 7-bit bytes is read as one UTF-16 code unit, so that the look-up is a `str.translate`.
"""

from __future__ import annotations

import re
from codecs import utf_16_be_decode
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from io import StringIO

REPLACEMENT = "\ufffd"
GETA = "〓"
"""Replaces a mobile carrier's pictogram (rows 85 to 94), as the carriers' gateways do."""

_ESCAPE = re.compile(rb"\x1b(?:\([ABHIJT]|\$\(?[@A-DOPQ]|\.[AF]|&@)|[\x0e\x0f]")
# Possessive repeats: with ordinary ones the regular expression engine keeps forty bytes for each pair.
_PAIRS = re.compile(rb"((?:[!-~][!-~])++)|([\x00-\x20]++)|(.)", re.DOTALL)
_EUC = re.compile(
    rb"([\x00-\x7f]++)|((?:[\xa1-\xfe][\xa1-\xfe])++)|(\x8e[\xa1-\xdf])|(\x8f[\xa1-\xfe][\xa1-\xfe])|(.)",
    re.DOTALL,
)
_STRIP_HIGH = bytes(byte & 0x7F for byte in range(256))
_ASCII = frozenset({b"\x1b(B", b"\x1b(J", b"\x1b(H", b"\x0f", b""})
_JIS = frozenset({b"\x1b$B", b"\x1b$@", b"\x1b&@"})
# Seven cells in which Python's euc_jp follows the standard, and mail follows Microsoft.
_MICROSOFT = (("〜", "～"), ("‖", "∥"), ("−", "－"), ("¢", "￠"), ("£", "￡"), ("¬", "￢"), ("—", "―"))


_SINGLE = {code: code + 0xFEC0 if 0xA1 <= code <= 0xDF else 0xFFFD for code in range(0x80, 0x100)}
_KATAKANA = {
    code: (code & 0x7F) + 0xFF40
    if 0x21 <= code & 0x7F <= 0x5F
    else code & 0x7F
    if code & 0x7F <= 0x20
    else 0xFFFD
    for code in range(0x100)
}
"""JIS X 0201 katakana in seven or eight bits."""


class _JisX0208(dict[int, str]):
    """The characters of JIS X 0208 by `row byte << 8 | cell byte`. A missing cell is a pictogram, or broken."""

    def __missing__(self, code: int) -> str:
        return GETA if code >= 0x7521 else REPLACEMENT


@cache
def _jis_x_0208() -> _JisX0208:
    cells = _JisX0208()
    for row in range(94):
        for cell in range(94):
            if char := _cp932(row, cell):
                cells[(row + 0x21) << 8 | (cell + 0x21)] = char
    return cells


def _cp932(row: int, cell: int) -> str:
    """The character of a cell, read as Shift_JIS; "" if there is none."""
    lead = row // 2 + (0x81 if row < 62 else 0xC1)
    trail = cell + (0x9F if row % 2 else 0x40 if cell < 63 else 0x41)
    try:
        return bytes((lead, trail)).decode("cp932")
    except UnicodeDecodeError:
        return ""


def preload() -> None:
    """Build the table now, before processes are forked. It takes a few milliseconds."""
    _jis_x_0208()


def _pairs(run: bytes) -> str:
    """The text of 7-bit pairs. `run` has an even length, and only bytes from 0x21 to 0x7E."""
    return utf_16_be_decode(run)[0].translate(_jis_x_0208())


def decode_iso_2022_jp(data: bytes) -> str:
    """The text of ISO-2022-JP with all extensions that mail uses; U+FFFD for broken bytes. Never raises.

    A line end goes back to ASCII, even without the escape sequence that RFC 1468 requires.
    """
    out = StringIO()
    state, at = b"", 0
    for escape in _ESCAPE.finditer(data):
        if escape.start() > at:
            out.write(_run(data[at : escape.start()], state))
        state, at = escape[0], escape.end()
    out.write(_run(data[at:], state))
    return out.getvalue()


def _run(run: bytes, state: bytes) -> str:
    if state in _ASCII:
        return _single(run)
    head, newline, tail = run.partition(b"\n")
    text = _shifted(head, state)
    return text + _single(newline + tail) if newline else text


def _single(run: bytes) -> str:
    """The text of ASCII, with 8-bit half-width katakana, which CP50220 mailers send."""
    if run.isascii():
        return run.decode("ascii").replace("\x1b", REPLACEMENT)
    return run.decode("latin-1").translate(_SINGLE)


def _shifted(run: bytes, state: bytes) -> str:
    if state in _JIS:
        return _joined(_PAIRS.finditer(run), _JIS_READERS)
    if state in {b"\x1b(I", b"\x0e"}:
        return run.decode("latin-1").translate(_KATAKANA)
    codec = "iso2022_jp_2004" if state[2:] in {b"(O", b"(P", b"(Q"} else "iso2022_jp_2"
    return (state + run).decode(codec, "replace")


def ends_shifted(data: bytes) -> bool:
    """True if ISO-2022-JP bytes do not go back to ASCII at their end."""
    last = max(data.rfind(b"\x1b$"), data.rfind(b"\x1b(I"))
    return last >= 0 and last > max(data.rfind(b"\x1b(B"), data.rfind(b"\x1b(J"))


def _ascii(run: bytes) -> str:
    return run.decode("ascii")


def _replacement(_: bytes) -> str:
    return REPLACEMENT


def _kana(pair: bytes) -> str:
    return chr(pair[1] + 0xFEC0)


def _euc_pairs(run: bytes) -> str:
    return _pairs(run.translate(_STRIP_HIGH))


def _triple(run: bytes) -> str:
    return run.decode("euc_jp", "replace")


# The function that reads each group of `_PAIRS` and of `_EUC`. That of group 1 is at index 0.
_JIS_READERS = (_pairs, _ascii, _replacement)
_EUC_READERS = (_ascii, _euc_pairs, _kana, _triple, _replacement)


def _joined(matches: Iterator[re.Match[bytes]], readers: Sequence[Callable[[bytes], str]]) -> str:
    """The text of the matches, of which there may be millions. Each is read by the reader of its group."""
    out = StringIO()
    write = out.write
    for match in matches:
        write(readers[match.lastindex - 1](match[0]))  # type: ignore[operator]  # every alternative is a group
    return out.getvalue()


def decode_euc_jp(data: bytes) -> str:
    """The text of EUC-JP with the extensions of CP51932; U+FFFD for broken bytes. Never raises."""
    try:
        text = data.decode("euc_jp")
    except UnicodeDecodeError:
        return _joined(_EUC.finditer(data), _EUC_READERS)
    for standard, microsoft in _MICROSOFT:
        text = text.replace(standard, microsoft)
    return text
