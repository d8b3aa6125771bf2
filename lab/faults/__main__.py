"""`make faults`: runs every row of the fault matrix, or the named ones, and prints one table.

    python -m lab.faults [NAME…] [--messages N] [--format text|markdown|json] [--list]

NAME may end in `*`: `kill-*`. `--list` lists the rows; with `--format markdown` as the table of docs/robustness.md.

The exit status is 1 if a row has failed, and 2 if it could not begin.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from lab.faults import report, rows
from lab.faults.row import Outcome, Row, run_row

WHOLE = 22_000
"""Messages that the whole matrix sends by default; each row sends a share of them."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make faults", description="Runs the fault matrix.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="rows to run; all if none is named")
    parser.add_argument("--messages", type=int, default=WHOLE, help="messages of the whole matrix")
    parser.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    parser.add_argument(
        "--jobs", type=int, default=1, help="rows at the same time; each has a place of its own"
    )
    parser.add_argument("--list", action="store_true", help="name the rows and end")
    options = parser.parse_args(arguments)
    every = rows.every()
    names = [name for words in options.names for name in words.split(",") if name]
    if unknown := [name for name in names if not fnmatch.filter([each.name for each in every], name)]:
        print(f"make faults: no such row: {', '.join(unknown)} (--list names them)", file=sys.stderr)
        return 2
    chosen = [each for each in every if not names or any(fnmatch.fnmatch(each.name, name) for name in names)]
    if options.list:
        print(report.listed(chosen, options.format))
        return 0
    if os.geteuid() != 0:
        print("make faults: Postfix's master starts as root: run `sudo make faults`", file=sys.stderr)
        return 2
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(130)
    )  # by the exception, everything that was started is stopped
    size = round(options.messages / sum(each.weight for each in every))
    return _run(chosen, size, options.format, options.jobs)


def _run(chosen: Sequence[Row], size: int, style: str, jobs: int) -> int:
    """Run the rows. Progress goes to standard error unless the table is text, so that the table can be redirected."""
    live = sys.stdout if style == "text" else sys.stderr
    print(report.HEAD, file=live, flush=True)
    with ThreadPoolExecutor(jobs) as pool:
        begun = [pool.submit(run_row, each, size) for each in chosen]
        try:
            for each in as_completed(begun):
                print(report.line(each.result()), file=live, flush=True)
        except BaseException:  # Ctrl-C: the running rows end, and stop what they started
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    outcomes: list[Outcome] = [each.result() for each in begun]
    print(report.totals(outcomes), file=live)
    if style == "markdown":
        print(report.markdown(outcomes))
    elif style == "json":
        print(json.dumps([_json(each) for each in outcomes], ensure_ascii=False, indent=1))
    return 0 if all(each.good for each in outcomes) else 1


def _json(outcome: Outcome) -> dict[str, object]:
    return {
        "row": outcome.row.name,
        "fault": outcome.row.fault,
        "must": outcome.row.must,
        "seconds": round(outcome.seconds, 1),
        "seen": outcome.seen,
        "faults": outcome.faults,
        "untried": outcome.untried,
        **report.figures(outcome),
    }


if __name__ == "__main__":
    sys.exit(main())
