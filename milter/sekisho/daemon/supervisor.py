"""The first process: it binds, forks and watches. It never starts a thread, and never sees a message.

A *generation* is the workers of one configuration. A reload starts the next generation beside the present one. When all
its workers are ready, it takes over and the old one drains; otherwise it is ended and nothing changes. No generation is
started while an old one drains, so there are never more than two. A dead worker is replaced; if it died early without
mail, or the machine refuses, after growing waits. Messages that a worker had in progress when it died are judged alone
when they come again (`trials`), so no message ends a second worker. A stuck process is killed (`watchdog`).
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial

from sekisho.daemon import reports, systemd
from sekisho.daemon.blame import Blame
from sekisho.daemon.child import STATUS_LATER, STATUS_OURS, Child, Closable, cause_of, fork, how, is_shortage
from sekisho.daemon.listener import Listener, wait_for
from sekisho.daemon.maintenance import run_maintenance
from sekisho.daemon.maintenance_state import MaintenanceState
from sekisho.daemon.places import Places
from sekisho.daemon.reloads import Reloads
from sekisho.daemon.scoreboard import Scoreboard
from sekisho.daemon.setup import Setup, SetupError
from sekisho.daemon.trials import Trials
from sekisho.daemon.watchdog import Watchdog
from sekisho.events import lifecycle
from sekisho.judging import trial
from sekisho.judging.allocator import collect_and_freeze
from sekisho.judging.in_flight import Failures, InFlight
from sekisho.judging.listen import BusyError
from sekisho.judging.worker import DRAIN, READY, RETIRE, Worker
from sekisho.plain_errors import of_system
from sekisho.ports import Clock
from sekisho.processes import RestartCause, WorkerState

LOG = logging.getLogger("sekisho.daemon")
_TICK_MS = 250
_LISTEN_MS = 1000  # between two looks at a socket that is taken
_LATE_SECONDS = 5.0  # seconds that children may be late before they are killed


class Supervisor:
    """`load` reads and validates the configuration; it raises SetupError. `run` returns the exit status."""

    def __init__(self, load: Callable[[], Setup], clock: Clock) -> None:
        self._load = load
        self._clock = clock
        self._scoreboard = Scoreboard()
        self._wakeup, self._waker = socket.socketpair()
        self._wakeup.setblocking(False)
        self._waker.setblocking(False)
        self._listener: Listener | None = None
        self._blame = Blame(Failures(), clock)
        self._workers: Places | None = None
        self._next: Places | None = None
        self._next_end = 0.0
        self._old: list[Child] = []
        self._maintenance: Places | None = None
        self._maintenance_state = MaintenanceState()
        self._trials = Trials(clock)
        self._watchdog = Watchdog()
        self._reloads = Reloads()
        self._hung_up = False
        self._stop_end: float | None = None
        self._stop_began = 0.0
        self._status = 0

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT. Status 0 after draining; 69 if something that the daemon needs was not
        available in time, so another start may succeed; 70 if no worker got ready.

        Raises SetupError and ListenError before anything is forked.
        """
        end = self._clock.monotonic()
        try:
            setup = self._load()
            self._blame = Blame(_failures(setup.workers.failure_memory), self._clock)
            self._take_signals()
            end += setup.workers.start_timeout
            self._listener = wait_for(
                setup.door.listening, lambda: self._given_up(end), lambda: self._wait(_LISTEN_MS)
            )
        except (SetupError, BusyError) as error:
            if self._stop_end is not None:
                return 0
            if isinstance(error, SetupError) and not error.temporary:
                raise
            lifecycle.START_FAILED.write(LOG, "another start may succeed", reason=error)
            return STATUS_LATER
        self._begin_next(setup, end)
        del setup  # otherwise the first configuration would stay in memory
        while not self._finished():
            self._wait(_TICK_MS)
            self._tick()
        self._listener.remove()
        seconds = round(self._clock.monotonic() - self._stop_began, 1)
        lifecycle.STOPPED.write(LOG, status=self._status, seconds=seconds)
        return self._status

    def _given_up(self, end: float) -> bool:
        return self._stop_end is not None or self._clock.monotonic() > end

    # -- one turn ---------------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = self._clock.monotonic()
        for child in list(self._children()):
            self._listen_to(child)
        self._reap(now)
        self._watch(now)
        self._trials.turn(self._blame.failures, self._foreign)
        if self._stop_end is not None:
            self._stopping(now)
            return
        self._reload_turn(now)
        if self._maintenance is not None:
            births = [child.born for child in self._maintenance.children]
            self._maintenance_state.turn(self._maintenance.early_deaths, births, now)
        for places, start in (
            (self._workers, self._fork_worker),
            (self._maintenance, self._fork_maintenance),
        ):
            if places is not None:
                places.fill(start, now)

    def _wait(self, most: int) -> None:
        """Sleep until a signal or a word of a child comes, at most `most` milliseconds."""
        poll = select.poll()
        poll.register(self._wakeup, select.POLLIN)
        for child in self._children():
            poll.register(child.line, select.POLLIN)
        try:
            poll.poll(most)
            self._wakeup.recv(4096)
        except BlockingIOError:
            return
        except OSError:  # no memory, or poll(2) may not watch so many descriptors
            time.sleep(most / 1000)

    def _children(self) -> Iterator[Child]:
        for places in (self._workers, self._next, self._maintenance):
            yield from places.children if places else ()
        yield from self._old
        yield from self._trials.children

    def _listen_to(self, child: Child) -> None:
        for word, handed in child.heard():
            if word == trial.ASK:
                self._trials.ask(handed, child.setup)
            elif word == READY:
                child.ready = True
                if child.row is not None and not child.draining:
                    self._scoreboard.state(child.row, WorkerState.READY)
                    lifecycle.WORKER_READY.write(LOG, pid=child.pid)

    # -- signals ----------------------------------------------------------------------------------------

    def _take_signals(self) -> None:
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        signal.signal(signal.SIGHUP, self._on_hup)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def _on_stop(self, *_: object) -> None:
        if self._stop_end is None:
            self._stop_end = 0.0  # the next turn begins to stop

    def _on_hup(self, *_: object) -> None:
        self._hung_up = True

    # -- forking ----------------------------------------------------------------------------------------

    def _inherited(self) -> list[Closable]:
        """The sockets and files that no new child may keep."""
        lines = [child.line for child in self._children()]
        return [self._wakeup, self._waker, *lines, *self._trials.open]

    def _foreign(self) -> list[Closable]:
        """The sockets and files that a new child may not keep if it takes no connections."""
        return [*self._inherited(), *(self._listener.sockets if self._listener else [])]

    def _fork_worker(self, places: Places) -> None:
        """Raises OSError."""
        options, door, build = places.setup.workers, places.setup.door, places.setup.build
        row = self._scoreboard.take()
        report = partial(self._scoreboard.sessions, row)
        try:
            in_flight = InFlight(options.threads)

            def body(line: socket.socket) -> None:
                assert self._listener is not None
                shared = in_flight, self._blame.failures
                front = partial(door.front, self._listener.socket, report)
                Worker(build(), options, *shared, self._clock, front).run(line)

            child = fork(body, self._inherited(), self._clock.monotonic(), places.setup)
        except OSError:
            self._scoreboard.release(row)
            raise
        child.row, child.in_flight = row, in_flight
        places.children.append(child)

    def _fork_maintenance(self, places: Places) -> None:
        """Raises OSError."""
        make, in_flight = places.setup.maintenance, InFlight(0)
        assert make is not None

        def body(line: socket.socket) -> None:
            run_maintenance(make(self._scoreboard), line, in_flight.beat)

        child = fork(body, self._foreign(), self._clock.monotonic(), places.setup)
        child.maintenance, child.in_flight = True, in_flight
        places.children.append(child)

    # -- death ------------------------------------------------------------------------------------------

    def _reap(self, now: float) -> None:
        for child in list(self._children()):
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid:
                self._buried(child, status, now)

    def _buried(self, child: Child, status: int, now: float) -> None:
        code = os.waitstatus_to_exitcode(status)  # negative for a signal
        child.line.close()
        if child.row is not None:
            self._scoreboard.release(child.row)
        places = next(
            (p for p in (self._workers, self._next, self._maintenance) if p and child in p.children), None
        )
        if places is not None and self._stop_end is None:
            self._died(child, code, counted=places is not self._next)
        elif child.row is not None:
            lifecycle.WORKER_ENDED.write(LOG, pid=child.pid, how=how(code))
        if child in self._trials.children:
            at_work = self._blame.death_apart(child, how(code))
            self._trials.ended(child, at_work)
        else:
            at_work = self._blame.death(child, how(code))
        if places is not None:
            places.lost(child, now, code, at_work)
        if child in self._old:
            self._old.remove(child)
        if child.in_flight is not None:
            child.in_flight.close()

    def _died(self, child: Child, code: int, *, counted: bool) -> None:
        """A worker (`counted`: of the generation in force) or the maintenance process ended that should not."""
        cause = child.cause or (cause_of(code) if child.ready else RestartCause.START)
        if child.maintenance:
            reports.maintenance_died(child, cause, code, self._scoreboard.maintenance_died())
            return
        reports.worker_died(child, cause, code)
        if counted:
            self._scoreboard.restarted(cause)

    def _watch(self, now: float) -> None:
        """Kill every process that is stuck."""
        for stuck in self._watchdog.turn(now, self._children()):
            self._blame.stuck(stuck)
            stuck.child.kill(stuck.cause)

    # -- generations ------------------------------------------------------------------------------------

    def _reload_turn(self, now: float) -> None:
        if self._hung_up:
            self._hung_up = False
            self._reloads.ask(now)
        if self._next is not None:
            self._judge_next(now, self._next)
        elif self._reloads.due(now) and not self._must_wait():
            self._reloads.begin()
            self._reload(now)

    def _must_wait(self) -> bool:
        """True while an old generation still has sessions: a third one would cost memory without bound."""
        old = sum(child.row is not None for child in self._old)
        if old and not self._scoreboard.view().reload_waiting:
            reports.reload_waits(old)
        self._scoreboard.reload_waits(bool(old))
        return bool(old)

    def _reload(self, now: float) -> None:
        systemd.reloading(self._clock.monotonic())
        collect_and_freeze()  # free the memory of earlier configurations
        try:
            setup = self._load()
        except SetupError as error:
            for reason in error.errors:
                lifecycle.CONFIG_FAULT.write(LOG, reason=reason)
            self._not_reloaded(f"configuration not loaded: {error.errors[0]}", now, again=error.temporary)
        except Exception as error:
            lifecycle.CONFIG_FAULT.failed(LOG, error, reason=error)
            self._not_reloaded(f"configuration not loaded: {error}", now, again=is_shortage(error))
        else:
            self._begin_next(setup, now + setup.workers.start_timeout)

    def _not_reloaded(self, reason: str, now: float, *, again: bool) -> None:
        """The old generation stays. `again`: it is tried again, since what is missing may come back."""
        self._scoreboard.reloaded(False, self._clock.now().timestamp(), reason)
        reports.not_reloaded(reason, self._reloads.refused(now) if again else None)

    def _begin_next(self, setup: Setup, end: float) -> None:
        count = setup.workers.workers or len(os.sched_getaffinity(0))
        collect_and_freeze()
        self._next = Places(count, setup, due=[0.0] * count)
        self._next_end = end

    def _judge_next(self, now: float, places: Places) -> None:
        """Let the next generation take over if all its workers are ready; give it up if they cannot be."""
        places.fill(self._fork_worker, now)
        if places.ready:
            self._take_over(places)
        elif places.failed or now > self._next_end or (places.refused and self._workers is not None):
            self._give_up(places, now)

    def _take_over(self, places: Places) -> None:
        old, self._workers, self._next = self._workers, places, None
        self._scoreboard.reloaded(True, self._clock.now().timestamp())
        reports.took_over(self._scoreboard.took_over(), places.wanted, places.setup)
        self._reloads.succeeded()
        if old is not None:
            self._retire(old.children, RETIRE)
        if self._maintenance is not None:
            self._retire(self._maintenance.children, DRAIN)
        self._maintenance = None
        if places.setup.maintenance is not None:
            self._maintenance = Places(1, places.setup, due=[0.0])

    def _give_up(self, places: Places, now: float) -> None:
        self._next = None
        for child in places.children:
            child.kill(RestartCause.START)
        self._old += places.children
        if self._workers is None:
            self._scoreboard.reloaded(False, self._clock.now().timestamp())
            lifecycle.START_FAILED.write(LOG, reason="the workers did not start")
            self._status = STATUS_LATER if places.refused and not places.failed else STATUS_OURS
            self._on_stop()
        else:
            again = places.refused and not places.failed
            self._not_reloaded("the new workers did not start; the old ones stay", now, again=again)

    def _retire(self, children: list[Child], word: bytes) -> None:
        for child in children:
            child.draining = True
            child.tell(word)
            if child.row is not None:
                self._scoreboard.state(child.row, WorkerState.DRAINING)
        self._old += children

    # -- the end ----------------------------------------------------------------------------------------

    def _stopping(self, now: float) -> None:
        """Drain all processes, the maintenance process last; kill those that are late."""
        if self._stop_end == 0.0:
            self._begin_stop(now)
        if self._maintenance is not None and not any(child.row is not None for child in self._children()):
            self._retire(self._maintenance.children, DRAIN)
            self._maintenance = None
        if self._stop_end is not None and now > self._stop_end:
            for child in self._children():
                child.stop()

    def _begin_stop(self, now: float) -> None:
        systemd.notify("STOPPING=1")
        patience = max((child.setup.workers.drain_timeout for child in self._children()), default=0.0)
        self._stop_end = now + patience + _LATE_SECONDS
        self._stop_began = now
        lifecycle.STOPPING.write(LOG, patience_seconds=patience)
        if self._listener is not None:
            self._listener.close()
        for child in self._old:
            child.tell(DRAIN)
        for each in (self._workers, self._next):
            if each is not None:
                self._retire(each.children, DRAIN)
                each.children = []

    def _finished(self) -> bool:
        return bool(self._stop_end) and not any(True for _ in self._children())


def _failures(path: str | None) -> Failures:
    try:
        return Failures(path)
    except OSError as error:
        reason = f"wire.failure_memory: {path}: {of_system(error)}"
        raise SetupError((reason,), temporary=is_shortage(error)) from error
