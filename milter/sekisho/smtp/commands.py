"""The arguments of MAIL and RCPT (RFC 5321 section 4.1.1), as far as the door must read them.

The next hop gets each command as it came. It decides whether it is valid, and before the queue the door does, too: it
must know which mailbox the next hop will take it for (`paths`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sekisho.judging.collect import as_parsed, unbracketed
from sekisho.message import Recipient
from sekisho.smtp import paths

_ARGUMENT = re.compile(
    r'(?P<keyword>[A-Za-z]+):[ \t]*+(?P<path><(?:"(?:[^"\\]|\\.)*+"|[^">\\]|\\.)*+>|[^<\s][^\s]*+)'
    r"(?P<parameters>(?:[ \t]++[^\s]++)*+)[ \t]*+\Z"
)
_FORBIDDEN = re.compile(r"[\x00\r\n]")  # what SMTP never sends on (RFC 5321 section 4.1.1.4)


@dataclass(frozen=True, slots=True)
class PathCommand:
    """MAIL or RCPT: the command line as it came, its path with the angle brackets, and its parameters. `exact`: the
    address that it names; None if that is not certain."""

    line: bytes
    path: str
    parameters: tuple[str, ...] = ()
    exact: str | None = None

    @property
    def address(self) -> str:
        """The address; if it is not certain, as the command seems to say."""
        return as_parsed(self.path) if self.exact is None else self.exact

    @property
    def raw_sender(self) -> str:
        """The path of MAIL without its brackets."""
        return unbracketed(self.path)

    @property
    def recipient(self) -> Recipient:
        """The recipient of RCPT."""
        return Recipient(self.address, self.path, self.parameters)

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
    found = None if _FORBIDDEN.search(text) else _ARGUMENT.match(text)
    if found is None or found["keyword"].upper() != keyword:
        return None
    line = f"{verb} {text}".encode("utf-8", "surrogateescape")
    read = paths.sender if verb == "MAIL" else paths.recipient
    return PathCommand(line, found["path"], tuple(found["parameters"].split()), read(found["path"]))
