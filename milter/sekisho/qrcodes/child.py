"""The program that looks into pictures: `python -m sekisho.qrcodes.child LIFELINE`, started by `sekisho.decoder`.

It reads questions from descriptor 0, a stream socket, and writes answers there. Before the first question it gives up
what it does not need: it can open no file and no socket, start no process, write no file, and its memory is bounded.
Processor time is bounded anew for each picture. A picture that takes over the library finds a process that holds the
pictures of the site's mail one after the other, and nothing else.

LIFELINE is the number of a descriptor whose other end its parent holds: the kernel ends this program at the moment
when that end closes (SIGIO), even in the middle of a picture. PR_SET_PDEATHSIG would end it with the *thread* that
started it (prctl(2)).

Questions and answers are described in `model`.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import resource
import sys
import time
from pathlib import Path

from sekisho.qrcodes.image import in_image
from sekisho.qrcodes.model import ANSWER, GRID, QUESTION, Grid, Look, Why
from sekisho.qrcodes.scan import in_grid

MEMORY = 144 * 1024 * 1024
"""Bytes beyond what the program needs itself: 80 MB for the coefficients of a JPEG (`markers`), or 8 million pixels in
four bytes each, twice."""
_SOCKET = 0


def main(lifeline: int) -> None:
    """Answer until nobody asks any more."""
    end_with(lifeline)
    give_up()
    _write(ANSWER.pack(0))
    while head := _read(QUESTION.size):
        kind, first, second, seconds, length = QUESTION.unpack(head)
        content = _read(length)
        limit(resource.RLIMIT_CPU, math.ceil(time.process_time()) + seconds)
        look = answer(kind, first, second, content)
        told = json.dumps({"texts": look.texts, "why": look.why}).encode()
        _write(ANSWER.pack(len(told)) + told)
        if look.why == Why.MEMORY:  # what is left of it lies in pieces
            return


def answer(kind: bytes, first: int, second: int, content: bytes) -> Look:
    """What one question asks for."""
    try:
        if kind == GRID:
            return Look(in_grid(Grid(first, second, content)))
        return in_image(content, first)
    except MemoryError:
        return Look(why=Why.MEMORY)
    except Exception:
        return Look(why=Why.DECODER)


def end_with(lifeline: int) -> None:
    """Be ended when the other end of the descriptor closes: nothing is ever written there."""
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)


def give_up() -> None:
    """Everything that decoding does not need. What cannot be limited further is limited as far as it may be."""
    with contextlib.suppress(
        OSError
    ):  # where the machine runs out of memory, this process is the first to go
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    limit(resource.RLIMIT_AS, pages * resource.getpagesize() + MEMORY, for_good=True)
    for what in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE):
        limit(what, 0, for_good=True)


def limit(what: int, most: int, for_good: bool = False) -> None:
    """Set a limit, not above the one that nobody may raise; `for_good`: this one nobody may raise from now on."""
    _, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most if for_good else hard))


def _read(size: int) -> bytes:
    """So many bytes; none if nobody asks any more."""
    found = bytearray()
    while len(found) < size:
        more = os.read(_SOCKET, min(size - len(found), 1 << 20))
        if not more:
            return b""
        found += more
    return bytes(found)


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(_SOCKET, data) :]


if __name__ == "__main__":
    main(int(sys.argv[1]))
