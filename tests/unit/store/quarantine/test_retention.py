"""What the quarantine lets go of, what it never does, and what the audit remembers."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from tests.unit.store.kit import SetClock, hold, message, outcomes

from sekisho.held import Operation, State
from sekisho.message import Field, Headers, message_key
from sekisho.ports import ErasedError
from sekisho.store.database import StoreOptions, migrate, migrations
from sekisho.store.database.engine import connect
from sekisho.store.quarantine import Quarantine, RetentionOptions

RAW = b"Subject: x\r\n\r\nbody\r\n"
ME = Operation("delete", "ok", "hanako")
KEEP = RetentionOptions()


def states(store: Quarantine, name: str) -> set[str]:
    entry = store.get(name)
    return {copy.state.value for copy in entry.copies} if entry else set()


def many(store: Quarantine, clock: SetClock, count: int) -> list[str]:
    """Messages that nobody can compress into one, a second apart."""
    names = []
    for _ in range(count):
        names.append(hold(store, RAW + os.urandom(1000), ["a@x"]))
        clock.pass_by(seconds=1)
    return names


def test_a_held_copy_expires_and_its_content_goes_later(store: Quarantine, clock: SetClock) -> None:
    """After held_days nobody can release it; after closed_days the bytes, author and subject are gone; after
    record_days nothing but the audit tells of it."""
    name = hold(store, RAW, ["a@x"])
    clock.pass_by(days=29)
    assert store.retain(KEEP, clock.uptime()).expired == 0
    clock.pass_by(days=2)
    assert store.retain(KEEP, clock.uptime()).expired == 1
    assert states(store, name) == {"expired"}
    assert store.content(name) == RAW
    clock.pass_by(days=8)
    assert store.retain(KEEP, clock.uptime()).erased == 1
    with pytest.raises(ErasedError):
        store.content(name)
    entry = store.get(name)
    assert entry is not None
    assert (entry.erased, entry.author, entry.subject) == (True, "", "")
    assert store.stats().bytes == 0
    clock.pass_by(days=90)
    assert store.retain(KEEP, clock.uptime()).removed == 1
    assert store.get(name) is None
    assert [each.operation for each in store.operations(name)] == ["expire"]


def test_content_stays_while_anybody_may_want_it(store: Quarantine, clock: SetClock) -> None:
    """Two entries share their bytes: those go with the last of the two, not with the first."""
    first = hold(store, RAW, ["a@x"])
    second = hold(store, RAW, ["b@x"])
    store.move(first, State.DELETED)
    clock.pass_by(days=8)
    store.retain(KEEP, clock.uptime())
    assert store.content(second) == RAW
    store.move(second, State.RELEASED)
    clock.pass_by(days=8)
    store.retain(KEEP, clock.uptime())
    with pytest.raises(ErasedError):
        store.content(second)


def test_the_same_message_held_again_has_its_bytes_again(store: Quarantine, clock: SetClock) -> None:
    """A message whose content was let go of and that comes once more is whole: its row is filled again."""
    name = hold(store, RAW, ["a@x"])
    store.move(name, State.DELETED)
    clock.pass_by(days=8)
    store.retain(KEEP, clock.uptime())
    again = hold(store, RAW, ["a@x"])
    assert again != name
    assert store.content(again) == RAW
    clock.pass_by(days=1)
    store.retain(KEEP, clock.uptime())
    assert store.content(again) == RAW


@pytest.mark.parametrize("state", [State.SENDING, State.UNCERTAIN, State.HELD])
def test_open_copies_are_not_erased(store: Quarantine, clock: SetClock, state: State) -> None:
    """What is being sent, or may not have arrived, keeps its content."""
    name = hold(store, RAW, ["a@x", "b@x"])
    entry = store.get(name)
    assert entry is not None
    store.move(name, State.DELETED, copies=[entry.copies[0].number])
    store.move(name, state, copies=[entry.copies[1].number])
    clock.pass_by(days=20)
    turn = store.retain(KEEP, clock.uptime())
    assert (turn.expired, turn.erased, turn.removed) == (0, 0, 0)
    assert store.content(name) == RAW


def test_too_many_push_out_the_oldest_but_nothing_young(store: Quarantine, clock: SetClock) -> None:
    """Above max_messages the oldest expire; what is younger than min_days stays, and it is said."""
    old = many(store, clock, 60)
    clock.pass_by(days=4)
    young = many(store, clock, 70)
    few = KEEP.model_copy(update={"max_messages": 100})
    turn = store.retain(few, clock.uptime())
    assert (turn.expired, turn.crowded) == (30, "")
    assert [states(store, name) for name in old[:30]] == [{"expired"}] * 30
    turn = store.retain(KEEP.model_copy(update={"max_messages": 10}), clock.uptime())
    assert turn.expired == 30
    assert "70 messages are held" in turn.crowded
    assert all(states(store, name) == {"held"} for name in young)


def test_too_many_bytes_push_out_the_oldest(store: Quarantine, clock: SetClock) -> None:
    """Above max_bytes contents go, those of closed messages first, then the oldest held."""
    names = many(store, clock, 50)
    store.move(names[-1], State.RELEASED)
    clock.pass_by(days=4)
    half = KEEP.model_copy(update={"max_bytes": store.stats().bytes // 2})
    turn = store.retain(half, clock.uptime())
    assert turn.crowded == ""
    assert 0 < turn.expired < 49
    assert store.stats().bytes <= half.max_bytes
    assert states(store, names[0]) == {"expired"}
    assert states(store, names[-2]) == {"held"}


def test_purge_removes_what_is_closed_and_old(store: Quarantine, clock: SetClock) -> None:
    """Only entries all of whose copies are in the states, for long enough, are removed, each with an audit."""
    gone = hold(store, RAW, ["a@x"])
    mixed = hold(store, RAW, ["b@x", "c@x"])
    entry = store.get(mixed)
    assert entry is not None
    store.move(gone, State.DELETED)
    store.move(mixed, State.DELETED, copies=[entry.copies[0].number])
    clock.pass_by(days=2)
    late = hold(store, RAW, ["d@x"])
    store.move(late, State.DELETED)
    done = Operation("purge", "ok", "hanako")
    assert store.purge([State.DELETED], timedelta(days=1), done) == 1
    assert store.get(gone) is None
    assert store.content(mixed) == RAW
    assert states(store, late) == {"deleted"}
    assert [(each.who, each.operation) for each in store.operations(gone)] == [("hanako", "purge")]


def test_who_moved_a_copy_is_remembered_once(store: Quarantine) -> None:
    """The audit row is written with the change, and not if there was nothing to change."""
    name = hold(store, RAW, ["a@x"])
    assert store.move(name, State.DELETED, done=ME) == 1
    assert store.move(name, State.DELETED, done=ME) == 0
    assert len(store.operations()) == 1


def test_each_operation_is_told_once(store: Quarantine) -> None:
    """The maintenance process gets every operation, in order, and none a second time."""
    for number in range(5):
        store.audit(Operation("view", "ok", "hanako", note=str(number)))
    assert [each.note for each in store.take_uncounted(3)] == ["0", "1", "2"]
    assert [each.note for each in store.take_uncounted()] == ["3", "4"]
    assert store.take_uncounted() == ()


def test_a_release_that_never_ended_is_uncertain(store: Quarantine, clock: SetClock) -> None:
    """`sending` for too long is `uncertain`, with an audit row; a fresh one is left alone."""
    old = hold(store, RAW, ["a@x"])
    store.move(old, State.SENDING)
    clock.pass_by(minutes=20)
    fresh = hold(store, RAW, ["b@x"])
    store.move(fresh, State.SENDING)
    assert store.give_up(timedelta(minutes=15), "maintenance") == 1
    assert (states(store, old), states(store, fresh)) == ({"uncertain"}, {"sending"})
    assert [each.result for each in store.operations(old)] == ["uncertain"]


def test_an_entry_is_found_by_queue_id_and_message_id(store: Quarantine) -> None:
    """Typed with or without brackets a Message-ID finds its message; a stranger's finds nothing."""
    fields = Headers((Field(b"Message-ID", b" <1@sender.example>"),))
    held = message(RAW, queue_id="4XyZ")
    name = store.hold(
        type(held)(
            raw=held.raw,
            body_start=held.body_start,
            digest=held.digest,
            envelope=held.envelope,
            headers=fields,
            author=held.author,
            subject=held.subject,
        ),
        {},
        outcomes("a@x"),
    )
    assert [each.id for each in store.find(queue_id="4XyZ")] == [name]
    assert [each.id for each in store.find(message_key=message_key("1@sender.example"))] == [name]
    assert store.find(message_key=message_key("<2@sender.example>")) == ()


def test_the_second_migration_keeps_every_row(options: StoreOptions) -> None:
    """What an older sekisho held is there after the upgrade, recipients included, and after a downgrade too."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    store = Quarantine.open(options, SetClock())
    name = hold(store, RAW, ["a@x", "b@x"])
    store.close()
    engine = connect(options)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "r0001")
        assert connection.execute(text("SELECT count(*) FROM recipients")).scalar_one() == 2
    engine.dispose()
    migrate(options)
    store = Quarantine.open(options, SetClock())
    assert states(store, name) == {"held"}
    assert store.content(name) == RAW
    store.close()
