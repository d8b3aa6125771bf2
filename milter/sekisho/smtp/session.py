"""One connection of the MTA: aiosmtpd's server, whose commands are passed on to the next hop as they come.

aiosmtpd has the loop of commands, the time limits and the lines. It parses addresses and parameters to its own taste,
so MAIL, RCPT and DATA are read here. What waits (next hop, judgement, store) runs on a thread; a connection has one
such call at a time.

Not offered: CHUNKING (BDAT), STARTTLS and AUTH. The door is on loopback, or in a network of the MTAs only.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar

from aiosmtpd.smtp import SMTP

from sekisho.events import mail
from sekisho.judging.fallbacks import WIRE
from sekisho.judging.judging_pool import JudgingPool
from sekisho.message import Client
from sekisho.smtp.answer import Answering, IncomingMail
from sekisho.smtp.attributes import XCLIENT, XFORWARD, AttributeSyntaxError, ClientAttributes
from sekisho.smtp.commands import PathCommand, parse
from sekisho.smtp.next_hop import NextHop, Transaction
from sekisho.smtp.options import SmtpOptions
from sekisho.smtp.receive import END, ReceivedBytes, Room
from sekisho.smtp.replies import (
    EARLY,
    GOODBYE,
    LATER,
    NESTED,
    NO_HELLO,
    NO_MAIL,
    NO_RECIPIENT,
    NOT_THERE,
    SYNTAX,
    TOO_LARGE,
    TOO_MANY,
    UNCLEAR_RECIPIENT,
    UNCLEAR_SENDER,
    UNREACHABLE,
    written,
)
from sekisho.smtp_client import SmtpReply

LOG = logging.getLogger("sekisho.smtp")
Result = TypeVar("Result")
MAX_RECIPIENTS = 5_000  # of one message
_COMMAND_BYTES = 32_768  # a HELO of 2,048 bytes, as Postfix takes it, is three times as long in XFORWARD
_CHUNK_BYTES = 65_536
_LINE_END = b"\r\n"
_DOT_LINE = b".\r\n"
_MARK = os.urandom(16)  # no MTA knows it
_BUSY_SECONDS = 3_600.0  # while a message is answered, other limits hold
_PASSED_ON = ("8BITMIME", "SMTPUTF8", "DSN")  # offered if the next hop offers them


class Host(Room, Protocol):
    """What a session asks of its worker's side of the door."""

    options: SmtpOptions
    name: str
    pool: JudgingPool
    closing: bool

    @property
    def executor(self) -> Executor:
        """The threads for what waits."""

    def refusal(self, peer: object) -> SmtpReply | None:
        """Why a connection from this address (as asyncio's peername) is not served; None if it is."""

    def began(self, session: object) -> None:
        """A session has begun."""

    def ended(self, session: object) -> None:
        """Nothing is done for a session any more."""


class _Guard:
    """aiosmtpd's event handler: what happens after an error of ours."""

    def __init__(self, session: SmtpSession) -> None:
        self._session = session

    async def handle_exception(self, error: Exception) -> str:
        """The reply after an error."""
        return await self._session.failed(error)


class SmtpSession(SMTP):
    """One connection."""

    command_size_limit = _COMMAND_BYTES
    command_size_limits = defaultdict(lambda: _COMMAND_BYTES)  # noqa: RUF012 - as the library declares it
    line_length_limit = _CHUNK_BYTES

    def __init__(self, host: Host, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            _Guard(self),
            data_size_limit=None,
            enable_SMTPUTF8=True,
            hostname=host.name,
            ident="ESMTP sekisho",
            timeout=host.options.idle_seconds,
            loop=loop,
        )
        self._host = host
        self._hop = NextHop(host.options, host.name)
        # Then the commands are the client's own, and a refusal reaches it.
        self._before = host.options.position == "before-queue"
        self._answering = Answering(host.pool, self._hop, self._before)
        self._served = False
        self._forwarded = ClientAttributes()
        self._xclient = ClientAttributes(definite=True)
        self._mail: IncomingMail | None = None
        self._working: asyncio.Future[Any] | None = None

    # -- the connection -------------------------------------------------------------------------------------

    def connection_made(self, transport: Any) -> None:
        """A connection begins, or is refused."""
        refusal = self._host.refusal(transport.get_extra_info("peername"))
        if refusal is not None:
            transport.write(b"".join(written(refusal)))
            transport.close()
            return
        self._served = True
        self._host.began(self)
        super().connection_made(transport)

    def eof_received(self) -> bool | None:
        """The MTA sends nothing more."""
        return super().eof_received() if self._served else None

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is over. Its session with the next hop ends as soon as the call that is at work has ended."""
        if not self._served:
            return
        if self._mail is not None:
            self._mail.gone = True
        super().connection_lost(error)
        if self._working is None or self._working.done():
            self._leave()
        else:
            self._working.add_done_callback(lambda _: self._leave())

    def _leave(self) -> None:
        ending = self.loop.run_in_executor(self._host.executor, self._hop.leave)
        ending.add_done_callback(lambda _: self._host.ended(self))

    async def failed(self, error: Exception) -> str:
        """The reply after an error of ours."""
        mail.HANDLER_FAILED.failed(LOG, error, "a command of the MTA failed")
        self._host.pool.error(WIRE)
        await self._forget()
        return f"{LATER.code} {LATER.text}"

    async def _waiting(self, call: Callable[..., Result], *args: object) -> Result:
        """What the call returns, which runs on a thread. It goes on if the connection ends."""
        self._reset_timeout(_BUSY_SECONDS)
        working = self.loop.run_in_executor(self._host.executor, partial(call, *args))
        self._working = working
        try:
            return await asyncio.shield(working)
        finally:
            if self.transport is not None:
                self._reset_timeout()

    async def _say(self, reply: SmtpReply) -> None:
        await self.push(b"".join(written(reply))[:-2])

    async def _part(self, reply: SmtpReply) -> None:
        """Say it, and end the connection."""
        await self._say(reply)
        if self.transport is not None:
            self.transport.close()

    async def _forget(self) -> None:
        """End the transaction. What XFORWARD said holds for one message."""
        mail, self._mail = self._mail, None
        self._forwarded = ClientAttributes()
        if mail is not None:
            await self._waiting(self._hop.reset)

    # -- commands -------------------------------------------------------------------------------------------

    async def smtp_EHLO(self, hostname: str) -> None:
        """EHLO: what the next hop offers, and what the door itself does."""
        if await self._hello(hostname, extended=True):
            offers = [self._host.name, "PIPELINING", f"SIZE {self._largest()}", "ENHANCEDSTATUSCODES"]
            offers += [each for each in _PASSED_ON if self._hop.offers(each) is not None]
            offers += [" ".join(("XFORWARD", *XFORWARD)), " ".join(("XCLIENT", *XCLIENT))]
            await self._say(SmtpReply(250, "\n".join(offers)))

    async def smtp_HELO(self, hostname: str) -> None:
        """HELO."""
        if await self._hello(hostname, extended=False):
            await self._say(SmtpReply(250, self._host.name))

    async def _hello(self, hostname: str | None, *, extended: bool) -> bool:
        if not hostname:
            await self._say(SYNTAX)
            return False
        await self._forget()
        if not (await self._waiting(self._hop.open)).ok:
            await self._part(UNREACHABLE)
            return False
        assert self.session is not None
        self.session.extended_smtp = extended
        self.session.host_name = hostname
        return True

    def _largest(self) -> int:
        said = (self._hop.offers("size") or "").strip()
        there = int(said[:18]) if said.isascii() and said.isdigit() else 0
        own = self._host.options.message_bytes
        return min(own, there) if there else own

    async def smtp_XFORWARD(self, arg: str | None) -> None:
        """XFORWARD: the client of the next message."""
        try:
            if self._mail is not None:
                await self._say(NESTED)
                return
            self._forwarded = self._forwarded.and_also(arg or "", XFORWARD)
        except AttributeSyntaxError:
            await self._say(SYNTAX)
        else:
            await self._say(SmtpReply(250, "2.0.0 Ok"))

    async def smtp_XCLIENT(self, arg: str | None) -> None:
        """XCLIENT: the client of the session, which begins anew."""
        try:
            if self._mail is not None:
                await self._say(NESTED)
                return
            self._xclient = self._xclient.and_also(arg or "", XCLIENT)
        except AttributeSyntaxError:
            await self._say(SYNTAX)
        else:
            assert self.session is not None
            self.session.host_name = None
            await self._say(SmtpReply(220, f"{self._host.name} ESMTP sekisho"))

    async def smtp_MAIL(self, arg: str | None) -> None:
        """MAIL: the next hop's reply."""
        command = parse("MAIL", "FROM", arg)
        refusal = self._not_now(command)
        if refusal is GOODBYE:
            await self._part(GOODBYE)
        elif refusal is not None or command is None:
            await self._say(refusal or SYNTAX)
        else:
            said = self._said()
            transaction = Transaction(command, said.written)
            reply = await self._waiting(self._hop.begin, transaction)
            if reply.ok:
                self._mail = IncomingMail(transaction, self._client(said), said.queue_id)
                self._host.pool.warm_envelope(self._mail.envelope)
            await self._say(reply)

    def _not_now(self, command: PathCommand | None) -> SmtpReply | None:
        """Why MAIL is refused without asking the next hop."""
        assert self.session is not None
        if not self.session.host_name:
            return NO_HELLO
        if self._mail is not None:
            return NESTED
        if command is None:
            return SYNTAX
        if self._before and command.exact is None:
            return UNCLEAR_SENDER
        if self._host.closing:
            return GOODBYE
        return TOO_LARGE if command.size > self._host.options.message_bytes else None

    def _said(self) -> ClientAttributes:
        return self._forwarded if self._forwarded.written else self._xclient

    def _client(self, said: ClientAttributes) -> Client:
        """The client, as it was told. After XCLIENT the MTA says EHLO as the client does."""
        client = said.client
        if said is self._xclient and said.written and client.helo is None and self.session is not None:
            return replace(client, helo=self.session.host_name)
        return client

    async def smtp_RCPT(self, arg: str | None) -> None:
        """RCPT: the next hop's reply."""
        command = parse("RCPT", "TO", arg)
        if self._mail is None:
            await self._say(NO_MAIL)
        elif command is None:
            await self._say(SYNTAX)
        elif self._before and command.exact is None:
            await self._say(UNCLEAR_RECIPIENT)
        elif len(self._mail.recipients) >= MAX_RECIPIENTS:
            await self._say(TOO_MANY)
        else:
            on_failure = self._host.pool.on_failure(command.recipient)
            reply = await self._waiting(self._hop.command, command.line)
            if reply.ok:
                self._mail.take(command, on_failure)
            await self._say(reply)

    async def smtp_RSET(self, arg: str | None) -> None:
        """RSET."""
        await self._forget()
        await self._say(SmtpReply(250, "2.0.0 Ok"))

    async def smtp_VRFY(self, arg: str | None) -> None:
        """VRFY tells nothing."""
        await self._say(SmtpReply(252, "2.0.0 Send some mail"))

    async def smtp_AUTH(self, arg: str | None) -> None:
        """There is no AUTH."""
        await self._say(NOT_THERE)

    async def smtp_STARTTLS(self, arg: str | None) -> None:
        """There is no STARTTLS."""
        await self._say(NOT_THERE)

    # -- the message ----------------------------------------------------------------------------------------

    async def smtp_DATA(self, arg: str | None) -> None:
        """DATA: take the message, and answer it."""
        mail = self._mail
        if mail is None or not mail.recipients or arg:
            await self._say(SYNTAX if arg else NO_MAIL if mail is None else NO_RECIPIENT)
            return
        if await self._spoke_early():
            await self._part(EARLY)
            return
        incoming = ReceivedBytes(self._host, self._host.options.message_bytes)
        try:
            await self._receive(incoming)
        except BaseException:  # the connection is lost
            incoming.drop(LATER)
            raise
        reply = incoming.refusal
        if reply is None:
            reply = await self._waiting(self._answered, mail, incoming)
        else:
            await self._waiting(self._hop.reset)
        self._mail, self._forwarded = None, ClientAttributes()
        await self._say(reply)

    def _answered(self, mail: IncomingMail, incoming: ReceivedBytes) -> SmtpReply:
        """On a thread: the reply. The message is no longer kept then."""
        try:
            return self._answering.answer(mail, incoming.message())
        finally:
            incoming.drop(LATER)

    async def _spoke_early(self) -> bool:
        """True if bytes of the message came before the reply to DATA: they could not be told from a command."""
        self._reader.feed_data(_MARK)
        try:
            return await self._reader.readuntil(_MARK) != _MARK
        except asyncio.LimitOverrunError:
            return True

    async def _receive(self, incoming: ReceivedBytes) -> None:
        """Take the bytes of the message.

        The end of a message is CRLF, dot, CRLF, and the line end of the command DATA may be the first of these. So that
        line end is put before the message, and taken away again.
        """
        self._reader.feed_data(_LINE_END)
        await self._say(SmtpReply(354, "End data with <CR><LF>.<CR><LF>"))
        skipped, ended = len(_LINE_END), False
        while not ended:
            try:
                chunk = await self._reader.readuntil(END)
                ended = True
            except asyncio.LimitOverrunError as error:
                chunk = await self._reader.readexactly(error.consumed)
            self._reset_timeout()
            incoming.take(chunk[skipped : -len(_DOT_LINE) if ended else None])
            skipped = 0
