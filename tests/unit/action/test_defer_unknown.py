"""A strict author while DNS fails: deferred by option, for a bounded time, and never where nobody asked for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.store.kit import SetClock

from sekisho import compose
from sekisho.config import Config
from sekisho.dns_answer import Answer, Found
from sekisho.judgement import Judged
from sekisho.memory import Deferrals
from sekisho.message import Client, Envelope, Recipient
from sekisho.pipeline import Pipeline
from sekisho.ports import Stance
from sekisho.verdict import Action, Disposition, Reply

RAW = b"From: Barclays <alerts@barclays.co.uk>\r\nSubject: Your statement\r\n\r\nIt is ready.\r\n"
OTHER = RAW.replace(b"barclays.co.uk", b"shop.example").replace(b"Barclays", b"Shop")
CLIENT = Client("192.0.2.7", "mx.example", "ok", "mx.example")
RECIPIENTS = {
    "shadow.example": {"mode": "shadow"},
    "lenient.example": {"max_action": "accept"},
    "private.example": {"filter": False},
}
LISTS = {
    "allow": [{"entry": "barclays.co.uk", "scope": "friend.example"}],
    "block": [{"entry": "barclays.co.uk", "scope": "enemy.example"}],
}


class Down:
    """A resolver that gets no answer."""

    def lookup(self, name: str, rtype: str, deadline: float) -> Answer:
        return Answer(Found.TEMPERROR)

    def warm(self, name: str, rtype: str) -> None:
        pass


class Paused:
    def stance(self) -> Stance:
        return Stance.PAUSED

    def judged(self, judged: Judged) -> None:
        pass


class Kept:
    def hold(self, *_: object) -> str:
        return "ID"


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


def pipeline(folder: Path, clock: SetClock, *, remembers: bool = True, **policy: object) -> Pipeline:
    settings = {
        "mode": "enforce",
        "policy": {"defer_unknown": 10, **policy},
        "recipients": RECIPIENTS,
        "lists": LISTS,
    }
    config = Config.model_validate(settings)
    memory = Deferrals(folder / "deferred", clock) if remembers else None
    ports = compose.Ports(clock, compose.knowledge(config), Down(), Kept(), deferrals=memory)
    return compose.pipeline(config, ports)


def process(line: Pipeline, *recipients: str, raw: bytes = RAW, sender: str = "a@barclays.co.uk") -> Action:
    people = tuple(Recipient(each, each) for each in recipients or ("hanako@example.jp",))
    return line.process(raw, Envelope(sender, sender, recipients=people, client=CLIENT)).action


def test_it_is_deferred_and_then_delivered_tagged(tmp_path: Path, clock: SetClock) -> None:
    """451 from the first time on for ten minutes, with nothing edited; then the message gets its tag, for good."""
    line = pipeline(tmp_path, clock)
    for _ in range(3):
        action = process(line)
        assert (action.reply, action.edits) == (Reply.TEMPFAIL, ())
        assert action.smtp is not None
        assert action.smtp[:2] == ("451", "4.4.3")
        assert {each.applied for each in action.outcomes} == {Disposition.TEMPFAIL}
        clock.pass_by(minutes=3)
    assert process(line, "taro@example.jp").reply is Reply.TEMPFAIL  # a retry for another recipient
    clock.pass_by(minutes=1)
    for _ in range(3):
        action = process(line)
        assert action.reply is Reply.ACCEPT
        assert [each.applied for each in action.outcomes] == [Disposition.TAG]
        clock.pass_by(hours=5)


def test_another_message_waits_for_itself(tmp_path: Path, clock: SetClock) -> None:
    """Other bytes or another envelope sender are another message."""
    line = pipeline(tmp_path, clock)
    assert process(line).reply is Reply.TEMPFAIL
    clock.pass_by(minutes=11)
    assert process(line).reply is Reply.ACCEPT
    assert process(line, raw=RAW + b"x\r\n").reply is Reply.TEMPFAIL
    assert process(line, sender="b@barclays.co.uk").reply is Reply.TEMPFAIL


def test_mail_of_anybody_else_is_not_touched(tmp_path: Path, clock: SetClock) -> None:
    """A domain of which nothing is known is neither tagged nor deferred in the same outage."""
    line = pipeline(tmp_path, clock)
    action = process(line, raw=OTHER, sender="a@shop.example")
    assert action.reply is Reply.ACCEPT
    assert [each.applied for each in action.outcomes] == [Disposition.ACCEPT]


def test_nothing_is_deferred_as_shipped(tmp_path: Path, clock: SetClock) -> None:
    """Without the option the message is tagged at once."""
    assert process(pipeline(tmp_path, clock, defer_unknown=0)).reply is Reply.ACCEPT
    assert Config().policy.defer_unknown == 0


def test_without_a_memory_nothing_is_deferred(tmp_path: Path, clock: SetClock) -> None:
    """A deferral that cannot be remembered would have no end."""
    assert process(pipeline(tmp_path, clock, remembers=False)).reply is Reply.ACCEPT


@pytest.mark.parametrize("who", ["shadow.example", "lenient.example", "private.example", "friend.example"])
def test_nobody_is_made_to_wait_who_did_not_ask_for_it(tmp_path: Path, clock: SetClock, who: str) -> None:
    """One recipient in shadow, opted out, allowed, or for whom nothing is to be done, and the message passes at once
    for all: a 451 is one for all."""
    line = pipeline(tmp_path, clock)
    assert process(line, f"a@{who}").reply is Reply.ACCEPT
    assert process(line, "hanako@example.jp", f"a@{who}").reply is Reply.ACCEPT


def test_a_pause_defers_nothing(tmp_path: Path, clock: SetClock) -> None:
    """A pause is as shadow."""
    assert process(replace(pipeline(tmp_path, clock), guard=Paused())).reply is Reply.ACCEPT


def test_what_is_held_for_all_is_held_at_once(tmp_path: Path, clock: SetClock) -> None:
    """Nobody would get it: there is nothing to wait for. Where somebody would, it waits."""
    line = pipeline(tmp_path, clock)
    assert process(line, "a@enemy.example").reply is Reply.DISCARD
    assert process(line, "a@enemy.example", "hanako@example.jp").reply is Reply.TEMPFAIL
