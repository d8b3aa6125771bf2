"""What trace fields say: of the client that handed the message over (RFC 5321 section 4.4), and when.

Each mail server writes the client in a way of its own, and what the client said (HELO) stands in the same field. A
pattern that fits several servers would take a HELO such as `[192.0.2.25]` for the client, so there is one for each.
Whoever wrote the field must be trusted by the caller; what it does not say is not known.
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

LONGEST = 2000  # characters of a field that are read
RECEIVED = 100_000
"""Characters of a Received field that are read: the sender chooses how long its HELO is, and its client is unknown if
that is longer. Postfix reads commands of 2 kB, Exim of 16 kB, qmail of any length; Postfix keeps 100 kB of a field."""
_LONGEST_NAME = 255

_LINE = 998
"""Octets of a line as Postfix sends it (smtp_line_length_limit): a longer one is broken by a line end and a space,
wherever that is. The length of the HELO decides where, so it may be within the address."""
# No server that is read here leaves blanks or parentheses in a HELO: Postfix and qmail replace them, Sendmail and Exim
# refuse it.
_HELO = r"(?P<helo>[^\s()]++)"
_NAME = r"(?P<name>[^\s\[\]()@]{1,255})"
_OCTETS = r"[0-9A-Fa-fIPv.:]{3,50}+"
_ZONE = r"(?:%[0-9A-Za-z]{1,15})?"
_ADDRESS = rf"(?P<ip>{_OCTETS}){_ZONE}"
_PORT = r"(?::[0-9]{1,5})?"
_NOT_QMAIL = r"(?!(?:HELO|EHLO)\s)"
# What Sendmail's ident look-up told of a user: it keeps neither brackets nor `=`, by which Exim's words differ.
_USER = r"(?:[^\s\[\]()@=]{1,300}@)?"
_IDENT = r"(?:\s*ident=[^()]{1,127})?"
# What follows the client: the end of the clause, or what a server says of TLS, of the user or of the sender.
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
        # from NAME (HELO HELO) (USER@ADDRESS), from NAME (USER@ADDRESS); nobody has looked whether the name leads back
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
    """The client of a Received value, as one of `formats` (keys of `FORMATS`) has it; all unknown if none fits."""
    text = received.lstrip()[:RECEIVED]
    for name, patterns in FORMATS.items():
        for pattern in patterns if name in formats else ():
            if match := pattern.match(text):
                return _client(match.groupdict())
    helo = _ANY_HELO.match(text)
    return Client(helo=helo["helo"][:_LONGEST_NAME] if helo else None)


def _client(found: Mapping[str, str | None]) -> Client:
    helo, name = found.get("helo"), found.get("name")
    helo = helo[:_LONGEST_NAME] if helo else None
    address = parse_ip(found.get("ip") or "")
    if address is None:
        return Client(helo=helo)
    forged = bool(found.get("note"))  # Sendmail's word for a name that does not lead back
    verified = to_ascii(name) if name and name != "unknown" and not forged else None
    failed = "forged" if forged else "fail"
    return Client(
        address=str(address),
        name=verified,
        resolve=None if name is None else ("ok" if verified else failed),
        helo=helo or name,
    )


def written_by(received: str) -> str | None:
    """The host that says to have written a Received value: its name after `by`, in lower case, or None."""
    found = _WRITER.search(received[:RECEIVED])
    return found[1].lower().rstrip(".") if found else None


def unfolded(field: Field, longest: int = LONGEST) -> str:
    """A trace field's value on one line, of so many characters at most."""
    value = field.value[: 2 * longest]
    if len(value) > _LINE - len(field.name):
        value = _rejoined(field.name, value)
    return " ".join(value.decode("ascii", "replace").split())[:longest]


def _rejoined(name: bytes, value: bytes) -> bytes:
    """The value with the lines put together that Postfix broke."""
    first, *others = (line.removesuffix(b"\r") for line in value.split(b"\n"))
    parts, size = [first], len(name) + 1 + len(first)
    for line in others:
        broken = size == _LINE and line.startswith(b" ")
        parts.append(line[1:] if broken else b" " + line)
        size = len(line)
    return b"".join(parts)


def moment(text: str) -> datetime | None:
    """A date as leniently as programs read it (RFC 5322 sections 3.3 and 4.3), or None; one without a zone is UTC."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # whatever it trips over is no date
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
