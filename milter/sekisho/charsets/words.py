"""Encoded words of header values (RFC 2047) and percent-encoded parameters (RFC 2231), as mail programs show them.

Each word is decoded on its own, since ISO-2022-JP begins in ASCII in each. If that breaks a character, adjacent words
of one charset are joined first, as in most mail programs. Text outside words is decoded as well as possible.

Problem codes (details are hostile text): `word.unknown_charset`, `word.lie` (wrong label), `word.broken` (not decodable
as written), `word.split` (a character cut in two between words), `word.nested` (the text of a word holds an encoded
word; it is not decoded again), `word.mixed_charsets`, `word.nul`, `word.control`. Outside words: `word.raw_8bit` (bytes
that are not UTF-8), `word.raw_utf8` (RFC 6532), `word.raw_jis` (escape sequences of ISO-2022-JP).
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from sekisho.charsets.decoding import Decoded, decode
from sekisho.charsets.japanese import ends_shifted
from sekisho.charsets.labels import lookup

_HEAD = re.compile(r"=\?([^?\s]{1,64})\?([bBqQ])\?")
_WORD = re.compile(r"=\?[^?\s]{1,64}\?[bBqQ]\?[^?]*\?=")
_LINE_ENDS = re.compile(r"[\r\n]+")
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\r\n]")
_SURROGATE = re.compile("[\udc80-\udcff]")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]")
_BAD_QUOTED = re.compile(rb"=(?![0-9A-Fa-f]{2})|[^!-~\s]")
_EXTENDED = re.compile(r"([^']{0,64})'[^']{0,64}'(.*)\Z", re.DOTALL)
_JIS = "\x1b$"
_CODES = {
    "charset.lie": "word.lie",
    "charset.unknown": "word.unknown_charset",
    "charset.refused": "word.unknown_charset",
    "charset.broken": "word.broken",
}

Problems = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class DecodedText:
    """The text as a reader sees it, on one line, and the problems as (code, detail), each code once."""

    text: str
    problems: tuple[tuple[str, str], ...] = ()


class _Word(NamedTuple):
    label: str
    data: bytes
    raw: str
    well_formed: bool


def decode_words(value: str) -> DecodedText:
    """The text of a header value. Never raises; linear.

    `value` is the field's text, decoded as UTF-8 with surrogate escapes and still folded.
    """
    if value.isascii() and "=?" not in value and value.isprintable():
        return DecodedText(value.strip())
    problems: Problems = []
    pieces = list(_pieces(value, problems))
    text = "".join(_texts(pieces, problems)).strip()
    _report_result(text, pieces, problems)
    return DecodedText(_one_line(text), _once(problems))


def decode_rfc2231(value: str) -> DecodedText:
    """The text of `charset'language'percent-encoded`, or of percent-encoding without a charset. Never raises."""
    match = _EXTENDED.match(value)
    label, text = (match[1] or None, match[2]) if match else (None, value)
    problems: Problems = []
    decoded = decode(unquote_to_bytes(text.encode("utf-8", "surrogateescape")), label)
    _report(decoded, value, problems)
    _report_result(decoded.text, [], problems)
    return DecodedText(_one_line(decoded.text), _once(problems))


def _one_line(text: str) -> str:
    return text if text.isprintable() else _LINE_ENDS.sub(" ", text)


def _once(problems: Problems) -> tuple[tuple[str, str], ...]:
    seen: dict[str, str] = {}
    for code, detail in problems:
        seen.setdefault(code, detail[:200])
    return tuple(seen.items())


def _pieces(value: str, problems: Problems) -> Iterator[str | _Word]:
    """The encoded words of a value and the text between them, in order."""
    done, at, end = 0, value.find("=?"), -1
    while at >= 0:
        head = _HEAD.match(value, at)
        if head is None:
            at = value.find("=?", at + 1)
            continue
        if end < head.end():
            end = value.find("?=", head.end())
        if end < 0:
            problems.append(("word.broken", value[at:]))
            break
        inner = value.find("=?", head.end(), end)
        if inner >= 0 and _HEAD.match(value, inner):
            problems.append(("word.broken", value[at:end]))
            at = inner
            continue
        if at > done:
            yield value[done:at]
        yield _word(head[1], head[2], value[head.end() : end], value[at : end + 2])
        done = end + 2
        at = value.find("=?", done)
    if done < len(value):
        yield value[done:]


def _word(label: str, coding: str, text: str, raw: str) -> _Word:
    payload = text.encode("utf-8", "surrogateescape")
    if coding in "qQ":
        data = binascii.a2b_qp(_unfolded(payload), header=True)
        return _Word(label, data, raw, _BAD_QUOTED.search(payload) is None)
    data, right = _base64(payload)
    return _Word(label, data, raw, right)


def _unfolded(payload: bytes) -> bytes:
    return payload.replace(b"\r", b"").replace(b"\n", b"")


def _base64(payload: bytes) -> tuple[bytes, bool]:
    """The decoded bytes, and whether the base64 is valid. Text after a padding is decoded as another run."""
    try:
        return binascii.a2b_base64(payload, strict_mode=True), True
    except binascii.Error:
        return _lenient_base64(payload)


def _lenient_base64(payload: bytes) -> tuple[bytes, bool]:
    runs = [run for run in _NOT_BASE64.sub(b"", b"".join(payload.split())).split(b"=") if run]
    data = b"".join(binascii.a2b_base64(_padded(run)) for run in runs)
    right = len(runs) <= 1 and _NOT_BASE64.search(payload) is None
    return data, right and not any(len(run) % 4 == 1 for run in runs)


def _padded(run: bytes) -> bytes:
    """The run with its padding. A single letter at its end holds no whole byte and is dropped."""
    run = run[:-1] if len(run) % 4 == 1 else run
    return run + b"=" * (-len(run) % 4)


def _texts(pieces: list[str | _Word], problems: Problems) -> Iterator[str]:
    """The text of each piece. White space between two words is dropped (RFC 2047 section 6.2)."""
    run: list[_Word] = []
    blank = ""
    for piece in pieces:
        if isinstance(piece, _Word):
            run.append(piece)
            blank = ""
        elif run and not piece.strip(" \t\r\n"):
            blank = piece
        else:
            yield _words(run, problems)
            run = []
            yield _outside(piece, problems)
    yield _words(run, problems) + (" " if blank else "")


def _words(run: list[_Word], problems: Problems) -> str:
    if len(run) < 2:
        return _group(run, problems) if run else ""
    groups = [list(group) for _, group in groupby(run, key=lambda word: word.label.lower())]
    return "".join(_group(group, problems) for group in groups)


def _group(words: list[_Word], problems: Problems) -> str:
    """The text of adjacent words with one label."""
    problems += [("word.broken", word.raw) for word in words if not word.well_formed]
    singly = [decode(word.data, word.label) for word in words]
    if len(words) > 1 and _splits_character(words, singly):
        joined = decode(b"".join(word.data for word in words), words[0].label)
        if len(joined.problems) < max(len(each.problems) for each in singly) or not joined.problems:
            problems.append(("word.split", words[0].raw))
            _report(joined, words[0].raw, problems)
            return joined.text
    for word, decoded in zip(words, singly, strict=True):
        _report(decoded, word.raw, problems)
    return "".join(each.text for each in singly)


def _splits_character(words: list[_Word], singly: list[Decoded]) -> bool:
    """True if a character, or a run of ISO-2022-JP, seems to begin in one word and to end in the next."""
    if any(code != "charset.unknown" for each in singly for code, _ in each.problems):
        return True
    return any(
        each.charset == "iso-2022-jp" and ends_shifted(word.data) and not after.data.startswith(b"\x1b")
        for each, word, after in zip(singly, words, words[1:], strict=False)
    )


def _report(decoded: Decoded, raw: str, problems: Problems) -> None:
    problems += [(_CODES[code], raw) for code, _ in decoded.problems if code in _CODES]


def _outside(piece: str, problems: Problems) -> str:
    """The text outside words: unfolded, and raw bytes decoded as well as possible."""
    if not piece.isascii() and _SURROGATE.search(piece):
        problems.append(("word.raw_8bit", piece))
        piece = decode(piece.encode("utf-8", "surrogateescape")).text
    elif _JIS in piece:
        problems.append(("word.raw_jis", piece))
        piece = decode(piece.encode("utf-8", "surrogateescape"), "iso-2022-jp").text
    elif not piece.isascii():
        problems.append(("word.raw_utf8", piece))
    return _unfold(piece)


def _unfold(text: str) -> str:
    """The text on one line: a line end and the white space around it become one blank."""
    if text.isprintable():
        return text
    lines = _LINE_ENDS.split(text)
    if len(lines) == 1:
        return text
    first, *middle, last = lines
    return " ".join([first.rstrip(" \t"), *(line.strip(" \t") for line in middle), last.lstrip(" \t")])


def _report_result(text: str, pieces: list[str | _Word], problems: Problems) -> None:
    """Add the problems of the result as a whole."""
    labels = {piece.label for piece in pieces if isinstance(piece, _Word)}
    if len(labels) > 1 and len(charsets := {lookup(label) or label for label in labels} - {"us-ascii"}) > 1:
        problems.append(("word.mixed_charsets", " ".join(sorted(charsets))))
    if "=?" in text and (nested := _WORD.search(text)):
        problems.append(("word.nested", nested[0]))
    if text.isprintable():
        return
    if "\0" in text:
        problems.append(("word.nul", text))
    if _CONTROL.search(text):
        problems.append(("word.control", text))
