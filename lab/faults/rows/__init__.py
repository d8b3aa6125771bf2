"""The rows of the matrix, in the order in which they run: one module for each family of faults."""

from __future__ import annotations

from lab.faults.row import ROWS, Row
from lab.faults.rows import (
    clock,
    crash,
    disk,
    kill,
    load,
    names,
    points,
    postgresql,
    power,
    smtp_door,
    store_file,
    targets,
    wire,
)

FAMILIES = (
    kill,
    points,
    crash,
    power,
    disk,
    store_file,
    postgresql,
    wire,
    load,
    names,
    clock,
    targets,
    smtp_door,
)
"""Importing a family puts its rows into the table, in this order."""


def every() -> tuple[Row, ...]:
    """All rows in order."""
    names = [family.__name__ for family in FAMILIES]
    return tuple(sorted(ROWS.values(), key=lambda each: names.index(each.run.__module__)))
