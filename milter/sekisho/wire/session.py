"""One connection of the MTA: libmilter's callbacks, which collect bytes and decide nothing.

Facts that shaped it: a connection's steps run one after the other but on any of libmilter's threads. pymilter
turns HELO, host and header names into text before it calls us, and when they are not UTF-8 it calls
`sys.excepthook` instead: `undecodable` takes the bytes from there. A header's value is lost then, its name
is not (a real Postfix sends no such name). Uncaught, such an exception would tell the sender of pymilter.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace
from types import TracebackType
from typing import Any

import Milter

from sekisho.message import Envelope, Recipient
from sekisho.verdict import Action, Reply
from sekisho.wire import collect
from sekisho.wire.answer import answer, carry_out
from sekisho.wire.desk import Desk

LOG = logging.getLogger("sekisho.wire")

ACTIONS = Milter.ADDHDRS | Milter.CHGHDRS | Milter.DELRCPT | Milter.QUARANTINE | Milter.SETSYMLIST
_SILENT = (
    Milter.P_NR_CONN
    | Milter.P_NR_HELO
    | Milter.P_NR_MAIL
    | Milter.P_NR_RCPT
    | Milter.P_NR_HDR
    | Milter.P_NR_BODY
)
PROTOCOL = _SILENT | Milter.P_NOEOH | Milter.P_NODATA | Milter.P_NOUNKNOWN | Milter.P_HDR_LEADSPC

# Asked for by name, since Postfix's default lists lack the client's. A list must not be empty.
MACROS = {
    Milter.M_CONNECT: "j {client_addr} {client_name} {client_port} {client_resolve}",
    Milter.M_HELO: "{tls_version} {cipher}",
    Milter.M_ENVFROM: "i {mail_addr} {auth_authen} {tls_version} {cipher} "
    "{client_addr} {client_name} {client_port} {client_resolve}",
    Milter.M_ENVRCPT: "{rcpt_addr}",
    Milter.M_EOM: "i",
}

# The end of a session, RFC 5321 3.8: the client connects again. MAIL is not answered (P_NR_MAIL), so it comes here.
_GOODBYE = Action(Reply.TEMPFAIL, smtp=("421", "4.3.2", "Configuration changed, please connect again"))

# pymilter keeps one Python thread state per connection, so this is the connection whose callback runs.
_current: ContextVar[Session | None] = ContextVar("session", default=None)


class Mail:
    """One message on its way in."""

    __slots__ = ("broken", "collector", "envelope", "late", "recipients")

    def __init__(self, envelope: Envelope, collector: collect.Collector) -> None:
        self.envelope = envelope
        self.collector = collector
        self.recipients: list[Recipient] = []
        self.broken = False
        self.late = False  # it began when its session was to end


class Session:
    """What is known of one connection. `mail` is the message on its way in; nothing outlives its end."""

    __slots__ = ("connected", "helo", "host", "mail", "peer", "protocol")

    def __init__(self) -> None:
        self.protocol = 0
        self.connected = False
        self.host: str | None = None
        self.peer: tuple[str, int] | None = None
        self.helo: str | None = None
        self.mail: Mail | None = None

    def undecodable(self, data: bytes) -> None:
        """Text that pymilter could not decode: by the order of SMTP, a field's name, HELO or the host."""
        if self.mail is not None:
            self.mail.collector.field(data, b"")
        elif self.connected:
            self.helo = collect.text(data)
        else:
            self.connected = True


class Door:
    """All connections of one worker."""

    def __init__(self, desk: Desk, opened_or_closed: Callable[[int], None]) -> None:
        """`opened_or_closed` is told the number of open sessions whenever it changes."""
        self._desk = desk
        self._tell = opened_or_closed
        self._open: set[Session] = set()
        self.closing = False  # a message that begins from now on ends its session

    @property
    def sessions(self) -> int:
        return len(self._open)

    def register(self, name: str) -> None:
        """Hand libmilter our callbacks. Once per process, before its main()."""
        sys.excepthook = self._excepthook
        Milter.set_exception_policy(Milter.CONTINUE)
        Milter.set_flags(ACTIONS)
        Milter.set_connect_callback(self._step(Milter.P_NR_CONN, self.connect))
        Milter.set_helo_callback(self._step(Milter.P_NR_HELO, self.hello))
        Milter.set_envfrom_callback(self._step(Milter.P_NR_MAIL, self.mail_from))
        Milter.set_envrcpt_callback(self._step(Milter.P_NR_RCPT, self.rcpt_to))
        Milter.set_header_callback(self._step(Milter.P_NR_HDR, self.header))
        Milter.set_body_callback(self._step(Milter.P_NR_BODY, self.body))
        Milter.set_eom_callback(self.end_of_message)
        Milter.set_abort_callback(self._step(0, self.abort))
        Milter.set_close_callback(self.close)
        Milter.register(name, unknown=None, data=None, negotiate=self.negotiate)

    def _step(self, noreply: int, take: Callable[..., None]) -> Callable[..., int]:
        """A callback that collects and lets the MTA go on, whatever happens."""

        def callback(context: Any, *args: Any) -> int:
            session = self._session(context)
            try:
                take(session, context, *args)
            except Exception:
                self._broken(session)
            return int(Milter.NOREPLY if session.protocol & noreply else Milter.CONTINUE)

        return callback

    def _session(self, context: Any) -> Session:
        session = context.getpriv()
        return session if session is not None else self._begin(context)

    def _begin(self, context: Any) -> Session:
        session = Session()
        context.setpriv(session)
        _current.set(session)
        self._open.add(session)
        return session

    def _connected(self, session: Session) -> None:
        """From here on it is a session to those who count them; a probe of our socket never comes so far."""
        if not session.connected:
            session.connected = True
            self._count()

    def _count(self) -> None:
        self._tell(sum(session.connected for session in tuple(self._open)))

    def _broken(self, session: Session) -> None:
        """A callback of ours failed: the message is not whole, and must not be judged as if it were."""
        if session.mail is not None:
            session.mail.broken = True
        self._desk.error("wire")

    def _excepthook(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        session = _current.get()
        if session is None:
            sys.__excepthook__(kind, error, trace)
        elif isinstance(error, UnicodeDecodeError):
            session.undecodable(bytes(error.object))
        else:
            self._broken(session)

    def negotiate(self, context: Any, options: list[int]) -> int:
        """Take what the MTA offers of what we need."""
        session = self._begin(context)
        if options[0] & Milter.SETSYMLIST:
            for stage, names in MACROS.items():
                context.setsymlist(stage, names)
        session.protocol = options[1] & PROTOCOL
        options[:] = [options[0] & ACTIONS, session.protocol, 0, 0]
        return int(Milter.CONTINUE)

    def connect(self, session: Session, _: Any, host: str, __: int, peer: object) -> None:
        self._connected(session)
        session.host = host
        session.peer = peer[:2] if isinstance(peer, tuple) else None

    def hello(self, session: Session, _: Any, name: str) -> None:
        self._connected(session)
        session.helo = name

    def mail_from(self, session: Session, context: Any, *args: bytes) -> None:
        macro = _macros(context)
        client = collect.client(macro, session.host, session.peer, session.helo)
        spaced = bool(session.protocol & Milter.P_HDR_LEADSPC)
        collector = collect.Collector(self._desk.scan_limit, spaced)
        session.mail = Mail(collect.envelope(args, client, macro), collector)
        session.mail.late = self.closing
        self._desk.warm_envelope(session.mail.envelope)

    def rcpt_to(self, session: Session, context: Any, *args: bytes) -> None:
        assert session.mail is not None
        session.mail.recipients.append(collect.recipient(args, _macros(context)))

    def header(self, session: Session, _: Any, name: str, value: bytes) -> None:
        assert session.mail is not None
        session.mail.collector.field(name.encode("utf-8", "surrogatepass"), value)

    def body(self, session: Session, _: Any, data: bytes) -> None:
        assert session.mail is not None
        session.mail.collector.chunk(data)

    def end_of_message(self, context: Any) -> int:
        """Have the message judged and carry out what comes of it."""
        session = self._session(context)
        mail, session.mail = session.mail, None
        try:
            if mail is None:
                return answer(context, self._desk.fallback("wire"))
            return self._finish(context, mail, bool(session.protocol & Milter.P_HDR_LEADSPC))
        except BaseException:
            self._desk.error("wire")
            return int(Milter.TEMPFAIL)

    def _finish(self, context: Any, mail: Mail, spaced: bool) -> int:
        if mail.late:
            return answer(context, _GOODBYE)
        queue_id = _macros(context)("i") or mail.envelope.queue_id
        envelope = replace(mail.envelope, recipients=tuple(mail.recipients), queue_id=queue_id)
        job = self._desk.submit(mail.collector, envelope, mail.broken)
        action = self._desk.result(job, context.progress)
        try:
            return carry_out(context, action, spaced)
        except Exception:
            self._desk.error("edit")
            return answer(context, self._desk.fallback("edit"))

    def abort(self, session: Session, _: Any) -> None:
        session.mail = None

    def close(self, context: Any) -> int:
        """The connection is over; may come without any other step."""
        session = context.getpriv()
        if session is not None:
            self._open.discard(session)
            if session.connected:
                self._count()
        return int(Milter.CONTINUE)


def _macros(context: Any) -> collect.Macro:
    """Reader of the MTA's macros: None when not sent; bytes that are no UTF-8 as surrogate escapes."""

    def read(name: str) -> str | None:
        try:
            value: str | None = context.getsymval(name)
        except UnicodeDecodeError as error:
            return collect.text(bytes(error.object))
        return value

    return read
