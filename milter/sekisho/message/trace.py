"""What trace fields say: of the client that handed the message over (RFC 5321 section 4.4), and when.

Postfix and Sendmail write `from HELO (NAME [ADDRESS]) by …`, others leave out the name, the brackets or both.
Whoever wrote the field must be trusted by the caller; what it does not say is not known.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from sekisho.domains import parse_ip, to_ascii
from sekisho.message.envelope import Client
from sekisho.message.model import Field

LONGEST = 2000  # characters of a field that are read
RECEIVED = re.compile(
    r"from\s+(?P<helo>\S{1,255})"
    r"(?:\s+\((?:(?:(?P<name>[^\s\[\]()]{1,255})\s+)?\[(?P<ip>[0-9A-Fa-fIPv.:]{3,50})\]|(?P<bare>[0-9A-Fa-f.:]{3,45}))(?P<note>[^)]*)\))?"
)


def client_of(received: str) -> Client:
    """The client of a Received value; all unknown if it cannot be read."""
    match = RECEIVED.match(received.lstrip()[:LONGEST])
    if match is None:
        return Client()
    address = parse_ip(match["ip"] or match["bare"] or "")
    if address is None:
        return Client(helo=match["helo"])
    name = match["name"]
    forged = "may be forged" in match["note"]  # Sendmail's word for a name that does not lead back
    verified = to_ascii(name) if name and name != "unknown" and not forged else None
    failed = "forged" if forged else "fail"
    return Client(
        address=str(address),
        name=verified,
        resolve=None if name is None else ("ok" if verified else failed),
        helo=match["helo"],
    )


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
