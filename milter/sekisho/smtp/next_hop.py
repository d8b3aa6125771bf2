"""The session with the next hop, which belongs to one session of the MTA in front. All its methods wait for replies, so
they are called on threads, one after the other.

A transaction is begun when the MTA begins it, and the replies to MAIL and RCPT are passed on. If recipients are
withheld later, the transaction is begun once more with the others: SMTP cannot take a recipient back.

What is not answered is a temporary failure: the MTA has the message and sends it again. If the connection ends after
the final dot, the next hop may have the message, and the recipients may get it twice (RFC 1047), but never not at all.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from sekisho.events import mail
from sekisho.smtp.commands import PathCommand
from sekisho.smtp.options import SmtpOptions, host_and_port
from sekisho.smtp.replies import LATER
from sekisho.smtp_client import SmtpClient, SmtpReply

LOG = logging.getLogger("sekisho.smtp")
_LINE_BYTES = 400  # of an XFORWARD command: Postfix takes 512


@dataclass(frozen=True, slots=True)
class Transaction:
    """How a message begins for the next hop: MAIL, and before it the client's attributes."""

    mail: PathCommand
    attributes: Mapping[str, str] = field(default_factory=dict)


class NextHop:
    """A session with the next hop, opened when it is needed."""

    def __init__(self, options: SmtpOptions, name: str) -> None:
        """`name` is our own, for EHLO."""
        self._place = host_and_port(options.next_hop)
        self._seconds = options.timeout_seconds
        self._name = name
        self._client: SmtpClient | None = None

    def open(self) -> SmtpReply:
        """Open the session, if it is not. The reply to EHLO, or LATER."""
        if self._client is not None:
            return SmtpReply(250)
        client = SmtpClient(timeout=self._seconds, local_hostname=self._name)
        try:
            reply = client.begin(*self._place)
        except (OSError, ValueError) as error:
            client.close()
            return self._failed("cannot be reached", error)
        if not reply.ok:
            client.close()
            return self._failed("takes no session", reply)
        self._client = client
        return reply

    def offers(self, extension: str) -> str | None:
        """The parameters of an extension that the next hop offers; None if it does not offer it."""
        if self._client is None or not self._client.has_extn(extension):
            return None
        return str(self._client.esmtp_features[extension.lower()])

    def begin(self, transaction: Transaction) -> SmtpReply:
        """MAIL. A session that has ended meanwhile is opened again."""
        for _ in range(2):
            if not (reply := self.open()).ok:
                return reply
            for line in self._xforward(transaction.attributes):
                self.command(line)  # whatever the reply is: only a log line depends on it
            reply = self.command(transaction.mail.line)
            if self._client is not None:
                return reply
        return LATER

    def command(self, line: bytes) -> SmtpReply:
        """The reply to a command; LATER if there is none."""
        if self._client is None:
            return LATER
        try:
            reply = self._client.command(line)
        except (OSError, ValueError) as error:
            self.close()
            return self._failed("ended the session", error)
        return self._sane(reply)

    def hand_over(
        self,
        transaction: Transaction,
        only: Sequence[PathCommand] | None,
        raw: bytes,
        wanted: Callable[[], bool],
    ) -> SmtpReply:
        """The reply to the message. `only`: the recipients that still get it, None for all that were taken. `wanted`
        says False when nobody waits for the reply any more; no byte of the message is sent then."""
        if only is not None and not (reply := self._begin_again(transaction, only)).ok:
            mail.NEXT_HOP_FAILED.write(
                LOG, what="refuses a part of a transaction that it took before", reason=str(reply.code)
            )
            return LATER
        if self._client is None or not wanted():
            return LATER
        reply = self._content(self._client, raw, wanted)
        if not reply.ok:
            self._failed("did not take a message", reply)
        return reply

    def _content(self, client: SmtpClient, raw: bytes, wanted: Callable[[], bool]) -> SmtpReply:
        try:
            reply = client.data()
            if reply.refuses:
                return self._sane(reply)
            if not wanted():
                self.close()  # the next hop waits for the message: only the end of the session takes that back
                return LATER
            return self._sane(client.content(raw))
        except (OSError, ValueError) as error:
            begun = client.begun
            self.close()
            return self._failed("ended while a message was sent" if begun else "ended the session", error)

    def reset(self) -> None:
        """End the transaction."""
        if self._client is not None:
            self.command(b"RSET")

    def close(self) -> None:
        """End the session."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError):
                client.close()

    def leave(self) -> None:
        """End the session with QUIT."""
        if self._client is not None:
            self.command(b"QUIT")
        self.close()

    def _begin_again(self, transaction: Transaction, only: Sequence[PathCommand]) -> SmtpReply:
        self.reset()
        reply = self.begin(transaction)
        for each in only:
            if not reply.ok:
                break
            reply = self.command(each.line)
        return reply

    def _xforward(self, attributes: Mapping[str, str]) -> Iterator[bytes]:
        """The commands that pass on what is known of the client, as far as the next hop takes it."""
        offered = (self.offers("xforward") or "").upper().split()
        line = b"XFORWARD"
        for name in (each for each in offered if each in attributes):
            said = f" {name}={attributes[name]}".encode("ascii")
            if len(said) > _LINE_BYTES:  # nobody needs it, and a line that is too long may end the session
                continue
            if len(line) + len(said) > _LINE_BYTES and line != b"XFORWARD":
                yield line
                line = b"XFORWARD"
            line += said
        if line != b"XFORWARD":
            yield line

    def _sane(self, reply: SmtpReply) -> SmtpReply:
        """The reply; LATER, and no session any more, if it is none, or the last one (421)."""
        if (reply.ok or reply.refuses) and reply.code != 421:
            return reply
        self.close()
        return self._failed("ended the session", reply)

    @staticmethod
    def _failed(what: str, why: Exception | SmtpReply) -> SmtpReply:
        """Log a failure without the text of a reply, which may hold addresses."""
        shown = str(why.code) if isinstance(why, SmtpReply) else type(why).__name__
        mail.NEXT_HOP_FAILED.write(LOG, what=what, reason=shown)
        return LATER
