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
from sekisho.events import lifecycle
from sekisho.judging.in_flight import Failures
from sekisho.ports import Clock

LOG = logging.getLogger("sekisho.daemon")


class Blame:
    """Writes into `Failures`. Belongs to the supervisor."""

    def __init__(self, failures: Failures, clock: Clock) -> None:
        self.failures = failures
        self._clock = clock

    def death(self, child: Child, how: str) -> bool:
        """A worker died: note the messages that it had in progress as suspects. True if there were any. There are none
        if the worker ended normally or was stopped by us."""
        busy = at_work(child)
        for digest in busy:
            self.failures.suspect(digest, self._now())
        if busy:
            digests = [each.hex() for each in busy]
            lifecycle.MESSAGES_SUSPECTED.write(LOG, pid=child.pid, how=how, digests=digests)
        return bool(busy)

    def death_apart(self, child: Child, how: str) -> bool:
        """A process that judges one message died. True if it died during the judgement; then the message has failed."""
        busy = at_work(child)
        for digest in busy:
            self.failures.remember(digest, self._now())
            lifecycle.MESSAGE_KILLED.write(LOG, digest=digest.hex(), how=how)
        return bool(busy)

    def stuck(self, stuck: Stuck) -> None:
        """A process will be ended because it is stuck: log it, and note which message is to blame.

        A message that is stuck alone is to blame. Of several, one may have stopped the others. If the whole process
        stands still, it may have been stopped from outside. In both cases all of its messages are suspects, which
        `death` notes."""
        child, busy = stuck.child, at_work(stuck.child)
        if len(busy) == 1 and stuck.messages and stuck.beats:
            self.failures.remember(busy[0], self._now())
        if child.maintenance:
            lifecycle.MAINTENANCE_STUCK.write(LOG, pid=child.pid, cause=stuck.cause)
            return
        lifecycle.WORKER_STUCK.write(
            LOG,
            pid=child.pid,
            cause=stuck.cause,
            digests=[each.digest.hex() for each in stuck.messages] or None,
            others=len(busy) - len(stuck.messages),
        )

    def _now(self) -> float:
        return self._clock.now().timestamp()


def at_work(child: Child) -> list[bytes]:
    """The digests of the messages that the process had in progress. None if it was stopped by us."""
    if child.in_flight is None or child.stopped:
        return []
    return [each.digest for each in child.in_flight.busy()]
