"""What may be written back to the MTA without breaking a header, a reply or libmilter.

Values arrive encoded (RFC 2047, ASCII, folded with LF). What follows is the last guard, not the encoder: it
changes nothing in a proper value and makes an improper one harmless. It cannot see whether a field makes
sense.
"""

from __future__ import annotations

import re
from base64 import b64encode

# smfi_setreply refuses 980 bytes and more; a doubled % counts twice.
REPLY_LIMIT = 480
_NAME = re.compile(r"[!-9;-~]{1,76}\Z")
_PRESENT = re.compile(r"[!-9;-~]+\Z")
_CODE = re.compile(r"[45][0-9]{2}\Z")
_ENHANCED = re.compile(r"([45])\.[0-9]{1,3}\.[0-9]{1,3}\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_CHUNK = 11  # characters of at most four UTF-8 bytes: an encoded word stays under 75 (RFC 2047 section 2)


class UnwritableError(ValueError):
    """An edit that no MTA could carry out, such as a header name with a space."""


def header_name(name: str) -> str:
    """The name, if it is one (RFC 5322 section 2.2). Raises UnwritableError."""
    if not _NAME.match(name):
        raise UnwritableError("not a header name")
    return name


def present_name(name: str) -> str:
    """The name of a field that stands in the message, whatever its length. Raises UnwritableError."""
    if not _PRESENT.match(name):
        raise UnwritableError("not a header name")
    return name


def header_value(value: str) -> str:
    """The value in ASCII, without control characters; lines of blanks, which end the block for some readers,
    are dropped and every other line after the first continues the field."""
    first, *more = _CONTROL.sub(" ", value.replace("\r\n", "\n")).split("\n")
    lines = [first, *(_folded(line) for line in more if line.strip(" \t"))]
    return "\n".join(_ascii_line(line) for line in lines)


def _folded(line: str) -> str:
    """A line that continues its field (RFC 5322 section 2.2.3)."""
    return line if line[0] in " \t" else " " + line


def _ascii_line(line: str) -> str:
    """A line whose words beyond ASCII are encoded words; its leading blank stays."""
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
    """Code, enhanced code and text as smfi_setreply takes them, of class `4` or `5`.

    A reply that Postfix would refuse (wrong class, codes that disagree) becomes the plain one of the class.
    """
    code, enhanced, text = smtp or ("", "", "")
    match = _ENHANCED.match(enhanced)
    if not (_CODE.match(code) and match and code[0] == match[1] == klass):
        code, enhanced = PLAIN[klass][:2]
    return code, enhanced, (line(text) or PLAIN[klass][2]).replace("%", "%%")


PLAIN = {
    "4": ("451", "4.7.1", "Service unavailable - try again later"),
    "5": ("550", "5.7.1", "Message refused"),
}
