"""`make run`: sends cases through a private Postfix and shows every verdict with its reasons.

    python -m lab.run [DIR] [--once]

DIR has cases (`NAME.eml` and `NAME.json`), by default the shipped samples. A `sekisho.toml` in it changes the
configuration, except for the places that the lab chooses itself (socket, store, ports, log).
The lab then runs until Ctrl-C, so that you can look at metrics, log and quarantine, and send more mail. It stops what
it started, and nothing else. With `--once` it ends after the table.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from lab.cases import Lab, Outcome, find, settings_of
from lab.place import LabError, a_place, free_port
from lab.program import ROOT
from lab.sekisho import merged
from sekisho.checks.table import KINDS
from sekisho.cli.output import FILE_COLUMNS, reader_columns
from sekisho.explain.timeline import declared
from sekisho.text import printable

COLOURS = {
    "accept": "green",
    "tag": "yellow",
    "quarantine": "red",
    "reject": "bold red",
    "tempfail": "magenta",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status: 0 done, 2 something that is needed is missing."""
    parser = argparse.ArgumentParser(prog="make run", description="Sends cases through a private Postfix.")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "samples", metavar="DIR")
    parser.add_argument("--once", action="store_true", help="end after the table instead of staying up")
    options = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: _leave(stop))
    width = None if sys.stdout.isatty() else reader_columns() or FILE_COLUMNS
    console = Console(width=width, highlight=False)
    try:
        return _run(console, options.folder, stay=not options.once, stop=stop)
    except LabError as error:
        console.print(Text(f"make run: {error}", style="red"))
        return 2
    except KeyboardInterrupt:
        console.print("stopped")
        return 130


def _leave(stop: threading.Event) -> None:
    """The first signal ends the waiting or the work, and then everything that was started is stopped."""
    if not stop.is_set():
        stop.set()
        raise KeyboardInterrupt


def _run(console: Console, folder: Path, *, stay: bool, stop: threading.Event) -> int:
    if os.geteuid() != 0:
        raise LabError("Postfix's master starts as root: run `sudo make run`")
    cases = find(folder)
    console.print(f"{len(cases)} messages from {folder}; starting a private Postfix, DNS, sink and sekisho …")
    with a_place() as place, demo(place, folder) as lab:
        outcomes = []
        with console.status("sending") if console.is_terminal else _silence():
            for case in cases:
                outcomes.append(lab.send(case))
        console.print(table(outcomes, folder))
        where(console, lab)
        if stay:
            try:
                console.print(Text("Running until Ctrl-C.", style="bold"))
                stop.wait()
            except KeyboardInterrupt:
                console.print("stopping what was started …")
    return 0


def demo(place: Path, folder: Path) -> Lab:
    """A lab as docs/operating.md describes a site, with a port for released mail, so that every command works in it."""
    port = free_port()
    settings = merged(
        {"mode": "enforce", "release": {"host": "127.0.0.1", "port": port}}, settings_of(folder)
    )
    postfix = {
        "smtpd_forbid_bare_newline": "yes",
        "smtpd_peername_lookup": "yes",  # of 127.0.0.1, which stands in /etc/hosts: cases bring their names by XCLIENT
        "recipient_delimiter": "+",
    }
    return Lab(
        place,
        settings,
        postfix,
        released_port=port,
        socket_group="postfix",
        default_action="accept" if settings["mode"] == "shadow" else "tempfail",
    )


class _silence:  # noqa: N801 - stands where a context manager function would
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


def table(outcomes: Sequence[Outcome], folder: Path) -> Table:
    """One row for each message: what it is, what was decided, and why."""
    shown = Table(show_lines=True, expand=True)
    shown.add_column("message", ratio=3, overflow="fold")
    shown.add_column("verdict", no_wrap=True)
    shown.add_column("score", justify="right", no_wrap=True)
    shown.add_column("why", ratio=6, overflow="fold")
    for outcome in outcomes:
        shown.add_row(_message(outcome, folder), *_judgement(outcome), _why(outcome))
    return shown


def _message(outcome: Outcome, folder: Path) -> Text:
    path = outcome.case.path
    name = str(path.relative_to(folder)) if path.is_relative_to(folder) else path.name
    return Text.assemble((printable(name, 200), "bold"), f"\n{outcome.sent.reply.code} to the sender")


def _judgement(outcome: Outcome) -> tuple[Text, str]:
    if outcome.line is None:
        return Text("refused by Postfix", style="magenta"), ""
    verdict = outcome.verdict or ""
    return Text(verdict, style=COLOURS.get(verdict, "")), f"{outcome.score:g}"


def _why(outcome: Outcome) -> Text:
    if outcome.line is None:
        return Text(printable(outcome.sent.reply.text, 300))
    line = outcome.line
    auth = " ".join(f"{method}={line[method]}" for method in ("spf", "dkim", "dmarc", "iprev"))
    text = Text.assemble((f"{auth}; decided by {_decided(line['decided_by'])}", "dim"))
    sentences = {**declared(KINDS), **outcome.sentences}
    for name, points in outcome.findings.items():
        text.append(f"\n{points:+g} ").append(name, style="cyan")
        if name in sentences:
            text.append(f"\n   {printable(sentences[name].en, 400)}")
    if outcome.case.recorded is not None:
        text.append("\nrecorded results cannot be sent over SMTP; judged without them", style="yellow")
    if line.get("degraded"):
        text.append(f"\nunknown: {', '.join(line['degraded'])}", style="yellow")
    return text


def _decided(by: str) -> str:
    """What decided. In the log, the address of a list entry is a pseudonym, which no reader can know."""
    name, _, entry = by.partition(" ")
    return f"an entry of the {name} list" if entry.startswith("~") else printable(by, 200)


def where(console: Console, lab: Lab) -> None:
    """Print where to look while the lab runs."""
    sekisho, postfix = lab.sekisho, lab.postfix
    program, config = f"{ROOT}/.venv/bin/sekisho", f"--config {sekisho.config}"
    for line in (
        f"metrics     {sekisho.metrics_url}",
        f"log         {sekisho.log}",
        f"quarantine  {sekisho.store}  ({len(sekisho.quarantine())} held)",
        f"            {program} quarantine list {config}",
        f"            {program} quarantine release ID {config}",
        f"Postfix     127.0.0.1:{postfix.port}, log {postfix.log}",
        f"            {program} doctor --postfix-config {postfix.config} {config}",
        f"delivered   {lab.sink.folder}  ({len(lab.sink)} messages)",
    ):
        console.print(line, soft_wrap=True)  # the terminal wraps the line, so it is copied as one line


if __name__ == "__main__":
    sys.exit(main())
