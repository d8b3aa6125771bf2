"""Suites too large for every run."""

from __future__ import annotations

from collections.abc import Iterable

import pytest


def sliced(names: Iterable[str], one_in: int) -> list[object]:
    """Parameters of which `make test` runs one in so many, and `make test-whole` the others."""
    return [
        pytest.param(name, marks=[pytest.mark.whole] if number % one_in else [])
        for number, name in enumerate(names)
    ]
