"""The SMTP door's side of a worker: an event loop on a thread of its own, and threads for what waits."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sekisho.events import mail
from sekisho.judging.judging_pool import JudgingPool
from sekisho.judging.options import WorkerOptions
from sekisho.smtp.options import SmtpOptions, host_and_port
from sekisho.smtp.replies import BUSY, STRANGER
from sekisho.smtp.session import SmtpSession
from sekisho.smtp_client import SmtpReply
from sekisho.trust import Networks

LOG = logging.getLogger("sekisho.smtp")
LITTLE = 4
"""While the other messages have less than this part of the memory, there is room for any."""
_START_SECONDS = 10.0  # that the event loop may take to begin


@dataclass(frozen=True, slots=True)
class ListenAt:
    """Implements `judging.listen.Listening`."""

    socket: str
    backlog: int = 512
    socket_mode: str = "0600"
    socket_group: str | None = None

    @classmethod
    def of(cls, options: SmtpOptions, backlog: int = 512) -> ListenAt:
        """Where the options say; `backlog` is the number of connections that may wait."""
        host, port = host_and_port(options.listen)
        return cls(f"{'inet6' if ':' in host else 'inet'}:{port}@{host}", backlog)


class SmtpDoor:
    """Implements `daemon.Door`."""

    option = "smtp.listen"

    def __init__(self, options: SmtpOptions, workers: WorkerOptions, name: str, backlog: int) -> None:
        """`name` is our own, in the greeting and in EHLO."""
        self.listening = ListenAt.of(options, backlog)
        self._options = options
        self._name = name

    def front(self, listener: socket.socket, report: Callable[[int], None], pool: JudgingPool) -> SmtpFront:
        """The side of one worker; `report` gets its number of sessions."""
        return SmtpFront(listener, self._options, self._name, pool, report)


class SmtpFront:
    """Implements `judging.worker.Front` and `session.Host`."""

    failure = ""

    def __init__(
        self,
        listener: socket.socket,
        options: SmtpOptions,
        name: str,
        pool: JudgingPool,
        report: Callable[[int], None],
    ) -> None:
        self.options = options
        self.name = name
        self.pool = pool
        self.closing = False
        # One call of each session waits at most, and sessions that have ended may still say goodbye to the next hop.
        self.executor = ThreadPoolExecutor(2 * options.sessions, "smtp")
        self._listener = listener
        self._report = report
        self._trusted = Networks.of(options.trusted)
        self._open: set[object] = set()
        self._kept = 0
        self._lock = threading.Lock()
        self._begun = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None

    @property
    def open_count(self) -> int:
        """The number of open sessions."""
        return len(self._open)

    def thread(self) -> threading.Thread:
        """The thread of the event loop."""
        logging.getLogger("mail.log").disabled = True  # the library logs every command, with its addresses
        return threading.Thread(target=lambda: asyncio.run(self._serve()), name="smtp", daemon=True)

    async def _serve(self) -> None:
        self._loop = loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, sock=self._listener)
        self._begun.set()
        await asyncio.Event().wait()  # for ever: the process ends by os._exit

    def _session(self) -> SmtpSession:
        """A session, for a new connection. The library of the event loop tells nobody of an error here."""
        try:
            return SmtpSession(self, asyncio.get_running_loop())
        except BaseException as error:
            mail.HANDLER_FAILED.failed(LOG, error, "a connection cannot be served")
            raise

    def stop_listening(self) -> None:
        """Take no more connections in this process."""
        if self._begun.wait(_START_SECONDS) and self._loop is not None and self._server is not None:
            self._loop.call_soon_threadsafe(self._server.close)

    def refusal(self, peer: object) -> SmtpReply | None:
        """Why a connection from this address is not served; None if it is."""
        address = peer[0] if isinstance(peer, tuple) else None
        if address not in self._trusted:
            return STRANGER
        return BUSY if self.open_count >= self.options.sessions else None

    def began(self, session: object) -> None:
        """A session has begun."""
        self._open.add(session)
        self._report(len(self._open))

    def ended(self, session: object) -> None:
        """Nothing is done for a session any more."""
        self._open.discard(session)
        self._report(len(self._open))

    def room(self, size: int, held: int) -> bool:
        """True if there are so many bytes more for a message that has `held` already, or if the others have little."""
        with self._lock:
            others, most = self._kept - held, self.options.memory_bytes
            if self._kept + size > most and others > most // LITTLE:
                return False
            self._kept += size
            return True

    def give_back(self, size: int) -> None:
        """So many bytes are free again."""
        with self._lock:
            self._kept -= size
