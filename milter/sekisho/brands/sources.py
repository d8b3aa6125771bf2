"""The sources of domains, as brand files cite them: which ones copy each other, and which ones name an owner.

The table is data (`config/brand_sources.toml`). A source that is not in it is a page, cited by host and path: it names
the owner, and pages of one host are one source.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import Field

from sekisho.brands.files import BrandFileError
from sekisho.data_files import FileModel
from sekisho.data_files import read as read_file
from sekisho.package_data import shipped


class Source(FileModel):
    """A list of domains.

    - `what`: where it comes from, for people.
    - `nameless`: it has domains without saying whose they are.
    - `family`: the same for lists that copy each other; none if it stands alone.
    """

    what: str = Field(min_length=1, max_length=200)
    nameless: bool = False
    family: str = ""


class SourceTable(FileModel):
    """The known lists by the short name that brand files use."""

    source: dict[str, Source] = Field(default_factory=dict)

    def independent(self, cited: Iterable[str]) -> int:
        """How many of the cited sources are independent of each other."""
        return len({self.family(each) for each in cited})

    def name_owner(self, cited: Iterable[str]) -> bool:
        """True if one of the cited sources says whose a domain is."""
        return any(each not in self.source or not self.source[each].nameless for each in cited)

    def family(self, cited: str) -> str:
        """What is the same for sources that depend on each other."""
        known = self.source.get(cited)
        return (known.family or cited) if known else cited.partition("/")[0].removeprefix("www.")


def load(file: Path | None = None) -> SourceTable:
    """The table of a file; None: the shipped one. Raises BrandFileError with every fault."""
    faults: list[str] = []
    table = read_file(SourceTable, file or shipped("brand_sources.toml"), faults)
    if table is None:
        raise BrandFileError(tuple(faults))
    return table
