"""The table of checks: every check has a row, named as its module is."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho import checks
from sekisho.checks import table
from sekisho.checks.identity import claims, site
from sekisho.checks.table import CHECKS, KINDS, Check

ROOMS = {
    "authentication": table.AUTHENTICATION,
    "identity": table.IDENTITY,
    "content": table.CONTENT,
    "lure": table.LURES,
}
MOVED = {
    "brand_policies",
    "inside",
    "own_office",
    "recipient",
    "shared_note",
    "staff_office",
}  # of the room of identity; they read cues and links, and so they run late


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_of_a_room_is_a_row(room: str) -> None:
    """A module without a row would be a check that never runs."""
    names = {path.stem for path in (Path(checks.__path__[0]) / room).glob("*.py")} - {"__init__"}
    rows = {check.name for check in CHECKS if check.run.__module__ == f"sekisho.checks.{room}.{check.name}"}
    assert names == rows
    assert {check.name for check in ROOMS[room]} - MOVED == rows - MOVED


def test_a_row_is_made_of_its_module() -> None:
    """Name, function and findings are the module's own."""
    assert Check.of(site) == Check("site", site.check, site.KINDS)
    assert Check.of(claims, pictured=True) == Check("claims", claims.check, (), pictured=True)


def test_names_and_ids_are_said_once() -> None:
    """Two checks of one name would share a stage, two findings of one id their points."""
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert len({kind.id for kind in KINDS}) == len(KINDS)
