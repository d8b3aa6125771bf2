"""Whatever only watches the mail may fail at any of its calls: the reply stays what it would have been."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho import compose
from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.guard import Watch
from sekisho.journal import Journal
from sekisho.judging.in_flight import Failures, InFlight
from sekisho.judging.judging_pool import JudgingPool
from sekisho.message import Client, Envelope, Recipient
from sekisho.metrics import Metrics
from sekisho.pipeline import Pipeline
from sekisho.ports import StoreUnavailable
from sekisho.privacy import Privacy
from sekisho.service import worker
from sekisho.service.recorder import Recorder
from sekisho.service.shared import Shared
from sekisho.verdict import Action
from sekisho.wire.options import WireOptions

CALLS: tuple[tuple[type, str], ...] = (
    (Recorder, "judged"),
    (Recorder, "crashed"),
    (Journal, "message"),
    (Journal, "error"),
    (Journal, "store_unavailable"),
    (Metrics, "message"),
    (Metrics, "error"),
    (Metrics, "dns"),
    (Metrics, "quarantine_operation"),
    (Metrics, "guard_tripped"),
    (Metrics, "observer_failed"),
    (Watch, "judged"),
    (Watch, "count"),
)
ERRORS = (
    OSError(28, "No space left on device"),
    MemoryError(),
    ValueError("x"),
    SystemExit(1),
    RecursionError(),
)


def mail(sender: str, extra: bytes = b"") -> tuple[tuple[bytes, bytes], ...]:
    return ((b"From", b" <a@" + sender.encode() + b">"), (b"Subject", b" x"), (b"X-Extra", b" " + extra))


MAILS = {
    "ordinary": mail("friend.example"),
    "held": mail("stranger.example"),
    "a check crashes": mail("friend.example", b"crash"),
    "store down": mail("stranger.example", b"store down"),
    "the judgement crashes": mail("friend.example", b"fatal"),
}


@dataclass
class Bench:
    """The real way of a message, from the judging pool on."""

    pool: JudgingPool
    number: int = 0

    def reply(self, kind: str) -> list[Action]:
        """What the message gets, sent twice: a failure is remembered."""
        self.number += 1
        answers = []
        for _ in range(2):
            collector = self.pool.collector(True)
            for name, value in (*MAILS[kind], (b"X-Number", b" %d" % self.number)):
                collector.field(name, value)
            collector.chunk(b"Hello\r\n")
            who = (Recipient("b@ours.example", "b@ours.example"),)
            client = Client("192.0.2.7", None, "fail", "x")
            envelope = Envelope("a@x.example", "a@x.example", recipients=who, client=client)
            answers.append(self.pool.result(self.pool.submit(collector, envelope, False), lambda: None))
        return answers


def plain(answers: list[Action]) -> list[object]:
    """The replies without what is another in each message: the reference."""
    return [
        (each.reply, each.smtp and each.smtp[:2], [type(edit) for edit in each.edits]) for each in answers
    ]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    place = tmp_path_factory.mktemp("observers")
    config = Config.model_validate(
        {
            "mode": "enforce",
            "authserv_id": "mx.ours.example",
            "lists": {"block": ["stranger.example"], "block_action": "quarantine"},
            "store": {"url": f"sqlite:///{place}/quarantine.db"},
            "metrics": {"directory": str(place / "metrics")},
            "dns": {"servers": ["127.0.0.1:9"], "timeout": 0.5, "budget": 0.5},
        }
    )
    clock = SystemClock()
    shared = Shared(config, clock, Privacy(config.journal, clock))
    known = compose.knowledge(config)
    meter = shared.meter(config, known)
    work = worker.build(config, known, shared, meter, b"")
    _break(work._pipeline, work)
    options = WireOptions(threads=2)
    pool = JudgingPool(work, options, InFlight(2), Failures(), clock)
    pool.start(lambda _, __: None)
    yield Bench(pool)
    gc.enable()
    work.close()
    meter.close()


def _break(pipeline: Pipeline, work: Any) -> None:
    """One check that crashes on a field, a store that is down for a field, and a parser that does."""
    first = pipeline.checks[0]
    store = pipeline.output.quarantine
    assert store is not None

    class Store:
        def hold(self, message: Any, *rest: Any) -> str:
            if b"store down" in message.raw:
                raise StoreUnavailable("as asked")
            return store.hold(message, *rest)

    class Odd(Pipeline):
        def process(self, raw: bytes, envelope: Envelope) -> Any:
            if b"fatal" in raw:
                raise RuntimeError("as asked")
            return super().process(raw, envelope)

    def run(message: Any, *rest: Any) -> Any:
        if b"crash" in message.raw:
            raise RuntimeError("as asked")
        return first.run(message, *rest)

    checks = (replace(first, run=run), *pipeline.checks[1:])
    output = replace(pipeline.output, quarantine=Store())
    fields = {name: getattr(pipeline, name) for name in Pipeline.__dataclass_fields__}
    work._pipeline = Odd(**(fields | {"checks": checks, "output": output}))


def failing(original: Callable[..., Any], times: list[bool], error: BaseException) -> Callable[..., Any]:
    """Fails at those of its calls that are marked, and at all after them if the last one is."""
    calls = iter(times)

    def call(*args: Any, **options: Any) -> Any:
        if next(calls, times[-1]):
            raise error
        return original(*args, **options)

    return call


@pytest.mark.parametrize("kind", MAILS)
@pytest.mark.parametrize(("owner", "name"), CALLS, ids=lambda each: getattr(each, "__name__", each))
def test_each_call_that_fails_changes_no_reply(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, kind: str, owner: type, name: str
) -> None:
    """Each observer, failing at each of its calls for good."""
    expected = plain(bench.reply(kind))
    monkeypatch.setattr(owner, name, failing(getattr(owner, name), [True], ERRORS[0]))
    assert plain(bench.reply(kind)) == expected


@settings(max_examples=40, deadline=None)
@given(
    broken=st.dictionaries(
        st.sampled_from(CALLS),
        st.tuples(st.lists(st.booleans(), min_size=1, max_size=6), st.sampled_from(ERRORS)),
        min_size=1,
    ),
    kind=st.sampled_from(sorted(MAILS)),
)
def test_any_failures_of_observers_change_no_reply(
    bench: Bench, broken: dict[tuple[type, str], tuple[list[bool], BaseException]], kind: str
) -> None:
    """Any of them, at any of their calls, together, with any error."""
    expected = plain(bench.reply(kind))
    with pytest.MonkeyPatch.context() as patch:
        for (owner, name), (times, error) in broken.items():
            patch.setattr(owner, name, failing(getattr(owner, name), times, error))
        assert plain(bench.reply(kind)) == expected


def test_the_bench_tells_replies_apart(bench: Bench) -> None:
    """The mails above get replies that a failure could turn into another: accept, discard, hold and a 451."""
    replies = {kind: [each.reply.value for each in bench.reply(kind)] for kind in MAILS}
    assert replies["ordinary"] == ["accept", "accept"]
    assert replies["held"] == ["discard", "discard"]
    assert replies["store down"] == ["hold", "hold"]
    assert replies["the judgement crashes"][0] == "tempfail"
    assert replies["the judgement crashes"][1] != "tempfail"
