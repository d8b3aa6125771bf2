"""Names of organisations that no registry knows, and of people, who are none."""

from __future__ import annotations

import pytest

from sekisho.checks.identity.unknown_organisation import is_person


@pytest.mark.parametrize(
    ("name", "local", "person"),
    [
        ("jane doe", "jane.doe", True),
        ("jane doe", "jdoe", True),
        ("evangelia papadimitriou", "epapad", True),
        ("evangelia papadimitriou", "papade", True),
        ("shinichiro matsumoto", "s_matsu", True),
        ("maria garcia lopez", "mlope", True),
        ("northern parcels", "info", False),
        ("northern parcels", "np", False),
        ("northern", "nor.x", False),
        ("northern parcels", "notice", False),
        ("northern parcels", "", False),
    ],
)
def test_a_person_has_the_name_in_the_address(name: str, local: str, person: bool) -> None:
    """As words, or as the beginnings of two; initials alone are too few letters to tell."""
    assert is_person(tuple(name.split()), local) is person
