"""`make fuzz`: coverage-guided fuzzing of one target after the other.

    python -m tests.fuzz.run [--seconds N] [TARGET…]

Each target runs in a process of its own for that long (default 600 seconds), from its folder of `corpus/` and from
the golden mails. An input that breaks a promise is written to the target's folder as `crash-…`: mend what it shows,
and commit it, since `make check` replays every file there.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import TARGETS

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
MAILS = HERE.parent / "golden"
BRANDS = HERE.parents[1] / "config" / "brands"
URL = re.compile(rb"https?://[^\s\"<>]+")
LONGEST = 4096  # bytes of an input
SLOW = 10  # seconds after which one input counts as a crash
MEMORY = 1024  # MB


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    options = parser.parse_args()
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    failed = [name for name in options.targets or TARGETS if not fuzz(name, options.seconds)]
    if failed:
        sys.stderr.write(f"broken: {', '.join(failed)}; see {CORPUS}\n")
    return 1 if failed else 0


def fuzz(name: str, seconds: int) -> bool:
    """Run one target; True if nothing was found."""
    (CORPUS / name).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as found:
        seeds = Path(found) / "seeds"
        seeds.mkdir()
        plant(name, seeds)
        done = subprocess.run(
            [
                *(sys.executable, "-m", "tests.fuzz.instrumented", name),
                *(f"-max_total_time={seconds}", f"-max_len={LONGEST}", f"-timeout={SLOW}"),
                *(f"-rss_limit_mb={MEMORY}", f"-artifact_prefix={CORPUS / name}/", "-print_final_stats=1"),
                *(str(seeds), str(CORPUS / name)),
            ],
            check=False,
        )
    return done.returncode == 0


def plant(name: str, seeds: Path) -> None:
    """Something to begin with: golden mails, whole or by what the target reads of them, and brand files."""
    files = BRANDS.glob("*.toml") if name == "brand" else MAILS.rglob("*.eml")
    for number, file in enumerate(sorted(files)):
        raw = file.read_bytes()
        for place, seed in enumerate(cuttings(name, raw)):
            (seeds / f"{number}-{place}").write_bytes(seed[:LONGEST])


def cuttings(name: str, raw: bytes) -> list[bytes]:
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    if name == "mime":
        return [b"--b\n" + body + b"\n--b--\n"]
    if name == "markup":
        return [body] if b"<" in body else []
    if name == "url":
        return URL.findall(raw)
    if name == "charsets":
        return [b"iso-2022-jp\n" + head, b"utf-8\n" + body]
    if name in {"address", "results"}:
        wanted = (b"from:", b"reply-to:") if name == "address" else (b"authentication-results:", b"arc-auth")
        lines = head.replace(b"\n ", b" ").replace(b"\n\t", b" ").split(b"\n")
        return [line.partition(b":")[2] for line in lines if line.lower().startswith(wanted)]
    return [raw]


if __name__ == "__main__":
    sys.exit(main())
