"""Compares the rate of our milter code with that of a bare filter, and tests it for a long time.

    python -m lab.wire_bench compare [--rounds 5] [--seconds 5]   a pymilter filter that does nothing, and ours
    python -m lab.wire_bench hold [--minutes 5]                   32 sessions at once, counted

The load comes from processes of the raw client on the same machine, so compare only the rows of one run.
"""

# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager

from lab.milter_client import Client, load
from sekisho.auth.forged_fields import ForgedFields, OwnFields
from sekisho.clock import SystemClock
from sekisho.daemon import Setup, Supervisor
from sekisho.judging.handlers import OnFailure
from sekisho.message import Envelope, Limits, Recipient
from sekisho.stages import Failure
from sekisho.verdict import Action, Reply
from sekisho.wire.options import WireOptions
from sekisho.wire.server import MilterDoor

BODY = b"x" * 70 + b"\r\n"
BODY_13K = BODY * 180


class Nothing:
    """A judgement that accepts everything."""

    limits = Limits()

    def forged(self) -> ForgedFields:
        return ForgedFields(OwnFields("mx.example.jp"))

    def process(self, raw: bytes, envelope: Envelope) -> Action:
        return Action(Reply.ACCEPT)

    def warm_envelope(self, envelope: Envelope) -> None:
        return

    def on_failure(self, recipient: Recipient | None) -> OnFailure:
        return OnFailure.HOLD

    def paused(self) -> bool:
        return False

    def fallback(self, stage: Failure, again: bool, on_failure: OnFailure) -> Action:
        return Action(Reply.TEMPFAIL)

    def keep(self, raw: bytes, envelope: Envelope) -> Action:
        return Action(Reply.TEMPFAIL)

    def on_error(self, stage: Failure) -> None:
        sys.stderr.write(f"error: {stage}\n")

    def close(self) -> None:
        return


def ours(socket: str, workers: int) -> None:
    """Run the daemon with a judgement that accepts everything."""
    options = WireOptions(socket=socket, workers=workers)
    sys.exit(Supervisor(lambda: Setup(options, MilterDoor(options), Nothing), SystemClock()).run())


def bare(socket: str, _: int) -> None:
    """Run pymilter as its documentation shows it: one process, with every callback, none of which does anything."""
    import Milter  # noqa: PLC0415 - only in the process that is measured

    class Filter(Milter.Base):  # type: ignore[misc]
        @Milter.noreply
        def connect(self, *_: object) -> int:
            return int(Milter.CONTINUE)

        @Milter.noreply
        def hello(self, _: object) -> int:
            return int(Milter.CONTINUE)

        @Milter.noreply
        def envfrom(self, *_: object) -> int:
            return int(Milter.CONTINUE)

        @Milter.noreply
        def envrcpt(self, *_: object) -> int:
            return int(Milter.CONTINUE)

        @Milter.noreply
        def header(self, *_: object) -> int:
            return int(Milter.CONTINUE)

        @Milter.noreply
        def eoh(self) -> int:
            return int(Milter.CONTINUE)

        @Milter.noreply
        def body(self, _: object) -> int:
            return int(Milter.CONTINUE)

        def eom(self) -> int:
            return int(Milter.ACCEPT)

    Milter.factory = Filter
    Milter.runmilter("bare", socket)


@contextmanager
def serving(kind: str, workers: int) -> Iterator[str]:
    """Run a filter of this kind in a process of its own; yields its address."""
    with tempfile.TemporaryDirectory() as directory:
        address = f"unix:{directory}/sock"
        process = subprocess.Popen([sys.executable, "-m", "lab.wire_bench", kind, address, str(workers)])
        try:
            while not _answers(address):
                time.sleep(0.05)
            yield address
        finally:
            process.terminate()
            process.wait(60)


def _answers(address: str) -> bool:
    try:
        Client(address).close()
    except (OSError, RuntimeError):
        return False
    return True


def _threads_of_load(arguments: tuple[str, float, int, int]) -> tuple[int, int, int]:
    address, seconds, per_session, sessions = arguments
    with ThreadPoolExecutor(sessions) as pool:
        work = [pool.submit(load, address, seconds, per_session, BODY_13K) for _ in range(sessions)]
        results = [each.result() for each in work]
    return _sum(results)


def _sum(results: list[tuple[int, int, int]]) -> tuple[int, int, int]:
    return sum(r[0] for r in results), sum(r[1] for r in results), sum(r[2] for r in results)


def drive(address: str, seconds: float, sessions: int, per_session: int = 20) -> tuple[int, int, int]:
    """Send with so many parallel sessions, from two processes, for so many seconds. Returns how many connections,
    messages and errors there were."""
    with ProcessPoolExecutor(2) as pool:
        return _sum(list(pool.map(_threads_of_load, [(address, seconds, per_session, sessions // 2)] * 2)))


def compare(rounds: int, seconds: float, sessions: int) -> None:
    """Measure both in alternating rounds, and print the medians."""
    rates: dict[str, list[float]] = {"bare": [], "ours x1": [], "ours x2": []}
    for number in range(rounds):
        for name, measured in rates.items():
            kind, _, workers = name.partition(" x")
            with serving(kind, int(workers or 1)) as address:
                _, messages, errors = drive(address, seconds, sessions)
            measured.append(messages / seconds)
            print(
                f"round {number + 1}  {name:8}  {messages / seconds:8.0f} msg/s  errors {errors}", flush=True
            )
    for name, each in rates.items():
        median = statistics.median(each)
        print(
            f"{name:8}  median {median:8.0f} msg/s  {median / statistics.median(rates['bare']):6.1%} of bare"
        )


def hold(minutes: float, sessions: int) -> None:
    """Make one long run, and print memory and errors."""
    with serving("ours", 2) as address:
        stop = threading.Event()
        watcher = threading.Thread(target=_memory, args=(stop,))
        watcher.start()
        connections, messages, errors = drive(address, minutes * 60, sessions)
        stop.set()
        watcher.join()
    print(f"{connections} connections, {messages} messages, {errors} errors in {minutes} minutes")


def _memory(stop: threading.Event) -> None:
    """Print the workers' memory every half minute."""
    while not stop.wait(30):
        found = subprocess.run(["ps", "-eo", "pid,rss,nlwp,args"], capture_output=True, text=True, check=True)
        rows = [line.split()[:3] for line in found.stdout.splitlines() if "lab.wire_bench ours" in line]
        print("pid/rss kB/threads " + "  ".join("/".join(row) for row in rows), flush=True)


def main() -> None:
    """The command line."""
    kinds: dict[str, Callable[[str, int], None]] = {"ours": ours, "bare": bare}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["compare", "hold", *kinds])
    parser.add_argument("rest", nargs="*")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--sessions", type=int, default=32)
    arguments = parser.parse_args()
    if arguments.what in kinds:
        kinds[arguments.what](arguments.rest[0], int(arguments.rest[1]))
    elif arguments.what == "compare":
        compare(arguments.rounds, arguments.seconds, arguments.sessions)
    else:
        hold(arguments.minutes, arguments.sessions)


if __name__ == "__main__":
    main()
