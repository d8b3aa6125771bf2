"""One private Postfix with one real daemon for the whole session, and the mails that the tests send through it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.cases import Lab
from lab.place import a_place

RECIPIENTS = {
    "tag.example": {"max_action": "tag", "subject_mark": "[注意]"},
    "lenient.example": {"max_action": "accept"},
    "held.example": {"max_action": "quarantine"},
    "strict.example": {"reject": 6.0, "quarantine": 6.0},
    "shadow.example": {"mode": "shadow"},
}


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
