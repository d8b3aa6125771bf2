"""Every check is run, in the order of the table, whatever the ones before it found: stored evidence must be complete.

A check that crashes is unknown and visible, never silence and never a pass. When the time is over, the checks that are
left are skipped, visibly; what they could have found of a claim on somebody known is said in `Examined.unfinished`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sekisho.checks.facts.inner import with_inner_messages
from sekisho.checks.facts.standing import standing_claim
from sekisho.checks.table import Check
from sekisho.clock import Stopwatch
from sekisho.evidence import NOTHING, Degraded, Evidence, PartlyCrashed
from sekisho.judgement import Examined
from sekisho.message import Limits, Message, with_codes
from sekisho.ports import Context
from sekisho.stages import Failure, Stage

LAST_CLAIMS = "media_claims"  # the last check that finds claims
INNER_MESSAGES = "inner_messages"  # the check that tells of them
Crashed = Callable[[str, Exception], None]
"""Is told of the stage that crashed, and of the error. Never raises."""


class Examination:
    """One message on its way through the checks."""

    def __init__(self, message: Message, context: Context, limits: Limits, crashed: Crashed) -> None:
        """`limits` bound the search for codes in the message's pictures."""
        self._message = message
        self._context = context
        self._limits = limits
        self._crashed = crashed
        self._found = NOTHING
        self._skipped: list[str] = []

    def through(self, checks: Iterable[Check], watch: Stopwatch) -> Examined:
        """What all of them find. `watch` times each, and the messages inside and the pictures as `images`; it runs on
        the context's clock, so that its laps tell when the time is over."""
        for check in checks:
            if check.pictured:
                self._add_inner_messages()
                self._look_into_pictures()
                watch.lap(Stage.IMAGES)
            more = self._evidence_of(check, expired=watch.last >= self._context.deadline)
            if more is not NOTHING:
                self._found += more
            watch.lap(check.name)
        moment = self._context.clock.now().timestamp()
        unfinished, asked = self._unfinished(), self._context.asked
        return Examined(self._message, self._found, watch.laps, moment, unfinished=unfinished, asked=asked)

    def _evidence_of(self, check: Check, *, expired: bool) -> Evidence:
        if expired:
            self._skipped.append(check.name)
            return check.unknown(Degraded.DEADLINE, self._message)
        try:
            return check.run(self._message, self._found, self._context)
        except PartlyCrashed as error:
            self._crashed(check.name, error.defect)
            return error.evidence + Evidence(degraded=(f"{Degraded.CHECK}:{check.name}",))
        except Exception as error:
            self._crashed(check.name, error)
            return check.unknown(f"{Degraded.CHECK}:{check.name}", self._message)

    def _add_inner_messages(self) -> None:
        """Add what counts of the messages inside the message; a crash is unknown."""
        try:
            self._message = with_inner_messages(self._message, self._found, self._context)
        except Exception as error:
            self._crashed(INNER_MESSAGES, error)
            self._found += Evidence(degraded=(f"{Degraded.CHECK}:{INNER_MESSAGES}",))

    def _look_into_pictures(self) -> None:
        """Add the links in the message's pictures, within the budget of their own; a crash is unknown."""
        clock, limits = self._context.clock, self._limits
        seconds = limits.image_seconds + limits.image_wait_seconds
        end = min(clock.monotonic() + seconds, self._context.deadline)
        pictures = self._context.pictures
        try:
            self._message = with_codes(self._message, limits, pictures, lambda: end - clock.monotonic())
        except Exception as error:
            self._crashed(Failure.IMAGES, error)
            self._found += Evidence(degraded=(f"{Degraded.CHECK}:{Failure.IMAGES}",))

    def _unfinished(self) -> str | None:
        """Why nobody may get the message for lack of time: it says, or may say, that it is from somebody known, and
        checks that weigh this were skipped. None for our own clients."""
        if not self._skipped or self._context.own(self._message.envelope.client):
            return None
        if LAST_CLAIMS in self._skipped:
            return "nobody looked whom it claims to be from"
        name = standing_claim(self._message, self._found, self._context)
        return None if name is None else f"it claims to be from {name!r}"
