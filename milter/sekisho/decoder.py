"""Programs that look into pictures for us (`sekisho.qrcodes.child`), in processes that may do nothing else.

The libraries that decode images are written in C and read what strangers send. Whatever a picture does there, to time,
memory or the program itself, is an ordinary *unknown* here: the child is ended, the picture was not searched, and the
next picture gets a new child. A child is started by exec when the first picture comes, so it is safe beside any
threads and holds no descriptor of ours; it stays for the pictures that follow, and ends with us.

There are few children, and messages take turns at them. The time of a picture begins when its
child is ready, so that a picture which made us end a child takes nothing from the one behind it.

It cannot see a picture that makes a library answer falsely.
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
from sekisho.qrcodes import Grid, Look, Turn, Why
from sekisho.qrcodes.model import ANSWER, GRID, IMAGE, MAX_CHARACTERS, MAX_CODES, QUESTION

AT_ONCE = 2
"""Children of one process: a picture that takes its time does not stop those of all other messages."""
_MAX_ANSWER = 1_000_000  # bytes
_ENVIRONMENT = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "LANG": "C.UTF-8",
    "MALLOC_MMAP_THRESHOLD_": str(8 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(16 << 20),
}
"""With glibc's thresholds (128 kB) the pixels of each picture come as new pages from the kernel, which takes as long as
decoding them."""


class DecoderEnd(StrEnum):
    """Why a child ended out of turn, or could not be had."""

    TIME = "time"  # a picture took longer than it may
    MEMORY = "memory"
    DIED = "died"  # a picture ended it, or the kernel did
    START = "start"  # none could be started


class Decoder:
    """The children of this process. Safe for several threads; implements `codes.Reader`."""

    def __init__(self, clock: Clock, on_end: Callable[[DecoderEnd], None] = lambda _: None) -> None:
        """`on_end` hears why a child ended out of turn, or could not be had."""
        self._clock = clock
        self._on_end = on_end
        self._children = _Children()
        weakref.finalize(self, _Children.end, self._children)
        _ALL.add(self)

    @contextmanager
    def turn(self, seconds: float, had: int = 0) -> Iterator[Turn | None]:
        """`codes.Reader`."""
        end = self._clock.monotonic() + seconds
        turns = self._children.turns
        if not turns.take(seconds, had):
            yield None
            return
        try:
            yield _Turn(self._children, self._clock, end, self._on_end)
        finally:
            turns.give_back()

    def close(self) -> None:
        """End the children. The next picture starts a new one."""
        self._children.end()

    def after_fork(self) -> None:
        """Called in a process that was just forked: the children are those of its parent."""
        self._children.let_go()


class _Turns:
    """Who may have a child: `AT_ONCE` at a time. A message that had none before comes in front of those that want more,
    so that it waits for a turn of each at most, however many pictures they have."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._free = AT_ONCE
        self._numbers = count()
        self._waiting: list[tuple[int, int]] = []

    def take(self, seconds: float, had: int) -> bool:
        """False if it did not become ours within that time."""
        with self._changed:
            ticket = (had, next(self._numbers))
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


class _Turn:
    """`codes.Turn`. `end` (monotonic): until when the start of a child is waited for."""

    def __init__(
        self, children: _Children, clock: Clock, end: float, on_end: Callable[[DecoderEnd], None]
    ) -> None:
        self._children = children
        self._clock = clock
        self._end = end
        self._on_end = on_end

    def in_image(self, content: bytes, most_pixels: int, seconds: float) -> Look:
        return self._ask(IMAGE, most_pixels, 0, content, seconds)

    def in_grid(self, grid: Grid, seconds: float) -> Look:
        return self._ask(GRID, grid.width, grid.height, grid.cells, seconds)

    def _ask(self, kind: bytes, first: int, second: int, content: bytes, seconds: float) -> Look:
        if seconds <= 0:
            return Look(why=Why.TIME)
        question = QUESTION.pack(kind, first, second, math.ceil(seconds) + 1, len(content)) + content
        try:
            child = self._children.take(self._end, self._clock)
        except TimeoutError:
            return Look(why=Why.TIME)
        except OSError:  # no process, no descriptor, or it ended at once
            self._on_end(DecoderEnd.START)
            return Look(why=Why.DECODER)
        begun = self._clock.monotonic()
        try:
            look, why = child.ask(question, begun + seconds, self._clock)
        except BaseException:
            self._children.drop(child)
            raise
        if why:
            self._children.drop(child)
            self._on_end(why)
        else:
            self._children.put_back(child)
        return replace(look, seconds=self._clock.monotonic() - begun)


class _Children:
    """Those that wait for a picture, and those that have one."""

    def __init__(self) -> None:
        self._begin()

    def let_go(self) -> None:
        """Begin without any: those that there are belong to the process that this one was forked from."""
        for child in self._all:
            child.close()
        self._begin()

    def _begin(self) -> None:
        self.turns = _Turns()
        self._lock = threading.Lock()
        self._idle: list[_Child] = []
        self._all: set[_Child] = set()

    def take(self, end: float, clock: Clock) -> _Child:
        """One that lives and is ready, the last one used first; a new one where there is none. Raises OSError, and
        TimeoutError where it is not ready by `end` (monotonic)."""
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
            if child in self._all:  # else they were all ended meanwhile
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
        """Raises OSError where there is no process or descriptor for it."""
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
        """Wait until it has started. Raises OSError if it ends instead, TimeoutError at `end` (monotonic)."""
        self._receive(ANSWER.size, end, clock)

    def ask(self, question: bytes, end: float, clock: Clock) -> tuple[Look, DecoderEnd | None]:
        """The answer, and why the child is of no more use, if so. Waits until `end` (monotonic) at most."""
        try:
            self._line.settimeout(max(end - clock.monotonic(), 0.001))
            self._line.sendall(question)
            (length,) = ANSWER.unpack(self._receive(ANSWER.size, end, clock))
            if length > _MAX_ANSWER:
                raise ValueError("too long an answer")
            look = _look(self._receive(length, end, clock))
        except TimeoutError:
            return Look(why=Why.TIME), DecoderEnd.TIME
        except (OSError, ValueError, TypeError, RecursionError):  # it is gone, or says what is no answer
            return Look(why=Why.DECODER), DecoderEnd.DIED
        return look, DecoderEnd.MEMORY if look.why is Why.MEMORY else None

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
        """End it at once; it holds nothing that could be lost."""
        with suppress(OSError):
            self._process.kill()
        self._process.wait()
        self.close()

    def close(self) -> None:
        """Close our ends, and nothing more."""
        self._line.close()
        self._lifeline.close()


def _started(line: int, lifeline: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - the program is ours, and nothing of a message is on its command line
        [sys.executable, "-s", "-P", "-m", "sekisho.qrcodes.child", str(lifeline)],
        stdin=line,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(lifeline,),
        env={"PYTHONPATH": _path(), **_ENVIRONMENT},
        cwd="/",
    )


def _path() -> str:
    """Where the child finds what we found."""
    return os.pathsep.join((str(Path(__file__).parents[1]), *filter(os.path.isabs, sys.path)))


def _look(told: bytes) -> Look:
    """Raises ValueError for what is no answer: a child that a picture took over may write anything."""
    answer = json.loads(told)
    texts, why = (answer.get("texts"), answer.get("why")) if isinstance(answer, dict) else (None, None)
    if (
        not isinstance(texts, list)
        or not all(isinstance(each, str) for each in texts)
        or not isinstance(why, str)
    ):
        raise ValueError("no answer")
    return Look(tuple(each[:MAX_CHARACTERS] for each in texts[:MAX_CODES]), Why(why))


_ALL: weakref.WeakSet[Decoder] = weakref.WeakSet()


def _after_fork() -> None:
    for each in tuple(_ALL):
        each.after_fork()


os.register_at_fork(after_in_child=_after_fork)
