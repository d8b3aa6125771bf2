"""The kill switch and the fall-back: shared by processes, outliving them, never in the way of mail."""

from __future__ import annotations

import fcntl
import logging
import multiprocessing
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.disk_support import full_disk
from tests.unit.store.kit import SetClock

from sekisho.evidence import NOTHING
from sekisho.guard import GuardOptions, Switch, SwitchError, Watch
from sekisho.guard.switch import FOREVER, PAGE_BYTES, SLOTS
from sekisho.guard.window import BUCKETS, Spread, Tally, is_jump, raised_share
from sekisho.judgement import Examined, Judged, Judgement
from sekisho.message import Client, Envelope, Recipient, read
from sekisho.ports import Severe, Stance
from sekisho.verdict import OPT_OUT, Action, Disposition, Outcome, Reply, Thresholds, Verdict

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPTIONS = GuardOptions(window_minutes=10, minimum=20, history=100, release_minutes=60)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "guard"


def watch(file: Path, clock: SetClock, options: GuardOptions = OPTIONS) -> Watch:
    return Watch(Switch(file), options, clock)


def severe(number: int = 0) -> Severe:
    """A severe verdict of a sender of its own."""
    return Severe(f"10.{number // 250 % 250}.{number % 250}.0/24", f"d{number}.example", "lure.test")


def many(guard: Watch, count: int) -> None:
    """As a mistake of ours would have it: severe verdicts over as many senders."""
    for number in range(count):
        guard.count(severe(number))


def usual(guard: Watch, clock: SetClock, severe_every: int = 20, hours: int = 4) -> None:
    """Some hours of ordinary mail: a message a minute, every so many of them severe."""
    for number in range(hours * 60):
        guard.count(None if number % severe_every else severe(number))
        clock.pass_by(minutes=1)


def judged(*verdicts: Verdict, client: str = "192.0.2.7") -> Judged:
    """A message of an author at mail.shop.example, with these verdicts for its recipients."""
    envelope = Envelope(client=Client(client, None, "fail", "x"))
    message = read(b"From: a@mail.shop.example\r\n\r\nbody\r\n", envelope)
    weights = {"link.few": 1.0, "lure.test": 9.0}
    outcomes = tuple(Outcome(Recipient("b@ours.example"), each, Disposition.ACCEPT) for each in verdicts)
    judgement = Judgement(Examined(message, NOTHING, {}, 0.0), weights, outcomes)
    return Judged(judgement, Action(Reply.ACCEPT, outcomes), {})


def verdict(disposition: Disposition, by: str = "points") -> Verdict:
    return Verdict(disposition, 9.0, by, Thresholds())


MILD, SEVERE = verdict(Disposition.TAG), verdict(Disposition.QUARANTINE)
CERTAIN = verdict(Disposition.QUARANTINE, "brand_impersonation")
UNSEEN = verdict(Disposition.ACCEPT, OPT_OUT)


@pytest.mark.parametrize(
    ("verdicts", "counted"),
    [
        ((MILD, MILD), [None]),
        ((MILD, SEVERE), [Severe("192.0.2.0/24", "shop.example", "lure.test")]),
        ((MILD, CERTAIN), []),
        ((CERTAIN, SEVERE), [Severe("192.0.2.0/24", "shop.example", "lure.test")]),
        ((UNSEEN,), []),
        ((UNSEEN, MILD), [None]),
    ],
)
def test_what_is_counted_of_a_judgement(
    file: Path,
    clock: SetClock,
    monkeypatch: pytest.MonkeyPatch,
    verdicts: tuple[Verdict, ...],
    counted: list[Severe | None],
) -> None:
    """A message once, by what was decided: severe if points alone decided so, with its sender; nothing of what is
    certain, or of mail that nobody looked at."""
    told: list[Severe | None] = []
    guard = watch(file, clock)
    monkeypatch.setattr(guard, "count", told.append)
    guard.judged(judged(*verdicts))
    assert told == counted


def test_a_pause_holds_at_once_in_every_process(file: Path, clock: SetClock) -> None:
    """What one process writes, the next question of another one sees; no reload, no message between them."""
    worker, operator = watch(file, clock), Switch(file)
    assert worker.stance() is Stance.OPEN
    operator.pause(FOREVER)
    assert worker.stance() is Stance.PAUSED
    operator.resume(0.0)
    assert worker.stance() is Stance.OPEN


def test_a_pause_ends_by_itself_and_outlives_a_restart(file: Path, clock: SetClock) -> None:
    """Two hours are two hours, also for a daemon that starts within them."""
    Switch(file).pause(clock.now().timestamp() + 7200)
    restarted = watch(file, clock)
    assert restarted.stance() is Stance.PAUSED
    clock.pass_by(hours=1, minutes=59)
    assert restarted.stance() is Stance.PAUSED
    clock.pass_by(minutes=1)
    assert restarted.stance() is Stance.OPEN


def test_a_jump_makes_us_tag_only_and_is_said(
    file: Path, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A bad brand file that would hold every mail is stopped within the minimum, loudly, for every process."""
    tripped: list[int] = []
    guard = Watch(Switch(file), OPTIONS, clock, lambda: tripped.append(1))
    other = watch(file, clock)
    usual(guard, clock)
    with caplog.at_level(logging.CRITICAL, "sekisho.guard"):
        many(guard, OPTIONS.minimum + 5)
    assert guard.stance() is other.stance() is Stance.TAGGING
    assert tripped == [1]
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    (line,) = caplog.records
    assert line.event == "guard_tripped"  # type: ignore[attr-defined]
    assert 0 < line.fields["long_run"] < line.fields["share"] <= 1  # type: ignore[attr-defined]


def test_ordinary_mail_trips_nothing(file: Path, clock: SetClock) -> None:
    """The usual share, in bursts too, stays below the limit."""
    guard = watch(file, clock)
    usual(guard, clock)
    for number in range(2000):
        guard.count(None if number % 10 else severe(number))
    assert guard.stance() is Stance.OPEN


def test_a_site_that_knows_nothing_yet_does_not_trip(file: Path, clock: SetClock) -> None:
    """Without a history there is no jump: the first day's wave of phishing is held."""
    guard = watch(file, clock)
    many(guard, 500)
    assert guard.stance() is Stance.OPEN


def test_the_fall_back_ends_by_time_and_may_come_back(file: Path, clock: SetClock) -> None:
    """After the release time we act again; a mistake that is still there is found again."""
    guard = watch(file, clock)
    usual(guard, clock)
    many(guard, 40)
    clock.pass_by(minutes=61)
    assert guard.stance() is Stance.OPEN
    many(guard, 40)
    assert guard.stance() is Stance.TAGGING


def test_a_mistake_does_not_become_usual(file: Path, clock: SetClock) -> None:
    """What is judged while we only tag does not raise the share of the long run."""
    guard = watch(file, clock, OPTIONS.model_copy(update={"release_minutes": 0.0}))
    usual(guard, clock)
    many(guard, 40)
    for number in range(600):
        guard.count(severe(number))
        clock.pass_by(minutes=1)
    assert Switch(file).long_run()[1].share < 0.15
    assert guard.stance() is Stance.TAGGING


def test_who_resumes_is_left_alone_for_a_while(file: Path, clock: SetClock) -> None:
    """An operator who says that the wave is real is not overruled by the next message."""
    guard = watch(file, clock)
    usual(guard, clock)
    many(guard, 40)
    assert guard.stance() is Stance.TAGGING
    Switch(file).resume(clock.now().timestamp() + 3600)
    many(guard, 40)
    assert guard.stance() is Stance.OPEN
    clock.pass_by(minutes=61)
    many(guard, 40)
    assert guard.stance() is Stance.TAGGING


def test_it_can_be_switched_off(file: Path, clock: SetClock) -> None:
    """Disabled it counts and never falls back."""
    guard = watch(file, clock, OPTIONS.model_copy(update={"enabled": False}))
    usual(guard, clock)
    many(guard, 100)
    assert guard.stance() is Stance.OPEN


def counted(file: Path) -> float:
    """All verdicts of the window."""
    return sum(sum(Switch(file).stretch(number)[1:]) for number in range(SLOTS))


def _count(file: Path, times: int) -> None:
    guard = watch(file, SetClock(START))
    for number in range(times):
        guard.count(severe(number) if number % 2 else None)
    while not guard.flush():
        os.sched_yield()
    os._exit(0)


def test_counts_of_several_processes_add_up(file: Path, clock: SetClock) -> None:
    """No count is lost to another process that counts at the same time."""
    forks = multiprocessing.get_context("fork")
    workers = [forks.Process(target=_count, args=(file, 500)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert counted(file) == 1500


def test_a_process_that_holds_the_lock_stops_nobody(file: Path, clock: SetClock) -> None:
    """While another one has it, counting returns at once, and the count is made good later."""
    guard = watch(file, clock)
    with file.open("rb+") as stopped:
        fcntl.flock(stopped, fcntl.LOCK_EX)
        guard.count(None)
        assert counted(file) == 0
    guard.count(None)
    assert counted(file) == 2


def test_a_clock_set_back_neither_trips_nor_sticks(file: Path, clock: SetClock) -> None:
    """Slots of a future that never comes are thrown away."""
    guard = watch(file, clock)
    usual(guard, clock)
    clock.pass_by(days=-2)
    for number in range(500):
        guard.count(None if number % 20 else severe(number))
    assert guard.stance() is Stance.OPEN


def test_a_foreign_or_missing_place_is_said(tmp_path: Path) -> None:
    """Another program's file is not written into, and a missing directory is named."""
    foreign = tmp_path / "foreign"
    foreign.write_bytes(b"something else".ljust(PAGE_BYTES, b"."))
    with pytest.raises(SwitchError, match="not a file of sekisho"):
        Switch(foreign)
    assert foreign.read_bytes().startswith(b"something else")
    with pytest.raises(SwitchError, match="nowhere"):
        Switch(tmp_path / "nowhere" / "guard")


def _cut(file: Path) -> None:
    os.truncate(file, 0)


def _cut_short(file: Path) -> None:
    os.truncate(file, 100)


def _survives(work: Callable[[], None]) -> None:
    """The process that does this does not end by a signal."""
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join()
    assert child.exitcode == 0


@pytest.mark.parametrize("harm", [_cut, _cut_short, Path.unlink])
def test_a_file_that_is_cut_or_removed_changes_nothing(
    file: Path, clock: SetClock, harm: Callable[[Path], None]
) -> None:
    """What holds goes on holding in every process, the file comes back with it, and the switch works as before."""
    worker, operator = watch(file, clock), Switch(file)
    operator.pause(FOREVER)
    assert worker.stance() is Stance.PAUSED
    harm(file)

    def work() -> None:
        assert worker.stance() is Stance.PAUSED
        worker.count(severe())

    _survives(work)
    assert worker.stance() is Stance.PAUSED
    assert Switch(file).paused_until == FOREVER
    assert counted(file) == 1
    operator.resume(0.0)
    assert worker.stance() is Stance.OPEN


def test_a_file_in_its_place_is_followed(file: Path, clock: SetClock) -> None:
    """A restored or newly made file is the switch from then on; a foreign one is left alone."""
    worker = watch(file, clock)
    file.rename(file.with_name("before"))
    Switch(file).pause(FOREVER)
    assert worker.stance() is Stance.PAUSED
    foreign = file.with_name("foreign")
    foreign.write_bytes(b"something else".ljust(PAGE_BYTES, b"."))
    foreign.rename(file)
    assert worker.stance() is Stance.PAUSED
    worker.count(None)
    assert file.read_bytes().startswith(b"something else")


def test_a_full_disk_stops_neither_mail_nor_the_guard(
    tmp_path: Path, clock: SetClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the file cannot be written, a worker starts and counts all the same and the log says it once; who turns
    the switch is told; with room again all is as before."""
    with full_disk(tmp_path / "small") as disk:
        worker = watch(disk.directory / "guard", clock)

        def work() -> None:
            for _ in range(10):
                worker.count(severe())
                assert worker.stance() is Stance.OPEN

        _survives(work)
        work()
        assert [record.levelno for record in caplog.records] == [logging.ERROR]
        with pytest.raises(SwitchError, match="No space"):
            Switch(disk.directory / "guard").pause(FOREVER)
        disk.make_room()
        Switch(disk.directory / "guard").pause(FOREVER)
        assert worker.stance() is Stance.PAUSED


@pytest.mark.parametrize(("usually", "limit"), [(0.05, 0.2083), (0.5, 0.8333), (0.9, 0.9783)])
def test_the_limit_is_one_of_odds(usually: float, limit: float) -> None:
    """It leaves room above any usual share, and is never out of reach."""
    assert raised_share(usually, 5) == pytest.approx(limit, abs=1e-4)


def spread(mild: float, senders: int, each: int = 1) -> Spread:
    """A window with so many severe verdicts of each of so many senders."""
    counts = [each] * senders + [0] * (BUCKETS - senders)
    return Spread(mild, counts, counts)


def test_a_jump_needs_a_minimum() -> None:
    """Three mails in the night, all of them phishing, are no jump."""
    assert not is_jump(spread(0, 3), Tally(1000, 10), OPTIONS)
    assert is_jump(spread(0, 20), Tally(1000, 10), OPTIONS)


@pytest.mark.parametrize("scale", [1, 10, 1000])
def test_a_mistake_is_found_at_a_site_of_any_size(scale: int) -> None:
    """A third of the mail, of forty senders however much each sends, is a jump from one per cent; a fifth is not; the
    third of two senders is not either."""
    long_run = Tally(100_000, 1_000)
    assert is_jump(spread(80 * scale, 40, scale), long_run, OPTIONS)
    assert not is_jump(spread(180 * scale, 40, scale), long_run, OPTIONS)
    assert not is_jump(spread(80 * scale, 2, 20 * scale), long_run, OPTIONS)
