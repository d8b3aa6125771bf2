"""Which message is to blame when a process dies or is stuck.

All messages that a dead worker had in progress are suspects, one or many, for any cause of death: a message that ends
its process cannot be told from one that was in progress when the process was ended from outside. A message has failed
if it ended a process that judged it alone, or if it was the only message of a worker that was stuck but showed signs of
life. It is not judged again.
"""

from __future__ import annotations

import logging

from sekisho.daemon.child import Child
from sekisho.daemon.watchdog import Stuck
from sekisho.judging.in_flight import Failures
from sekisho.ports import Clock
from sekisho.processes import RestartCause

LOG = logging.getLogger("sekisho.daemon")


class Blame:
    """Writes into `Failures`. Belongs to the supervisor."""

    def __init__(self, failures: Failures, clock: Clock) -> None:
        self.failures = failures
        self._clock = clock

    def death(self, child: Child, how: str) -> bool:
        """A worker died: note the messages that it had in progress as suspects. True if there were any. There are none
        if the worker ended normally or was stopped by us."""
        busy = _at_work(child)
        for digest in busy:
            self.failures.suspect(digest, self._now())
        if busy:
            LOG.error(
                "worker %d had %d messages in progress (%s); each is judged in a process of its own from now on",
                child.pid, len(busy), how,
            )  # fmt: skip
        return bool(busy)

    def death_apart(self, child: Child, how: str) -> bool:
        """A process that judges one message died. True if it died during the judgement; then the message has failed."""
        busy = _at_work(child)
        for digest in busy:
            self.failures.remember(digest, self._now())
            LOG.error("message %s ended the process that judged it alone (%s)", digest.hex(), how)
        return bool(busy)

    def stuck(self, stuck: Stuck) -> None:
        """A process will be ended because it is stuck: log it, and note which message is to blame.

        A message that is stuck alone is to blame. Of several, one may have stopped the others. If the whole process
        stands still, it may have been stopped from outside. In both cases all of its messages are suspects, which
        `death` notes."""
        child = stuck.child
        for each in stuck.messages:
            LOG.error("worker %d is stuck on message %s", child.pid, each.digest.hex())
        if stuck.cause is RestartCause.START:
            LOG.error("process %d does not get ready", child.pid)
        elif not stuck.beats:
            kind = "the maintenance process" if child.row is None else "worker"
            LOG.error("%s %d has shown no sign of life for too long", kind, child.pid)
        busy = _at_work(child)
        if len(busy) == 1 and stuck.messages and stuck.beats:
            self.failures.remember(busy[0], self._now())
        others = len(busy) - len(stuck.messages)
        LOG.error(
            "process %d is killed; %d other messages that it had in progress come again", child.pid, others
        )

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _at_work(child: Child) -> list[bytes]:
    if child.in_flight is None or child.stopped:
        return []
    return [each.digest for each in child.in_flight.busy()]
