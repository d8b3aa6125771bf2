"""A message judged in a process of its own, because it was at work when a worker died.

Nobody knows which of the messages that a dead worker had at work ended it, nor whether any did. So each of them
is judged once more where it can hurt nothing: the worker that meets it puts the message on a sheet of memory
(memfd_create(2)) and hands the supervisor, which has no threads and may fork, the sheet and one end of a socket
pair. The supervisor forks a process that judges this one message, writes the action on the sheet and ends. If
the process dies over the message, the supervisor says so in its place, and the message is one that failed.

The sheet holds pickles. Nothing else can write there: it has no name, and its descriptors pass between processes
that were forked from one supervisor and run with the same rights. A message that took over the process which
judges it could do no more by a false pickle than it can already.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import pickle
import socket
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from sekisho.message import Envelope
from sekisho.ports import Clock
from sekisho.verdict import Action
from sekisho.wire.handlers import Handlers
from sekisho.wire.in_flight import Failures, InFlight

LOG = logging.getLogger("sekisho.wire")
ASK = b"T"
"""The word to the supervisor that comes with the two descriptors: our partner's end, and the sheet."""
JUDGED, FAILED, REFUSED = b"J", b"F", b"N"
"""What is said on the socket: the action is on the sheet; the message failed; nobody could judge it."""


def ask(line: socket.socket, seconds: float, raw: bytes, envelope: Envelope) -> Action | None:
    """Have a message judged apart; None if it ends the process that judges it, or fails there.

    `line` leads to the supervisor. Raises OSError if nobody judged it within `seconds`.
    """
    with contextlib.ExitStack() as stack:
        sheet = stack.enter_context(os.fdopen(os.memfd_create("sekisho-trial"), "w+b"))
        pickle.dump((raw, envelope), sheet, protocol=pickle.HIGHEST_PROTOCOL)
        sheet.flush()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        stack.enter_context(ours)
        with theirs:
            socket.send_fds(line, [ASK], [theirs.fileno(), sheet.fileno()])
        ours.settimeout(seconds)
        word = ours.recv(1)
        if word == JUDGED:
            sheet.seek(0)
            action: Action = pickle.load(sheet)  # noqa: S301 - see above
            return action
    if word == FAILED:
        return None
    raise ConnectionError("no process could be had to judge it")


def judge(
    seat: socket.socket,
    sheet: BinaryIO,
    build: Callable[[], Handlers],
    in_flight: InFlight,
    failures: Failures,
    clock: Clock,
) -> None:
    """The life of the process: judge what is on the sheet, answer on `seat`. Raises what `build` raises."""
    _be_the_first_to_go()
    sheet.seek(0)
    raw, envelope = pickle.load(sheet)  # noqa: S301 - see above
    digest = hashlib.sha256(raw).digest()
    handlers = build()
    in_flight.begin(0, digest, clock.monotonic())
    word = JUDGED
    try:
        action = handlers.process(raw, envelope)
        sheet.seek(0)
        pickle.dump(action, sheet, protocol=pickle.HIGHEST_PROTOCOL)
        sheet.flush()
    except BaseException:
        LOG.exception("the judgement failed on message %s", digest.hex())
        failures.remember(digest, clock.now().timestamp())
        word = FAILED
    in_flight.end(0)
    with contextlib.suppress(OSError):  # who asked is gone
        seat.send(word)
    handlers.close()


def _be_the_first_to_go() -> None:
    """Where the machine runs out of memory, this process is ended rather than one that serves others."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
