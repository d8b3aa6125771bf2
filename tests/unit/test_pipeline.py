"""One message through all the rooms: what is told to whom, and what a failure of an observer cannot change."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.store.kit import SetClock

from sekisho import compose
from sekisho.checks.table import CHECKS
from sekisho.config import Config
from sekisho.judgement import Examined, Judged
from sekisho.message import AliasTarget, Client, Envelope, Message, Recipient
from sekisho.observers import Observers
from sekisho.pipeline import Pipeline
from sekisho.ports import Site, Stance, StoreUnavailable, UnfinishedError
from sekisho.verdict import OPT_OUT, TRUSTED_CLIENT, Reply

RAW = b"From: a@stranger.example\r\nSubject: x\r\n\r\nbody\r\n"
SETTINGS = {
    "mode": "enforce",
    "lists": {"block": ["stranger.example"], "block_action": "quarantine"},
    "recipients": {"private.example": {"filter": False}},
    "trust": {"clients": ["192.0.2.99"], "clients_are": "skip"},
}


class Told:
    """Notes what it is told. Implements `ports.Observer` and `ports.Guard`."""

    def __init__(self, stance: Stance = Stance.OPEN) -> None:
        self.judgements: list[Judged] = []
        self.crashes: list[str] = []
        self.asked = 0
        self._stance = stance

    def stance(self) -> Stance:
        self.asked += 1
        return self._stance

    def judged(self, judged: Judged) -> None:
        self.judgements.append(judged)

    def crashed(self, stage: str, error: Exception) -> None:
        self.crashes.append(stage)


class Store:
    """A store that keeps, or fails."""

    def __init__(self, fails: bool = False) -> None:
        self.fails = fails
        self.documents: list[object] = []

    def hold(self, message: object, document: object, outcomes: object) -> str:
        if self.fails:
            raise StoreUnavailable("down")
        self.documents.append(document)
        return "ID"


def pipeline(store: Store, guard: Told | None = None, recorder: Told | None = None) -> Pipeline:
    config = Config.model_validate(SETTINGS)
    ports = replace(compose.offline(config), quarantine=store, clock=SetClock(), guard=guard)
    return compose.pipeline(config, replace(ports, observers=(recorder,) if recorder else ()))


def envelope(*to: str, client: str = "192.0.2.7") -> Envelope:
    people = tuple(Recipient(each, each) for each in to or ("b@ours.example",))
    return Envelope("a@stranger.example", recipients=people, client=Client(client, None, "fail", "x"))


def test_the_guard_and_the_observers_are_told_once_of_each_message() -> None:
    """Of the very judgement that is returned; the guard is asked once how far to act."""
    guard, recorder = Told(), Told()
    done = pipeline(Store(), guard, recorder).process(RAW, envelope())
    assert done.action.reply is Reply.DISCARD
    assert (guard.judgements, recorder.judgements, guard.asked) == ([done], [done], 1)


def test_the_store_gets_the_document_of_the_judgement() -> None:
    """With what the same judgement found and decided; a store that fails is told as a crash."""
    store, recorder = Store(), Told()
    pipeline(store).process(RAW, envelope())
    (document,) = store.documents
    assert isinstance(document, dict)
    assert document["recipients"][0]["decided_by"] == "block stranger.example"
    assert pipeline(Store(fails=True), recorder=recorder).process(RAW, envelope()).action.reply is Reply.HOLD
    assert recorder.crashes == ["store"]


@pytest.mark.parametrize(
    ("to", "why"), [(envelope("b@private.example"), OPT_OUT), (envelope(client="192.0.2.99"), TRUSTED_CLIENT)]
)
def test_no_check_is_run_on_mail_that_nobody_is_to_judge(to: Envelope, why: str) -> None:
    """Nothing is known of such a message but that it came."""
    done = pipeline(Store()).process(RAW, to)
    assert (done.action.reply, done.evidence.results, done.evidence.findings) == (Reply.ACCEPT, (), ())
    assert {each.verdict.decided_by for each in done.outcomes} == {why}
    assert list(done.stages) == ["parse", "policy", "action"]


class Tables:
    """A directory that knows one alias of a private mailbox, or nothing for certain. Implements `ports.Directory`."""

    def __init__(self, unknown: bool = False) -> None:
        self.unknown = unknown

    def introduce(self, message: Message, site: Site | None) -> Tables:
        target = AliasTarget("b@private.example")
        known = tuple(replace(each, targets=(target,)) for each in message.envelope.recipients)
        if not self.unknown:
            message = replace(message, envelope=replace(message.envelope, recipients=known))
        self.message, self.site = message, site
        return self


def test_an_alias_of_a_mailbox_that_opted_out_has_opted_out() -> None:
    """The directory is asked before anybody asks whose mail is judged."""
    done = replace(pipeline(Store()), directory=Tables()).process(RAW, envelope("alias@ours.example"))
    assert {each.verdict.decided_by for each in done.outcomes} == {OPT_OUT}
    assert list(done.stages) == ["parse", "directory", "policy", "action"]


def test_a_directory_that_fails_is_no_pass() -> None:
    """The rules of the configuration hold, and the verdict says that something is not known."""
    done = replace(pipeline(Store()), directory=Tables(unknown=True)).process(RAW, envelope())
    assert done.action.reply is Reply.DISCARD
    assert "directory" in done.evidence.degraded


def test_every_stage_has_its_time() -> None:
    """From the reading to the action, once each, in the order of the way."""
    done = pipeline(Store()).process(RAW, envelope())
    stages = [stage for stage in done.stages if stage != "images"]
    assert stages == ["parse", *(check.name for check in CHECKS), "policy", "action"]


def unfinished(line: Pipeline) -> Examined:
    """A message for a recipient that would get it, and of which nobody knows whom it claims to be from."""
    raw = RAW.replace(b"stranger", b"other")
    examined = line.examine(raw, replace(envelope(), sender="a@other.example"), line.context())
    return replace(examined, unfinished="nobody looked whom it claims to be from")


def test_nothing_is_done_about_a_message_that_was_not_examined_in_time() -> None:
    """Where it would be delivered: it is refused for now, no copy is kept and no observer told. A judgement that
    delivers nothing shows its verdict."""
    store, recorder = Store(), Told()
    line = pipeline(store, recorder=recorder)
    with pytest.raises(UnfinishedError, match="nobody looked"):
        line.judge(unfinished(line), delivers=True)
    assert (store.documents, recorder.judgements) == ([], [])
    assert line.judge(unfinished(line)).action.reply is Reply.ACCEPT


def test_an_observer_that_fails_changes_no_reply() -> None:
    """A copy may be in the store by then: the MTA must not send the message again."""

    class Broken(Told):
        def judged(self, judged: Judged) -> None:
            raise MemoryError

    line = pipeline(Store(), guard=Broken())
    line = replace(line, observers=Observers((Broken(),), Broken()))
    assert line.process(RAW, envelope()).action.reply is Reply.DISCARD
