"""Judges hostile messages, each in a process of its own whose memory and processor time are limited.

    python -m tests.bounds.judge GROUP

Prints one JSON object per message: its name, and the verdict and `degraded`, or the signal that ended it; and
what it cost: seconds, and the most memory in MB, its own and that of the program that decodes pictures.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lab.hostile import FIELDS, LARGE, PICTURES
from lab.mails import new_key

from sekisho import compose
from sekisho.config import Config
from sekisho.message import Client, Envelope, Recipient
from sekisho.pipeline import Pipeline
from sekisho.resolver import CaseResolver

GROUPS = {"large": LARGE, "fields": FIELDS, "pictures": PICTURES}
MEMORY = 300 * 1024 * 1024  # bytes that may be in use at once, the program itself included
SECONDS = 20  # of processor time
CLIENT = Client("192.0.2.1", "mail.b.example", "ok", "mail.b.example")
ENVELOPE = Envelope(sender="a@b.example", recipients=(Recipient("u@example.jp"),), client=CLIENT)


def main(group: str) -> None:
    config = Config.model_validate({"mode": "enforce", "authserv_id": "mx.example.jp"})
    pipeline = compose.pipeline(config, compose.offline(config))
    _, public = new_key()
    keys = CaseResolver(
        {"name": f"s._domainkey.d{number}.example", "type": "TXT", "value": f"v=DKIM1; k=rsa; p={public}"}
        for number in range(20)
    )
    for name, make in GROUPS[group].items():
        answer = {"name": name, **in_child(lambda make=make: judged(pipeline, keys, make))}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def judged(pipeline: Pipeline, keys: CaseResolver, make: Callable[[], bytes]) -> dict[str, object]:
    """The verdict of the one way through, under the limits."""
    raw = make()
    context = replace(pipeline.context(), resolver=keys)
    limit()
    started = time.process_time()
    done = pipeline.judge(pipeline.examine(raw, ENVELOPE, context))
    seconds = time.process_time() - started
    assert done.action.strictest
    ended = (
        resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    )  # what this process had when it began counts
    return {
        "verdict": done.action.strictest.disposition.word,
        "degraded": done.evidence.degraded,
        "seconds": round(seconds, 2),
        "slowest": max(done.stages, key=lambda stage: done.stages[stage]),
        "mb": in_use("VmHWM") // 2**20,
        "decoder_mb": max([ended, *(in_use("VmHWM", pid) for pid in children())]) // 2**20,
    }


def limit() -> None:
    """From here on, `MEMORY` in all. Address space is what can be limited; what is mapped and never used (code
    of libraries, the stacks of threads) is not counted against it."""
    allowed = in_use("VmSize") + MEMORY - in_use("VmRSS")
    resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))
    used = int(time.process_time())
    resource.setrlimit(resource.RLIMIT_CPU, (used + SECONDS, used + SECONDS))
    Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here


def children() -> list[str]:
    """The processes that this one has started, and that live."""
    found = (path.read_text().split() for path in Path("/proc/self/task").glob("*/children"))
    return [pid for line in found for pid in line]


def in_use(what: str, pid: str = "self") -> int:
    """A number of a process's status in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what + ":"))


def in_child(work: Callable[[], dict[str, object]]) -> dict[str, object]:
    """What a forked process makes of it."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = work()
        except BaseException as error:  # whatever it is, the test must hear of it
            answer = {"error": repr(error)[:200]}
        os.write(send, json.dumps(answer).encode())
        os._exit(0)
    os.close(send)
    _, status = os.waitpid(child, 0)
    with os.fdopen(receive, "rb") as stream:
        words = stream.read()
    return dict(json.loads(words)) if words else {"error": f"ended with status {status}"}


if __name__ == "__main__":
    main(sys.argv[1])
