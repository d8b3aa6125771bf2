"""ISO-2022-JP and EUC-JP as Japanese mail uses them, not as the standards left them.

Real mail holds half-width katakana (`ESC ( I`), the NEC row 13 and IBM's kanji: Microsoft's CP50221 and
CP51932. Python's codecs refuse those, so both are decoded here over one table of JIS X 0208 cells as CP932
fills them. Each pair of 7-bit bytes is read as one UTF-16 code unit: the look-up is a `str.translate`.
"""

from __future__ import annotations

import re
from codecs import utf_16_be_decode
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from io import StringIO

BAD = "\ufffd"
GETA = "〓"
"""What stands for a carrier's pictogram (rows 85 to 94 without a character), as the carriers' gateways do."""

_ESCAPE = re.compile(rb"\x1b(?:\([ABHIJT]|\$\(?[@A-DOPQ]|\.[AF]|&@)|[\x0e\x0f]")
# Possessive repeats: what could be given back would be remembered, forty bytes for each pair.
_PAIRS = re.compile(rb"((?:[!-~][!-~])++)|([\x00-\x20]++)|(.)", re.DOTALL)
_EUC = re.compile(
    rb"([\x00-\x7f]++)|((?:[\xa1-\xfe][\xa1-\xfe])++)|(\x8e[\xa1-\xdf])|(\x8f[\xa1-\xfe][\xa1-\xfe])|(.)",
    re.DOTALL,
)
_STRIP_HIGH = bytes(byte & 0x7F for byte in range(256))
_ASCII = frozenset({b"\x1b(B", b"\x1b(J", b"\x1b(H", b"\x0f", b""})
_JIS = frozenset({b"\x1b$B", b"\x1b$@", b"\x1b&@"})
# The seven cells for which Python's euc_jp follows the standard and mail follows Microsoft.
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


class _Cells(dict[int, str]):
    """JIS X 0208 cells by `row byte << 8 | cell byte`; what is not there is a pictogram or broken."""

    def __missing__(self, code: int) -> str:
        return GETA if code >= 0x7521 else BAD


@cache
def _cells() -> _Cells:
    cells = _Cells()
    for row in range(94):
        for cell in range(94):
            if char := _cp932(row, cell):
                cells[(row + 0x21) << 8 | (cell + 0x21)] = char
    return cells


def _cp932(row: int, cell: int) -> str:
    """The character of a cell by the arithmetic of Shift_JIS."""
    lead = row // 2 + (0x81 if row < 62 else 0xC1)
    trail = cell + (0x9F if row % 2 else 0x40 if cell < 63 else 0x41)
    try:
        return bytes((lead, trail)).decode("cp932")
    except UnicodeDecodeError:
        return ""


def preload() -> None:
    """Build the table now (a few milliseconds), before processes are forked."""
    _cells()


def _pairs(run: bytes) -> str:
    """Text of 7-bit pairs; `run` has an even length and only bytes from 0x21 to 0x7E."""
    return utf_16_be_decode(run)[0].translate(_cells())


def decode_iso_2022_jp(data: bytes) -> str:
    """ISO-2022-JP with every extension met in mail; U+FFFD where the bytes are broken. Never raises.

    A line end goes back to ASCII even without the escape sequence that should be there (RFC 1468).
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
    """ASCII, with the 8-bit half-width katakana that CP50220 mailers let through."""
    if run.isascii():
        return run.decode("ascii").replace("\x1b", BAD)
    return run.decode("latin-1").translate(_SINGLE)


def _shifted(run: bytes, state: bytes) -> str:
    if state in _JIS:
        return _written(_PAIRS.finditer(run), _JIS_KINDS)
    if state in {b"\x1b(I", b"\x0e"}:
        return run.decode("latin-1").translate(_KATAKANA)
    codec = "iso2022_jp_2004" if state[2:] in {b"(O", b"(P", b"(Q"} else "iso2022_jp_2"
    return (state + run).decode(codec, "replace")


def open_ended(data: bytes) -> bool:
    """True when ISO-2022-JP bytes end without having gone back to ASCII."""
    last = max(data.rfind(b"\x1b$"), data.rfind(b"\x1b(I"))
    return last >= 0 and last > max(data.rfind(b"\x1b(B"), data.rfind(b"\x1b(J"))


def _ascii(run: bytes) -> str:
    return run.decode("ascii")


def _bad(_: bytes) -> str:
    return BAD


def _kana(pair: bytes) -> str:
    return chr(pair[1] + 0xFEC0)


def _euc_pairs(run: bytes) -> str:
    return _pairs(run.translate(_STRIP_HIGH))


def _triple(run: bytes) -> str:
    return run.decode("euc_jp", "replace")


# What each group of the patterns is read by, the first one's at 0.
_JIS_KINDS = (_pairs, _ascii, _bad)
_EUC_KINDS = (_ascii, _euc_pairs, _kana, _triple, _bad)


def _written(matches: Iterator[re.Match[bytes]], kinds: Sequence[Callable[[bytes], str]]) -> str:
    """The text of the matches. There may be millions, so nothing is made for each but its own text."""
    out = StringIO()
    write = out.write
    for match in matches:
        write(kinds[match.lastindex - 1](match[0]))  # type: ignore[operator]  # every alternative is a group
    return out.getvalue()


def decode_euc_jp(data: bytes) -> str:
    """EUC-JP with CP51932's extensions; U+FFFD where the bytes are broken. Never raises."""
    try:
        text = data.decode("euc_jp")
    except UnicodeDecodeError:
        return _written(_EUC.finditer(data), _EUC_KINDS)
    for standard, microsoft in _MICROSOFT:
        text = text.replace(standard, microsoft)
    return text
