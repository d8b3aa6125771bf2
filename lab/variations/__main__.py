"""Writes the variations into a folder: OUT/look/ham, OUT/look/phish, OUT/blind/ham and OUT/blind/phish."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lab.variations.description import KINDS, DescriptionError, read
from lab.variations.writing import write


def main() -> int:
    """Write all cases and say how many. 0, or 1 if a description is wrong."""
    parser = argparse.ArgumentParser(prog="python -m lab.variations", description=__doc__)
    parser.add_argument("out", type=Path, help="folder for the cases")
    parser.add_argument(
        "--kinds", type=Path, default=KINDS, help="folder of descriptions (default: the lab's)"
    )
    options = parser.parse_args()
    try:
        written = write(read(options.kinds), options.out)
    except DescriptionError as error:
        print(error, file=sys.stderr)
        return 1
    for folder, number in written.items():
        print(f"{number:5} {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
