"""The table of sources that brand files cite, and entries that cite one source or several."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.brands.files import BrandFileError, load
from sekisho.brands.model import DomainEntry
from sekisho.brands.sources import load as load_sources


def test_every_source_of_a_shipped_domain_is_known_or_a_page() -> None:
    """A short name stands in the table; anything else is a page, with host and path or a full stop."""
    known = load_sources().source
    cited = {each for brand in load() for entry in brand.domains.values() for each in entry.sources}
    assert {each for each in cited if each not in known and "." not in each and "/" not in each} == set()


def test_every_source_of_the_table_is_cited() -> None:
    """A source that no file cites is not explained either."""
    cited = {each for brand in load() for entry in brand.domains.values() for each in entry.sources}
    assert set(load_sources().source) - cited <= {"Stalwart", "MISP", "public code, once", "gilbarbara"}


def test_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    """Every fault is named."""
    (tmp_path / "sources.toml").write_text('[source]\n"A" = { nameless = 1 }\n')
    with pytest.raises(BrandFileError) as error:
        load_sources(tmp_path / "sources.toml")
    assert len(error.value.faults) == 2


def test_one_source_is_a_list_of_one() -> None:
    """Files with a single `source` load as before; both keys together are a fault."""
    single = DomainEntry.model_validate({"confidence": "high", "source": "a.example"})
    assert single.sources == ("a.example",)
    assert single == DomainEntry.model_validate({"confidence": "high", "sources": ["a.example"]})
    with pytest.raises(ValueError, match="cannot stand together"):
        DomainEntry.model_validate({"confidence": "high", "source": "a", "sources": ["b"]})


@pytest.mark.parametrize(
    ("entry", "proves"),
    [
        ({"confidence": "high"}, True),
        ({"confidence": "high", "confirmed": False}, False),
        ({"confidence": "high", "flags": ["mailbox"], "confirmed": True}, False),
        ({"confidence": "medium", "sources": ["UT1"]}, False),
        ({"confidence": "medium", "source": "a.example"}, False),
        ({"confidence": "medium", "names_owner": True}, False),
        ({"confidence": "medium", "names_owner": True, "source": "a.example"}, True),
        ({"confidence": "medium", "confirmed": True}, True),
        ({"confidence": "low", "sources": ["UT1"]}, False),
    ],
)
def test_what_proves(entry: dict[str, object], proves: bool) -> None:
    """High, and medium where a source names the owner of this very domain; never a mailbox."""
    assert DomainEntry.model_validate(entry).proves is proves


@pytest.mark.parametrize("key", ["confirmed", "owner_page", "names_owner"])
def test_low_is_not_confirmed(key: str) -> None:
    """What is known of the owner is said with the confidence."""
    with pytest.raises(ValueError, match="low confidence cannot be confirmed"):
        DomainEntry.model_validate({"confidence": "low", key: True})
