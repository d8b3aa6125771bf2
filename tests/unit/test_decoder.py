"""The decoder: its children, their leases, and what happens when a child fails."""

from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from lab.pictures import different, large_png
from lab.place import wait_until
from tests.qrcodes_support import blocks, modules, picture

from sekisho import decoder as program
from sekisho.clock import SystemClock
from sekisho.decoder import MAX_CHILDREN, Decoder
from sekisho.qrcodes import SearchResult, SearchStatus, drawings

URL = "https://stranger.test/"
SLOW = different("png", large_png(), 8)
PIXELS = 8_000_000
STARTED = 0.05
"""Seconds: less than the start of a child takes (0.1 of processor time), more than a small code takes (0.005)."""


class Counted(Decoder):
    """A decoder that records why its children ended."""

    def __init__(self) -> None:
        self.ends: list[str] = []
        super().__init__(SystemClock(), self.ends.append)


@pytest.fixture
def decoder() -> Iterator[Counted]:
    made = Counted()
    yield made
    made.close()


def children(pid: int | str = "self") -> list[int]:
    """The process ids of the children, of all threads of a process."""
    found = (path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return [int(each) for line in found for each in line if is_decoder(each)]


def is_decoder(pid: int | str) -> bool:
    try:
        return b"sekisho.qrcodes.child" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def look(
    decoder: Decoder, content: bytes | None = None, seconds: float = 30.0, patience: float = 60.0
) -> SearchResult:
    """The result of one picture with a lease of its own; `time` if no lease came."""
    with decoder.lease(patience) as lease:
        if lease is None:
            return SearchResult(status=SearchStatus.TIME)
        return lease.in_image(picture(URL) if content is None else content, PIXELS, seconds)


def test_pictures_and_drawings_are_read_by_one_child(decoder: Counted) -> None:
    """The child of the first picture searches the following ones, too."""
    grid = next(drawings(blocks(modules(URL)), html=False))
    before = set(children())
    assert [look(decoder).texts for _ in range(3)] == [(URL,)] * 3
    with decoder.lease(60.0) as lease:
        assert lease is not None
        assert lease.in_grid(grid, 30.0).texts == (URL,)
        assert lease.in_image(picture(URL), PIXELS, 30.0).seconds > 0
    assert len(set(children()) - before) == 1
    assert decoder.ends == []


def test_a_child_holds_no_descriptor_of_its_parent(decoder: Counted, tmp_path: Path) -> None:
    """A child has the socket and the lifeline, and no other descriptor, not even an inheritable one."""
    handle = os.open(tmp_path / "secret", os.O_RDWR | os.O_CREAT)
    os.set_inheritable(handle, True)
    before = set(children())
    look(decoder)
    os.close(handle)
    (child,) = set(children()) - before
    targets = sorted(os.readlink(each).split(":")[0] for each in Path(f"/proc/{child}/fd").iterdir())
    assert targets == ["/dev/null", "/dev/null", "pipe", "socket"]


def test_what_takes_too_long_is_given_up(decoder: Counted) -> None:
    """A picture that takes too long ends its child, and the next picture gets a new child."""
    look(decoder)
    assert look(decoder, SLOW[0][1], 0.05) == SearchResult(status="time")
    assert decoder.ends == ["time"]
    assert look(decoder).texts == (URL,)
    assert look(decoder, seconds=0.0) == SearchResult(status="time")


def test_no_lease_is_waited_for_longer_than_told(decoder: Counted) -> None:
    """Without a free child, a lease is None after its time, and does not delay the next lease."""
    with ExitStack() as held:
        for _ in range(MAX_CHILDREN):
            held.enter_context(decoder.lease(60.0))
        assert look(decoder, patience=0.05) == SearchResult(status=SearchStatus.TIME)
    assert look(decoder).texts == (URL,)
    assert decoder.ends == []


def test_leases_come_in_the_order_of_asking_and_first_ones_before_further_ones(decoder: Counted) -> None:
    """Leases are given in the order of asking, messages with fewer earlier leases first."""
    order: list[int] = []

    def take(number: int, earlier: int) -> None:
        with decoder.lease(60.0, earlier) as lease:
            assert lease is not None
            order.append(number)

    waiting = decoder._children.leases
    with ThreadPoolExecutor(8) as pool, ExitStack() as held:
        for _ in range(MAX_CHILDREN - 1):
            held.enter_context(decoder.lease(60.0))
        with decoder.lease(60.0):
            for number in range(8):
                pool.submit(take, number, 2 - number if number < 2 else 0)
                wait_until(
                    lambda number=number: len(waiting._waiting) == number + 1,
                    "it waits",
                    30,
                )
        wait_until(lambda: len(order) == 8, "all had their lease", 30)
    assert order == [2, 3, 4, 5, 6, 7, 1, 0]


def test_a_picture_pays_for_its_own_time_and_not_for_the_start_of_a_child(decoder: Counted) -> None:
    """A few hundredths of a second are enough for a small picture, even if the picture before it ended the child."""
    with decoder.lease(60.0) as lease:
        assert lease is not None
        for _ in range(3):
            slow = lease.in_image(SLOW[0][1], PIXELS, 0.02)
            assert slow == SearchResult(status=SearchStatus.TIME)
            assert slow.seconds >= 0.02
            after = lease.in_image(picture(URL), PIXELS, 30.0)
            assert after.texts == (URL,)
            assert after.seconds < STARTED


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_a_failure_of_ours_leaves_no_child_behind(
    decoder: Counted, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """An error of the program is raised, its child is ended, and the next picture is read."""
    before = set(children())

    def fails(_: bytes) -> object:
        raise error

    for _ in range(3):
        with monkeypatch.context() as patched:
            patched.setattr(program.json, "loads", fails)
            with pytest.raises(error):
                look(decoder)
        with decoder.lease(60.0) as lease:
            assert lease is not None
            with pytest.raises(struct.error):
                lease.in_image(b"", 2**33, 1.0)
        assert set(children()) == before
    assert look(decoder).texts == (URL,)


def test_a_child_finds_no_program_where_it_stands(decoder: Counted) -> None:
    """A child imports nothing from its working directory or from a user's packages."""
    before = set(children())
    look(decoder)
    (child,) = set(children()) - before
    arguments = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
    assert arguments[1:3] == [b"-s", b"-P"]


def has_ended(pid: int) -> bool:
    """True for a zombie, and if there is no such process. A process loses its command line a little before its parent
    can know that it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("idle", [True, False])
def test_a_child_that_is_gone_is_replaced(decoder: Counted, idle: bool) -> None:
    """If an idle child ends, the next picture is read. If a child at work ends, its picture has status `decoder`."""
    before = set(children())
    look(decoder)
    (child,) = set(children()) - before
    with ThreadPoolExecutor(1) as pool:
        working = None if idle else pool.submit(look, decoder, SLOW[0][1])
        if not idle:
            wait_until(
                lambda: Path(f"/proc/{child}/stat").read_text().split(") ")[1][0] == "R", "it works", 30
            )
        os.kill(child, signal.SIGKILL)
        if working is not None:
            assert working.result() == SearchResult(status="decoder")
    wait_until(lambda: has_ended(child), "it has ended", 30)
    assert look(decoder).texts == (URL,)
    assert decoder.ends == ([] if idle else ["died"])


def test_where_no_process_can_be_had_pictures_are_unknown(
    decoder: Counted, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """If no child can be started, pictures have the status `decoder`, and the next one tries again."""
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", str(tmp_path / "nothing"))
        assert look(decoder) == SearchResult(status="decoder")
    assert decoder.ends == ["start"]
    assert look(decoder).texts == (URL,)


def test_a_forked_process_has_children_of_its_own(decoder: Counted) -> None:
    """A forked process does not use its parent's children, and does not end them."""
    look(decoder)
    mine = set(children())
    pid = os.fork()
    if pid == 0:
        fine = look(decoder).texts == (URL,) and not mine & set(children()) and len(children()) == 1
        decoder.close()
        os._exit(0 if fine and children() == [] else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert set(children()) == mine
    assert look(decoder).texts == (URL,)
    assert set(children()) == mine


def test_closing_ends_the_children(decoder: Counted) -> None:
    """`close` ends the children, and so does the end of the last reference to a decoder."""
    before = set(children())
    look(decoder)
    other = Decoder(SystemClock())
    look(other)
    decoder.close()
    del other
    assert set(children()) <= before


PARENT = """
import sys, threading
from lab.pictures import large_png
from sekisho.clock import SystemClock
from sekisho.decoder import Decoder
decoder = Decoder(SystemClock())
def work():
    while True:
        with decoder.lease(60.0) as lease:
            lease.in_image(large_png(), 8_000_000, 60.0)
threading.Thread(target=work, daemon=True).start()
print("begun", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, None])
def test_no_child_outlives_its_parent(how: signal.Signals | None) -> None:
    """A child ends with its parent, in the middle of a picture: after SIGKILL, and after an ordinary exit."""
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdin is not None
        wait_until(lambda: children(parent.pid), "it has a child", 60)
        time.sleep(0.1)  # most likely in the middle of the picture
        (child,) = children(parent.pid)
        if how is None:
            parent.stdin.close()
        else:
            parent.send_signal(how)
        parent.wait(60)
        wait_until(lambda: not is_decoder(child), "the child is gone", 60)
