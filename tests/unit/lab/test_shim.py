"""The shim that records the file calls of a process, and lets them fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lab.faults.shim import Rule, Shim, calls, full, io_error, kill, read_only, slow

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed"),
]

WRITER = """
import errno, os, sys
os.chdir("/")
directory = sys.argv[1]
def say(what, work):
    try:
        print(what, work())
    except OSError as error:
        print(what, errno.errorcode[error.errno])
handle = os.open(directory + "/one", os.O_RDWR | os.O_CREAT, 0o600)
for number in range(4):
    say("write", lambda: os.pwrite(handle, b"x" * 100, number * 100))
    say("sync", lambda: os.fdatasync(handle))
say("size", lambda: os.ftruncate(handle, 50))
say("rename", lambda: os.rename(directory + "/one", directory + "/two"))
place = os.open(directory, os.O_RDONLY)
say("directory", lambda: os.fsync(place))
say("unlink", lambda: os.unlink(directory + "/two"))
"""


@pytest.fixture
def shim(tmp_path: Path) -> Shim:
    (tmp_path / "watched").mkdir()
    return Shim(tmp_path / "shim", tmp_path / "watched")


def run(shim: Shim, *rules: Rule) -> subprocess.CompletedProcess[str]:
    shim.follow(*rules)
    return subprocess.run(
        [sys.executable, "-c", WRITER, str(shim.directory)],
        env=os.environ | shim.environment(record=True),
        capture_output=True,
        text=True,
        check=False,
    )


def test_everything_is_recorded_in_order(shim: Shim) -> None:
    """Every call that changes something is in the trace, with its bytes, and nothing else is changed by the shim."""
    done = run(shim)
    assert done.returncode == 0, done.stderr
    found = [(call.kind, call.name, call.offset, call.data) for call in calls(shim.trace)]
    writes = [[("W", "one", number * 100, b"x" * 100), ("S", "one", 0, b"")] for number in range(4)]
    assert found == [
        ("C", "one", 0, b""),
        *(call for pair in writes for call in pair),
        ("T", "one", 50, b""),
        ("R", "one", 0, b"two"),
        ("D", ".", 0, b""),
        ("U", "two", 0, b""),
    ]
    assert list(shim.directory.iterdir()) == []


@pytest.mark.parametrize(
    ("rule", "line", "word"),
    [
        (io_error("write", first=2, last=2), 2, "write EIO"),
        (io_error("sync", first=3, last=3), 5, "sync EIO"),
        (full(250), 4, "write 50"),
        (full(200), 4, "write ENOSPC"),
        (read_only(), 8, "size EROFS"),
        (io_error("write", name="other"), 0, "write 100"),
        (io_error("rename,unlink"), 9, "rename EIO"),
    ],
)
def test_calls_fail_as_the_rule_says(shim: Shim, rule: Rule, line: int, word: str) -> None:
    """The error is that of the rule, at the call that it names, and a disk that fills takes what still fits."""
    if rule == read_only():
        rule = Rule(rule.calls.replace("open,", ""), rule.kind, rule.value)
    assert run(shim, rule).stdout.splitlines()[line] == word


def test_a_failed_sync_is_in_the_trace(shim: Shim) -> None:
    """It made nothing durable, and whoever reads the trace must know."""
    run(shim, io_error("sync", first=2, last=2))
    assert [call.kind for call in calls(shim.trace)][:7] == ["C", "W", "S", "W", "F", "W", "S"]


def test_a_sync_can_take_long(shim: Shim) -> None:
    """Every sync waits as long as the rule says."""
    begun = time.monotonic()
    run(shim, slow(100))
    assert time.monotonic() - begun >= 5 * 0.1


@pytest.mark.parametrize(("after", "writes"), [(False, 2), (True, 3)])
def test_a_process_dies_at_a_call(shim: Shim, after: bool, writes: int) -> None:
    """Before or after it; the process that comes next lives."""
    assert run(shim, kill("write", nth=3, after=after)).returncode == -9
    assert sum(call.kind == "W" for call in calls(shim.trace)) == writes
    assert not shim.following
    assert run(shim).returncode == 0


def test_the_rules_reach_a_running_process(shim: Shim) -> None:
    """A process that is under way meets the rules that are made, changed and taken away, and counts from there."""
    code = """
import os, sys
handle = os.open(sys.argv[1] + "/one", os.O_RDWR | os.O_CREAT, 0o600)
for line in sys.stdin:
    try:
        print(os.write(handle, b"x"), flush=True)
    except OSError as error:
        print(error.errno, flush=True)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(shim.directory)],
        env=os.environ | shim.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout

    def write() -> int:
        assert process.stdin
        assert process.stdout
        process.stdin.write("\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    found = [write()]
    shim.follow(io_error("write", first=2))
    found += [write(), write(), write()]
    shim.follow(full())
    found.append(write())
    shim.follow()
    found.append(write())
    process.communicate()
    assert found == [1, 1, 5, 5, 28, 1]
