"""The child process of `lab.paired`: one version of the program, which judges the same cases again and again.

    python -P lab/judged.py FOLDER

Run it with PYTHONPATH at the version that is measured. It prints `ready`. For each line that it reads, it judges all
cases of FOLDER once and prints the CPU seconds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from sekisho.case_runner import judge
from sekisho.cases import load
from sekisho.config import Config


def main() -> None:
    judged = judge(Config(), ask_dns=False)
    stock = [load(path) for path in sorted(Path(sys.argv[1]).glob("*.eml"))]
    for case in stock:
        judged(case)
    print("ready", flush=True)
    for _ in sys.stdin:
        begun = time.process_time()
        for case in stock:
            judged(case)
        print(time.process_time() - begun, flush=True)


if __name__ == "__main__":
    main()
