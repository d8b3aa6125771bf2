"""One version of the program at work for `lab.paired`: judges the same cases each time that it is told to.

    python -P lab/judged.py FOLDER

Run with PYTHONPATH at the version that is measured. Says `ready`, and then for each line that it reads the seconds
of processor time that all cases of FOLDER took once.
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
