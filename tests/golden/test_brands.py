"""The most abused brands: for each a mail that imitates it, and a genuine one that comes close.

`brands/<id>/caught` is somebody else's mail in the brand's name; `brands/<id>/near` is the brand's own, proven to be
that, or a mail that has reason to speak of it. What each is judged by is pinned down like any golden mail.
"""

from __future__ import annotations

import functools
from pathlib import Path

import pytest
from tests.golden.test_golden import judge_of, options_of

from sekisho import brands, cases

FOLDERS = sorted(path for path in (Path(__file__).parent / "brands").iterdir() if path.is_dir())
HELD = ("quarantine", "reject")


@functools.cache
def groups() -> dict[str, str]:
    """The organisation of each brand of the registry, by id."""
    return {brand.id: brand.group for brand in brands.load()}


def test_there_are_forty() -> None:
    """Every folder is a brand of the registry, and there are enough of them."""
    assert len(FOLDERS) >= 40
    assert {folder.name for folder in FOLDERS} <= groups().keys()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_imitation_is_held_and_accused_of_the_brand(folder: Path) -> None:
    """Quarantined or rejected, by a finding that names this brand or one of its organisation."""
    mail = folder / "caught.eml"
    report = judge_of(options_of(mail))(cases.load(mail))
    accused = {groups()[each["brand"]] for each in report["findings"] if each["brand"]}
    assert groups()[folder.name] in accused
    assert report["verdict"] in HELD


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_genuine_mail_is_accepted_and_speaks_of_the_brand(folder: Path) -> None:
    """Accepted, though the brand's name or domain stands in it."""
    mail = folder / "near.eml"
    report = judge_of(options_of(mail))(cases.load(mail))
    assert report["verdict"] == "accept"
    assert groups()[folder.name] in {groups()[each["brand"]] for each in report["claims"] if each["brand"]}
