"""A clock that is wrong expires nothing, erases nothing and removes nothing; a right one is not held up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.unit.store.kit import SetClock, hold

from sekisho.clock import SystemClock, uptime
from sekisho.held import Operation, State, Wanted
from sekisho.store.database import StoreOptions
from sekisho.store.quarantine import Quarantine, RetentionOptions

RAW = b"Subject: x\r\n\r\nbody\r\n"
KEEP = RetentionOptions()
RESUME = Operation("retention", "ok", "hanako", note="the clock is right")


def ran(store: Quarantine, clock: SetClock) -> bool:
    """Whether a turn of retention did its work."""
    return not store.retain(KEEP, clock.uptime()).paused


def everything(store: Quarantine) -> tuple[int, int, int]:
    """Held messages, deleted ones whose content is still there, and lines of the audit."""
    stats = store.stats()
    deleted = [entry for entry in store.list(Wanted(states=(State.DELETED,))) if not entry.erased]
    return stats.messages[State.HELD], len(deleted), len(store.operations())


@pytest.fixture
def filled(store: Quarantine, clock: SetClock) -> Quarantine:
    """Held mail, deleted mail, an audit; retention has run."""
    hold(store, RAW, ["a@x"])
    name = hold(store, RAW + b"2", ["b@x"])
    store.move(name, State.DELETED, done=Operation("delete", "ok", "hanako", name))
    assert ran(store, clock)
    return store


@pytest.mark.parametrize("days", [-4000, -50, -0.1, 0.1, 40, 400, 4000])
def test_a_clock_that_is_set_while_we_run_pauses_retention(
    filled: Quarantine, clock: SetClock, days: float
) -> None:
    """However far, forward or back; and when it is set right, retention goes on as if nothing had been."""
    before = everything(filled)
    clock.pass_by(minutes=10)
    clock.jump(days=days)
    for _ in range(3):
        turn = filled.retain(KEEP, clock.uptime())
        assert "the clock was set" in turn.paused
        assert (turn.expired, turn.erased, turn.removed) == (0, 0, 0)
        clock.pass_by(minutes=10)
    assert everything(filled) == before
    clock.jump(days=-days)
    assert ran(filled, clock)
    assert everything(filled) == before


@pytest.mark.parametrize("seconds", [-1800, -61, -1, 1, 61, 1800])
def test_what_ntp_does_is_no_step(filled: Quarantine, clock: SetClock, seconds: float) -> None:
    """Seconds and minutes are how clocks are kept right, time and again."""
    for _ in range(10):
        clock.pass_by(minutes=10)
        clock.jump(seconds=seconds)
        assert ran(filled, clock)


def test_time_that_has_passed_is_believed(filled: Quarantine, clock: SetClock) -> None:
    """The daemon was stopped, or the machine slept, for 40 days: the machine's own time says so."""
    clock.pass_by(days=40)
    assert filled.retain(KEEP, clock.uptime()).expired == 1


@pytest.mark.parametrize("days", [0.001, 1, 2.9])
def test_a_restart_of_the_machine_is_no_step(filled: Quarantine, clock: SetClock, days: float) -> None:
    """Nor is a weekend without power; from then on its time is known again."""
    clock.restart(days=days)
    assert ran(filled, clock)
    clock.jump(days=40)
    assert not ran(filled, clock)


@pytest.mark.parametrize("days", [-20_000, -1, 3.1, 40])
def test_a_machine_that_starts_at_another_time_waits_for_a_person(
    filled: Quarantine, clock: SetClock, days: float
) -> None:
    """Off for 40 days and a clock that is 40 days ahead look alike; one in the past (no battery) is wrong."""
    before = everything(filled)
    clock.restart(days=days)
    for _ in range(3):
        assert not ran(filled, clock)
        clock.pass_by(minutes=10)
    assert everything(filled) == before
    state = filled.retention(KEEP, clock.uptime())
    assert (state.now, bool(state.paused), state.due) == (clock.now(), True, int(days == 40))
    filled.resume_retention(clock.uptime(), RESUME)
    assert filled.retain(KEEP, clock.uptime()).expired == int(days == 40)
    assert RESUME.operation in {each.operation for each in filled.operations()}


def test_after_a_person_s_word_the_clock_is_watched_from_there(filled: Quarantine, clock: SetClock) -> None:
    """The word holds for the step that was looked at, and for no other."""
    clock.jump(days=40)
    assert not ran(filled, clock)
    filled.resume_retention(clock.uptime(), RESUME)
    clock.pass_by(minutes=10)
    assert ran(filled, clock)
    clock.jump(days=40)
    assert not ran(filled, clock)


def test_mail_that_is_held_while_the_clock_is_in_the_past_is_not_old(
    filled: Quarantine, clock: SetClock
) -> None:
    """A machine starts in 1970 and takes mail before NTP answers. When the clock is right, that mail is new."""
    clock.restart(days=-20_000)
    name = hold(filled, RAW + b"3", ["c@x"])
    assert not ran(filled, clock)
    clock.jump(days=20_000)
    clock.pass_by(minutes=10)
    assert ran(filled, clock)
    entry = filled.get(name)
    assert entry is not None
    assert clock.now() - entry.held_at < timedelta(hours=1)
    assert everything(filled)[0] == 2
    clock.pass_by(days=29)
    assert filled.retain(KEEP, clock.uptime()).expired == 0
    clock.pass_by(days=2)
    assert filled.retain(KEEP, clock.uptime()).expired == 2


def test_mail_that_is_held_in_the_future_is_kept(filled: Quarantine, clock: SetClock) -> None:
    """It was held by a clock that was ahead; it stays for longer, and disturbs nothing."""
    clock.jump(days=40)
    hold(filled, RAW + b"3", ["c@x"])
    clock.jump(days=-40)
    clock.pass_by(days=31)
    assert filled.retain(KEEP, clock.uptime()).expired == 1
    assert filled.stats().messages[State.HELD] == 1


def test_a_store_from_before_there_were_rows(store: Quarantine, clock: SetClock) -> None:
    """A quiet one may have its last mail from long ago; one that knows a later time than now has a wrong clock."""
    hold(store, RAW, ["a@x"])
    clock.restart(days=20)
    assert ran(store, clock)


def test_a_new_store_that_knows_the_future(store: Quarantine, clock: SetClock) -> None:
    """What was written last is later than the clock: the clock stands in the past."""
    hold(store, RAW, ["a@x"])
    clock.restart(days=-2)
    assert not ran(store, clock)


@pytest.mark.parametrize(
    "start",
    [
        datetime(2028, 2, 28, 12, tzinfo=UTC),
        datetime(2100, 2, 28, 12, tzinfo=UTC),
        datetime(2026, 12, 31, 12, tzinfo=UTC),
        datetime(2026, 3, 28, 12, tzinfo=UTC),
        datetime(2026, 10, 24, 12, tzinfo=UTC),
    ],
)
def test_calendars_are_no_steps(options: StoreOptions, start: datetime) -> None:
    """Leap days, the turn of a year, and the nights in which Europe changes its time."""
    clock = SetClock(start)
    store = Quarantine.open(options, clock)
    hold(store, RAW, ["a@x"])
    for _ in range(29):
        assert ran(store, clock)
        clock.pass_by(days=1)
    assert store.retain(KEEP, clock.uptime()).expired == 0
    clock.pass_by(days=2)
    assert store.retain(KEEP, clock.uptime()).expired == 1
    store.close()


def test_two_machines_on_one_store(filled: Quarantine, options: StoreOptions, clock: SetClock) -> None:
    """Each is held against its own time; one that starts with a wrong clock waits, and the other goes on."""
    other = SetClock(clock.now())
    other._boot = 7
    second = Quarantine.open(options, other)
    assert ran(second, other)
    for _ in range(3):
        clock.pass_by(minutes=10)
        other.pass_by(minutes=10)
        assert ran(filled, clock)
        assert ran(second, other)
    other.restart(days=40)
    assert not ran(second, other)
    clock.pass_by(minutes=10)
    assert ran(filled, clock)
    second.close()


def test_this_machine_s_own_time(options: StoreOptions) -> None:
    """The real clocks agree with each other."""
    store = Quarantine.open(options, SystemClock())
    assert uptime().boot
    for _ in range(3):
        assert not store.retain(KEEP, uptime()).paused
    store.close()
