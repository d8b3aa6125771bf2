"""The child process of `lab.paired`: one version of the program, which judges the same cases again and again.

    python -P lab/judged.py FOLDER

Run it with PYTHONPATH at the version that is measured. It prints `ready`. For each line that it reads, it judges all
cases of FOLDER once and prints the CPU seconds.

What was loaded before is frozen, and the garbage collector runs between the rounds only, as it runs between messages in
the daemon's workers (`wire.judging_pool`). Otherwise collections in the middle of a message would be measured, which
the daemon never has, and which take the longer the more words and brands a version has loaded.
"""

from __future__ import annotations

import gc
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
    gc.collect()
    gc.freeze()
    gc.disable()
    print("ready", flush=True)
    for _ in sys.stdin:
        begun = time.process_time()
        for case in stock:
            judged(case)
        print(time.process_time() - begun, flush=True)
        gc.collect()


if __name__ == "__main__":
    main()
