"""What single files are judged with: the shipped state, or a configuration with what belongs to it on this machine.

A measurement must be the same on every machine. In the shipped state nothing of the machine counts: no configuration,
no lists of the store, no overlays of brands and words, and not even the host's name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sekisho.brands import BrandOptions
from sekisho.config import Config
from sekisho.directory import TriedTable
from sekisho.text import printable
from sekisho.vocabulary import VocabularyOptions

MAX_PATH_CHARS = 4000
SHIPPED = Config(
    authserv_id="sekisho.invalid",  # no message has results under this name (RFC 6761 section 6.4)
    brands=BrandOptions(overlay=None),
    vocabulary=VocabularyOptions(overlay=None),
)
"""The configuration of the shipped state: the defaults, without the overlays of this machine."""


@dataclass(frozen=True, slots=True)
class Basis:
    """A configuration, and what belongs to it.

    `file` is the file of the configuration, None for the defaults. `registry` is a folder of brand files in the place
    of the shipped ones. Without `lists`, the lists that were made at run time on this machine do not count.
    """

    config: Config
    file: Path | None = None
    registry: Path | None = None
    lists: bool = True

    @classmethod
    def shipped(cls, registry: Path | None = None) -> Basis:
        """The shipped state, with the brand files of `registry` if that is given."""
        return cls(SHIPPED, registry=registry, lists=False)

    def judged_with(self, lists_version: int, tables: Iterable[TriedTable] = ()) -> str | dict[str, Any]:
        """The value of `judged_with` in the JSON of the commands: `shipped`, or configuration, version of the lists
        and the overlays that exist. `registry` is named if it is not the shipped one, `directory` if tables are
        named."""
        if self == Basis.shipped():
            return "shipped"
        overlays = (self.config.brands.overlay, self.config.vocabulary.overlay)
        document: dict[str, Any] = {
            "config": None if self.file is None else _shown(self.file),
            "lists_version": lists_version,
            "overlays": [_shown(each) for each in overlays if each is not None and each.exists()],
        }
        if self.registry is not None:
            document["registry"] = _shown(self.registry)
        if asked := [_table(each) for each in tables]:
            document["directory"] = asked
        return document


def _table(each: TriedTable) -> dict[str, Any]:
    """One table, and the reason if it was not asked with success."""
    return {
        "option": each.option,
        "table": printable(each.table, MAX_PATH_CHARS),
        "answers": each.fault is None,
        "reason": None if each.fault is None else printable(each.fault, MAX_PATH_CHARS),
    }


def _shown(path: Path) -> str:
    return printable(str(path), MAX_PATH_CHARS)
