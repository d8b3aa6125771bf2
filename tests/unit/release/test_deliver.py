"""A copy is held, released or uncertain; never lost, never sent twice unasked."""

from __future__ import annotations

import signal
from datetime import timedelta

import pytest
from tests.unit.release.kit import CLOSE, POINTS, Port, releasing
from tests.unit.store.kit import SetClock, hold

from sekisho.auth.forged_fields import OwnFields
from sekisho.clock import SystemClock
from sekisho.held import Entry, State, Wanted
from sekisho.journal import JournalOptions
from sekisho.ports import StoreUnavailable
from sekisho.privacy import Privacy
from sekisho.release import ReleaseOptions, Releaser, ReleaseRequest, ReleaseResult, UnclearRequestError
from sekisho.store.database import StoreOptions
from sekisho.store.quarantine import Quarantine

PRIVACY = Privacy(JournalOptions(), SystemClock())

RAW = b"From: a@sender.example\r\nX-Sekisho-Verdict: accept\r\n\r\nbody\r\n"
KEPT = b"From: a@sender.example\r\n\r\nbody\r\n"
ME = ReleaseRequest("hanako")


def releaser(store: Quarantine, port: Port, **options: object) -> Releaser:
    settings = {"port": port.port, "timeout_seconds": 5, "attempts": 1, "pause_seconds": 0, **options}
    return Releaser(
        store,
        ReleaseOptions.model_validate(settings),
        OwnFields("mx.ours.example"),
        "mx.ours.example",
        PRIVACY,
        lambda seconds: None,
    )


def entry_of(store: Quarantine, name: str) -> Entry:
    entry = store.get(name)
    assert entry is not None
    return entry


def release(
    store: Quarantine, port: Port, name: str, request: ReleaseRequest = ME, **options: object
) -> tuple[ReleaseResult, ...]:
    return releaser(store, port, **options).release(entry_of(store, name), request)


def states(store: Quarantine, name: str) -> list[str]:
    return [copy.state.value for copy in entry_of(store, name).copies]


def test_every_copy_is_delivered_to_its_recipient(store: Quarantine) -> None:
    """Each held copy goes out once, as the rewrite says, and is released; the audit names who and why."""
    name = hold(store, RAW, ["a@ours.example", "b@ours.example"])
    with Port() as port:
        done = release(store, port, name, ReleaseRequest("hanako", "false_positive"))
    assert [each.released for each in done] == [True, True]
    assert states(store, name) == ["released", "released"]
    assert all(message.endswith(KEPT) for message in port.messages)
    assert [each for each in port.commands if each.startswith("RCPT")] == [
        "RCPT TO:<a@ours.example>",
        "RCPT TO:<b@ours.example>",
    ]
    operations = store.operations(name)
    assert {(each.who, each.operation, each.result, each.reason) for each in operations} == {
        ("hanako", "release", "ok", "false_positive")
    }
    assert {each.copy for each in operations} == {copy.number for copy in entry_of(store, name).copies}


def test_one_recipient_of_several(store: Quarantine) -> None:
    """Only the named recipient's copy goes, whatever the case it is typed in."""
    name = hold(store, RAW, ["a@ours.example", "b@ours.example"])
    with Port() as port:
        release(store, port, name, ReleaseRequest("hanako", recipients=frozenset({"B@ours.example"})))
    assert states(store, name) == ["held", "released"]
    assert len(port.messages) == 1


def test_another_address(store: Quarantine) -> None:
    """One copy may go elsewhere, and the audit says where as far as it may; several may not all go to one."""
    name = hold(store, RAW, ["a@ours.example", "b@ours.example"])
    with Port() as port:
        with pytest.raises(UnclearRequestError, match="name one recipient"):
            release(store, port, name, ReleaseRequest("hanako", to="abuse@ours.example"))
        request = ReleaseRequest("hanako", to="abuse@ours.example", recipients=frozenset({"a@ours.example"}))
        release(store, port, name, request)
    assert "RCPT TO:<abuse@ours.example>" in port.commands
    assert states(store, name) == ["released", "held"]
    assert store.operations(name)[0].note.startswith(f"to {PRIVACY.address('abuse@ours.example')}: 250")


def test_a_released_copy_is_not_sent_again(store: Quarantine) -> None:
    """A second release finds nothing to do."""
    name = hold(store, RAW, ["a@ours.example"])
    with Port() as port:
        release(store, port, name)
        assert release(store, port, name) == ()
        assert release(store, port, name, ReleaseRequest("hanako", again=True)) == ()
    assert len(port.messages) == 1


def test_the_late_one_of_two_learns_it(store: Quarantine) -> None:
    """With an old view of the entry in hand, a copy that somebody else released meanwhile is not sent."""
    name = hold(store, RAW, ["a@ours.example"])
    before = entry_of(store, name)
    with Port() as port:
        release(store, port, name)
        (done,) = releaser(store, port).release(before, ME)
    assert (done.state, done.text) == (State.RELEASED, "somebody else is at it")
    assert len(port.messages) == 1


def test_a_temporary_refusal_is_tried_again_and_then_held(store: Quarantine) -> None:
    """4xx is tried as often as configured; then the copy is held as before, the words in the audit."""
    name = hold(store, RAW, ["a@ours.example"])
    with Port({"END": ["451 4.3.0 busy", "451 4.3.0 busy", "250 kept"]}) as port:
        (done,) = release(store, port, name, attempts=2)
        assert (done.state, done.text) == (State.HELD, "451 4.3.0 busy")
        assert states(store, name) == ["held"]
        (done,) = release(store, port, name, attempts=2)
    assert done.released
    assert [each.result for each in store.operations(name)] == ["ok", "unavailable", "unavailable"]


def test_a_lasting_refusal_leaves_it_held(store: Quarantine) -> None:
    """5xx is not tried again by itself, and nothing is lost."""
    name = hold(store, RAW, ["a@ours.example"])
    with Port({"RCPT": "550 5.1.1 who"}) as port:
        (done,) = release(store, port, name, attempts=3)
    assert (done.state, done.text) == (State.HELD, "550 5.1.1 who")
    assert len(port.seen) == 1
    assert [each.result for each in store.operations(name)] == ["failed"]


def test_an_uncertain_copy_is_sent_again_only_when_asked(store: Quarantine) -> None:
    """A connection that ends after the message leaves `uncertain`; only `again` repeats it."""
    name = hold(store, RAW, ["a@ours.example"])
    with Port({"END": [CLOSE, "250 kept"]}) as port:
        (done,) = release(store, port, name, attempts=5)
        assert done.state is State.UNCERTAIN
        assert release(store, port, name) == ()
        assert states(store, name) == ["uncertain"]
        (done,) = release(store, port, name, ReleaseRequest("hanako", again=True))
    assert done.released
    assert [each.result for each in store.operations(name)] == ["ok", "uncertain"]


def test_an_answer_that_comes_after_we_were_given_up_counts(store: Quarantine, clock: SetClock) -> None:
    """A hand-over that outlasts the patience of the maintenance process still writes down that it was taken."""
    name = hold(store, RAW, ["a@ours.example"])
    entry = entry_of(store, name)

    def give_up(*args: object) -> int:
        clock.pass_by(hours=1)
        return store.give_up(timedelta(minutes=15), "maintenance")

    with Port() as port:
        port.reply = lambda verb, default: (give_up() and default) if verb == "END" else default  # type: ignore[assignment]
        (done,) = releaser(store, port).release(entry, ME)
    assert done.released
    assert states(store, name) == ["released"]


def test_a_store_that_fails_after_the_answer_leaves_it_uncertain(store: Quarantine, clock: SetClock) -> None:
    """If what was taken cannot be written down, the copy stays `sending` and is given up later, not repeated."""
    name = hold(store, RAW, ["a@ours.example"])

    class Failing(Releaser):
        def _settle(self, *_: object) -> State:
            raise StoreUnavailable("disk full")

    with Port() as port:
        settings = ReleaseOptions(port=port.port, attempts=3)
        made = Failing(store, settings, OwnFields("mx.ours.example"), "mx.ours.example", PRIVACY)
        with pytest.raises(StoreUnavailable):
            made.release(entry_of(store, name), ME)
        clock.pass_by(hours=1)
        store.give_up(timedelta(minutes=15), "maintenance")
        assert release(store, port, name) == ()
    assert states(store, name) == ["uncertain"]
    assert len(port.messages) == 1


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_any_point_loses_nothing_and_repeats_nothing(options: StoreOptions, point: str) -> None:
    """Killed at that point, five times over: every message was delivered once, or is held, or is listed as
    uncertain; a second, undisturbed run delivers what is held, and nothing arrives twice."""
    store = Quarantine.open(options, SystemClock())
    names = [hold(store, RAW + b"%d\r\n" % number, ["a@ours.example"]) for number in range(5)]
    with Port() as port:
        for name in names:
            child = releasing(options.url, port.port, point, name)
            child.communicate(timeout=60)
            assert child.returncode == (0 if point == "none" else -signal.SIGKILL)
        settle(store, port, names)
    store.close()


def settle(store: Quarantine, port: Port, names: list[str]) -> dict[str, int]:
    """Give up what nobody works on, release what is held, and hold the ledger against the deliveries."""
    store.give_up(timedelta(seconds=-1), "maintenance")
    listed = {entry.id for entry in store.list(Wanted(states=(State.UNCERTAIN,)), 10_000)}
    for name in names:
        release(store, port, name)
    arrived = [message.partition(b"id=")[2][:26].decode() for message in port.messages]
    assert len(arrived) == len(set(arrived)), "a message arrived twice unasked"
    for name in names:
        (state,) = states(store, name)
        assert state in {"released", "uncertain"}
        assert (name in listed) == (state == "uncertain")
        assert name in arrived or state == "uncertain", "a message is neither delivered nor listed"
    counted = [states(store, name)[0] for name in names]
    return {state: counted.count(state) for state in set(counted)}
