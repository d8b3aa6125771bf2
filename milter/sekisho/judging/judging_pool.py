"""The threads that judge. They are our own, never libmilter's.

In the worker-pool build of libmilter, any of its threads may run any step of a connection, while pymilter's Python
thread state belongs to the connection. If a C library calls back into Python on such a thread (sqlite3, ssl, cffi), the
process ends. So libmilter's threads only wait for a result. The garbage collector may run the finaliser of such a
library; therefore it also runs on our threads only.
"""

from __future__ import annotations

import gc
import hashlib
import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

from sekisho.events import mail
from sekisho.judging.collect import Collector
from sekisho.judging.fallbacks import DEADLINE, OVERLOAD, PROCESS, WIRE, Fallbacks
from sekisho.judging.handlers import Handlers, OnFailure
from sekisho.judging.in_flight import Failures, InFlight
from sekisho.judging.options import WorkerOptions
from sekisho.message import Envelope, Limits, Recipient
from sekisho.ports import Clock, UnfinishedError
from sekisho.stages import Failure
from sekisho.verdict import Action

LOG = logging.getLogger("sekisho.judging")
Trial = Callable[[bytes, Envelope], Action | None]
"""Judges a message in a process of its own; None if it failed there. Raises OSError if there is no such process."""
_YOUNG_OBJECTS = 5000  # new container objects before the young generation is collected


class Job:
    """A message that one thread passes to another. `concurrent.futures.Future` would cost more than the whole callback
    code."""

    __slots__ = ("_action", "_done", "_taken", "patience")

    def __init__(self) -> None:
        self.patience = 0.0  # seconds that its judgement may take beyond the hard deadline
        self._taken = threading.Lock()
        self._done = threading.Lock()
        self._done.acquire()

    def take(self) -> bool:
        """True for the first caller: the thread that judges it, or the thread that gives it up."""
        return self._taken.acquire(blocking=False)

    def finish(self, action: Action) -> None:
        """Set the result."""
        self._action = action
        self._done.release()

    def result(self, seconds: float) -> Action | None:
        """Wait for the action, so many seconds at most; None if the time is over. Only one thread may call it, and not
        again after it has the action."""
        return self._action if self._done.acquire(timeout=seconds) else None


class JudgingPool:
    """One worker's threads. A message has a row in the shared memory (`InFlight`) while it is judged."""

    def __init__(
        self,
        handlers: Handlers,
        options: WorkerOptions,
        in_flight: InFlight,
        failures: Failures,
        clock: Clock,
    ) -> None:
        self._handlers = handlers
        self._limits: Limits = handlers.limits
        self._options = options
        self._in_flight = in_flight
        self._trial: Trial = _no_trial
        self._failures = failures
        self._clock = clock
        self._rows = list(range(options.threads))
        self.fallbacks = Fallbacks(handlers, options)
        self._queue: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
        self._collections = 0

    def start(self, trial: Trial) -> None:
        """Start all threads. None may be started from one of libmilter's threads later."""
        self._trial = trial
        gc.disable()
        for number in range(self._options.threads):
            threading.Thread(target=self._work, name=f"judge_{number}", daemon=True).start()

    def warm_envelope(self, envelope: Envelope) -> None:
        """Start the look-ups that SPF will need, on one of our threads."""
        self._queue.put((self._handlers.warm_envelope, envelope))

    def collector(self, spaced: bool) -> Collector:
        """A collector for a message that begins. `spaced`: values have their leading space."""
        return Collector(self._limits, self._handlers.forged(), spaced)

    def on_failure(self, recipient: Recipient) -> OnFailure:
        """What the rules of this recipient say about a message that cannot be judged."""
        return self._handlers.on_failure(recipient)

    def error(self, stage: Failure) -> None:
        """Count a failure, from any thread. Never raises: if there is no memory, it is counted later."""
        try:
            self._queue.put((self._handlers.on_error, stage))
        except MemoryError:
            self.fallbacks.later(stage)

    def accepted(self, stage: Failure) -> None:
        """Log that a message was accepted unjudged, from any thread. Never raises. (`error` counts it.)"""
        try:
            self._queue.put((self._say_accepted, stage))
        except MemoryError:
            self.fallbacks.later(stage, accepted=True)

    def look(self) -> None:
        """Periodic work: read the pause, and count what could not be counted. Not on libmilter's threads."""
        self.fallbacks.paused = self._handlers.paused()
        for stage, accepted in self.fallbacks.late():
            (self.accepted if accepted else self.error)(stage)

    def remember(self, collector: Collector) -> None:
        """Note that the message failed: it would fail again, and must not get a second 451."""
        self._queue.put((self._remember, collector))

    def _remember(self, collector: Collector) -> None:
        digest = hashlib.sha256(collector.raw()).digest()
        self._failures.remember(digest, self._clock.now().timestamp())

    @staticmethod
    def _say_accepted(stage: Failure) -> None:
        mail.ACCEPTED_UNJUDGED.write(LOG, stage=stage)

    def fallback(self, stage: Failure, again: bool = False) -> Action:
        """The answer for the strictest recipients to a message that could not be judged; `fallbacks.fitting` then finds
        the one for its recipients. It was made at start, so this cannot fail."""
        return self.fallbacks.of(stage, again)

    def keep(self, raw: bytes, envelope: Envelope) -> Action:
        """Keep a message that cannot be judged. Not on libmilter's threads."""
        return self._handlers.keep(raw, envelope)

    def submit(self, collector: Collector, envelope: Envelope, broken: bool) -> Job:
        """Have a message judged. `broken`: a failure of ours lost a part of it."""
        job = Job()
        self._queue.put((self._answer, job, collector, envelope, broken))
        return job

    def result(self, job: Job, alive: Callable[[], None]) -> Action:
        """Wait for the action, and call `alive` from time to time. After the hard deadline it gives the fallback."""
        end = self._clock.monotonic() + self._options.hard_deadline
        while (left := end + job.patience - self._clock.monotonic()) > 0:
            if (action := job.result(min(left, self._options.progress_interval))) is not None:
                return action
            alive()
        stage = OVERLOAD if job.take() else DEADLINE
        self.error(stage)
        return self.fallback(stage)

    def _work(self) -> None:
        """One thread: do what is in the queue, one after the other, for ever."""
        while True:
            with suppress(BaseException):  # if memory is missing for a log line, the thread must not end
                # It gets no name: otherwise the last message would stay in memory until the next one comes.
                self._quietly(*self._queue.get())

    def _answer(self, job: Job, collector: Collector, envelope: Envelope, broken: bool) -> None:
        if job.take():
            action = self.fallback(WIRE)
            try:
                action = self._judge(job, collector, envelope, broken)
            finally:
                job.finish(action)

    def _judge(self, job: Job, collector: Collector, envelope: Envelope, broken: bool) -> Action:
        row = self._rows.pop()
        try:
            raw = collector.raw()
            digest = hashlib.sha256(raw).digest()
            now = self._clock.now().timestamp()
            if self._failures.knows(digest, now):
                return self._again()
            if self._failures.suspects(digest, now) and not broken:
                job.patience = self._options.hard_deadline
                return self._apart(raw, envelope)
            self._in_flight.begin(row, digest, self._clock.monotonic())
            return self._guarded(raw, digest, envelope, broken)
        except BaseException as error:
            mail.HANDLER_FAILED.failed(LOG, error, what="judge")
            return self.fallback(WIRE)
        finally:
            self._in_flight.end(row)
            self._rows.append(row)
            self._collect_garbage()

    def _again(self) -> Action:
        self._quietly(self._handlers.on_error, Failure.AGAIN)
        return self.fallback(PROCESS, again=True)

    def _apart(self, raw: bytes, envelope: Envelope) -> Action:
        """Judge a suspect in a process of its own. Its row stays empty: if this process dies now, another message did
        it."""
        try:
            action = self._trial(raw, envelope)
        except OSError as error:
            mail.NO_TRIAL.failed(LOG, error)
            self._quietly(self._handlers.on_error, OVERLOAD)
            return self.fallback(OVERLOAD)
        return self._again() if action is None else action

    def _guarded(self, raw: bytes, digest: bytes, envelope: Envelope, broken: bool) -> Action:
        """Judge. A failure is counted, noted by digest, and answered with the fallback.

        If memory or time ran out, another message may be the cause, so this one is only a suspect."""
        stage, remember = WIRE, self._failures.remember
        try:
            if not broken:
                stage = PROCESS
                return self._handlers.process(raw, envelope)
        except MemoryError as error:
            remember = self._failures.suspect
            mail.JUDGEMENT_FAILED.failed(LOG, error, "memory ran out", digest=digest.hex())
        except UnfinishedError as error:
            stage, remember = DEADLINE, self._failures.suspect
            mail.JUDGEMENT_FAILED.failed(LOG, error, "not judged in time", digest=digest.hex())
        except BaseException as error:
            mail.JUDGEMENT_FAILED.failed(LOG, error, digest=digest.hex())
        remember(digest, self._clock.now().timestamp())
        self._quietly(self._handlers.on_error, stage)
        return self.fallback(stage)

    def _quietly(self, call: Callable[..., None], *args: object) -> None:
        try:
            call(*args)
        except BaseException as error:
            mail.HANDLER_FAILED.failed(LOG, error, what=getattr(call, "__name__", "handler"))

    def _collect_garbage(self) -> None:
        """Collect garbage as often as Python would by itself, on a thread that may run any finaliser."""
        if gc.get_count()[0] < _YOUNG_OBJECTS:
            return
        self._collections += 1
        gc.collect(2 if self._collections % 100 == 0 else int(self._collections % 10 == 0))


def _no_trial(_: bytes, __: Envelope) -> Action | None:
    raise ConnectionError("there is no supervisor to ask")
