"""The answers that a message got, as the DNS of a case."""

from __future__ import annotations

import pytest

from sekisho.clock import SystemClock
from sekisho.dns_answer import Answer, Found
from sekisho.resolver import Budget, CaseResolver, case_records

ANSWERS = {
    ("a.example", "TXT"): Answer(Found.ANSWER, (b"v=spf1 \xff\x00 -all", b"")),
    ("a.example", "MX"): Answer(Found.ANSWER, ((10, "mx.a.example"), (0, ""))),
    ("a.example", "A"): Answer(Found.NODATA),
    ("gone.example", "TXT"): Answer(Found.NXDOMAIN),
    ("slow.example", "TXT"): Answer(Found.TEMPERROR),
    ("slow.example", "A"): Answer(Found.ANSWER, ("192.0.2.1",)),
    ("1.2.0.192.in-addr.arpa", "PTR"): Answer(Found.ANSWER, ("mx.a.example",)),
    ("empty.example", "AAAA"): Answer(Found.ANSWER, ()),
}


@pytest.mark.parametrize("question", [key for key in ANSWERS if key[0] != "empty.example"])
def test_a_case_answers_as_dns_did(question: tuple[str, str]) -> None:
    """Records of every type with any bytes, and each way of having none."""
    assert CaseResolver(case_records(ANSWERS)).lookup(*question, deadline=0.0) == ANSWERS[question]


def test_an_answer_without_records_is_no_data() -> None:
    """So CaseResolver says it, too."""
    assert CaseResolver(case_records(ANSWERS)).lookup("empty.example", "AAAA", 0.0).found is Found.NODATA


def test_a_name_that_cannot_be_asked_for_needs_no_record() -> None:
    """A case with it could not be read; without it the answer is the same."""
    assert case_records({("no name\\", "TXT"): Answer(Found.NXDOMAIN)}) == []


class Flaky:
    """Fails the first time, and then knows."""

    def __init__(self) -> None:
        self.tries = 0

    def lookup(self, name: str, rtype: str, deadline: float) -> Answer:
        self.tries += 1
        return Answer(Found.TEMPERROR) if self.tries == 1 else Answer(Found.ANSWER, ("192.0.2.1",))

    def warm(self, name: str, rtype: str) -> None:
        pass


def test_a_budget_notes_what_was_answered() -> None:
    """Also an error that it does not keep for itself; the answer that comes later takes its place."""
    asked: dict[tuple[str, str], Answer] = {}
    budget = Budget(Flaky(), 5.0, SystemClock(), asked)
    assert budget.lookup("A.example", "A", deadline=0.0).found is Found.TEMPERROR
    assert asked == {("a.example", "A"): Answer(Found.TEMPERROR)}
    budget.lookup("a.example", "A", deadline=1e12)
    assert asked == {("a.example", "A"): Answer(Found.ANSWER, ("192.0.2.1",))}
