"""The checks one after the other on one message: a crash or lack of time is visible, and nothing is lost by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.auth_support import context, envelope

from sekisho.checks.examine import Examination
from sekisho.checks.table import Check
from sekisho.clock import Stopwatch
from sekisho.evidence import Evidence, FindingKind
from sekisho.judgement import Examined
from sekisho.message import Limits, Message, read
from sekisho.ports import Context
from sekisho.results import AuthResult, MethodResult

KIND = FindingKind("test.seen", 1.0, "en", "ja")
RESULT = MethodResult("spf", AuthResult.TEMPERROR)


class Clock:
    """Time passes only when a check takes it."""

    def __init__(self) -> None:
        self.at = 100.0

    def now(self) -> datetime:
        return datetime(2026, 6, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.at


def finds(message: Message, seen: Evidence, at: Context) -> Evidence:
    """A finding that says how many were there before."""
    return Evidence(findings=(KIND.found(before=len(seen.findings)),))


def crashes(message: Message, seen: Evidence, at: Context) -> Evidence:
    raise IndexError("a defect")


def takes_long(message: Message, seen: Evidence, at: Context) -> Evidence:
    assert isinstance(at.clock, Clock)
    at.clock.at += 60.0
    return Evidence()


def examine(checks: Sequence[Check], crashed: list[str] | None = None, author: str = "a@b.test") -> Examined:
    clock = Clock()
    message = read(f"From: {author}\r\n\r\nbody\r\n".encode(), envelope())
    at = replace(context(owners={"brand.example": "brand"}), clock=clock, deadline=clock.at + 30.0)
    noted = [] if crashed is None else crashed
    examination = Examination(message, at, Limits(), lambda stage, error: noted.append(stage))
    return examination.through(checks, Stopwatch(clock))


def test_each_check_sees_what_the_ones_before_it_found() -> None:
    """All of it is in the evidence, in order, and each check has its time among the stages."""
    done = examine([Check("first", finds), Check("second", finds)])
    assert [each.facts["before"] for each in done.evidence.findings] == [0, 1]
    assert list(done.stages) == ["first", "second"]
    assert done.moment == datetime(2026, 6, 1, tzinfo=UTC).timestamp()


def test_a_crash_is_told_and_the_other_checks_go_on() -> None:
    """What the check owes is a temperror, and the evidence says which check is missing."""
    crashed: list[str] = []
    done = examine([Check("odd", crashes, owed=lambda message: (RESULT,)), Check("next", finds)], crashed)
    assert crashed == ["odd"]
    assert done.evidence.degraded == ("check:odd",)
    assert done.evidence.results == (RESULT,)
    assert len(done.evidence.findings) == 1


def test_when_time_is_over_the_rest_is_skipped_visibly() -> None:
    """Nothing of it is run, and what it owes is a temperror."""
    rest = Check("rest", finds, owed=lambda message: (RESULT,))
    done = examine([Check("slow", takes_long), rest])
    assert (done.evidence.findings, done.evidence.results) == ((), (RESULT,))
    assert done.evidence.degraded == ("deadline",)


@pytest.mark.parametrize(
    ("skipped", "author", "unfinished"),
    [
        ("media_claims", "a@stranger.test", "nobody looked whom it claims to be from"),
        ("lure", "a@stranger.test", None),
        ("lure", "a@brand.example", "it claims to be from 'brand.example'"),
    ],
)
def test_what_is_missing_for_lack_of_time_is_said(skipped: str, author: str, unfinished: str | None) -> None:
    """A claim on somebody known stands, or nobody looked for one."""
    done = examine([Check("slow", takes_long), Check(skipped, finds)], author=author)
    assert done.unfinished == unfinished


def test_nothing_is_missing_where_every_check_was_run() -> None:
    """Even where the last of them took all the time that there was."""
    assert examine([Check("claims", takes_long)], author="a@brand.example").unfinished is None


def test_a_crash_in_the_pictures_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks that read them go on with the message as it is."""

    def crash(*_: object) -> None:
        raise IndexError("a defect")

    monkeypatch.setattr("sekisho.checks.examine.with_codes", crash)
    crashed: list[str] = []
    done = examine([Check("reads pictures", finds, pictured=True)], crashed)
    assert (crashed, done.evidence.degraded) == (["images"], ("check:images",))
    assert list(done.stages) == ["images", "reads pictures"]
    assert len(done.evidence.findings) == 1
