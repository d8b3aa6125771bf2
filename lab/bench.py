"""`make bench`: what sekisho costs, through a real Postfix on a UNIX socket.

    python -m lab.bench [--rounds N] [--messages N]

Three Postfix instances run at once and take turns, round by round: without a milter, with a filter that does nothing,
and with sekisho. Each turn sends the same messages (`lab.mails`) over 20 sessions; Postfix gives what it accepts to its
`discard` transport. Rates and ratios are medians over the rounds; compare only rows of one run. Prints Markdown for
`docs/performance.md`.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from lab.dns import DnsServer
from lab.mails import SIZE, Supply, supply
from lab.place import LabError, a_place, end_process, record_process, wait_until
from lab.postfix import Postfix
from lab.program import ROOT
from lab.sekisho import Sekisho
from lab.sender import flood
from sekisho.case_runner import judge
from sekisho.cases import Case
from sekisho.config import Config
from sekisho.message import Client, Envelope, Recipient

SETUPS = ("no milter", "do-nothing filter", "do-nothing filter, taking all", "sekisho")
_DISCARD = {"default_transport": "discard:", "relayhost": ""}
_SESSIONS = 20
_TIMED = 400  # messages
_CLIENT = Client(address="127.0.0.1", helo="flood.lab.invalid")


@dataclass
class Figures:
    """Messages per second and CPU seconds of the milter, by setup and round."""

    rates: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in SETUPS})
    cpu: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in SETUPS})
    stages: dict[str, float] = field(default_factory=dict)

    def ratio(self, name: str, to: str) -> float:
        """The median, over the rounds, of one setup's rate divided by another's in the same round."""
        return statistics.median(a / b for a, b in zip(self.rates[name], self.rates[to], strict=True))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=2000)
    options = parser.parse_args(arguments)
    if os.geteuid() != 0:
        print("make bench: Postfix's master starts as root: run `sudo make bench`", file=sys.stderr)
        return 2
    try:
        print("preparing the messages (the first time takes a minute) …", file=sys.stderr)
        stock = supply()
        stock = Supply(stock.mails[: options.messages], stock.records)
        figures = measure(stock, options.rounds)
    except LabError as error:
        print(f"make bench: {error}", file=sys.stderr)
        return 2
    print(report(figures, len(stock.mails), options.rounds))
    return 0


def measure(stock: Supply, rounds: int) -> Figures:
    """Start all setups, and let one work at a time."""
    figures = Figures()
    with ExitStack() as stack:
        place = stack.enter_context(a_place())
        dns = stack.enter_context(DnsServer(stock.records, ttl=3600))
        setups = dict(_setups(stack, place, dns))
        for name in SETUPS:
            _turn(name, setups[name], Supply(stock.mails[:200], stock.records), Figures())
        for number in range(rounds):
            for name in SETUPS:
                _turn(name, setups[name], stock, figures)
            print(
                f"round {number + 1}: " + ", ".join(f"{n} {figures.rates[n][-1]:.0f}" for n in SETUPS),
                file=sys.stderr,
            )
    figures.stages = _stages(stock)
    return figures


Setup = tuple[Postfix, "Sekisho | Path | None"]


def _setups(stack: ExitStack, place: Path, dns: DnsServer) -> Iterator[tuple[str, Setup]]:
    fast = {"cache_size": 20_000, "negative_ttl": 300.0}
    sekisho = stack.enter_context(Sekisho(place, dns.address, {"dns": fast}))
    idle = stack.enter_context(_idle(place, "idle"))
    taking = stack.enter_context(_idle(place, "taking", "--everything"))
    milters: dict[str, tuple[str, Sekisho | Path | None]] = {
        "no milter": ("", None),
        "do-nothing filter": (f"unix:{idle}/s", idle),
        "do-nothing filter, taking all": (f"unix:{taking}/s", taking),
        "sekisho": (sekisho.milter(), sekisho),
    }
    for number, (name, (entry, behind)) in enumerate(milters.items()):
        postfix = Postfix(place, 9, [entry] if entry else [], _DISCARD, name=f"postfix{number}")
        yield name, (stack.enter_context(postfix), behind)


@contextmanager
def _idle(place: Path, name: str, *words: str) -> Iterator[Path]:
    """The filter that does nothing. It listens on `s` in the directory that is yielded."""
    directory = place / name
    directory.mkdir(mode=0o755)
    process = subprocess.Popen(
        [sys.executable, "-m", "lab.idle", str(directory / "s"), *words],
        cwd=ROOT,
        start_new_session=True,
        umask=0,
    )
    record_process(directory, process.pid)
    try:
        wait_until((directory / "s").exists, "the do-nothing filter listens")
        yield directory
    finally:
        end_process(process.pid)
        process.wait()


def _turn(name: str, setup: Setup, stock: Supply, figures: Figures) -> None:
    """One setup sends all the messages once. Raises LabError if any of them is not accepted."""
    postfix, behind = setup
    before = _cpu(behind)
    result = flood(postfix.port, stock.mails, _SESSIONS)
    figures.cpu[name].append((_cpu(behind) - before) / len(stock.mails))
    figures.rates[name].append(result.rate)
    if result.accepted != len(stock.mails):
        raise LabError(f"{name}: replies {result.replies}\n{postfix.last_words()}")
    postfix.wait_empty()


def _cpu(behind: Sekisho | Path | None) -> float:
    """CPU seconds so far of the milter's process and its children."""
    if behind is None:
        return 0.0
    pid = behind.pid if isinstance(behind, Sekisho) else int((behind / "lab.pid").read_text().split()[0])
    return sum(_ticks(each) for each in _family(pid)) / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _stages(stock: Supply) -> dict[str, float]:
    """CPU seconds that each stage takes for a message, on one thread of an otherwise idle program."""
    judged = judge(Config(), ask_dns=False)
    sums: Counter[str] = Counter()
    sample = stock.mails[:_TIMED]
    for mail in sample:
        domain = mail.sender.partition("@")[2]
        case = Case(
            Path("bench.eml"),
            mail.data.removesuffix(b".\r\n"),
            Envelope(mail.sender, mail.sender, (), (Recipient(mail.recipient),), _CLIENT),
            dns=tuple(each for each in stock.records if str(each["name"]).endswith(domain)),
        )
        sums.update(judged(case)["stages_ms"])
    return {name: total / 1000 / len(sample) for name, total in sums.items()}


def report(figures: Figures, messages: int, rounds: int) -> str:
    """The tables of `docs/performance.md`."""
    lines = [
        f"{messages} distinct DKIM-signed messages of {SIZE // 1000} kB from 200 domains,",
        f"{_SESSIONS} sessions,",
        f"UNIX socket, {os.cpu_count()} cores, Python {platform.python_version()};",
        f"medians of {rounds} interleaved rounds.",
        "",
        "| setup | messages/s | of no milter | of do-nothing | milter's CPU ms/message |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name in SETUPS:
        lines.append(
            f"| {name} | {statistics.median(figures.rates[name]):.0f} | {figures.ratio(name, SETUPS[0]):.0%} "
            f"| {figures.ratio(name, SETUPS[1]):.0%} | {statistics.median(figures.cpu[name]) * 1000:.2f} |"
        )
    lines += ["", "| stage of sekisho | CPU ms/message |", "| --- | ---: |"]
    for name, seconds in sorted(figures.stages.items(), key=lambda item: -item[1]):
        lines.append(f"| {name} | {seconds * 1000:.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
