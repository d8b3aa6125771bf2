"""What a worker answers where a message could not be judged."""

from __future__ import annotations

import pytest

from sekisho import compose
from sekisho.config import Config
from sekisho.judging.handlers import OnFailure
from sekisho.message import Recipient
from sekisho.service.worker import WorkerHandlers
from sekisho.stages import Failure
from sekisho.verdict import Reply

BOTH = {"ours.example": {"mode": "enforce"}, "tags.example": {"mode": "enforce", "max_action": "tag"}}


def handlers(**settings: object) -> WorkerHandlers:
    config = Config.model_validate({"authserv_id": "mx.ours.example", **settings})
    pipeline = compose.pipeline(config, compose.offline(config))
    clock, resolver, guard = (None, None, None)  # none of them is asked here
    return WorkerHandlers(pipeline, clock, resolver, None, guard, lambda _: None)  # type: ignore[arg-type]


@pytest.mark.parametrize(("address", "expected"), [
    ("a@ours.example", OnFailure.HOLD),
    ("a@tags.example", OnFailure.TAG),
    ("a@other.example", OnFailure.ACCEPT),
])  # fmt: skip
def test_each_recipient_has_its_own_level(address: str, expected: OnFailure) -> None:
    """Where nothing may be done to a recipient's mail, a failure of ours does nothing to it either."""
    assert handlers(mode="shadow", recipients=BOTH).on_failure(Recipient(address)) is expected


def test_an_unknown_recipient_has_the_strictest_level() -> None:
    """What nobody noted may be the mail of the recipient with the strictest rules."""
    assert handlers(mode="shadow", recipients=BOTH).on_failure(None) is OnFailure.HOLD
    assert handlers(mode="shadow").on_failure(None) is OnFailure.ACCEPT


def test_the_table_of_failures() -> None:
    """451 once; the same bytes again go to Postfix's hold queue, or on with a header that says so."""
    answers = handlers()
    for stage in (Failure.PROCESS, Failure.WIRE):
        assert answers.fallback(stage, False, OnFailure.ACCEPT).reply is Reply.ACCEPT
        assert answers.fallback(stage, True, OnFailure.ACCEPT).edits == ()
        assert answers.fallback(stage, False, OnFailure.HOLD).reply is Reply.TEMPFAIL
        assert answers.fallback(stage, True, OnFailure.HOLD).reply is Reply.HOLD
        tagged = answers.fallback(stage, True, OnFailure.TAG)
        assert tagged.reply is Reply.ACCEPT
        assert tagged.edits
