"""The envelope: client, sender and recipients, as SMTP gave them before the message."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from sekisho.address import split_path
from sekisho.domains import to_ascii
from sekisho.message.body import BodyDigests


@dataclass(frozen=True, slots=True)
class Client:
    """The SMTP client as the MTA knows it. None means that a value is not known.

    - `name`: the forward-confirmed reverse name. `resolve`: Postfix's `{client_resolve}` in lower case, the result of
      that look-up (`ok`, `forged`, `temp`, `fail`).
    - `port`: the TCP port of the client.
    - `relayed`: a relay of this site took the message from this client, so other fields may be those of the relay.
    """

    address: str | None = None
    name: str | None = None
    resolve: str | None = None
    helo: str | None = None
    port: int | None = None
    tls: str | None = None
    user: str | None = None
    relayed: bool = False


class AliasTarget(NamedTuple):
    """A mailbox that an alias leads to, and the groups that it is in."""

    address: str
    groups: tuple[str, ...] = ()


ELSEWHERE = AliasTarget("")
"""What an alias leads to besides its mailboxes, if it is not known which mailbox that is: a bare name, a command, a
file, or what could not be followed to its end."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One RCPT TO. `address` is what the MTA delivers to; `raw` is the argument as the client wrote it.

    `groups` and `targets` are what the site's directory says: the groups that the address is in, and, of an alias, the
    mailboxes that it leads to, last `ELSEWHERE` if it does not lead to these alone. They do not make it another
    recipient, so they are not compared.
    """

    address: str
    raw: str = ""
    parameters: tuple[str, ...] = ()
    groups: tuple[str, ...] = field(default=(), compare=False)
    targets: tuple[AliasTarget, ...] = field(default=(), compare=False)

    @property
    def domain(self) -> str | None:
        """The domain in ASCII lower case; None if the address has no valid one."""
        return to_ascii(split_path(self.address).domain or "")

    @property
    def deletable(self) -> bool:
        """False if a milter cannot name this recipient to the MTA, since the argument holds bytes that are no UTF-8.

        Postfix accepts such an argument with `smtputf8_enable = no` only.
        """
        try:
            self.raw.encode("utf-8")
        except UnicodeEncodeError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Forged:
    """Header fields that pretend to be this site's own.

    `fields` has name and index of each (from 1, among the fields of that name), in an order in which they can be
    deleted one by one. `too_many`: there are more than Postfix can delete in bounded time, and only some are listed; or
    one is hidden inside another field, where it cannot be deleted.
    """

    fields: tuple[tuple[str, int], ...] = ()
    too_many: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """The SMTP transaction, and what is known of bytes that were not kept.

    - `sender`: the address that Postfix acts on (`{mail_addr}`); "" is the null sender, None is not known.
    - `raw_sender`: what the client wrote, without brackets. It may differ from `sender`. Undecodable bytes are
      surrogate escapes.
    - `dropped`: the number of bytes of the header beyond the limits, which were not kept.
    - `forged`: forged fields of the whole header; None if they were not counted, as for a message in a file.
    - `body_digests`: the digests of a body that was kept in part only.
    - `whole`: all bytes of a message that is judged in part only, where the door has them.
    """

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
    whole: bytes | None = None
