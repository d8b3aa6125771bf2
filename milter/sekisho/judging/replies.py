"""Makes what is written back to the MTA safe for headers and replies.

Values come in already encoded (RFC 2047, ASCII, folded with LF). This is the last guard, not the encoder: a correct
value stays unchanged, and an incorrect one becomes harmless. It cannot see whether the content of a field makes sense.
"""

from __future__ import annotations

import re
from base64 import b64encode

# smfi_setreply refuses 980 bytes and more, and there each % is doubled (`wire.answer`).
REPLY_LIMIT = 480
_NAME = re.compile(r"[!-9;-~]{1,76}\Z")
_PRESENT = re.compile(r"[!-9;-~]+\Z")
_CODE = re.compile(r"[45][0-9]{2}\Z")
_ENHANCED = re.compile(r"([45])\.[0-9]{1,3}\.[0-9]{1,3}\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_CHUNK = 11  # characters of at most four UTF-8 bytes: an encoded word has at most 75 characters (RFC 2047 section 2)


class UnwritableError(ValueError):
    """An edit that no MTA can carry out, such as a header name with a space."""


def header_name(name: str) -> str:
    """The name of a new field, unchanged. Raises UnwritableError if it is no field name (RFC 5322 section 2.2)."""
    if not _NAME.match(name):
        raise UnwritableError("not a header name")
    return name


def present_name(name: str) -> str:
    """The name of a field of the message, unchanged, of any length. Raises UnwritableError."""
    if not _PRESENT.match(name):
        raise UnwritableError("not a header name")
    return name


def header_value(value: str) -> str:
    """The value in ASCII, without control characters. Blank lines are removed, because they end the header for some
    readers; every other line after the first begins with white space, so that it continues the field."""
    first, *more = _CONTROL.sub(" ", value.replace("\r\n", "\n")).split("\n")
    lines = [first, *(_folded(line) for line in more if line.strip(" \t"))]
    return "\n".join(_ascii_line(line) for line in lines)


def _folded(line: str) -> str:
    """A line that continues its field (RFC 5322 section 2.2.3)."""
    return line if line[0] in " \t" else " " + line


def _ascii_line(line: str) -> str:
    """The line in ASCII, as encoded words if it is not; its leading white space stays."""
    if line.isascii():
        return line
    bare = line.lstrip(" \t")
    lead = line[: len(line) - len(bare)]
    chunks = (bare[at : at + _CHUNK] for at in range(0, len(bare), _CHUNK))
    return lead + "\n ".join(_encoded_word(chunk) for chunk in chunks)


def _encoded_word(text: str) -> str:
    return "=?utf-8?b?" + b64encode(text.encode("utf-8", "replace")).decode("ascii") + "?="


def line(text: str, limit: int = REPLY_LIMIT) -> str:
    """One printable ASCII line of at most `limit` characters."""
    return re.sub(r"[^ -~]+", "?", text.replace("\r", " ").replace("\n", " "))[:limit].strip()


def smtp_reply(smtp: tuple[str, str, str] | None, klass: str) -> tuple[str, str, str]:
    """Reply code, enhanced status code and text, of class `4` or `5`.

    Codes that Postfix would refuse (wrong class, codes that disagree) become the default ones of the class.
    """
    code, enhanced, text = smtp or ("", "", "")
    match = _ENHANCED.match(enhanced)
    if not (_CODE.match(code) and match and code[0] == match[1] == klass):
        code, enhanced = PLAIN[klass][:2]
    return code, enhanced, line(text) or PLAIN[klass][2]


PLAIN = {
    "4": ("451", "4.7.1", "Service unavailable - try again later"),
    "5": ("550", "5.7.1", "Message refused"),
}
