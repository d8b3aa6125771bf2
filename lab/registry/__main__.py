"""Works a folder of facts on domains into the brand files, or counts what the brand files know.

    python -m lab.registry DATA [FOLDER]              work DATA into the brand files of FOLDER (default: config/brands)
    python -m lab.registry DATA [FOLDER] --figures    change nothing; print how many brands have which domains

DATA holds `domain_facts.yaml` (each listed domain with its grade and sources), `senders.yaml` (who writes from where)
and `missing_brands.yaml`. What a person has to decide stands in `decisions.toml` beside this module, each with a
reason. A second run changes nothing. Names, policies, lures, `strict`, flags, comments, and entries that the facts do
not have, stay as they are; so does a page that an entry cites as a source, and what a page of the owner confirms.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lab.registry import decisions, facts, figures, work

FOLDER = Path(__file__).resolve().parents[2] / "config" / "brands"


def main(arguments: list[str]) -> None:
    """Run with the arguments of the command line."""
    paths = [Path(each) for each in arguments if not each.startswith("--")]
    folder = paths[1] if len(paths) > 1 else FOLDER
    known = facts.load(paths[0], decisions.load())
    if "--figures" in arguments:
        print("\n".join(figures.lines(known, folder)))
        return
    print("\n".join(work.run(known, folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
