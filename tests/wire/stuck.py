"""The real daemon with one check more, which never ends, ends its process, or waits, on mail that asks for it. Run by
`test_watchdog`.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from sekisho import compose, log
from sekisho.checks.table import Check
from sekisho.clock import SystemClock
from sekisho.daemon import Setup, Supervisor
from sekisho.evidence import NOTHING, Evidence
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.privacy import Privacy
from sekisho.service.service import prepare
from sekisho.service.shared import Shared
from sekisho.service.worker import WorkerHandlers


def spin(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Pure computation that looks at no clock; the end of the process; or waiting for the file `go`."""
    while message.headers.all("X-Spin"):
        pass
    if message.headers.all("X-Die"):
        os._exit(1)
    if message.headers.all("X-Wait"):
        Path(f"waits-{os.getpid()}-{time.monotonic_ns()}").touch()
        while not Path("go").exists():
            time.sleep(0.01)
    return NOTHING


def with_spin(setup: Setup) -> Setup:
    def build() -> WorkerHandlers:
        workplace = setup.build()
        assert isinstance(workplace, WorkerHandlers)
        pipeline = workplace._pipeline
        workplace._pipeline = replace(pipeline, checks=(Check("spin", spin), *pipeline.checks))
        return workplace

    return replace(setup, build=build)


def main(config: Path) -> int:
    os.chdir(config.parent)
    settings, _ = compose.load(config)
    log.setup(settings.log)
    clock = SystemClock()
    shared = Shared(settings, clock, Privacy(settings.journal, clock))
    return Supervisor(lambda: with_spin(prepare(config, shared)), clock).run()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
