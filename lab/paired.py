"""Compares two versions of the program: the cost of judging a message in this one and in another.

    python -m lab.paired OTHER [--rounds N] [--messages N]

OTHER is a checkout of the other version (`git worktree add`). Both run at once, one process each. They take turns with
the same messages as `make bench`, and each version is first in every second round. A turn is measured in CPU time, so
other work on the machine affects both equally. Prints milliseconds per message for each, and the rate of this version
as a share of the other's: the median over the rounds and its 95 % interval (bootstrap of the rounds).

It cannot see the cost between Postfix and the judgement: `make bench` measures that.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from lab.mails import supply
from lab.program import ROOT

_CHILD = ROOT / "lab/judged.py"
_DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Ratio:
    """This version's rate divided by the other's: the median of the rounds, and its 95 % interval."""

    median: float
    low: float
    high: float


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="lab.paired")
    parser.add_argument("other", type=Path)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--messages", type=int, default=100)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder), options.messages)
        this, other = measure(options.other.resolve(), Path(folder), options.rounds)
    found = ratio(this, other)
    for name, seconds in (("this", this), ("other", other)):
        print(f"{name}: {statistics.median(seconds) / options.messages * 1000:.3f} ms of CPU a message")
    print(f"rate of this by the other's: {found.median:.1%} (95 %: {found.low:.1%} to {found.high:.1%})")
    return 0


def lay_out(folder: Path, messages: int) -> None:
    """Write the messages of the benchmark into the folder, as cases."""
    stock = supply()
    for number, mail in enumerate(stock.mails[:messages]):
        domain = mail.sender.partition("@")[2]
        facts = {
            "client_ip": "127.0.0.1",
            "envelope_from": mail.sender,
            "rcpt": mail.recipient,
            "dns": [record for record in stock.records if str(record["name"]).endswith(domain)],
        }
        (folder / f"{number}.eml").write_bytes(mail.data.removesuffix(b".\r\n"))
        (folder / f"{number}.json").write_text(json.dumps(facts), "utf-8")


def measure(other: Path, folder: Path, rounds: int) -> tuple[list[float], list[float]]:
    """The CPU seconds of each round, for this version and for the other."""
    taken: tuple[list[float], list[float]] = ([], [])
    with ExitStack() as stack:
        sides = [stack.enter_context(_program(root, folder)) for root in (ROOT, other)]
        for number in range(rounds):
            for side in (0, 1) if number % 2 else (1, 0):
                taken[side].append(_turn(sides[side]))
    return taken


def ratio(this: Sequence[float], other: Sequence[float]) -> Ratio:
    """The ratio of the rates, from the CPU seconds of each round."""
    pairs = [b / a for a, b in zip(this, other, strict=True)]
    dice = random.Random(1)
    drawn = sorted(statistics.median(dice.choices(pairs, k=len(pairs))) for _ in range(_DRAWS))
    return Ratio(statistics.median(pairs), drawn[_DRAWS // 40], drawn[-_DRAWS // 40])


@contextmanager
def _program(root: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    path = os.pathsep.join((str(root / "milter"), str(root)))
    with subprocess.Popen(
        [sys.executable, "-P", str(_CHILD), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise SystemExit(f"{root} cannot judge the messages")
        yield process
        assert process.stdin is not None
        process.stdin.close()


def _turn(process: subprocess.Popen[str]) -> float:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return float(process.stdout.readline())


if __name__ == "__main__":
    sys.exit(main())
