"""`python -m lab.weights collections.toml [folder]`: learn, try, and put the tables into `docs/weights.md`."""

from __future__ import annotations

import sys
from pathlib import Path

from lab import accuracy
from lab.weights import document, folds, replay, trial
from lab.weights.fit import RIDGE, propose
from lab.weights.gather import ROOT, gather

DOCUMENT = ROOT / "docs" / "weights.md"
KEPT = ROOT / ".cache" / "weights"
BEGIN, END = "<!-- tables: begin (python -m lab.weights) -->\n", "<!-- tables: end -->\n"


def main(file: Path, target: Path = DOCUMENT, kept: Path = KEPT, folder: Path | None = None) -> None:
    """Do everything, from the mail to the document. Raises SystemExit if replay and pipeline give other verdicts."""
    mails = gather(accuracy.Collections.read(file, folder), kept)
    if different := replay.differing(mails, {}):
        raise SystemExit(f"{different} verdicts cannot be replayed from their findings")
    proposal = propose(mails, RIDGE)
    trials = trial.tried(folds.folds(mails), proposal.points, RIDGE)
    report = document.Report(mails, proposal, trials)
    accuracy.put(target, (BEGIN, END), f"{accuracy.state()}\n\n{document.text(report)}")
    print(f"{target}: {len(mails)} mails, {len(trials)} folds")
    print(document.toml(proposal), end="")


if __name__ == "__main__":
    if len(sys.argv) not in {2, 3}:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), folder=Path(sys.argv[2]) if sys.argv[2:] else None)
