"""The first process: binds, forks, watches. It never starts a thread, and never sees a message.

A *generation* is the workers of one configuration. Reload makes the next one beside the current: only when
all its workers are ready does it take over and the old one drain; if it cannot, it is ended and nothing
changes. A dead worker is replaced, at growing intervals if it dies young. A worker that is stuck beyond the
hard deadline is killed, after the digests of what it was stuck on were written down, so that no message kills
a second one.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sekisho.daemon import systemd
from sekisho.daemon.board import Board
from sekisho.daemon.child import STATUS_OURS, Child, fork
from sekisho.daemon.keeper import RELOAD, Keeper, keep
from sekisho.daemon.keeper_state import KeeperState
from sekisho.ports import Clock
from sekisho.wire.handlers import Handlers
from sekisho.wire.listen import listen, unix_path
from sekisho.wire.options import WireOptions
from sekisho.wire.server import DRAIN, READY, Server
from sekisho.wire.slots import Failures, Slots

LOG = logging.getLogger("sekisho.daemon")
_TICK_MS = 250
_YOUNG = 10.0  # seconds; a child that dies sooner is waited for before it is replaced
_LONGEST_WAIT = 30.0
_MARGIN = 5.0  # seconds that children may be late before they are killed


class SetupError(Exception):
    """The configuration cannot be used; `errors` are for the operator, one line each."""

    def __init__(self, errors: tuple[str, ...]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Setup:
    """A validated configuration, ready to be forked. `build` runs in each worker, `keeper` in the keeper."""

    wire: WireOptions
    build: Callable[[], Handlers]
    keeper: Callable[[Board], Keeper] | None = None


@dataclass(slots=True)
class Places:
    """Children to be kept alive, and when those that are missing may be forked."""

    wanted: int
    setup: Setup
    children: list[Child] = field(default_factory=list)
    due: list[float] = field(default_factory=list)
    early_deaths: int = 0

    @property
    def ready(self) -> bool:
        return len(self.children) == self.wanted and all(child.ready for child in self.children)

    def lost(self, child: Child, now: float) -> None:
        """Take a dead child off and plan its successor."""
        self.children.remove(child)
        self.early_deaths = self.early_deaths + 1 if now - child.born < _YOUNG else 0
        wait = min(_LONGEST_WAIT, 0.1 * 2**self.early_deaths) if self.early_deaths > 1 else 0.0
        self.due.append(now + wait)


class Supervisor:
    """`load` reads and validates the configuration; it raises SetupError. `run` returns the exit status."""

    def __init__(self, load: Callable[[], Setup], clock: Clock) -> None:
        self._load = load
        self._clock = clock
        self._board = Board()
        self._wakeup, self._waker = socket.socketpair()
        self._wakeup.setblocking(False)
        self._waker.setblocking(False)
        self._listener: socket.socket | None = None
        self._failures = Failures()
        self._workers: Places | None = None
        self._next: Places | None = None
        self._next_end = 0.0
        self._old: list[Child] = []
        self._keeper: Places | None = None
        self._keeper_state = KeeperState()
        self._reload_wanted = False
        self._stop_end: float | None = None
        self._failed = False

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT. Status 0 after draining, 70 if no worker ever got ready.

        Raises SetupError and ListenError before anything is forked.
        """
        setup = self._load()
        self._failures = _failures(setup.wire.failure_memory)
        self._listener = listen(setup.wire)
        path, identity = self._bound(setup.wire)
        self._take_signals()
        self._begin_next(setup)
        while not self._finished():
            self._wait()
            self._tick()
        self._remove(path, identity)
        return STATUS_OURS if self._failed else 0

    # -- one turn ---------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = self._clock.monotonic()
        for child in self._children():
            self._listen_to(child)
        self._reap(now)
        self._watch(now)
        if self._stop_end is not None:
            self._stopping(now)
            return
        self._reload_turn(now)
        if self._keeper is not None:
            births = [child.born for child in self._keeper.children]
            self._keeper_state.turn(self._keeper.early_deaths, births, now)
        for places, start in ((self._workers, self._fork_worker), (self._keeper, self._fork_keeper)):
            if places is not None:
                self._fill(places, start, now)

    def _wait(self) -> None:
        """Sleep until a signal, a word of a child, or the next tick."""
        poll = select.poll()
        poll.register(self._wakeup, select.POLLIN)
        for child in self._children():
            if not child.ready or self._is_keeper(child):
                poll.register(child.line, select.POLLIN)
        poll.poll(_TICK_MS)
        try:
            self._wakeup.recv(4096)
        except BlockingIOError:
            return

    def _children(self) -> Iterator[Child]:
        for places in (self._workers, self._next, self._keeper):
            yield from places.children if places else ()
        yield from self._old

    def _is_keeper(self, child: Child) -> bool:
        return self._keeper is not None and child in self._keeper.children

    def _listen_to(self, child: Child) -> None:
        keeper = self._is_keeper(child)
        heard = child.heard() if keeper or not child.ready else b""
        if keeper and RELOAD in heard:
            self._reload_wanted = True
        if not child.ready and READY in heard:
            child.ready = True
            if child.row is not None and not child.draining:
                self._board.state(child.row, "ready")

    # -- signals ----------------------------------------------------------------------------------------

    def _take_signals(self) -> None:
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_hup)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _on_stop(self, *_: object) -> None:
        if self._stop_end is None:
            self._stop_end = 0.0  # begun by the next turn

    def _on_hup(self, *_: object) -> None:
        self._reload_wanted = True

    # -- forking ----------------------------------------------------------------------------------------

    def _inherited(self) -> list[socket.socket]:
        return [self._wakeup, self._waker, *(child.line for child in self._children())]

    def _fork_worker(self, places: Places) -> None:
        options, build = places.setup.wire, places.setup.build
        row = self._board.take()
        slots = Slots(options.threads)
        report = partial(self._board.sessions, row)

        def body(line: socket.socket) -> None:
            assert self._listener is not None
            server = Server(self._listener, build(), options, slots, self._failures, self._clock, report)
            server.run(line)

        child = fork(body, self._inherited(), self._clock.monotonic())
        child.row, child.slots = row, slots
        places.children.append(child)

    def _fork_keeper(self, places: Places) -> None:
        make = places.setup.keeper
        assert make is not None

        def body(line: socket.socket) -> None:
            keep(make(self._board), line)

        foreign = [*self._inherited(), *([self._listener] if self._listener else [])]
        places.children.append(fork(body, foreign, self._clock.monotonic()))

    def _fill(self, places: Places, start: Callable[[Places], None], now: float) -> None:
        """Fork those that are due."""
        for moment in [moment for moment in places.due if moment <= now]:
            places.due.remove(moment)
            start(places)

    # -- death ------------------------------------------------------------------------------------------

    def _reap(self, now: float) -> None:
        for child in list(self._children()):
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                self._buried(child, status, now)

    def _buried(self, child: Child, status: int, now: float) -> None:
        child.line.close()
        if child.row is not None:
            self._board.release(child.row)
        if child.slots is not None:
            child.slots.close()
        if child in self._old:
            self._old.remove(child)
            return
        places = next(p for p in (self._workers, self._next, self._keeper) if p and child in p.children)
        places.lost(child, now)
        if self._stop_end is None and places is not self._next:
            self._count(child, status)

    def _count(self, child: Child, status: int) -> None:
        code = os.waitstatus_to_exitcode(status)  # negative for a signal
        how = f"signal {-code}" if code < 0 else f"status {code}"
        ended = "killed" if code < 0 else "crash" if code else "other"
        cause = child.cause or (ended if child.ready else "start")
        kind = "keeper" if child.row is None else "worker"
        LOG.error("%s %d died (%s, %s); it is replaced", kind, child.pid, cause, how)
        if child.row is not None:
            self._board.restarted(cause)
        else:
            self._board.keeper_died()

    def _watch(self, now: float) -> None:
        """End every worker that is stuck, having written down what it is stuck on."""
        for places in (self._workers, self._next):
            for child in places.children if places else ():
                self._judge(child, now, places.setup.wire.hard_deadline if places else 0)
        for child in self._old:
            if self._workers is not None:
                self._judge(child, now, self._workers.setup.wire.hard_deadline)

    def _judge(self, child: Child, now: float, limit: float) -> None:
        stuck = child.slots.stuck(now, limit) if child.slots and child.cause is None else []
        for busy in stuck:
            self._failures.remember(busy.digest, self._clock.now().timestamp())
            LOG.error("worker %d is stuck on message %s", child.pid, busy.digest.hex())
        if stuck:
            others = sum(1 for _ in child.slots.busy()) - len(stuck) if child.slots else 0
            LOG.error(
                "worker %d is killed; %d other messages that it had at work come again", child.pid, others
            )
            child.kill("stuck")

    # -- generations ------------------------------------------------------------------------------------

    def _reload_turn(self, now: float) -> None:
        if self._next is not None:
            self._judge_next(now)
        elif self._reload_wanted:
            self._reload_wanted = False
            self._reload()

    def _reload(self) -> None:
        systemd.reloading(self._clock.monotonic())
        try:
            setup = self._load()
        except SetupError as error:
            for reason in error.errors:
                LOG.error("configuration not loaded: %s", reason)
            self._board.reloaded(False, self._clock.now().timestamp())
            systemd.ready(f"configuration not loaded: {error.errors[0]}")
            return
        if self._workers and setup.wire.socket != self._workers.setup.wire.socket:
            LOG.warning("wire.socket changed: it takes effect at the next start, not by reload")
        self._begin_next(setup)

    def _begin_next(self, setup: Setup) -> None:
        count = setup.wire.workers or len(os.sched_getaffinity(0))
        self._next = Places(count, setup)
        self._next_end = self._clock.monotonic() + setup.wire.start_timeout
        for _ in range(count):
            self._fork_worker(self._next)

    def _judge_next(self, now: float) -> None:
        """Let the next generation take over when it is whole; give it up when it cannot be."""
        assert self._next is not None
        if self._next.ready:
            self._take_over(self._next)
        elif self._next.due or now > self._next_end:
            self._give_up(self._next)

    def _take_over(self, places: Places) -> None:
        old, self._workers, self._next = self._workers, places, None
        self._board.took_over()
        self._board.reloaded(True, self._clock.now().timestamp())
        LOG.info("%d workers ready", places.wanted)
        if old is not None:
            self._retire(old.children)
        if self._keeper is not None:
            self._retire(self._keeper.children)
        self._keeper = None
        if places.setup.keeper is not None:
            self._keeper = Places(1, places.setup, due=[0.0])
        systemd.ready(f"{places.wanted} workers ready")

    def _give_up(self, places: Places) -> None:
        LOG.error("the new workers did not start; %s", "the old ones stay" if self._workers else "giving up")
        self._board.reloaded(False, self._clock.now().timestamp())
        self._next = None
        for child in places.children:
            child.kill("start")
        self._old += places.children
        if self._workers is None:
            self._failed = True
            self._on_stop()
        else:
            systemd.ready("the new workers did not start; the old ones stay")

    def _retire(self, children: list[Child]) -> None:
        for child in children:
            child.draining = True
            child.tell(DRAIN)
            if child.row is not None:
                self._board.state(child.row, "draining")
        self._old += children

    # -- the end ----------------------------------------------------------------------------------------

    def _stopping(self, now: float) -> None:
        """Drain everybody, the keeper last; kill whoever is late."""
        if self._stop_end == 0.0:
            self._begin_stop(now)
        if self._keeper is not None and not any(child.row is not None for child in self._children()):
            self._retire(self._keeper.children)
            self._keeper = None
        if self._stop_end is not None and now > self._stop_end:
            for child in self._children():
                child.kill()

    def _begin_stop(self, now: float) -> None:
        systemd.notify("STOPPING=1")
        places = [each for each in (self._workers, self._next) if each is not None]
        patience = max((each.setup.wire.drain_timeout for each in places), default=0.0)
        self._stop_end = now + patience + _MARGIN
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for each in places:
            self._retire(each.children)
            each.children = []

    def _finished(self) -> bool:
        return bool(self._stop_end) and not any(True for _ in self._children())

    def _bound(self, options: WireOptions) -> tuple[Path | None, tuple[int, int]]:
        """The socket's path and what stands there, so that only our own file is removed at the end."""
        path = unix_path(options) if "LISTEN_FDS" not in os.environ else None
        found = path.lstat() if path else None
        return path, (found.st_dev, found.st_ino) if found else (0, 0)

    def _remove(self, path: Path | None, identity: tuple[int, int]) -> None:
        if path is None:
            return
        try:
            found = path.lstat()
            if (found.st_dev, found.st_ino) == identity:
                path.unlink()
        except OSError as error:
            LOG.warning("the socket's file stays: %s", error)


def _failures(path: str | None) -> Failures:
    try:
        return Failures(path)
    except OSError as error:
        raise SetupError((f"wire.failure_memory: {path}: {error.strerror}",)) from error
