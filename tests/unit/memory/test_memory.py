"""What is remembered for when DNS fails: it ages, it is bounded, and losing it costs nothing but itself."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.unit.store.kit import SetClock

from sekisho.evidence import Evidence
from sekisho.judgement import Examined, Judged, Judgement
from sekisho.memory import Deferrals, PolicyNotes, deferrals, policies
from sekisho.memory.table import WAYS, TimeTable
from sekisho.message import Envelope, read
from sekisho.results import AuthResult, MethodResult
from sekisho.verdict import Action, Reply

DAY = 86_400.0
MINUTES = 600.0


def dmarc(domain: str, policy: str, word: AuthResult = AuthResult.FAIL) -> Evidence:
    properties = (("header.from", domain), ("policy.dmarc", policy), ("at", domain))
    return Evidence(results=(MethodResult("dmarc", word, domain, properties=properties),))


def seen(evidence: Evidence) -> Judged:
    """A judgement of which only the evidence is looked at."""
    examined = Examined(read(b"", Envelope()), evidence, {}, 0.0)
    return Judged(Judgement(examined, {}, ()), Action(Reply.ACCEPT), {})


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def notes(tmp_path: Path, clock: SetClock) -> PolicyNotes:
    return PolicyNotes(tmp_path / "policies", clock)


@pytest.mark.parametrize("policy", ["quarantine", "reject"])
def test_an_enforcing_policy_is_remembered_with_its_age(
    notes: PolicyNotes, clock: SetClock, tmp_path: Path, policy: str
) -> None:
    """Also by another process, and after a restart; whether the mail itself passed does not matter."""
    notes.judged(seen(dmarc("strict.example", policy)))
    notes.judged(seen(dmarc("other.example", policy, AuthResult.PASS)))
    assert notes.age("strict.example") is None  # nothing is written on the judging path
    notes.flush()
    clock.pass_by(days=3)
    again = PolicyNotes(tmp_path / "policies", clock)
    assert (again.age("strict.example"), again.age("other.example")) == (3 * DAY, 3 * DAY)
    assert again.age("stranger.example") is None


@pytest.mark.parametrize("policy", ["none", ""])
def test_a_policy_that_asks_for_nothing_is_not_noted(notes: PolicyNotes, policy: str) -> None:
    """Nor is a domain whose record could not be read."""
    notes.judged(seen(dmarc("lax.example", policy)))
    notes.judged(seen(Evidence(results=(MethodResult("dmarc", AuthResult.TEMPERROR, "down.example"),))))
    notes.flush()
    assert (notes.age("lax.example"), notes.age("down.example")) == (None, None)


def test_a_note_that_is_too_old_counts_no_more(notes: PolicyNotes, clock: SetClock) -> None:
    """A domain may have given its policy up; and a note is made anew with each day that the policy is met."""
    for domain in ("left.example", "stays.example"):
        notes.judged(seen(dmarc(domain, "reject")))
    notes.flush()
    clock.pass_by(days=20)
    notes._written.clear()  # a day has passed for the process
    notes.judged(seen(dmarc("stays.example", "reject")))
    notes.flush()
    clock.pass_by(days=11)
    assert notes.age("left.example") is None
    assert notes.age("stays.example") == 11 * DAY


def test_notes_of_a_clock_that_was_ahead_are_new(notes: PolicyNotes, clock: SetClock) -> None:
    """A clock that is put back loses no note."""
    notes.judged(seen(dmarc("strict.example", "reject")))
    notes.flush()
    clock.pass_by(days=-50)
    assert notes.age("strict.example") == 0


def test_any_number_of_domains_takes_the_same_room(notes: PolicyNotes, tmp_path: Path) -> None:
    """A flood of domains neither grows the file nor the process, and what was met last stays."""
    size = (tmp_path / "policies").stat().st_size
    for number in range(10_000):
        notes.judged(seen(dmarc(f"d{number}.example", "reject")))
    assert len(notes._waiting) == policies.MAX_WAITING_DOMAINS
    notes.flush()
    for number in range(3 * policies.MAX_WAITING_DOMAINS):
        notes.judged(seen(dmarc(f"e{number}.example", "reject")))
        if number % 100 == 99:
            notes.flush()
    assert len(notes._written) <= policies.MAX_WAITING_DOMAINS
    assert (tmp_path / "policies").stat().st_size == size
    assert notes.age(f"e{3 * policies.MAX_WAITING_DOMAINS - 1}.example") == 0


def test_the_thread_writes_by_itself(notes: PolicyNotes, tmp_path: Path, clock: SetClock) -> None:
    """What was met before the end of the process is there after it."""
    notes.start()
    notes.judged(seen(dmarc("strict.example", "reject")))
    notes.close()
    assert PolicyNotes(tmp_path / "policies", clock).age("strict.example") == 0


@pytest.mark.parametrize("damage", ["cut", "foreign", "empty"])
def test_a_file_that_is_spoiled_is_no_outage(tmp_path: Path, clock: SetClock, damage: str) -> None:
    """Under the running process nothing is remembered; the next one begins anew."""
    path = tmp_path / "table"
    notes, memory = PolicyNotes(tmp_path / "policies", clock), Deferrals(path, clock)
    for each in (path, tmp_path / "policies"):
        if damage == "cut":
            os.truncate(each, 100)
        else:
            each.write_bytes(b"x" * 100_000 if damage == "foreign" else b"")
    notes.judged(seen(dmarc("strict.example", "reject")))
    notes.flush()
    assert notes.age("strict.example") is None or damage == "foreign"
    if damage != "foreign":
        assert not memory.defers(b"message", MINUTES)
    assert Deferrals(path, clock).defers(b"message", MINUTES)


@pytest.fixture
def memory(tmp_path: Path, clock: SetClock) -> Deferrals:
    return Deferrals(tmp_path / "deferred", clock)


def test_a_message_is_deferred_for_so_long_and_never_again(
    memory: Deferrals, clock: SetClock, tmp_path: Path
) -> None:
    """From when it first came, whichever process sees it, over a restart, until senders have given up."""
    assert memory.defers(b"message", MINUTES)
    clock.pass_by(minutes=9)
    other = Deferrals(tmp_path / "deferred", clock)
    assert other.defers(b"message", MINUTES)
    clock.pass_by(minutes=1)
    for _ in range(200):
        assert not memory.defers(b"message", MINUTES)
        clock.pass_by(minutes=30)
    assert memory.defers(b"another", MINUTES)


@pytest.mark.parametrize("days", [-50, -1, 1, 50])
def test_a_clock_that_jumps_makes_no_endless_deferral(memory: Deferrals, clock: SetClock, days: int) -> None:
    """A step in either direction ends the waiting, or begins it once more at most."""
    assert memory.defers(b"message", MINUTES)
    clock.pass_by(days=days)
    again = memory.defers(b"message", MINUTES)
    assert again is (abs(days) * DAY >= deferrals.KEEP_SECONDS)
    clock.pass_by(minutes=10)
    assert not memory.defers(b"message", MINUTES)


def test_what_cannot_be_remembered_is_not_deferred(memory: Deferrals, clock: SetClock) -> None:
    """No entry gives way to a flood: its message would be deferred anew at each of its tries."""
    key_of = memory._table.key_of
    target = key_of(b"first")[:4]
    fill = [b"first"]
    number = 0
    while len(fill) < WAYS + 1:
        candidate = b"m%d" % number
        number += 1
        same = int.from_bytes(key_of(candidate)[:4], "big") % deferrals.SETS
        if same == int.from_bytes(target, "big") % deferrals.SETS:
            fill.append(candidate)
    *fits, late = fill
    assert all(memory.defers(each, MINUTES) for each in fits)
    assert not memory.defers(late, MINUTES)
    clock.pass_by(minutes=11)
    assert not any(memory.defers(each, MINUTES) for each in fill)
    clock.pass_by(days=6)
    assert memory.defers(late, MINUTES)


def test_the_neighbours_of_a_name_cannot_be_known(tmp_path: Path) -> None:
    """Two files put the same names into other places, and one that is opened again into the same."""
    first, second = (TimeTable(tmp_path / name, b"sekisho-test-01\0", 4096) for name in ("a", "b"))
    again = TimeTable(tmp_path / "a", b"sekisho-test-01\0", 4096)
    assert first.key_of(b"name") == again.key_of(b"name") != second.key_of(b"name")
    for each in (first, second, again):
        each.close()
