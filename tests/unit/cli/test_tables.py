"""Tables on a screen that is too narrow for them."""

from __future__ import annotations

import io

import pytest

from sekisho.cli.output import Screen
from sekisho.cli.tables import Sheet, cells, show

RATE = "26.7% (10.9%-52.0%)"
SHEET = Sheet(
    "by kind",
    ("", "label", "total", "tagged or worse"),
    (
        cells("a newsletter whose links all go through one counter", "ham", 12, RATE),
        cells("a newsletter whose links all go through one counter", "phish", 3, RATE),
        cells("codes", "ham", 7, RATE),
    ),
    left=2,
)


def shown(columns: int) -> list[str]:
    screen = Screen(
        file=io.StringIO(), force_terminal=True, width=columns, color_system=None, highlight=False
    )
    show(screen, SHEET)
    assert isinstance(screen.file, io.StringIO)
    return [line.rstrip() for line in screen.file.getvalue().splitlines()]


def test_a_table_that_fits_is_one_line_a_row() -> None:
    """Names beside their numbers."""
    lines = shown(100)
    assert lines[3].split() == [*SHEET.rows[0][0].text.split(), "ham", "12", *RATE.split()]
    assert len(lines) == 6


def test_names_stand_above_their_numbers_if_it_does_not_fit() -> None:
    """The same name once, and no number is cut."""
    name = SHEET.rows[0][0].text
    assert shown(60)[3:] == [
        name,
        f"ham       12  {RATE}",
        f"phish      3  {RATE}",
        "codes",
        f"ham        7  {RATE}",
    ]


@pytest.mark.parametrize("columns", [28, 30])
def test_a_rate_is_folded_before_a_number_is_cut(columns: int) -> None:
    """The rate above its interval."""
    lines = shown(columns)
    assert max(map(len, lines)) <= columns
    first = lines.index("codes")
    assert [line.split() for line in lines[first + 1 :]] == [["ham", "7", "26.7%"], ["(10.9%-52.0%)"]]
