"""The bounded queue between the code that logs and the target.

A thread that logs puts a line into the queue and goes on. It never waits, whatever the target does. In a process with
threads (`start`), one thread writes the lines in order, a little later: waking it for each line would cost more than
the line, because many threads compete for the interpreter. The supervisor forks and has no threads. It writes at once
what waits, without blocking; what the target does not take waits for the next line. (A regular file on a disk that
hangs is the exception: no flag makes such a write return.)

A line is lost if the queue is full or the target refuses it (closed, full). It is counted, reported to
`lost_lines_to`, and announced in the log as soon as the log can be written again. A process that is killed loses what
is in its queue. A process that ends normally gives the target two seconds to take the rest, and counts what is left as
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
from time import monotonic, sleep

from sekisho.events import watching
from sekisho.log.journald import JournalTarget
from sekisho.log.lines import AsciiJsonLines, JsonLines, Logfmt, PrivacyPort
from sekisho.log.options import LogOptions
from sekisho.log.syslog import SyslogTarget
from sekisho.log.target import StreamTarget, Target, TargetError, own_stderr

QUEUE_BYTES = 1 << 20
"""Lines that may wait in one process."""
CLOSE_SECONDS = 2.0
"""How long a process that ends may wait for the target."""
GATHER_SECONDS = 0.05
"""How long the thread lets lines gather before it writes them."""
RETRY_SECONDS = 0.5
"""After this time a blocked target is tried again, if it did not become writable before."""


class LineHandler(logging.Handler):
    """Writes whole lines. `lost` counts the lines of this process that could not be written."""

    def __init__(
        self,
        target: Target,
        style: type[Logfmt] | type[JsonLines] = Logfmt,
        privacy: PrivacyPort | None = None,
    ) -> None:
        super().__init__()
        if style is JsonLines and isinstance(target, SyslogTarget) and target.ascii_json:
            style = AsciiJsonLines  # so that a line has the size that is sent
        self.setFormatter(style(privacy=privacy))
        self._target = target
        self._privacy = privacy
        self._short_style = style(target.atomic_bytes, privacy)
        self._report: Callable[[int], None] | None = None
        self._reset()
        os.register_at_fork(after_in_child=partial(_forked, weakref.ref(self)))

    def _reset(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._lines: deque[bytes] = deque()
        self._size = 0
        self.lost = self._unannounced = self._unreported = 0
        self._reporting = self._ending = self._asleep = False
        self._reported_at = 0.0
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the record's line. Never waits, never raises."""
        try:
            line = self._line(record)
        except Exception:
            line = None
        with self._changed:
            if line is None or self._size + len(line) > QUEUE_BYTES:
                self._count_lost()
            else:
                self._lines.append(line)
                self._size += len(line)
            if self._asleep:
                self._changed.notify_all()
        if self._thread is None:
            self._drain()
        self._report_lost()  # also here: the thread may hang in a write

    def start(self) -> None:
        """Write from a thread from now on. Not for a process that forks."""
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
        """Call `report(number)` for lost lines. It is called in the thread that finds them lost."""
        self._report = report

    @property
    def target(self) -> str:
        """Its kind, as metrics name it."""
        return self._target.name

    def flush(self) -> None:
        """Wait until the target has taken what waits, `CLOSE_SECONDS` at most."""
        end = monotonic() + CLOSE_SECONDS
        if self._thread is None:
            self._drain()
            while self._lines and monotonic() < end:
                self._target.wait(RETRY_SECONDS / 10)
                self._drain()
            return
        with self._changed:
            self._changed.wait_for(lambda: not self._lines, CLOSE_SECONDS)

    def close(self) -> None:
        """End the thread, and count what still waits as lost. If the thread hangs in a write, the descriptor stays
        open."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(RETRY_SECONDS * 2)
        with self._changed:
            self._count_lost(len(self._lines))
        if self._thread is None or not self._thread.is_alive():
            self._lines.clear()
            self._target.close()
        self._reported_at = 0.0  # report now: there is no later time
        self._report_lost()
        super().close()

    def forked(self) -> None:
        """Call it in a child after the fork: the parent writes its own lines, and its thread does not exist here."""
        self._reset()
        self._target.forked()

    def _line(self, record: logging.LogRecord) -> bytes:
        line = self.format(record)
        if len(line.encode("utf-8", "backslashreplace")) >= self._target.atomic_bytes:
            line = self._short_style.format(record)
        return self._target.frame(record, line, self._privacy)

    def _work(self) -> None:
        working = True
        while working:
            try:
                working = self._write_waiting()
            except Exception:  # waiting needs memory; if this thread ended, nothing would be logged any more
                sleep(RETRY_SECONDS)

    def _write_waiting(self) -> bool:
        """Wait for lines and write them. False when the thread is to end."""
        with self._changed:
            self._asleep = True
            self._changed.wait_for(
                lambda: self._lines or self._ending, RETRY_SECONDS if self._unreported else None
            )
            self._asleep = False
            if self._ending and not self._lines:
                return False
            if not self._ending:
                self._changed.wait(GATHER_SECONDS)
        blocked = not self._drain()
        self._report_lost()
        if blocked and not self._ending:
            self._target.wait(RETRY_SECONDS)
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
                elif self._unannounced:
                    self._queue_notice()
                self._changed.notify_all()
        return True

    def _count_lost(self, lines: int = 1) -> None:
        self.lost += lines
        self._unannounced += lines
        self._unreported += lines

    def _queue_notice(self) -> None:
        """Put a line about the lost lines at the head of the queue."""
        lost, self._unannounced = self._unannounced, 0
        event = watching.LOG_LINES_DROPPED
        line = self._line(event.record("sekisho.log", lines=lost, pid=os.getpid()))
        self._lines.appendleft(line)
        self._size += len(line)

    def _report_lost(self) -> None:
        """Report what was lost, but not again at once: a report that fails writes a log line, which may be lost too."""
        if self._report is None or self._reporting or not self._unreported:
            return
        if self._thread is not None and monotonic() < self._reported_at + RETRY_SECONDS:
            return
        self._reported_at = monotonic()
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
    """Send every record of this process, and of its children, to the target.

    Our own records count from `level` on, those of other libraries from warning on. Every text passes `privacy`. What
    an earlier target has not taken yet gets `CLOSE_SECONDS` to go there. Raises TargetError if the file cannot be
    opened; then nothing has changed.
    """
    own_stderr()  # also if the log is elsewhere: a crash report must not wait for the reader of standard error
    target = open_target(options)
    handler = LineHandler(target, JsonLines if options.format == "json" else Logfmt, privacy)
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
        old.flush()
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("sekisho").setLevel(options.level.upper())
    # No line names threads, processes or source lines, so records need not look them up.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None


def open_target(options: LogOptions) -> Target:
    """The target of the options. Raises TargetError if it is a file that cannot be opened. A log daemon that is not
    there is waited for, later."""
    if options.target == "syslog":
        return SyslogTarget(options)
    if options.target == "journald":
        return JournalTarget(options)
    try:
        return StreamTarget(options.file)
    except OSError as error:
        raise TargetError(f"{options.target}: {error.strerror}") from error


def start() -> None:
    """Write this process's lines from a thread. For processes that do not fork; call it before libmilter runs."""
    for handler in _handlers():
        handler.start()


def lost_lines_to(report: Callable[[str, int], None]) -> None:
    """Call `report(target, lines)` when lines were lost, in this process and in its children. `lines` is how many."""
    for handler in _handlers():
        handler.report_to(partial(report, handler.target))


def _handlers() -> list[LineHandler]:
    return [each for each in logging.getLogger().handlers if isinstance(each, LineHandler)]


def _forked(reference: weakref.ref[LineHandler]) -> None:
    if (handler := reference()) is not None:
        handler.forked()
