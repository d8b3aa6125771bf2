"""One private Postfix with one real daemon for the whole session, and the mails that the tests send through it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.cases import Lab
from lab.place import a_place
from lab.sekisho import Sekisho
from tests.events_support import faults

RECIPIENTS = {
    "tag.example": {"max_action": "tag", "subject_mark": "[注意]"},
    "lenient.example": {"max_action": "accept"},
    "held.example": {"max_action": "quarantine"},
    "strict.example": {"reject": 6.0, "quarantine": 6.0},
    "shadow.example": {"mode": "shadow"},
}


@pytest.fixture(autouse=True)
def every_line_fits_the_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a daemon of these tests has logged as JSON is validated when it stops."""
    stop = Sekisho.stop

    def stopped(sekisho: Sekisho) -> int | None:
        status = stop(sekisho)
        if sekisho.log.is_file() and sekisho.log.read_bytes()[:1] == b"{":
            assert [fault for line in sekisho.lines()[0] for fault in faults(line)] == []
        return status

    monkeypatch.setattr(Sekisho, "stop", stopped)


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("Postfix's master starts as root: `make test` uses sudo")
    with a_place() as directory:
        yield directory


@pytest.fixture(scope="session")
def running_lab(place: Path) -> Iterator[Lab]:
    with Lab(place, {"recipients": RECIPIENTS}) as lab:
        yield lab


@pytest.fixture
def lab(running_lab: Lab) -> Lab:
    """The lab with an empty sink and no DNS."""
    running_lab.sink.clear()
    running_lab.dns.serve(())
    return running_lab
