"""The program that searches pictures for codes: `python -m sekisho.qrcodes.child LIFELINE`.

`sekisho.decoder` starts it. It reads questions from descriptor 0, a stream socket, and writes answers there (`model`
describes both). Before the first question it drops the rights that it does not need. It can then open no file and no
socket, start no process and write no file. Its memory is bounded, and so is the processor time for each picture. If a
picture exploits a library, it gets a process that holds the pictures of this site's mail, one at a time, and nothing
else.

LIFELINE is the number of a descriptor whose other end the parent holds. When that end closes, the kernel ends this
program by SIGIO, also in the middle of a picture. PR_SET_PDEATHSIG is no replacement: it acts when the *thread* ends
that started the program (prctl(2)).
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
from sekisho.qrcodes.model import ANSWER, GRID, QUESTION, Grid, SearchResult, SearchStatus
from sekisho.qrcodes.scan import in_grid

EXTRA_MEMORY_BYTES = 144 * 1024 * 1024
"""Bytes of memory for pictures, in addition to the program's own: 80 MB for the coefficients of a JPEG (`markers`), or
two copies of 8 million pixels of four bytes."""
_SOCKET_DESCRIPTOR = 0


def main(lifeline: int) -> None:
    """Answer questions until the socket closes. `lifeline` is the number of a descriptor."""
    end_when_closed(lifeline)
    drop_rights()
    _write(ANSWER.pack(0))
    while head := _read(QUESTION.size):
        kind, first, second, seconds, length = QUESTION.unpack(head)
        content = _read(length)
        set_limit(resource.RLIMIT_CPU, math.ceil(time.process_time()) + seconds)
        result = answer(kind, first, second, content)
        told = json.dumps({"texts": result.texts, "status": result.status}).encode()
        _write(ANSWER.pack(len(told)) + told)
        if result.status == SearchStatus.MEMORY:  # the memory that is left is fragmented
            return


def answer(kind: bytes, first: int, second: int, content: bytes) -> SearchResult:
    """The result for one question. `first` and `second` are the two numbers of a question (`model.QUESTION`)."""
    try:
        if kind == GRID:
            return SearchResult(in_grid(Grid(first, second, content)))
        return in_image(content, first)
    except MemoryError:
        return SearchResult(status=SearchStatus.MEMORY)
    except Exception:
        return SearchResult(status=SearchStatus.DECODER)


def end_when_closed(lifeline: int) -> None:
    """Let the kernel end this program when the other end of the descriptor closes. Nothing is ever written there."""
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(lifeline, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)


def drop_rights() -> None:
    """Drop all rights that decoding does not need, as far as the system allows."""
    with contextlib.suppress(
        OSError
    ):  # if the machine runs out of memory, the kernel ends this process first
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    set_limit(resource.RLIMIT_AS, pages * resource.getpagesize() + EXTRA_MEMORY_BYTES, permanent=True)
    for what in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE, resource.RLIMIT_NPROC, resource.RLIMIT_NOFILE):
        set_limit(what, 0, permanent=True)


def set_limit(what: int, most: int, permanent: bool = False) -> None:
    """Set a resource limit (setrlimit(2)). `what` is the number of the resource, `most` the limit in the unit of that
    resource. A `permanent` limit cannot be raised again."""
    _, hard = resource.getrlimit(what)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most if permanent else hard))


def _read(size: int) -> bytes:
    """The next `size` bytes of the socket; none if the other end is closed."""
    found = bytearray()
    while len(found) < size:
        more = os.read(_SOCKET_DESCRIPTOR, min(size - len(found), 1 << 20))
        if not more:
            return b""
        found += more
    return bytes(found)


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(_SOCKET_DESCRIPTOR, data) :]


if __name__ == "__main__":
    main(int(sys.argv[1]))
