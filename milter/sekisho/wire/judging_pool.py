"""Where a message is judged: our own threads, never libmilter's.

Under the worker-pool build of libmilter any of its threads may carry any step of a connection, and pymilter's
Python thread state belongs to the connection. A C library that calls back into Python there (sqlite3, ssl,
cffi) ends the process. So libmilter's threads only wait here, and the collector of garbage, which may run the
finaliser of any such library, runs here too.
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

from sekisho.message import Envelope, Limits, Recipient
from sekisho.ports import Clock, UnfinishedError
from sekisho.verdict import Action
from sekisho.wire.collect import Collector
from sekisho.wire.fallbacks import Fallbacks
from sekisho.wire.handlers import Handlers, OnFailure
from sekisho.wire.in_flight import Failures, InFlight
from sekisho.wire.options import WireOptions

LOG = logging.getLogger("sekisho.wire")
Trial = Callable[[bytes, Envelope], Action | None]
"""Judges a message in a process of its own; None if it failed there. Raises OSError if that cannot be had."""
_YOUNG = 5000  # new containers before the young generation is looked through; the older ones ten times rarer


class Job:
    """A message that one thread hands to another. A library's future does more, and costs more than the whole wire."""

    __slots__ = ("_action", "_done", "_taken", "patience")

    def __init__(self) -> None:
        self.patience = 0.0  # seconds beyond the hard deadline that its judgement may take
        self._taken = threading.Lock()
        self._done = threading.Lock()
        self._done.acquire()

    def take(self) -> bool:
        """True for the first that asks: the thread that judges it, or the one that gives it up."""
        return self._taken.acquire(blocking=False)

    def finish(self, action: Action) -> None:
        """Hand the action to the thread that waits for it. Once."""
        self._action = action
        self._done.release()

    def result(self, seconds: float) -> Action | None:
        """Wait for the action; None when the time is over. Only one may ask, until it has the action."""
        return self._action if self._done.acquire(timeout=seconds) else None


class JudgingPool:
    """One worker's threads. Each message has a row in the shared page while it is at work."""

    def __init__(
        self, handlers: Handlers, options: WireOptions, in_flight: InFlight, failures: Failures, clock: Clock
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
        """Start every thread now: none may ever be started from one of libmilter's."""
        self._trial = trial
        gc.disable()
        for number in range(self._options.threads):
            threading.Thread(target=self._work, name=f"judge_{number}", daemon=True).start()

    def warm_envelope(self, envelope: Envelope) -> None:
        """Begin the look-ups that MAIL FROM needs, on a thread of ours."""
        self._queue.put((self._handlers.warm_envelope, envelope))

    def collector(self, spaced: bool) -> Collector:
        """For a message that begins."""
        return Collector(self._limits, self._handlers.forged(), spaced)

    def on_failure(self, recipient: Recipient) -> OnFailure:
        """What becomes of mail for this recipient that we cannot judge."""
        return self._handlers.on_failure(recipient)

    def error(self, stage: str) -> None:
        """Count a failure, from any thread. Never raises: without memory it is counted a little later."""
        try:
            self._queue.put((self._handlers.on_error, stage))
        except MemoryError:
            self.fallbacks.later(stage)

    def accepted(self, stage: str) -> None:
        """Say in the log that a message was accepted unjudged. Never raises, as `error`, which counts it."""
        try:
            self._queue.put((self._say_accepted, stage))
        except MemoryError:
            self.fallbacks.later(stage, accepted=True)

    def look(self) -> None:
        """What must be done now and then, on a thread that is not libmilter's."""
        self.fallbacks.paused = self._handlers.paused()
        for stage, accepted in self.fallbacks.late():
            (self.accepted if accepted else self.error)(stage)

    def remember(self, collector: Collector) -> None:
        """The same message would fail again: it must not hear a second 451."""
        self._queue.put((self._remember, collector))

    def _remember(self, collector: Collector) -> None:
        digest = hashlib.sha256(collector.raw()).digest()
        self._failures.remember(digest, self._clock.now().timestamp())

    @staticmethod
    def _say_accepted(stage: str) -> None:
        LOG.error(
            "a message was accepted unjudged after a failure (%s): nothing is done to its recipients' mail",
            stage,
        )

    def fallback(self, stage: str, again: bool = False) -> Action:
        """What a message gets that we could not judge, until `fallbacks.fitting` is asked for its recipients. Made
        ready at start; cannot fail."""
        return self.fallbacks.of(stage, again)

    def submit(self, collector: Collector, envelope: Envelope, broken: bool) -> Job:
        """Have a message judged; `broken` if it was not received whole through a failure of ours."""
        job = Job()
        self._queue.put((self._answer, job, collector, envelope, broken))
        return job

    def result(self, job: Job, alive: Callable[[], None]) -> Action:
        """Wait for the action, calling `alive` now and then; the fallback when the hard deadline passes."""
        end = self._clock.monotonic() + self._options.hard_deadline
        while (left := end + job.patience - self._clock.monotonic()) > 0:
            if (action := job.result(min(left, self._options.progress_interval))) is not None:
                return action
            alive()
        stage = "overload" if job.take() else "deadline"
        self.error(stage)
        return self.fallback(stage)

    def _work(self) -> None:
        """A thread's life: what the queue holds, one after the other."""
        while True:
            with suppress(BaseException):  # a log line that memory is lacking for must not end the thread
                # Without a name for it: the last message must not be kept until the next comes.
                self._quietly(*self._queue.get())

    def _answer(self, job: Job, collector: Collector, envelope: Envelope, broken: bool) -> None:
        if job.take():
            action = self.fallback("wire")
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
        except BaseException:
            LOG.exception("a message could not be handed to the judgement")
            return self.fallback("wire")
        finally:
            self._in_flight.end(row)
            self._rows.append(row)
            self._tidy()

    def _again(self) -> Action:
        self._quietly(self._handlers.on_error, "again")
        return self.fallback("process", again=True)

    def _apart(self, raw: bytes, envelope: Envelope) -> Action:
        """Judge a suspect. The row in our page stays empty: if this process dies now, another message did it."""
        try:
            action = self._trial(raw, envelope)
        except OSError as error:
            LOG.warning("a message that was at work when a worker died cannot be judged apart now: %s", error)
            self._quietly(self._handlers.on_error, "overload")
            return self.fallback("overload")
        return self._again() if action is None else action

    def _guarded(self, raw: bytes, digest: bytes, envelope: Envelope, broken: bool) -> Action:
        """Judge; a failure is counted, remembered by digest, and answered with the fallback.

        Memory or time that ran out may be another message's doing: then this one is only a suspect."""
        stage, remember = "wire", self._failures.remember
        try:
            if not broken:
                stage = "process"
                return self._handlers.process(raw, envelope)
        except MemoryError:
            remember = self._failures.suspect
            LOG.exception("memory ran out on message %s", digest.hex())
        except UnfinishedError as error:
            stage, remember = "deadline", self._failures.suspect
            LOG.error("message %s was not judged in time: %s", digest.hex(), error)
        except BaseException:
            LOG.exception("the judgement failed on message %s", digest.hex())
        remember(digest, self._clock.now().timestamp())
        self._quietly(self._handlers.on_error, stage)
        return self.fallback(stage)

    def _quietly(self, call: Callable[..., None], *args: object) -> None:
        try:
            call(*args)
        except BaseException:
            LOG.exception("%s failed", getattr(call, "__name__", "a handler"))

    def _tidy(self) -> None:
        """The garbage collector's own rhythm, on a thread that may run any finaliser."""
        if gc.get_count()[0] < _YOUNG:
            return
        self._collections += 1
        gc.collect(2 if self._collections % 100 == 0 else int(self._collections % 10 == 0))


def _no_trial(_: bytes, __: Envelope) -> Action | None:
    raise ConnectionError("nobody is there to do it")
