"""The allocator's knobs: whether large blocks go back to the system."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys, threading
from sekisho.judging.allocator import give_back

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096

def work():
    for size in range(20, 2, -1):  # each freed block raises glibc's threshold to its own size
        blocks = [bytearray(b"x") * (size << 20)]
        blocks += [bytearray(b"x") * (700 << 10) for _ in range(20)]
        kept.append(bytes(400 << 10))

kept = []
given = give_back() if sys.argv[1] == "given" else True
before = resident()
for _ in range(6):
    threads = [threading.Thread(target=work) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
print(given, resident() - before - sum(map(len, kept)))
"""


def left(how: str) -> tuple[bool, int]:
    """Whether the knobs were turned, and the bytes that stay resident beyond what is in use."""
    out = subprocess.run(
        [sys.executable, "-c", PROGRAM, how],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
        check=True,
        timeout=60,
    )
    given, rest = out.stdout.split()
    return given == "True", int(rest)


@pytest.mark.slow
def test_large_blocks_go_back() -> None:
    """Less stays with a worker whose threads read large messages than without, and the library takes the knobs."""
    given, rest = left("given")
    assert given
    assert rest < left("kept")[1] / 2
