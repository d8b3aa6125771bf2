"""What every hostile shape of mail costs in time and memory, through a real Postfix and the real daemon.

    python -m lab.shapes [--at-once 1 2 16] [--only WORD...] [--fields]

Every message of `lab.hostile` is sent alone, and then two and sixteen times at once, over separate sessions. Three
numbers are measured: how long the slowest sender waited, from the first byte of its message to the reply; the CPU
seconds of the daemon, which other work on the machine changes little; and the memory of all its processes together,
above what they had before. Prints the table of docs/robustness.md line by line. Dead workers, and replies other than
250 and 550, are reported. `--fields` adds the messages of 60 kB as one row: the slowest of them.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lab.cases import Lab, smtp_lines
from lab.hostile import FIELDS, LARGE, PICTURES
from lab.place import LabError, a_place, wait_until
from lab.sender import Session
from sekisho.message import Client

PATIENCE = 900.0  # seconds that a sender waits at most; longer than anything that is measured
SETTLED = 120.0  # seconds within which the workers must be idle again
CLIENT = Client("192.0.2.1", "mail.b.example", "ok", "mail.b.example")


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of some messages of one shape at once. `seconds` is the longest time that a sender waited. `processor`
    (CPU seconds) and `megabytes` (above those before) are for all processes of the daemon together. `died` counts the
    processes that are gone."""

    seconds: float
    processor: float
    megabytes: float
    answers: Counter[int]
    died: int = 0

    @property
    def odd(self) -> str:
        """What went wrong; empty if nothing did."""
        words = [
            f"{count} x {code or 'no answer'}"
            for code, count in self.answers.items()
            if code not in (250, 550)
        ]
        return ", ".join([*words, *([f"{self.died} workers died"] if self.died else [])])


class Workers:
    """The daemon's processes, as /proc shows them, with those that decode pictures. Such a process may begin and end
    within one message, so `look` is called repeatedly."""

    def __init__(self, supervisor: int) -> None:
        self._supervisor = supervisor
        self._before: dict[int, int] = {}
        self._decoders: set[int] = set()
        self._decoding = 0

    def processor(self) -> float:
        """CPU seconds that the living processes have taken since their start."""
        own = sum(_processor(pid, ended=True) for pid in self._pids())
        return own + sum(_processor(pid) for pid in self._grandchildren())

    def begin(self) -> dict[int, int]:
        """The bytes in use of each process, by process id. Its peak is measured from now on."""
        found = {}
        self._decoders, self._decoding = set(), 0
        for pid in (*self._pids(), *self._grandchildren()):
            Path(f"/proc/{pid}/clear_refs").write_text("5")
            found[pid] = _bytes(pid, "VmRSS")
        self._before = found
        return found

    def look(self) -> None:
        """Note the memory that the living decoders use together. It cannot see what happens between two calls."""
        living = 0
        for pid in self._grandchildren():
            with suppress(OSError):
                living += max(0, _bytes(pid, "VmHWM") - self._before.get(pid, 0))
                self._decoders.add(pid)
        self._decoding = max(self._decoding, living)

    def above(self, before: Mapping[int, int]) -> tuple[float, int]:
        """The peak in megabytes above `before`, of all processes together; and how many processes are gone."""
        self.look()
        alive = {pid: _bytes(pid, "VmHWM") for pid in self._pids()}
        growth = self._decoding + sum(max(0, peak - before.get(pid, 0)) for pid, peak in alive.items())
        return growth / 2**20, len(before.keys() - alive.keys() - self._decoders)

    def _pids(self) -> list[int]:
        return _children(self._supervisor)

    def _grandchildren(self) -> list[int]:
        return [pid for worker in self._pids() for pid in _children(worker)]


def _children(pid: int) -> list[int]:
    """The children of all threads of a process; none if it is gone."""
    found = []
    for path in Path("/proc").glob(f"{pid}/task/*/children"):
        with suppress(OSError):
            found += [int(each) for each in path.read_text().split()]
    return found


def _bytes(pid: int, what: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"^{what}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _processor(pid: int, ended: bool = False) -> float:
    """The CPU seconds of a process; with `ended`, also those of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = fields[11 : 15 if ended else 13]  # utime, stime, cutime and cstime, proc(5)
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def measure(lab: Lab, raw: bytes, at_once: int) -> Cost:
    """Send the message so many times at once."""
    workers = Workers(lab.sekisho.pid)
    before, taken = workers.begin(), workers.processor()
    with ThreadPoolExecutor(at_once) as pool:
        under_way = [pool.submit(_send, lab, raw, number) for number in range(at_once)]
        while wait(under_way, timeout=0.02).not_done:
            workers.look()
        sent = [each.result() for each in under_way]
    taken = workers.processor() - taken
    megabytes, died = workers.above(before)
    wait_until(lambda: lab.sekisho.health("readyz") == 200, "workers are ready", SETTLED)
    lab.postfix.wait_empty(PATIENCE)
    lab.postfix.forget_queue()
    lab.sink.clear()
    slowest = max(seconds for seconds, _ in sent)
    return Cost(slowest, max(0.0, taken), megabytes, Counter(code for _, code in sent), died)


def _send(lab: Lab, raw: bytes, number: int) -> tuple[float, int]:
    """Seconds until the reply, and its code; the code is 0 if the session broke."""
    marked = smtp_lines(raw + b"\r\n%d-%d" % (number, time.monotonic_ns()))  # all messages are different
    begun = time.monotonic()
    try:
        with Session(lab.postfix.port, CLIENT, PATIENCE) as session:
            begun = time.monotonic()
            code = session.mail("a@b.example", ["u@example.jp"], marked).reply.code
    except OSError:
        code = 0
    return time.monotonic() - begun, code


def rows(
    lab: Lab, shapes: Mapping[str, Callable[[], bytes]], at_once: Sequence[int]
) -> Iterator[tuple[str, dict[int, Cost]]]:
    """The cost of each shape, by how many messages came at once."""
    for name, make in shapes.items():
        raw = make()
        yield name, {number: measure(lab, raw, number) for number in at_once}


def row(name: str, costs: Mapping[int, Cost]) -> str:
    """One line of the table."""
    figures = " | ".join(
        f"{cost.seconds:.1f} | {cost.processor:.1f} | {cost.megabytes:.0f}" for cost in costs.values()
    )
    odd = "; ".join(f"{number} at once: {cost.odd}" for number, cost in costs.items() if cost.odd)
    return f"| {_cell(name)} | {figures} | {odd} |"


def _cell(name: str) -> str:
    return f"`{name}`".replace("|", "\\|").replace("\r", "CR").replace("\n", "LF")


def head(at_once: Sequence[int]) -> str:
    titles = " | ".join(f"{number}: s | processor s | MB" for number in at_once)
    return f"| shape | {titles} | |\n| --- | {' | '.join(['---:'] * 3 * len(at_once))} | --- |"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m lab.shapes")
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 2, 16])
    parser.add_argument("--only", nargs="+", default=[""], help="shapes whose name holds one of these")
    parser.add_argument("--fields", action="store_true", help="fields of 60 kB too")
    options = parser.parse_args(arguments)
    if os.geteuid() != 0:
        print("lab.shapes: Postfix's master starts as root", file=sys.stderr)
        return 2
    wanted = {
        name: make for name, make in (LARGE | PICTURES).items() if any(word in name for word in options.only)
    }
    try:
        with a_place() as place, Lab(place, {}, {}, sink_folder=False) as lab:
            measure(
                lab, LARGE["one line"](), 2 * max(options.at_once)
            )  # the memory that a worker has after this is the base
            print(head(options.at_once), flush=True)
            for name, costs in rows(lab, wanted, options.at_once):
                print(row(name, costs), flush=True)
            if options.fields:
                each = [costs for _, costs in rows(lab, FIELDS, options.at_once)]
                worst = {
                    number: max((costs[number] for costs in each), key=lambda cost: cost.seconds)
                    for number in options.at_once
                }
                print(row(f"a field of 60 kB: the slowest of {len(FIELDS)}", worst), flush=True)
    except LabError as error:
        print(f"lab.shapes: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
