"""`make test-in-roots`: the tests in a fresh root of every Debian that we support, with its own Python.

    python3 packaging/suite.py [bookworm] [trixie] [--only tests/unit ...]

Tested is what is committed. The root has nothing but git, make and python3, as README.md asks for, so that a package
which the project's own script forgets to install is missed here. First come the tests that need no daemon, then those
that do. What they print is in dist/suite-RELEASE.log. Ends with 1 if a test failed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from roots import RELEASES, SOURCE, Root, RootError, fresh, say

NEEDED = ("git", "make", "python3")
# The container's /tmp is memory, on which no store may be, and it opens few files.
LIKE_A_MACHINE = "ulimit -n 65536; TMPDIR=/var/tmp"

# As `make test`: what stands alone, then what runs daemons and waits for them.
TURNS = {
    "without daemons": ("-n", "auto", "--dist", "loadgroup", "-m", "not system and not whole"),
    "with daemons": (
        "-n",
        str((os.cpu_count() or 1) + 1),
        "--dist",
        "loadfile",
        "-m",
        "system and not whole",
    ),
}


def suite(root: Root, places: list[str]) -> bool:
    """Whether all tests passed; every turn says its counts."""
    subprocess.run(
        ["git", "clone", "-q", "--depth=1", f"file://{SOURCE}", str(root.path / "source")], check=True
    )
    root.run("lab/install.sh", "test", cwd="/source")
    python = root.run("/source/.venv/bin/python", "--version").partition("\n")[0]
    passed = True
    for name, words in TURNS.items():
        say(f"{root.release}, {python}: tests {name}")
        command = f".venv/bin/python -m pytest -p no:cacheprovider -q {' '.join(f'{w!r}' for w in (*words, *places))}"
        script = f"{LIKE_A_MACHINE} {command} >>/log/{log(root.release).name} 2>&1; echo $?"
        status = root.run("sh", "-c", script, cwd="/source").strip().partition("\n")[0]
        say(f"{root.release}, {python}: {last_line(log(root.release))}")
        passed = passed and status in {"0", "5"}  # 5: no test of this kind is in these places
    return passed


def log(release: str) -> Path:
    return SOURCE / "dist" / f"suite-{release}.log"


def last_line(file: Path) -> str:
    return file.read_text("utf-8", "replace").strip().rpartition("\n")[2]


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="packaging/suite.py", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument(
        "releases", nargs="*", choices=[*RELEASES, []], metavar="release", help=", ".join(RELEASES)
    )
    parser.add_argument(
        "--only", nargs="+", default=[], metavar="PLACE", help="files or folders of tests, else all"
    )
    words = parser.parse_args()
    passed = True
    for release in words.releases or RELEASES:
        log(release).parent.mkdir(exist_ok=True)
        log(release).write_text("")
        try:
            with fresh(release, NEEDED, [f"{log(release).parent}:/log"]) as root:
                passed = suite(root, words.only) and passed
        except RootError as error:
            say(str(error))
            passed = False
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
