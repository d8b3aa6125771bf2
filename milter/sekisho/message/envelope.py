"""Who sends to whom, and through which client: what SMTP said before the message."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sekisho.address import split_path
from sekisho.domains import to_ascii
from sekisho.message.body import BodyDigests


@dataclass(frozen=True, slots=True)
class Client:
    """The SMTP client as the MTA knows it. None is *not known*, everywhere.

    `name` is the forward-confirmed reverse name; `resolve` is Postfix's `{client_resolve}` in lower case
    (`ok`, `forged`, `temp`, `fail`): how the name came about. `port` is the client's. `relayed`: a relay of ours took
    the message from this client, and what stands above may be the relay's own.
    """

    address: str | None = None
    name: str | None = None
    resolve: str | None = None
    helo: str | None = None
    port: int | None = None
    tls: str | None = None
    user: str | None = None
    relayed: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """One RCPT TO. `address` is what the MTA delivers to; `raw` is the argument exactly as it came."""

    address: str
    raw: str = ""
    parameters: tuple[str, ...] = ()

    @property
    def domain(self) -> str | None:
        """ASCII lower case, None where the address has no valid one."""
        return to_ascii(split_path(self.address).domain or "")

    @property
    def deletable(self) -> bool:
        """False where a milter cannot name this recipient to the MTA: the argument holds bytes that are no UTF-8.
        Postfix takes such a one only with `smtputf8_enable = no`."""
        try:
            self.raw.encode("utf-8")
        except UnicodeEncodeError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Forged:
    """Header fields that pretend to be ours: names and indexes (from 1, among those of that name) in the order in which
    they can be deleted one by one. `too_many`: they are more than Postfix can delete in bounded time, and only some
    are listed; or one is hidden in another field, where none can be deleted."""

    fields: tuple[tuple[str, int], ...] = ()
    too_many: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """The SMTP transaction, and what the MTA showed beside the bytes that were kept.

    `sender` is what Postfix acts on (`{mail_addr}`): "" is the null sender and None is not known. `raw_sender` is what
    the client wrote, without brackets; on hostile input they differ. Undecodable bytes are kept as surrogate escapes.
    `dropped` bytes of the header lay beyond the limits and were not kept. `forged` is counted over the whole header;
    None where nobody counted, as for a file. `body_digests` are those of a body that was not kept whole."""

    sender: str | None = None
    raw_sender: str | None = None
    parameters: tuple[str, ...] = ()
    recipients: tuple[Recipient, ...] = ()
    client: Client = Client()
    queue_id: str | None = None
    arrived: datetime | None = None
    dropped: int = 0
    forged: Forged | None = None
    body_digests: BodyDigests | None = None
