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
_HELO = r"(?P<helo>[^\s()]{1,255})"
_NAME = r"(?P<name>[^\s\[\]()@]{1,255})"
_ADDRESS = r"(?P<ip>[0-9A-Fa-fIPv.:]{3,50})"
# What may follow the client: the end of the clause, or what Postfix says of TLS and of the user.
_NEXT = r"(?=\s+(?:by\s|\((?:using|No client|Client|Authenticated)\s)|\s*\Z)"
_PORT = r"(?::[0-9]{1,5})?"
_USER = r"(?:[^\s\[\]()@]{1,64}@)?"
FORMATS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        # from HELO (NAME [ADDRESS])
        "postfix": re.compile(rf"from\s+{_HELO}\s+\((?:{_NAME}\s+)?\[{_ADDRESS}\]\){_NEXT}"),
        # from HELO (USER@NAME [ADDRESS] (may be forged))
        "sendmail": re.compile(
            rf"from\s+{_HELO}\s+\((?:{_USER}{_NAME}\s+)?\[{_ADDRESS}\](?P<note>\s+\(may be forged\))?\){_NEXT}"
        ),
        # from NAME ([ADDRESS]:PORT helo=HELO), from [ADDRESS]:PORT (port=PORT helo=HELO)
        "exim": re.compile(
            rf"from\s+(?:{_NAME}\s+\(\[{_ADDRESS}\]{_PORT}|\[(?P<bare>[0-9A-Fa-fIPv.:]{{3,50}})\]{_PORT}\s+\()"
            rf"(?:\s*port=[0-9]{{1,5}})?(?:\s*helo={_HELO})?(?:\s+ident=[^\s()]{{1,64}})?\){_NEXT}"
        ),
        # from HELO (ADDRESS)
        "exchange": re.compile(rf"from\s+{_HELO}\s+\({_ADDRESS}\){_NEXT}"),
        # from NAME (HELO HELO) (USER@ADDRESS), from NAME (USER@ADDRESS); nobody has looked whether the name leads back
        "qmail": re.compile(
            rf"from\s+[^\s()]{{1,255}}\s+(?:\((?:HELO|EHLO)\s+{_HELO}\)\s+)?\({_USER}{_ADDRESS}\){_NEXT}"
        ),
    }
)
_ANY_HELO = re.compile(rf"from\s+{_HELO}(?=\s|\Z)")
_BY = re.compile(r"\sby\s+([^\s();]{1,255})")


def client_of(received: str, formats: Collection[str] = tuple(FORMATS)) -> Client:
    """The client of a Received value, as one of `formats` (keys of `FORMATS`) has it; all unknown if none fits."""
    text = received.lstrip()[:LONGEST]
    for name, pattern in FORMATS.items():
        match = pattern.match(text) if name in formats else None
        if match is not None:
            return _client(match.groupdict())
    helo = _ANY_HELO.match(text)
    return Client(helo=helo["helo"] if helo else None)


def _client(found: Mapping[str, str | None]) -> Client:
    helo, name = found.get("helo"), found.get("name")
    address = parse_ip(found.get("ip") or found.get("bare") or "")
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
    found = _BY.search(received[:LONGEST])
    return found[1].lower().rstrip(".") if found else None


def unfolded(field: Field) -> str:
    """A trace field's value on one line."""
    return " ".join(field.value[: 2 * LONGEST].decode("ascii", "replace").split())[:LONGEST]


def moment(text: str) -> datetime | None:
    """A date as leniently as programs read it (RFC 5322 sections 3.3 and 4.3), or None; one without a zone is UTC."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):  # whatever it trips over is no date
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
