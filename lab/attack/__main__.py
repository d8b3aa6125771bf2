"""Attacks the judgement with fakes of your own: see `lab.attack`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from lab.attack import measuring, report


def main() -> int:
    """Print the tables. 0, or 1 if no fake in the folders is held today."""
    parser = argparse.ArgumentParser(prog="python -m lab.attack", description=__doc__)
    parser.add_argument(
        "folders", type=Path, nargs="+", metavar="FOLDER", help="cases; the fakes in them are used"
    )
    parser.add_argument("--fakes", type=int, default=100, help="at most so many (default: 100)")
    parser.add_argument("--tries", type=int, default=500, help="for each fake and mode (default: 500)")
    parser.add_argument(
        "--seed", type=int, default=1, help="the same seed gives the same figures (default: 1)"
    )
    parser.add_argument("--mode", choices=measuring.MODES, action="append", help="only this mode")
    parser.add_argument("--verdict-only", action="store_true", help="the attacker does not see the score")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (default: one a core)")
    parser.add_argument("--out", type=Path, help="folder for the variants that arrived, as cases")
    chosen = parser.parse_args()
    options = measuring.Options(chosen.tries, chosen.seed, not chosen.verdict_only)
    with measuring.Crew(chosen.jobs) as crew:
        return _run(crew, chosen, options)


def _run(crew: measuring.Crew, chosen: argparse.Namespace, options: measuring.Options) -> int:
    drafts = crew.chosen(chosen.folders, chosen.fakes, options.seed)
    if not drafts:
        print(
            "no fake here that is held, and whose words name a brand and hold a lure and a demand",
            file=sys.stderr,
        )
        return 1
    tools = measuring.tools()
    modes = chosen.mode or measuring.MODES
    hunts = {mode: crew.hunts(drafts, mode, options) for mode in modes}
    print(report.summary(hunts, options.tries), flush=True)
    for mode in modes:
        print(f"\n== {mode}\n\n{report.by_recipe(crew.unchanged(drafts, mode, hunts[mode]))}\n")
        singles = [crew.singles(drafts, mode, own) for own in ((), measuring.OWN_DOMAIN)]
        print(report.by_operator(singles, tools), flush=True)
    if chosen.out:
        report.write_arrived(chosen.out, drafts, hunts, tools)
    return 0


if __name__ == "__main__":
    sys.exit(main())
