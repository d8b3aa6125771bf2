"""Processes that search pictures for QR codes (`sekisho.qrcodes.child`) and can do nothing else.

The libraries that decode images are written in C and read what strangers send. If a picture takes too much time or
memory, or crashes the child, the child is ended, the picture counts as not searched, and the next picture gets a new
child. A child is started by exec when the first picture comes. So it is safe beside threads, and holds no descriptor of
this process. It stays for the pictures that follow, and ends with this process.

There are few children, and messages take turns. The time of a picture begins when its child is ready, so a picture does
not pay for a child that the picture before it has ended.

It cannot see that a picture makes a library give a wrong answer.
"""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from enum import StrEnum
from itertools import count
from pathlib import Path

from sekisho.ports import Clock
from sekisho.qrcodes import Grid, Lease, SearchResult, SearchStatus
from sekisho.qrcodes.model import ANSWER, GRID, IMAGE, MAX_CHARACTERS, MAX_CODES, QUESTION

MAX_CHILDREN = 2
"""Children of one process. With more than one, a slow picture does not stop the pictures of other messages."""
_MAX_ANSWER = 1_000_000  # bytes
_ENVIRONMENT = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "LANG": "C.UTF-8",
    "MALLOC_MMAP_THRESHOLD_": str(8 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 20),
}
"""With the default thresholds of glibc (128 kB), the kernel makes new pages for the pixels of each picture. That takes
as long as decoding them."""


class DecoderEnd(StrEnum):
    """Why a child was ended, or could not be started."""

    TIME = "time"
    """A picture took longer than its share."""
    MEMORY = "memory"
    """A picture took more memory than a child has."""
    DIED = "died"
    """A picture ended the child, or the kernel did."""
    START = "start"
    """No child could be started."""


class Decoder:
    """The children of this process. Implements `qrcodes.Reader`. Thread-safe."""

    def __init__(self, clock: Clock, on_end: Callable[[DecoderEnd], None] = lambda _: None) -> None:
        """`on_end` is called when a child is ended because of a picture, or cannot be started."""
        self._clock = clock
        self._on_end = on_end
        self._children = _Children()
        weakref.finalize(self, _Children.end, self._children)
        _ALL.add(self)

    @contextmanager
    def lease(self, seconds: float, earlier: int = 0) -> Iterator[Lease | None]:
        """A child for one message, or None after `seconds`; see `qrcodes.Reader`, also for the number `earlier`."""
        end = self._clock.monotonic() + seconds
        leases = self._children.leases
        if not leases.take(seconds, earlier):
            yield None
            return
        try:
            yield _Lease(self._children, self._clock, end, self._on_end)
        finally:
            leases.give_back()

    def close(self) -> None:
        """End the children. The next picture starts a new child."""
        self._children.end()

    def after_fork(self) -> None:
        """Forget the children, in a process that was just forked: they belong to its parent."""
        self._children.let_go()


class _Leases:
    """The leases of children: `MAX_CHILDREN` at a time.

    A message with fewer leases before comes first. So a new message waits for one lease of each other message at most,
    even if those have many pictures.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._free = MAX_CHILDREN
        self._numbers = count()
        self._waiting: list[tuple[int, int]] = []

    def take(self, seconds: float, earlier: int) -> bool:
        """Wait for a lease, at most that many seconds. False if none became free."""
        with self._changed:
            ticket = (earlier, next(self._numbers))
            self._waiting.append(ticket)
            try:
                if not self._changed.wait_for(lambda: self._is_next(ticket), max(seconds, 0.0)):
                    return False
                self._free -= 1
                return True
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()

    def _is_next(self, ticket: tuple[int, int]) -> bool:
        return self._free > 0 and min(self._waiting) == ticket

    def give_back(self) -> None:
        with self._changed:
            self._free += 1
            self._changed.notify_all()


class _Lease:
    """Implements `qrcodes.Lease`. `end` is the monotonic time until which it waits for the start of a child."""

    def __init__(
        self, children: _Children, clock: Clock, end: float, on_end: Callable[[DecoderEnd], None]
    ) -> None:
        self._children = children
        self._clock = clock
        self._end = end
        self._on_end = on_end

    def in_image(self, content: bytes, most_pixels: int, seconds: float) -> SearchResult:
        return self._ask(IMAGE, most_pixels, 0, content, seconds)

    def in_grid(self, grid: Grid, seconds: float) -> SearchResult:
        return self._ask(GRID, grid.width, grid.height, grid.cells, seconds)

    def _ask(self, kind: bytes, first: int, second: int, content: bytes, seconds: float) -> SearchResult:
        if seconds <= 0:
            return SearchResult(status=SearchStatus.TIME)
        question = QUESTION.pack(kind, first, second, math.ceil(seconds) + 1, len(content)) + content
        try:
            child = self._children.take(self._end, self._clock)
        except TimeoutError:
            return SearchResult(status=SearchStatus.TIME)
        except OSError:  # no process, no descriptor, or it ended at once
            self._on_end(DecoderEnd.START)
            return SearchResult(status=SearchStatus.DECODER)
        begun = self._clock.monotonic()
        try:
            result, why = child.ask(question, begun + seconds, self._clock)
        except BaseException:
            self._children.drop(child)
            raise
        if why:
            self._children.drop(child)
            self._on_end(why)
        else:
            self._children.put_back(child)
        return replace(result, seconds=self._clock.monotonic() - begun)


class _Children:
    """The children that are idle, and those at work."""

    def __init__(self) -> None:
        self._begin()

    def let_go(self) -> None:
        """Forget all children after a fork: they belong to the parent process."""
        for child in self._all:
            child.close()
        self._begin()

    def _begin(self) -> None:
        self.leases = _Leases()
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._all: set[_Child] = set()

    def take(self, end: float, clock: Clock) -> _Child:
        """A child that is ready: the idle one that was used last, or a new one.

        Raises OSError if none can be started, TimeoutError if a new one is not ready at `end` (monotonic).
        """
        while True:
            with self._lock:
                child = self._idle.pop() if self._idle else None
            if child is None:
                child = _Child()
                with self._lock:
                    self._all.add(child)
                try:
                    child.await_ready(end, clock)
                except BaseException:
                    self.drop(child)
                    raise
                return child
            if child.lives:
                return child
            self.drop(child)

    def put_back(self, child: _Child) -> None:
        with self._lock:
            if child in self._all:  # if not, `end` has ended them all meanwhile
                self._idle.append(child)

    def drop(self, child: _Child) -> None:
        with self._lock:
            self._all.discard(child)
        child.end()

    def end(self) -> None:
        with self._lock:
            gone, self._all, self._idle = self._all, set(), []
        for child in gone:
            child.end()


class _Child:
    """One process, from its start to its end. Used by one thread at a time."""

    def __init__(self) -> None:
        """Raises OSError if the system has no process or descriptor for it."""
        with ExitStack() as ours, ExitStack() as theirs:
            self._line, line = map(ours.enter_context, socket.socketpair())
            theirs.enter_context(line)
            lifeline, self._lifeline = (
                os.fdopen(end, mode) for end, mode in zip(os.pipe(), ("rb", "wb"), strict=True)
            )
            theirs.enter_context(lifeline)
            ours.enter_context(self._lifeline)
            self._process = _started(line.fileno(), lifeline.fileno())
            ours.pop_all()  # they stay open

    @property
    def lives(self) -> bool:
        return self._process.poll() is None

    def await_ready(self, end: float, clock: Clock) -> None:
        """Wait until it has started. Raises OSError if it ends, TimeoutError at `end` (monotonic)."""
        self._receive(ANSWER.size, end, clock)

    def ask(self, question: bytes, end: float, clock: Clock) -> tuple[SearchResult, DecoderEnd | None]:
        """The result, and why the child must be ended; None if it can be used again.

        Waits until `end` (monotonic) at most.
        """
        try:
            self._line.settimeout(max(end - clock.monotonic(), 0.001))
            self._line.sendall(question)
            (length,) = ANSWER.unpack(self._receive(ANSWER.size, end, clock))
            if length > _MAX_ANSWER:
                raise ValueError("too long an answer")
            result = _result(self._receive(length, end, clock))
        except TimeoutError:
            return SearchResult(status=SearchStatus.TIME), DecoderEnd.TIME
        except (OSError, ValueError, TypeError, RecursionError):  # it has ended, or its answer is none
            return SearchResult(status=SearchStatus.DECODER), DecoderEnd.DIED
        return result, DecoderEnd.MEMORY if result.status is SearchStatus.MEMORY else None

    def _receive(self, size: int, end: float, clock: Clock) -> bytes:
        found = bytearray()
        while len(found) < size:
            self._line.settimeout(max(end - clock.monotonic(), 0.001))
            more = self._line.recv(size - len(found))
            if not more:
                raise ConnectionError("the child has ended")
            found += more
        return bytes(found)

    def end(self) -> None:
        """End it at once. It holds nothing that could be lost."""
        with suppress(OSError):
            self._process.kill()
        self._process.wait()
        self.close()

    def close(self) -> None:
        """Close this process's ends of the socket and the lifeline."""
        self._line.close()
        self._lifeline.close()


def _started(line: int, lifeline: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - our own program, with nothing of a message on its command line
        [sys.executable, "-s", "-P", "-m", "sekisho.qrcodes.child", str(lifeline)],
        stdin=line,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(lifeline,),
        env={"PYTHONPATH": _path(), **_ENVIRONMENT},
        cwd="/",
    )


def _path() -> str:
    """PYTHONPATH for the child: the paths on which this process finds its modules."""
    return os.pathsep.join((str(Path(__file__).parents[1]), *filter(os.path.isabs, sys.path)))


def _result(told: bytes) -> SearchResult:
    """The result that a child sent. Raises ValueError if it is none: a picture may have taken over the child."""
    answer = json.loads(told)
    texts, why = (answer.get("texts"), answer.get("status")) if isinstance(answer, dict) else (None, None)
    if (
        not isinstance(texts, list)
        or not all(isinstance(each, str) for each in texts)
        or not isinstance(why, str)
    ):
        raise ValueError("no answer")
    return SearchResult(tuple(each[:MAX_CHARACTERS] for each in texts[:MAX_CODES]), SearchStatus(why))


_ALL: weakref.WeakSet[Decoder] = weakref.WeakSet()


def _after_fork() -> None:
    for each in tuple(_ALL):
        each.after_fork()


os.register_at_fork(after_in_child=_after_fork)
