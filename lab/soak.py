"""`make soak`: hostile and ordinary mail for a long time, sent directly to the daemon's milter socket.

    python -m lab.soak [--seconds N] [--sessions N]

Many sessions at once send golden mails, golden mails with random changes, fields of 60 kB, and sometimes one of the
messages of 10 MB in `lab.hostile`. Prints how many messages were sent, restarts of workers by cause, malformed replies
and log lines, messages that got a second 451, and the memory of the workers over the run. The exit status is 1 if there
was a restart, a malformed output, a second 451, or growing memory.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lab.hostile import FIELDS, LARGE, PICTURES
from lab.milter_client import Client, ClosedError, Reply
from lab.place import LabError, a_place, wait_until
from lab.program import ROOT
from lab.sekisho import Sekisho
from sekisho.message import Limits
from sekisho.message.headers import as_delivered, split

GROWTH = 1.0
"""MB per 1,000 messages by which a worker may grow after the warm-up."""
_LARGE_EVERY = 400
_WARM_UP = 0.3  # share of the run in which memory may grow, because caches fill
_WRITTEN = re.compile(rb"(?:[\x20-\x7e]|\n[ \t])*\Z")
_REPLY = re.compile(rb"[45]\d\d [45]\.\d\.\d+ [\x20-\x7e]+\Z")
_RESTARTS = re.compile(r'^sekisho_worker_restarts_total{cause="(\w+)"} (\S+)$', re.MULTILINE)

Memory = tuple[float, int, float]
"""Seconds since the start, messages so far, and MB of the largest worker."""


@dataclass
class Result:
    """The result of a run."""

    seconds: float = 0.0
    finals: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    restarts: dict[str, float] = field(default_factory=dict)
    memory: list[Memory] = field(default_factory=list)

    @property
    def messages(self) -> int:
        return self.finals.total()

    @property
    def growth(self) -> float:
        """MB per 1,000 messages: the slope of the least-squares line through what was measured after the warm-up."""
        points = [(count / 1000, size) for at, count, size in self.memory if at > _WARM_UP * self.seconds]
        if len({count for count, _ in points}) < 3:
            return 0.0
        return statistics.linear_regression(*zip(*points, strict=True)).slope

    @property
    def good(self) -> bool:
        return not self.faults and not sum(self.restarts.values()) and self.growth < GROWTH


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make soak")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--sessions", type=int, default=32)
    options = parser.parse_args(arguments)
    if os.geteuid() != 0:
        print("make soak: the daemon is started as another user: run `sudo make soak`", file=sys.stderr)
        return 2
    try:
        with a_place() as place:
            result = soak(place, options.seconds, options.sessions)
    except LabError as error:
        print(f"make soak: {error}", file=sys.stderr)
        return 2
    print(report(result))
    return 0 if result.good else 1


def soak(place: Path, seconds: float, sessions: int) -> Result:
    """Run a daemon under this load for so many seconds, with so many sessions at once."""
    result = Result(seconds=seconds)
    with Sekisho(place) as daemon:
        load = _Load(daemon, result, time.monotonic() + seconds)
        threads = [threading.Thread(target=load.session, args=(number,)) for number in range(sessions)]
        for thread in threads:
            thread.start()
        started = time.monotonic()
        while alive := [thread for thread in threads if thread.is_alive()]:
            alive[0].join(min(5.0, seconds / 20))
            result.memory.append((time.monotonic() - started, result.messages, _largest(daemon.pid)))
        result.restarts = {cause: float(number) for cause, number in _RESTARTS.findall(daemon.metrics())}
        _check_log(daemon, result)
    return result


class _Load:
    """The messages and the counters that all sessions share."""

    def __init__(self, daemon: Sekisho, result: Result, end: float) -> None:
        self._daemon = daemon
        self._result = result
        self._end = end
        self._lock = threading.Lock()
        self._mails = [path.read_bytes() for path in sorted((ROOT / "tests/golden").rglob("*.eml"))]
        self._fields = list(FIELDS.values())
        self._large = [*LARGE.values(), *PICTURES.values()]

    def session(self, number: int) -> None:
        """One session: connection after connection, some messages on each, until the end. `number` seeds its random
        choices."""
        rng = random.Random(number)
        while time.monotonic() < self._end:
            try:
                with Client(f"unix:{self._daemon.socket}", timeout=120) as client:
                    client.connect()
                    client.helo()
                    for _ in range(rng.randint(1, 20)):
                        self._one(client, self._message(rng))
            except (OSError, ClosedError) as error:
                self._fault(f"a session was lost: {type(error).__name__} {error}")

    def _message(self, rng: random.Random) -> bytes:
        chance = rng.random()
        if chance < 1 / _LARGE_EVERY:
            return rng.choice(self._large)()
        if chance < 0.1:
            return rng.choice(self._fields)()
        mail = rng.choice(self._mails)
        return _changed(mail, rng) if chance < 0.5 else mail

    def _one(self, client: Client, raw: bytes) -> None:
        reply = _send(client, raw)
        if reply.final == b"t" or reply.text.startswith(b"451"):
            reply = _send(client, raw)
            if reply.final == b"t" or reply.text.startswith(b"451"):
                self._fault("the same message heard 451 twice")
        for fault in _faults(reply):
            self._fault(fault)
        with self._lock:
            self._result.finals[reply.final.decode()] += 1

    def _fault(self, words: str) -> None:
        with self._lock:
            self._result.faults.append(words)


def _changed(mail: bytes, rng: random.Random) -> bytes:
    """The mail with some bytes changed, inserted or removed."""
    data = bytearray(mail)
    for _ in range(rng.randint(1, 12)):
        at = rng.randrange(len(data)) if data else 0
        kind = rng.randrange(3)
        if kind == 0 and data:
            data[at] = rng.randrange(256)
        elif kind == 1:
            data[at:at] = rng.choice(
                [b"\r\n", b"\0", b'"', b"=?", b"<", b"--", b"\x1b$B", b"\xff", b";", b"("]
            )
        else:
            del data[at : at + rng.randint(1, 30)]
    return bytes(data)


def _send(client: Client, raw: bytes) -> Reply:
    raw = as_delivered(raw)
    block = split(raw, Limits())
    fields = [(each.name, each.value.replace(b"\r\n", b"\n")[:60_000]) for each in block.headers]
    return client.message(fields, raw[block.body_start :])


def _faults(reply: Reply) -> list[str]:
    """What is wrong with a reply: our header fields must be printable and folded, and a refusal must be one line."""
    found = [
        f"a header is not well-formed: {name!r}"
        for _, name, value in [*reply.added, *reply.changed]
        if not _WRITTEN.match(value) or not re.match(rb"[A-Za-z-]+\Z", name)
    ]
    if reply.final == b"y" and not _REPLY.match(reply.text):
        found.append(f"a reply is not well-formed: {reply.text!r}")
    return found


def _check_log(daemon: Sekisho, result: Result) -> None:
    """Check that each message has one line of JSON, and that no line has a control character. The line is written after
    the answer, so the last ones may come a moment later."""
    due = result.messages - result.finals["t"]
    with suppress(LabError):
        wait_until(lambda: _events(daemon)["message"] >= due, "the last lines of the log", 5)
    if any(re.search(rb"[\x00-\x1f\x7f]", line) for line in daemon.log.read_bytes().splitlines()):
        result.faults.append("the log holds a control character")
    events = _events(daemon)
    if events["message"] < due:
        result.faults.append(f"{result.messages} messages, {events['message']} lines in the log")
    result.faults += ["an error in the log"] * events["error"]


def _largest(pid: int) -> float:
    """MB in use by the supervisor's largest child."""
    sizes = [0.0]
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            status = Path(f"/proc/{child}/status").read_text()
        except OSError:  # it has just ended
            continue
        sizes += [int(size) / 1024 for size in re.findall(r"^VmRSS:\s+(\d+)", status, re.MULTILINE)]
    return max(sizes)


def report(result: Result) -> str:
    """The run in a few lines."""
    sizes = [size for _, _, size in result.memory] or [0.0]
    lines = [
        f"{result.messages} messages in {result.seconds:.0f} s: {dict(result.finals)}",
        f"restarts of workers: {result.restarts or 'none'}",
        f"memory of the largest worker: {sizes[0]:.0f} MB at first, {max(sizes):.0f} at most, {sizes[-1]:.0f} at last,",
        f"  {result.growth:+.2f} MB for 1,000 messages after the warm-up",
        f"faults: {len(result.faults)}",
        *(f"  {number} x {words}" for words, number in Counter(result.faults).most_common(20)),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())


def _events(daemon: Sekisho) -> Counter[str]:
    """How many whole lines the log has of each event."""
    whole = daemon.log.read_bytes().rpartition(b"\n")[0]
    return Counter(str(json.loads(line).get("event")) for line in whole.splitlines())
