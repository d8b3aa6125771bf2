"""The bounded queue between those who log and the target.

Who logs puts a line into the queue and goes on: it never waits, whatever the target does. A process with threads
(`start`) writes from one thread of its own, in order, a little later: to wake it for each line costs more than the
line, where many threads want the interpreter. One without, the supervisor, which forks, tries at once to
write what waits, without blocking; what the target does not take waits for the next line. (A regular file on a
disk that hangs is the exception: no flag makes such a write return.)

A line that finds the queue full, or that the target refuses (closed, full), is lost: counted, told to
`lost_lines_to`, and said in the log itself as soon as that can be written again. A process that is killed loses
what is still in its queue; one that ends in order gives the target two seconds to take it, and counts the rest as
lost.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import weakref
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import monotonic, sleep

from sekisho.log.lines import JsonLines, Logfmt, PrivacyPort
from sekisho.log.options import LogOptions
from sekisho.log.target import Target, TargetError, own_stderr

QUEUE = 1 << 20
"""Bytes of lines that may wait in one process."""
PATIENCE = 2.0
"""Seconds that the end of a process may wait for the target."""
GATHER = 0.05
"""Seconds that the thread lets lines gather before it writes them."""
RETRY = 0.5
"""Seconds until a target that takes nothing is tried again, unless it says so before."""


class LineHandler(logging.Handler):
    """Writes each line whole. `lost` counts the lines of this process that could not be written."""

    def __init__(
        self,
        target: Target,
        style: type[Logfmt] | type[JsonLines] = Logfmt,
        privacy: PrivacyPort | None = None,
    ) -> None:
        super().__init__()
        self.setFormatter(style(privacy=privacy))
        self._target = target
        self._short = style(target.whole, privacy)
        self._report: Callable[[int], None] | None = None
        self._fresh()
        os.register_at_fork(after_in_child=partial(_forked, weakref.ref(self)))

    def _fresh(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._lines: deque[bytes] = deque()
        self._size = 0
        self.lost = self._unsaid = self._unreported = 0
        self._reporting = self._ending = self._asleep = False
        self._told = 0.0
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Put a record's line into the queue; never waits, never raises."""
        try:
            line = self._line(record)
        except Exception:
            line = None
        with self._changed:
            if line is None or self._size + len(line) > QUEUE:
                self._count_lost()
            else:
                self._lines.append(line)
                self._size += len(line)
            if self._asleep:
                self._changed.notify_all()
        if self._thread is None:
            self._drain()
        self._tell()  # here too: the thread may hang in a write

    def start(self) -> None:
        """Write from a thread from here on. Not in a process that forks."""
        if self._thread is not None:
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            thread = threading.Thread(target=self._work, name="log", daemon=True)
            thread.start()
            self._thread = thread
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def report_to(self, report: Callable[[int], None]) -> None:
        """Have lost lines counted: `report(number)`, from whichever thread finds them lost."""
        self._report = report

    @property
    def target(self) -> str:
        """`stderr` or `file`."""
        return self._target.name

    def flush(self) -> None:
        """Give the target a bounded time to take what waits."""
        end = monotonic() + PATIENCE
        if self._thread is None:
            self._drain()
            while self._lines and monotonic() < end:
                self._target.wait(RETRY / 10)
                self._drain()
            return
        with self._changed:
            self._changed.wait_for(lambda: not self._lines, PATIENCE)

    def close(self) -> None:
        """End the thread and count what still waits as lost. The descriptor stays open under a thread that hangs in a
        write."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(RETRY * 2)
        with self._changed:
            self._count_lost(len(self._lines))
        if self._thread is None or not self._thread.is_alive():
            self._lines.clear()
            self._target.close()
        self._told = 0.0  # there is no later turn
        self._tell()
        super().close()

    def forked(self) -> None:
        """In a child: the parent's lines are the parent's to write, and its thread is not here."""
        self._fresh()
        self._target.forked()

    def _line(self, record: logging.LogRecord) -> bytes:
        line = self.format(record).encode("utf-8", "backslashreplace") + b"\n"
        if len(line) <= self._target.whole:
            return line
        return self._short.format(record).encode("utf-8", "backslashreplace") + b"\n"

    def _work(self) -> None:
        working = True
        while working:
            try:
                working = self._turn()
            except Exception:  # even waiting needs memory; without this thread nothing is ever logged again
                sleep(RETRY)

    def _turn(self) -> bool:
        """Wait for lines and write them. False when the thread is to end."""
        with self._changed:
            self._asleep = True
            self._changed.wait_for(lambda: self._lines or self._ending, RETRY if self._unreported else None)
            self._asleep = False
            if self._ending and not self._lines:
                return False
            if not self._ending:
                self._changed.wait(GATHER)
        blocked = not self._drain()
        self._tell()
        if blocked and not self._ending:
            self._target.wait(RETRY)
        return not (blocked and self._ending)

    def _drain(self) -> bool:
        """Write until nothing waits (True) or nothing is taken (False)."""
        while self._lines:
            line = self._lines[0]
            try:
                if not self._target.write(line):
                    return False
                lost = False
            except Exception:
                lost = True
            with self._changed:
                self._lines.popleft()
                self._size -= len(line)
                if lost:
                    self._count_lost()
                elif self._unsaid:
                    self._say()
                self._changed.notify_all()
        return True

    def _count_lost(self, lines: int = 1) -> None:
        self.lost += lines
        self._unsaid += lines
        self._unreported += lines

    def _say(self) -> None:
        """A line about the lines that are missing here, next in turn."""
        lost, self._unsaid = self._unsaid, 0
        record = logging.LogRecord("sekisho.log", logging.WARNING, "", 0, "log_lines_dropped", None, None)
        record.fields = {"lines": lost, "pid": os.getpid()}
        line = self._line(record)
        self._lines.appendleft(line)
        self._size += len(line)

    def _tell(self) -> None:
        """Report what was lost: not again at once, since a report that fails logs, and may lose that line too."""
        if self._report is None or self._reporting or not self._unreported:
            return
        if self._thread is not None and monotonic() < self._told + RETRY:
            return
        self._told = monotonic()
        with self._changed:
            lost, self._unreported = self._unreported, 0
        self._reporting = True
        try:
            self._report(lost)
        except Exception:
            with self._changed:
                self._unreported += lost
        finally:
            self._reporting = False


def setup(options: LogOptions, privacy: PrivacyPort | None = None) -> None:
    """Send every record of this process (and of those forked from it) to the target.

    Our own records from `level` on, other libraries' from warning on. Every text passes `privacy`. Raises TargetError
    if the file cannot be opened.
    """
    own_stderr()  # also where the log is a file: a crash report must not wait for the reader of standard error
    try:
        target = Target(None if options.target == "stderr" else Path(options.target))
    except OSError as error:
        raise TargetError(f"{options.target}: {error.strerror}") from error
    handler = LineHandler(target, JsonLines if options.format == "json" else Logfmt, privacy)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("sekisho").setLevel(options.level.upper())
    # No line tells of threads, processes or places in the source: records need not find them out.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None


def start() -> None:
    """Let this process write its lines from a thread. For processes that fork no others, before libmilter runs."""
    for handler in _handlers():
        handler.start()


def lost_lines_to(report: Callable[[str, int], None]) -> None:
    """Have `report(target, lines)` called for lines that were lost, in this process and in those forked from it."""
    for handler in _handlers():
        handler.report_to(partial(report, handler.target))


def _handlers() -> list[LineHandler]:
    return [each for each in logging.getLogger().handlers if isinstance(each, LineHandler)]


def _forked(reference: weakref.ref[LineHandler]) -> None:
    if (handler := reference()) is not None:
        handler.forked()
