"""The log's target is stuck, full, slow, torn or gone: the program goes on, and what is lost is counted."""

from __future__ import annotations

import logging
import os
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sekisho.log import LineHandler, LogOptions, lost_lines_to, setup, start
from sekisho.log.handler import QUEUE_BYTES
from sekisho.log.lines import MAX_LINE_BYTES
from sekisho.log.target import StreamTarget

LOG = logging.getLogger("sekisho.test")
PATIENCE = 60.0


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("sekisho")
    before = root.handlers[:], root.level, ours.level
    root.handlers.clear()
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers[:], level, own = before
    root.setLevel(level)
    ours.setLevel(own)


def handler_of(path: Path, *, threaded: bool) -> LineHandler:
    setup(LogOptions(target=str(path)))
    if threaded:
        start()
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, LineHandler)
    return handler


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def numbers(text: bytes) -> list[int]:
    return [int(each) for each in re.findall(rb"event=line number=(\d+)", text)]


def say(number: int, size: int = 350) -> None:
    LOG.info("line", extra={"fields": {"number": number, "text": "x" * size}})


@pytest.fixture(params=[False, True], ids=["direct", "thread"])
def threaded(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_a_pipe_that_nobody_reads_stops_nobody(tmp_path: Path, threaded: bool) -> None:
    """More lines than pipe and queue hold are taken without waiting; when somebody reads, the lines are whole, in
    order, and the log itself and the callback say how many are missing."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    handler = handler_of(pipe, threaded=threaded)
    told: list[tuple[str, int]] = []
    lost_lines_to(lambda target, lines: told.append((target, lines)))
    count = 3 * QUEUE_BYTES // 400
    for number in range(count):
        say(number)
    assert handler.lost > 0
    text, more = b"", 0
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    end = time.monotonic() + PATIENCE
    while True:
        assert time.monotonic() < end
        waiting = bool(handler._lines)
        if select.select([reader], [], [], 0.05)[0]:
            text += os.read(reader, 65536)
        elif waiting or b"text=more" not in text:
            LOG.info("more")
            more += 1
        else:
            break
    os.close(reader)
    lines = [line for line in text.splitlines() if b"event=line" in line]
    assert all(line.startswith(b"time=") and line.endswith(b"x" * 350) for line in lines)
    assert numbers(text) == sorted(set(numbers(text)))
    until(lambda: sum(lost for _, lost in told) == handler.lost)
    assert {target for target, _ in told} == {"file"}
    said = sum(map(int, re.findall(rb"event=log_lines_dropped lines=(\d+)", text)))
    assert said == count - len(lines) + more - text.count(b"text=more")


def test_a_full_device_loses_lines_and_counts_them(threaded: bool) -> None:
    """A device without room refuses each line; it is lost at once, and said to the counter."""
    handler = handler_of(Path("/dev/full"), threaded=threaded)
    told: list[int] = []
    lost_lines_to(lambda _, lines: told.append(lines))
    for number in range(5):
        say(number)
    until(lambda: sum(told) == 5)
    assert handler.lost == 5


def test_what_still_waits_at_the_end_is_counted(tmp_path: Path, threaded: bool) -> None:
    """A process that ends while nobody reads loses the lines that wait, and says how many to the counter."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    handler = handler_of(pipe, threaded=threaded)
    told: list[int] = []
    lost_lines_to(lambda _, lines: told.append(lines))
    count = QUEUE_BYTES // 2 // 400  # more than the pipe takes, less than the queue
    for number in range(count):
        say(number)
    with os.fdopen(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb", 0) as reader:
        handler.close()
        text = reader.read(QUEUE_BYTES)
    assert sum(told) == handler.lost == count - text.count(b"event=line") > 0


def test_a_report_that_fails_or_logs_is_no_loop(threaded: bool) -> None:
    """The counter of lost lines may log, and lose that line too, and may fail: the count is told later."""
    handler_of(Path("/dev/full"), threaded=threaded)
    told: list[int] = []

    def report(_: str, lines: int) -> None:
        told.append(lines)
        LOG.error("the metrics are gone")
        if len(told) == 1:
            raise OSError("gone")

    lost_lines_to(report)
    say(1)
    until(lambda: told)
    say(2)
    until(lambda: len(told) > 1)
    assert len(told) < 10


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_a_full_file_system_and_room_again(tmp_path: Path, threaded: bool) -> None:
    """A line that was written in part is not glued to the next one, when there is room again."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("may not mount here")
    try:
        handler = handler_of(tmp_path / "log", threaded=threaded)
        for number in range(400):
            say(number)
        until(lambda: handler.lost > 0 and not handler._lines)
        os.truncate(tmp_path / "log", 8000)
        say(1000)
        until(lambda: b"event=log_lines_dropped" in (tmp_path / "log").read_bytes())
        lines = (tmp_path / "log").read_bytes().splitlines()
        assert lines[-2].startswith(b"time=")
        assert b"number=1000" in lines[-2]
        assert lines[-1].endswith(b"pid=%d" % os.getpid())
        handler.close()
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_a_line_for_a_pipe_is_never_torn(tmp_path: Path) -> None:
    """A pipe keeps 4,096 bytes together and no more: a longer line is cut between facts, and says so."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    handler_of(pipe, threaded=False)
    LOG.info("long", extra={"fields": {f"k{number}": "駅" * 300 for number in range(20)}})
    line = os.read(reader, 65536)
    os.close(reader)
    assert len(line) <= select.PIPE_BUF < MAX_LINE_BYTES
    assert line.endswith(b" truncated=true\n")
    assert line.decode("utf-8").isprintable() is False  # the line end only
    assert line[:-1].decode("utf-8").isprintable()


def test_a_child_does_not_write_its_parents_lines(tmp_path: Path) -> None:
    """What waits in the parent is written by the parent alone, and the child has a queue of its own."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    handler = handler_of(pipe, threaded=False)
    while not handler._lines:
        say(1)
    child = os.fork()
    if child == 0:
        clean = not handler._lines and handler.lost == 0
        start()
        os._exit(0 if clean else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert handler._lines


def test_the_end_of_a_process_waits_for_a_slow_reader_but_not_for_ever(tmp_path: Path) -> None:
    """`logging.shutdown` gives what waits to a reader who takes it late, and returns when nobody does."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    handler = handler_of(pipe, threaded=True)
    for number in range(400):
        say(number)
    text: list[bytes] = []

    def read() -> None:
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        while select.select([reader], [], [], 1.0)[0]:
            text.append(os.read(reader, 65536))
        os.close(reader)

    thread = threading.Thread(target=read)
    thread.start()
    handler.flush()
    assert not handler._lines
    thread.join()
    assert numbers(b"".join(text)) == list(range(400))
    for number in range(400):
        say(number)
    handler.flush()  # nobody reads: it returns
    assert handler._lines


def in_process(body: str, first: str = "", **streams: object) -> subprocess.Popen[bytes]:
    """A process that sets the log up on its standard error, as the daemon does. It imports before `first`, because
    another user may not be able to read our interpreter."""
    imports = "import logging, os, sys\nfrom sekisho.log import LogOptions, setup"
    code = f"{imports}\n{first}\nsetup(LogOptions())\n{body}"
    environment = {**os.environ, "PYTHONPATH": "milter"}
    return subprocess.Popen([sys.executable, "-c", code], env=environment, **streams)  # type: ignore[call-overload]


def done(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process came to its end."""
    assert process.stdout is not None
    with process.stdout:
        return process.stdout.read(4) == b"done"


MANY = """
for number in range(5000):
    logging.getLogger("sekisho.x").info("line", extra={"fields": {"number": number, "text": "x" * 350}})
"""


def test_the_flags_of_an_inherited_stderr_stay_as_they_are() -> None:
    """O_NONBLOCK is set on a description of our own: a process that shares standard error with us sees no change."""
    ours, theirs = os.pipe()
    process = in_process(MANY + "os.write(1, b'done')", stderr=theirs, stdout=subprocess.PIPE)
    assert done(process)
    assert os.get_blocking(theirs)
    assert process.wait(PATIENCE) == 0
    os.close(theirs)
    os.close(ours)


@pytest.mark.skipif(os.geteuid() != 0, reason="gives up root")
def test_a_pipe_that_belongs_to_another_user_stops_nobody() -> None:
    """A pipe that may not be opened anew is asked for room before each write."""
    ours, theirs = os.pipe()
    body = "assert os.get_blocking(2)\n" + MANY + "os.write(1, b'done')"
    process = in_process(body, "os.setuid(65534)", stderr=theirs, stdout=subprocess.PIPE)
    os.close(theirs)
    assert done(process)
    assert process.wait(PATIENCE) == 0
    text = os.read(ours, 1 << 20)
    os.close(ours)
    assert numbers(text)[:3] == [0, 1, 2]


def test_a_socket_that_nobody_reads_stops_nobody() -> None:
    """Under systemd standard error is a socket of the journal; its flags stay, and no send waits."""
    ours, theirs = socket.socketpair()
    process = in_process(MANY + "os.write(1, b'done')", stderr=theirs.fileno(), stdout=subprocess.PIPE)
    assert done(process)
    assert os.get_blocking(theirs.fileno())
    assert process.wait(PATIENCE) == 0
    theirs.close()
    text = b""
    while data := ours.recv(65536):
        text += data
    ours.close()
    assert numbers(text) == list(range(len(numbers(text))))
    assert len(numbers(text)) > 10


def test_a_closed_stderr_is_no_file_of_ours(tmp_path: Path) -> None:
    """Started without standard streams, no file that is opened later becomes standard error, and nothing fails."""
    body = (
        MANY
        + f"handle = os.open({str(tmp_path / 'precious')!r}, os.O_CREAT | os.O_RDWR)\nassert handle > 2\n"
    )
    body += "import faulthandler\nfaulthandler.enable()\n" + MANY
    shell = ["sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh", sys.executable, "-c"]
    code = f"import logging, os, sys\nfrom sekisho import log\nlog.setup(log.LogOptions())\n{body}"
    done = subprocess.run([*shell, code], env={**os.environ, "PYTHONPATH": "milter"}, check=False)
    assert done.returncode == 0
    assert (tmp_path / "precious").read_bytes() == b""


def test_a_crash_report_does_not_wait_for_the_reader() -> None:
    """faulthandler writes to descriptor 2 while the process dies: a full pipe must not keep it from dying."""
    ours, theirs = os.pipe()
    body = MANY + "import faulthandler\nfaulthandler.enable()\nos.kill(os.getpid(), 11)\n"
    process = in_process(body, stderr=theirs)
    assert process.wait(PATIENCE) == -signal.SIGSEGV
    os.close(ours)
    os.close(theirs)


def test_a_target_that_blocks_tells_so(tmp_path: Path) -> None:
    """`write` says that the same line must come again, and never that half of it is the next line."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    target = StreamTarget(pipe)
    while target.write(b"x" * 4096):
        pass
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    os.read(reader, 4096)
    assert target.write(b"y" * 4096)
    assert not target.write(b"z")
    os.close(reader)
    target.close()
