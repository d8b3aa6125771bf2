"""Memory runs out in the door itself: every allocation of every callback fails in turn, in a real worker.

A shim that is loaded before the C library's own allocator fails chosen allocations of one callback, pymilter's and
libmilter's included. Python is told to ask that allocator for everything.
"""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.milter_client import ClosedError, Reply
from tests.wire.conftest import Daemon, do, until

pytestmark = pytest.mark.whole

PLAN = struct.Struct("=iiii")  # as in no_memory.c
FOR_GOOD = 100_000
LOST = Reply(final=b"lost")  # libmilter gave the connection up: Postfix does what its default action says


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    library = tmp_path_factory.mktemp("shim") / "no_memory.so"
    source = Path(__file__).with_name("no_memory.c")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-O2", "-o", library, source, "-Wl,--no-as-needed", "-lmilter"],
        check=True,
    )
    return library


class Starved:
    """A daemon whose allocations fail as told."""

    def __init__(self, daemon: Daemon, shim: Path) -> None:
        self.daemon = daemon
        self._plan = daemon.directory / "plan"
        self._plan.write_bytes(PLAN.pack(0, 0, 0, 0))
        daemon.environment = {"LD_PRELOAD": str(shim), "PYTHONMALLOC": "malloc", "NO_MEMORY": str(self._plan)}

    def fail(self, callback: bytes, first: int, length: int) -> None:
        with self._plan.open("r+b") as plan:
            plan.write(PLAN.pack(callback[0], first, length, 0))

    def seen(self) -> int:
        """How many allocations the last call of the callback made."""
        return int(PLAN.unpack(self._plan.read_bytes())[3])

    def answers(self, callback: bytes, what: str, recipient: bytes, length: int) -> Iterator[Reply]:
        """What the message hears when the first, the second, … allocation of the callback fails, and `length` of them
        together, until the callback makes none so late. Each over a connection of its own, which begins in peace."""
        for first in range(1, FOR_GOOD):
            ended = self._ended()
            client = self.daemon.connect()
            self.fail(callback, first, length)
            try:
                yield client.message(do(what), recipients=(recipient,))
            except (ClosedError, OSError):
                until(lambda ended=ended: self._ended() > ended, "the worker is gone")
                yield LOST
            finally:
                seen = self.seen()
                self.fail(b"\0", 0, 0)
                client.close()
            if self._ended() > ended:
                self.replace()
            if seen < first:
                return

    def _ended(self) -> int:
        """How many workers have left or died. CPython itself is not safe without any memory at all."""
        return self.daemon.log().count("memory ran out in a step") + self.daemon.log().count(
            "event=worker_died"
        )

    def replace(self) -> None:
        """Go on at once with a worker that has memory: the supervisor would let it wait a little, as one that died
        young."""
        self.daemon.stop()
        (self.daemon.directory / "scoreboard").unlink()
        self.daemon.start()


@pytest.fixture
def starved(daemon: Daemon, shim: Path) -> Starved:
    starved = Starved(daemon, shim)
    daemon.start(drain_timeout=0.5)  # a session whose step was lost waits for the end of its worker
    return starved


def unjudged(starved: Starved) -> bool:
    return "accepted_unjudged" in starved.daemon.log()


@pytest.mark.parametrize("length", [1, 3, FOR_GOOD])
def test_the_last_callback_never_accepts_by_default(starved: Starved, length: int) -> None:
    """A message that is to be refused is refused, or hears 4xx, or its connection is lost, which for Postfix is a 4xx;
    whichever allocation fails, and however many after it. The last try, without a failure, is judged."""
    answers = list(starved.answers(b"E", "reject no", b"<hold@example.jp>", length))
    assert len(answers) > 20
    assert {each.final for each in answers} <= {b"y", b"t", LOST.final}
    assert not unjudged(starved)
    assert answers[-1].text == b"550 5.7.1 no"
    with starved.daemon.connect() as client:
        assert client.message(do("accept")).final == b"a"


def test_an_edited_message_is_delivered_edited_or_not_at_all(starved: Starved) -> None:
    """A message from which fields and a recipient are to go is never accepted with some of that left out."""
    for reply in starved.answers(b"E", "edit", b"<hold@example.jp>", 1):
        if reply.accepted:
            assert (len(reply.changed), len(reply.added), reply.deleted) == (2, 2, [b"hold@example.jp"])


@pytest.mark.parametrize("length", [1, FOR_GOOD])
def test_in_shadow_it_is_accepted_and_said(starved: Starved, length: int) -> None:
    """Where all recipients are in shadow, the message is accepted whatever fails; where it was not judged, a count and
    a log line say so."""
    said = 0
    for reply in starved.answers(b"E", "accept", b"<shadow@example.jp>", length):
        assert reply.final in (b"a", b"c", LOST.final)
        said += reply.final == b"c"
    judged = len(starved.daemon.seen("accept"))
    assert judged > 0
    until(lambda: unjudged(starved), "the log says it")
    assert starved.daemon.seen("error")


@pytest.mark.parametrize("callback", [b"H", b"M", b"R", b"L", b"B"])
@pytest.mark.parametrize("length", [1, FOR_GOOD])
def test_a_message_that_lost_a_step_is_not_judged(starved: Starved, callback: bytes, length: int) -> None:
    """Memory runs out in a callback before the end: the message hears 4xx, or what is judged is the whole of it."""
    whole = "From: a@example.org\r\nX-Do: accept 1\r\n\r\nHello\r\n"
    for reply in starved.answers(callback, "accept 1", b"<hold@example.jp>", length):
        assert reply.final in (b"a", b"t", b"y", LOST.final)
    for entry in starved.daemon.seen("accept"):
        assert entry["raw"] == whole
        envelope = entry["envelope"]
        assert [each["raw"] for each in envelope["recipients"]] == ["<hold@example.jp>"]
        assert (envelope["sender"], envelope["client"]["helo"]) == ("a@example.org", "mail.example.org")
