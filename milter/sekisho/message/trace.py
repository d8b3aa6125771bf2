"""Client and time of the trace fields of a message (RFC 5321 section 4.4).

Each mail server has its own format of Received. The HELO stands in the same field, and the client chooses it: a pattern
for several servers would take the HELO `[192.0.2.25]` for the client's address. So each format has its own patterns.
The caller must trust the server that wrote a field. What a field does not say is not known.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType

from sekisho.domains import parse_ip, to_ascii
from sekisho.message.envelope import Client
from sekisho.message.model import Field

MAX_FIELD_CHARS = 2000  # characters of a field that are read
MAX_RECEIVED_CHARS = 100_000
"""Characters of a Received field that are read. The sender chooses the length of its HELO. If the client stands after
these characters, it is unknown. Postfix reads commands of 2 kB and keeps 100 kB of a field; Exim reads commands of
16 kB, qmail of any length."""
_MAX_NAME_CHARS = 255

_POSTFIX_LINE_BYTES = 998
"""Octets of a line as Postfix sends it (smtp_line_length_limit). Postfix breaks a longer line there by a line end and a
space. This may be within the client's address, as the length of the HELO decides."""
# A HELO has no blanks or parentheses: Postfix and qmail replace them, Sendmail and Exim refuse such a HELO.
_HELO = r"(?P<helo>[^\s()]++)"
_NAME = r"(?P<name>[^\s\[\]()@]{1,255})"
_OCTETS = r"[0-9A-Fa-fIPv.:]{3,50}+"
_ZONE = r"(?:%[0-9A-Za-z]{1,15})?"
_ADDRESS = rf"(?P<ip>{_OCTETS}){_ZONE}"
_PORT = r"(?::[0-9]{1,5})?"
_NOT_QMAIL = r"(?!(?:HELO|EHLO)\s)"
# The user of Sendmail's ident look-up. It has no brackets and no `=`, so it is not taken for a word of Exim.
_USER = r"(?:[^\s\[\]()@=]{1,300}@)?"
_IDENT = r"(?:\s*ident=[^()]{1,127})?"
# After the client: the end of the clause, or what a server writes about TLS, the user or the sender.
_BY = r"\s+by\s|\s*\Z"
_TLS = r"\s+\((?:using|No client|Client|Authenticated)\s"
_AUTH = (
    r"\s+\((?:authenticated(?:\s+bits=[0-9]{1,5})?\)\s+by\s|"
    r"user=[^\s()]{1,255}\s+(?:author=[^\s()]{1,255}\s+)?mech=)"
)
FORMATS: Mapping[str, tuple[re.Pattern[str], ...]] = MappingProxyType(
    {
        "postfix": (  # from HELO (NAME [ADDRESS])
            re.compile(
                rf"from\s+{_HELO}\s+\({_NOT_QMAIL}(?:{_NAME}\s+)?\[{_ADDRESS}\]\)(?={_BY}|{_TLS})",
            ),
        ),
        "sendmail": (  # from HELO (USER@NAME [ADDRESS] (may be forged)); without HELO: (from USER@NAME [ADDRESS])
            re.compile(
                rf"(?:from\s+{_HELO}\s+\(|\(from\s+){_NOT_QMAIL}{_USER}(?:{_NAME}\s+)?\[{_ADDRESS}\]"
                rf"(?P<note>\s+\(may be forged\))?\)(?={_BY}|{_TLS}|{_AUTH})"
            ),
        ),
        # from NAME ([ADDRESS]:PORT helo=HELO), from [ADDRESS]:PORT (port=PORT helo=HELO), from NAME [ADDRESS]
        "exim": (
            re.compile(
                rf"from\s+{_NAME}\s+\(\[{_ADDRESS}\]{_PORT}(?:\s*helo={_HELO})?{_IDENT}\)(?={_BY})",
            ),
            re.compile(
                rf"from\s+\[{_ADDRESS}\]{_PORT}"
                rf"(?:\s+\((?:\s*port=[0-9]{{1,5}})?(?:\s*helo={_HELO})?{_IDENT}\))?(?={_BY})"
            ),
            re.compile(rf"from\s+{_NAME}\s+\[{_ADDRESS}\]{_PORT}(?={_BY})"),
        ),
        "exchange": (  # from HELO (ADDRESS), from HELO ([ADDRESS] RDNS failed)
            re.compile(rf"from\s+{_HELO}\s+\({_ADDRESS}\)(?={_BY})"),
            re.compile(rf"from\s+{_HELO}\s+\(\[{_ADDRESS}\](?:\s+(?:RDNS failed|unverified))?\)(?={_BY})"),
        ),
        # from NAME (HELO HELO) (USER@ADDRESS), from NAME (USER@ADDRESS); the name is not confirmed
        "qmail": (
            re.compile(
                rf"from\s+[^\s()]{{1,255}}\s+(?:\((?:HELO|EHLO)\s+{_HELO}?\)\s+)?\((?!(?:helo|port|ident)=)"
                rf"(?:[^\s()]+@)?\[?{_ADDRESS}\]?\)(?={_BY}|\s+\(envelope-sender\s)"
            ),
        ),
    }
)
_ANY_HELO = re.compile(rf"from\s+{_HELO}(?=\s|\Z)")
_WRITER = re.compile(r"\sby\s+([^\s();]{1,255})")


def client_of(received: str, formats: Collection[str] = tuple(FORMATS)) -> Client:
    """The client in a Received value, by the first of `formats` (keys of `FORMATS`) that matches.

    If none matches, its address is unknown.
    """
    text = received.lstrip()[:MAX_RECEIVED_CHARS]
    for name, patterns in FORMATS.items():
        for pattern in patterns if name in formats else ():
            if match := pattern.match(text):
                return _client(match.groupdict())
    helo = _ANY_HELO.match(text)
    return Client(helo=helo["helo"][:_MAX_NAME_CHARS] if helo else None)


def _client(found: Mapping[str, str | None]) -> Client:
    helo, name = found.get("helo"), found.get("name")
    helo = helo[:_MAX_NAME_CHARS] if helo else None
    address = parse_ip(found.get("ip") or "")
    if address is None:
        return Client(helo=helo)
    forged = bool(found.get("note"))  # Sendmail's "may be forged": the name is not confirmed
    verified = to_ascii(name) if name and name != "unknown" and not forged else None
    failed = "forged" if forged else "fail"
    return Client(
        address=str(address),
        name=verified,
        resolve=None if name is None else ("ok" if verified else failed),
        helo=helo or name,
    )


def written_by(received: str) -> str | None:
    """The host that a Received value names after `by`, in lower case, or None."""
    found = _WRITER.search(received[:MAX_RECEIVED_CHARS])
    return found[1].lower().rstrip(".") if found else None


def unfolded(field: Field, longest: int = MAX_FIELD_CHARS) -> str:
    """The value of a trace field on one line. `longest` is the number of characters at most."""
    value = field.value[: 2 * longest]
    if len(value) > _POSTFIX_LINE_BYTES - len(field.name):
        value = _rejoined(field.name, value)
    return " ".join(value.decode("ascii", "replace").split())[:longest]


def _rejoined(name: bytes, value: bytes) -> bytes:
    """The value with the lines joined that Postfix has broken."""
    first, *others = (line.removesuffix(b"\r") for line in value.split(b"\n"))
    parts, size = [first], len(name) + 1 + len(first)
    for line in others:
        broken = size == _POSTFIX_LINE_BYTES and line.startswith(b" ")
        parts.append(line[1:] if broken else b" " + line)
        size = len(line)
    return b"".join(parts)


def moment(text: str) -> datetime | None:
    """The time of a date field (RFC 5322 sections 3.3 and 4.3), read leniently; None if it is no date.

    A date without a zone is UTC.
    """
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # all that it raises for invalid dates
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
