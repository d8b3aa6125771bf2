"""Releases copies, and writes their states in a fixed order.

1. `held` → `sending`, committed before the MTA gets anything. If two processes try, one succeeds.
2. The SMTP transaction.
3. `sending` → `released`, back to `held` with the MTA's reply in the audit, or `uncertain`.

A process that dies between 1 and 3 leaves `sending`. The store changes that to `uncertain` once no process can still
work on it. An uncertain copy is sent again only if a person asks for it: it may arrive twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from sekisho.auth.forged_fields import OwnFields
from sekisho.held import Copy, Entry, Operation, OperationName, OperationResult, State
from sekisho.ports import HeldMail
from sekisho.privacy import Privacy
from sekisho.release.options import ReleaseOptions
from sekisho.release.request import ReleaseRequest, ReleaseResult, UnclearRequestError
from sekisho.release.rewrite import rewrite
from sekisho.release.smtp import Fate, HandOverResult, Outgoing, hand_over, path_of

_STATES = {
    Fate.TAKEN: State.RELEASED,
    Fate.LATER: State.HELD,
    Fate.REFUSED: State.HELD,
    Fate.UNCERTAIN: State.UNCERTAIN,
}
_RESULTS = {
    Fate.TAKEN: OperationResult.OK,
    Fate.LATER: OperationResult.UNAVAILABLE,
    Fate.REFUSED: OperationResult.FAILED,
    Fate.UNCERTAIN: OperationResult.UNCERTAIN,
}


class Releaser:
    """Releases copies. `own` says which fields only we write; `host` is this machine's name. `privacy` decides what
    the audit keeps of addresses; `pause` waits between attempts, for a number of seconds."""

    def __init__(
        self,
        store: HeldMail,
        options: ReleaseOptions,
        own: OwnFields,
        host: str,
        privacy: Privacy,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._options = options
        self._own = own
        self._host = options.helo or host
        self._privacy = privacy
        self._pause = pause

    def release(self, entry: Entry, request: ReleaseRequest) -> tuple[ReleaseResult, ...]:
        """Send the copies that are meant and can be sent; the others are not in the answer.

        Raises UnclearRequestError, and what `HeldMail.content` raises.
        """
        copies = meant(entry, request)
        if request.to and len(copies) > 1:
            raise UnclearRequestError("several copies would go to one other address: name one recipient")
        raw = rewrite(self._store.content(entry.id), entry, self._own, self._host)
        return tuple(self._copy(entry, copy, raw, request) for copy in copies)

    def _copy(self, entry: Entry, copy: Copy, raw: bytes, request: ReleaseRequest) -> ReleaseResult:
        """Send one copy. While the MTA answers 4xx it is tried again, as often as the options allow."""
        done = self._once(entry, copy, copy.state, raw, request)
        for _ in range(self._options.attempts - 1):
            if done[0] is not Fate.LATER:
                break
            self._pause(self._options.pause_seconds)
            done = self._once(entry, copy, State.HELD, raw, request)
        return done[1]

    def _once(
        self, entry: Entry, copy: Copy, state: State, raw: bytes, request: ReleaseRequest
    ) -> tuple[Fate | None, ReleaseResult]:
        address = request.to or copy.recipient.address
        try:
            path = path_of("" if request.to else copy.recipient.raw, address)
        except ValueError as error:
            return None, ReleaseResult(entry.id, address, state, str(error))
        if not self._store.move(entry.id, State.SENDING, only=state, copies=[copy.number]):
            return None, ReleaseResult(entry.id, address, self._state(entry, copy), "somebody else is at it")
        international = any(each.upper() == "SMTPUTF8" for each in entry.envelope.parameters)
        answer = hand_over(Outgoing(raw, path, international), self._options, self._host)
        return answer.fate, ReleaseResult(
            entry.id, address, self._settle(entry, copy, answer, request), answer.text
        )

    def _settle(self, entry: Entry, copy: Copy, answer: HandOverResult, request: ReleaseRequest) -> State:
        """Record the result for the copy, even if it took so long that the copy was marked uncertain meanwhile."""
        note = answer.text if not request.to else f"to {request.to}: {answer.text}"
        note = self._privacy.words(note, *filter(None, (request.to, copy.recipient.address)))
        done = Operation(
            OperationName.RELEASE,
            _RESULTS[answer.fate],
            request.who,
            entry.id,
            copy.number,
            request.reason,
            note,
        )
        state = _STATES[answer.fate]
        if not self._store.move(entry.id, state, only=State.SENDING, copies=[copy.number], done=done):
            self._store.move(entry.id, state, only=State.UNCERTAIN, copies=[copy.number], done=done)
        return state

    def _state(self, entry: Entry, copy: Copy) -> State:
        now = self._store.get(entry.id)
        return (
            next((each.state for each in now.copies if each.number == copy.number), copy.state)
            if now
            else copy.state
        )


def meant(entry: Entry, request: ReleaseRequest) -> Sequence[Copy]:
    """The copies that the request means and that can be sent."""
    return tuple(_meant(entry, request))


def _meant(entry: Entry, request: ReleaseRequest) -> Iterator[Copy]:
    states = {State.HELD, State.UNCERTAIN} if request.again else {State.HELD}
    named = {each.lower() for each in request.recipients}
    for copy in entry.copies:
        if copy.state in states and (not named or copy.recipient.address.lower() in named):
            yield copy
