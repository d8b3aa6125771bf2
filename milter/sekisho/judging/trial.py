"""A message judged in a process of its own, because it was in progress when a worker died.

If a worker dies, it is not known which of its messages ended it, nor whether one did. So each of them is judged once
more where it can do no harm. The worker that gets the message again writes it into anonymous memory (memfd_create(2)),
the sheet. It passes the sheet and one end of a socket pair to the supervisor, which has no threads and may fork. The
supervisor forks a process that judges this one message, writes the action to the sheet, and ends. If the process dies,
the supervisor answers in its place, and the message counts as failed.

The sheet holds pickles. No other process can write there: it has no name, and its descriptors are passed only between
processes of one supervisor, which run with the same rights. A message that takes over the process that judges it gains
nothing by a false pickle.
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

from sekisho.events import mail
from sekisho.judging.handlers import Handlers
from sekisho.judging.in_flight import Failures, InFlight
from sekisho.message import Envelope
from sekisho.ports import Clock
from sekisho.verdict import Action

LOG = logging.getLogger("sekisho.judging")
ASK = b"T"
"""The word to the supervisor. It comes with two descriptors: the other end of the socket pair, and the sheet."""
JUDGED, FAILED, REFUSED = b"J", b"F", b"N"
"""The answers on the socket pair: the action is on the sheet; the message failed; it could not be judged."""


def ask(line: socket.socket, seconds: float, raw: bytes, envelope: Envelope) -> Action | None:
    """Have a message judged in a process of its own; None if it ends that process, or fails there.

    `line` is the socket to the supervisor. Raises ConnectionError if no process judged it, and OSError if there was no
    answer within `seconds`.
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
    raise ConnectionError("no process could be started to judge it")


def judge(
    seat: socket.socket,
    sheet: BinaryIO,
    build: Callable[[], Handlers],
    in_flight: InFlight,
    failures: Failures,
    clock: Clock,
) -> None:
    """What the process does: judge the message on the sheet, and answer on `seat`. Raises what `build` raises."""
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
    except BaseException as error:
        mail.JUDGEMENT_FAILED.failed(LOG, error, digest=digest.hex())
        failures.remember(digest, clock.now().timestamp())
        word = FAILED
    in_flight.end(0)
    with contextlib.suppress(OSError):  # the worker that asked is gone
        seat.send(word)
    handlers.close()


def _be_the_first_to_go() -> None:
    """If the machine runs out of memory, the kernel ends this process first, and not a worker."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")
