"""One connection of the MTA: libmilter's callbacks, which collect bytes and decide nothing.

The steps of a connection run one after the other, but on any of libmilter's threads. pymilter decodes HELO, host and
header names before it calls us. If they are not UTF-8, it calls `sys.excepthook` instead: `undecodable` takes the bytes
from the exception. The value of such a header field is lost, its name is not (a real Postfix sends no such name). If
the exception were not caught, the SMTP client would get an error text of pymilter.

If memory runs out, pymilter may be unable to call us at all. It then calls the same hook, and returns what its
exception policy says. If a connection begins without memory, it cannot even call the hook. So the policy is TEMPFAIL:
it ends a connection that cannot be negotiated, and refuses a message at its end; in an earlier step, libmilter takes no
more of the message. If a step must not end the message (a name that is no UTF-8), the hook sets the policy to CONTINUE
until the next step of the same connection. There is only one policy, so this holds for all connections.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import replace
from threading import Lock
from types import TracebackType
from typing import Any

import Milter

from sekisho.judging.collect import Collector, text
from sekisho.judging.fallbacks import EDIT, WIRE
from sekisho.judging.handlers import OnFailure
from sekisho.judging.judging_pool import JudgingPool
from sekisho.judging.replies import UnwritableError
from sekisho.message import Envelope, Forged, Recipient
from sekisho.verdict import Action, DeleteRecipient, Reply
from sekisho.wire import macros
from sekisho.wire.answer import edit_and_reply

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

# Requested by name, because Postfix's default lists have no macros of the client. A list must not be empty.
MACROS = {
    Milter.M_CONNECT: "j {client_addr} {client_name} {client_port} {client_resolve}",
    Milter.M_HELO: "{tls_version} {cipher}",
    Milter.M_ENVFROM: "i {mail_addr} {auth_authen} {tls_version} {cipher} "
    "{client_addr} {client_name} {client_port} {client_resolve}",
    Milter.M_ENVRCPT: "{rcpt_addr}",
    Milter.M_EOM: "i",
}

# The end of a session (421, RFC 5321 section 3.8): the client connects again. It is given at end of message, because
# MAIL gets no reply (P_NR_MAIL).
_GOODBYE = Action(Reply.TEMPFAIL, smtp=("421", "4.3.2", "Configuration changed, please connect again"))

# Made at import: an answer must need no memory.
_ACCEPT, _TEMPFAIL = int(Milter.ACCEPT), int(Milter.TEMPFAIL)
_NOREPLY, _CONTINUE = int(Milter.NOREPLY), int(Milter.CONTINUE)

_REFUSE, _GO_ON = (_TEMPFAIL,), (_CONTINUE,)  # arguments
_LENIENT = OnFailure.ACCEPT  # looking up a member needs memory

# pymilter keeps one Python thread state for each connection, so this is the connection whose callback runs.
_current: ContextVar[Session | None] = ContextVar("session", default=None)


class Mail:
    """One message that comes in. `on_failure` is what holds for its recipients so far if it cannot be judged; None if
    that is not known. `split`: recipients were removed, so a failure must not deliver it."""

    __slots__ = ("broken", "collector", "envelope", "late", "on_failure", "recipients", "split")

    def __init__(self, envelope: Envelope, collector: Collector, broken: bool) -> None:
        self.envelope = envelope
        self.collector = collector
        self.recipients: list[Recipient] = []
        self.on_failure: OnFailure | None = None
        self.broken = broken
        self.late = False  # it began after its session was told to end
        self.split = False


class Session:
    """What is known of one connection. `mail` is the message that comes in; it is dropped when it ends. `broken`: data
    that holds for all messages of the connection was lost. `passed`: pymilter could not call us and returned
    CONTINUE."""

    __slots__ = (
        "broken", "connected", "context", "helo", "host", "mail", "negotiated", "passed", "peer", "protocol",
    )  # fmt: skip

    def __init__(self, context: Any) -> None:
        self.context = context
        self.protocol = 0
        self.negotiated = self.connected = self.passed = False
        self.broken = False
        self.host: str | None = None
        self.peer: tuple[str, int] | None = None
        self.helo: str | None = None
        self.mail: Mail | None = None

    def undecodable(self, data: bytes) -> None:
        """Take text that pymilter could not decode. The order of SMTP tells what it is: a field name, HELO or the
        host."""
        if self.mail is not None:
            self.mail.collector.field(data, b"")
        elif self.connected:
            self.helo = text(data)
        else:
            self.connected = True


class Sessions:
    """libmilter's callbacks, for all connections of one worker."""

    def __init__(self, pool: JudgingPool, opened_or_closed: Callable[[int], None]) -> None:
        """`opened_or_closed` is called with the number of open sessions whenever it changes."""
        self._pool = pool
        self._tell = opened_or_closed
        self._open: set[Session] = set()
        self._policy = Lock()
        self._refusing = False  # a message was refused because memory ran out; more may follow
        self._passed: set[Session] = set()
        self.closing = False  # a message that begins from now on ends its session
        self.exhausted = False
        """True if memory ran out in a step of a message: this process must be replaced."""

    @property
    def open_count(self) -> int:
        """How many connections are open."""
        return len(self._open)

    def register(self, name: str) -> None:
        """Register our callbacks with libmilter. Call it once per process, before libmilter's main()."""
        sys.excepthook = self._excepthook
        # The interpreter sets these before it calls the hook. If they did not exist, that would need memory.
        sys.last_type = sys.last_value = sys.last_traceback = None
        Milter.set_exception_policy(Milter.TEMPFAIL)
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
        """A callback that collects, and lets the MTA go on even after an error."""

        def callback(context: Any, *args: Any) -> int:
            session = context.getpriv()
            try:
                if session is None:
                    session = self._begin(context)
                if session.passed:
                    self._refuse_again(session)
                take(session, context, *args)
            except Exception:
                if session is None:
                    raise
                self._broken(session)
            return _NOREPLY if session.protocol & noreply else _CONTINUE

        return callback

    def _begin(self, context: Any) -> Session:
        session = Session(context)
        context.setpriv(session)
        _current.set(session)
        self._open.add(session)
        return session

    def _connected(self, session: Session) -> None:
        """Count it as a session from now on. A probe of our socket never gets here."""
        if not session.connected:
            session.connected = True
            self._count()

    def _count(self) -> None:
        self._tell(sum(session.connected for session in tuple(self._open)))

    def _broken(self, session: Session) -> None:
        """A callback of ours failed, so a part of the message is missing and it must not be judged. Needs no memory."""
        mail = session.mail
        if mail is None:
            session.broken = True
        else:
            mail.broken = True
            if not mail.collector.begun:  # perhaps a recipient was lost
                mail.on_failure = self._pool.fallbacks.strictest
        self._pool.error(WIRE)

    def _excepthook(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        session = _current.get()
        if session is None:
            sys.__excepthook__(kind, error, trace)
            return
        if isinstance(error, UnicodeDecodeError):
            try:
                session.undecodable(bytes(error.object))
                self._pass(session)
                return
            except Exception:
                self._broken(session)
        self._untrapped(session)

    def _untrapped(self, session: Session) -> None:
        """pymilter could not call us, or could not use what we returned. It is not known whether this is the end of the
        message, where the value that pymilter returns is the reply. So it refuses, unless the mail of all recipients is
        always accepted. The process is replaced; if this was an earlier step, the connection ends too."""
        mail = session.mail
        self._broken(session)
        self.exhausted = True
        if session.negotiated and self._is_lenient(mail):
            self._pool.accepted(WIRE)
            self._pass(session)
        else:
            self._refusing = True
            Milter.set_exception_policy(*_REFUSE)
            session.mail = None

    def _pass(self, session: Session) -> None:
        """Let pymilter return CONTINUE next. No `with` here: it would need memory."""
        session.passed = True
        self._policy.acquire()
        try:
            # If this process ends, it is better to refuse one step too many than to accept a message.
            if not self._refusing:
                Milter.set_exception_policy(*_GO_ON)
            self._passed.add(session)
        finally:
            self._policy.release()

    def _refuse_again(self, session: Session) -> None:
        """Undo `_pass`: the next step of this session has come, so pymilter has returned."""
        with self._policy:
            session.passed = False
            self._passed.discard(session)
            if not self._passed:
                Milter.set_exception_policy(*_REFUSE)

    def _is_lenient(self, mail: Mail | None) -> bool:
        """True if this message may be accepted unjudged."""
        if mail is None:
            return self._pool.fallbacks.level(None) is _LENIENT
        return not mail.split and self._pool.fallbacks.level(mail.on_failure) is _LENIENT

    def negotiate(self, context: Any, options: list[int]) -> int:
        """SMFIC_OPTNEG: accept those offers of the MTA that we need. Returns libmilter's status (SMFIS_...)."""
        session = self._begin(context)
        if options[0] & Milter.SETSYMLIST:
            for stage, names in MACROS.items():
                context.setsymlist(stage, names)
        session.protocol = options[1] & PROTOCOL
        options[:] = [options[0] & ACTIONS, session.protocol, 0, 0]
        session.negotiated = True
        return _CONTINUE

    def connect(self, session: Session, _: Any, host: str, __: int, peer: object) -> None:
        """SMFIC_CONNECT: the client's name, its address family (a number) and its address."""
        self._connected(session)
        session.host = host
        session.peer = peer[:2] if isinstance(peer, tuple) else None

    def hello(self, session: Session, _: Any, name: str) -> None:
        """SMFIC_HELO."""
        self._connected(session)
        session.helo = name

    def mail_from(self, session: Session, context: Any, *args: bytes) -> None:
        """SMFIC_MAIL: a message begins."""
        macro = _macros(context)
        client = macros.client(macro, session.host, session.peer, session.helo)
        collector = self._pool.collector(bool(session.protocol & Milter.P_HDR_LEADSPC))
        session.mail = Mail(macros.envelope(args, client, macro), collector, session.broken)
        session.mail.late = self.closing
        self._pool.warm_envelope(session.mail.envelope)

    def rcpt_to(self, session: Session, context: Any, *args: bytes) -> None:
        """SMFIC_RCPT: one recipient; what holds for it on failure is noted now."""
        mail = session.mail
        assert mail is not None
        recipient = macros.recipient(args, _macros(context))
        level = self._pool.on_failure(recipient)
        mail.recipients.append(recipient)
        mail.on_failure = max(level, mail.on_failure or level)

    def header(self, session: Session, _: Any, name: str, value: bytes) -> None:
        """SMFIC_HEADER: one header field."""
        assert session.mail is not None
        session.mail.collector.field(name.encode("utf-8", "surrogatepass"), value)

    def body(self, session: Session, _: Any, data: bytes) -> None:
        """SMFIC_BODY: a piece of the body."""
        assert session.mail is not None
        session.mail.collector.chunk(data)

    def end_of_message(self, context: Any) -> int:
        """SMFIC_BODYEOB: have the message judged, make the edits, give the reply. Returns libmilter's status."""
        session = mail = None
        try:
            session = context.getpriv() or self._begin(context)
            mail = session.mail
            if session.passed:
                self._refuse_again(session)
            if mail is None:
                return self._reply(context, mail, self._pool.fallback(WIRE), spaced=False)
            done = self._finish(context, mail, bool(session.protocol & Milter.P_HDR_LEADSPC))
            session.mail = None
            return done
        except BaseException:
            # As far as possible, nothing here needs memory.
            if session is not None:
                session.mail = None
            self._pool.error(WIRE)
            if not self._is_lenient(mail):
                return _TEMPFAIL
            self._pool.accepted(WIRE)
            return _ACCEPT

    def _finish(self, context: Any, mail: Mail, spaced: bool) -> int:
        if mail.late and not self._is_lenient(mail):  # in shadow mode no message is deferred
            return edit_and_reply(context, _GOODBYE, spaced)
        queue_id = _macros(context)("i") or mail.envelope.queue_id
        mail.collector.called(queue_id)
        envelope = replace(
            mail.envelope,
            recipients=tuple(mail.recipients),
            queue_id=queue_id,
            dropped=mail.collector.dropped,
            forged=mail.collector.forged,
            body_digests=mail.collector.body_digests(),
        )
        job = self._pool.submit(mail.collector, envelope, mail.broken)
        action = self._pool.result(job, context.progress)
        mail.split = any(isinstance(edit, DeleteRecipient) for edit in action.edits)
        try:
            return self._reply(context, mail, action, spaced)
        except Exception as error:
            self._pool.error(EDIT)
            if isinstance(error, UnwritableError):
                self._pool.remember(mail.collector)
            noted = OnFailure.HOLD if mail.split else mail.on_failure
            mail.on_failure = noted
            return self._reply(context, mail, self._pool.fallback(EDIT), spaced)

    def _reply(self, context: Any, mail: Mail | None, action: Action, spaced: bool) -> int:
        """Carry out the action, or if the message could not be judged, what the rules of its recipients say."""
        noted, forged = (None, Forged()) if mail is None else (mail.on_failure, mail.collector.forged)
        action, unjudged = self._pool.fallbacks.fitting(action, noted, forged)
        done = edit_and_reply(context, action, spaced)
        if unjudged:
            self._pool.accepted(unjudged)
        return done

    def abort(self, session: Session, _: Any) -> None:
        """SMFIC_ABORT: the message is dropped."""
        session.mail = None

    def close(self, context: Any) -> int:
        """The connection is over; this may be its only step. Returns libmilter's status (SMFIS_...)."""
        session = context.getpriv()
        if session is not None:
            session.context = None  # breaks a reference cycle
            self._open.discard(session)
            if session.passed:
                self._refuse_again(session)
            if session.connected:
                self._count()
        return int(Milter.CONTINUE)


def _macros(context: Any) -> macros.Macro:
    """A function that reads a macro of the MTA: None if it was not sent; bytes that are no UTF-8 as surrogate
    escapes."""

    def read(name: str) -> str | None:
        try:
            value: str | None = context.getsymval(name)
        except UnicodeDecodeError as error:
            return text(bytes(error.object))
        return value

    return read
