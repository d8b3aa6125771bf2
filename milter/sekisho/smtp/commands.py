"""The arguments of MAIL and RCPT (RFC 5321 section 4.1.1), as far as the door must read them.

The next hop gets each command as it came, and decides whether it is valid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sekisho.judging.collect import as_parsed, unbracketed
from sekisho.message import Recipient

_ARGUMENT = re.compile(
    r'(?P<keyword>[A-Za-z]+):[ \t]*+(?P<path><(?:"(?:[^"\\]|\\.)*+"|[^">\\]|\\.)*+>|[^<\s][^\s]*+)'
    r"(?P<parameters>(?:[ \t]++[^\s]++)*+)[ \t]*+\Z"
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class PathCommand:
    """MAIL or RCPT: the command line as it came, its path with the angle brackets, and its parameters."""

    line: bytes
    path: str
    parameters: tuple[str, ...] = ()

    @property
    def sender(self) -> str:
        """The address of MAIL; empty is the null sender."""
        return as_parsed(self.path)

    @property
    def raw_sender(self) -> str:
        """The path of MAIL without its brackets."""
        return unbracketed(self.path)

    @property
    def recipient(self) -> Recipient:
        """The recipient of RCPT."""
        return Recipient(as_parsed(self.path), self.path, self.parameters)

    @property
    def size(self) -> int:
        """The size of the message that MAIL announces (RFC 1870), in bytes; 0 if it does not."""
        for each in self.parameters:
            name, _, value = each.partition("=")
            if name.upper() == "SIZE" and value.isascii() and value.isdigit():
                return int(value[:20])
        return 0


def parse(verb: str, keyword: str, argument: str | None) -> PathCommand | None:
    """The command with this argument, which may hold surrogate escapes; None if it is none. `keyword`: FROM or TO."""
    text = argument or ""
    found = None if _CONTROL.search(text) else _ARGUMENT.match(text)
    if found is None or found["keyword"].upper() != keyword:
        return None
    line = f"{verb} {text}".encode("utf-8", "surrogateescape")
    return PathCommand(line, found["path"], tuple(found["parameters"].split()))
