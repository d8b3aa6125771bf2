"""The Japanese help: `config/locale/ja/LC_MESSAGES/sekisho.po`, compiled for Python's gettext.

`Hook` is what hatchling runs when it builds the wheel or installs the tree in place: it compiles. As a program
(`make docs`) it first brings the catalogue up to date: a text that commands say and that is missing is added without
translation, one that nothing says any more is taken out.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE = "locale/ja/LC_MESSAGES/sekisho"
SOURCE = Path("config", f"{PLACE}.po")
# The modules of click whose words a person may see, and the one word of them that is not marked as text.
SPOKEN = ("core", "decorators", "exceptions", "formatting", "parser", "termui", "types")
UNMARKED = ("required",)

MsgId = str | tuple[str, ...]


class Hook(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles the catalogue into the tree, and gives it to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before each build."""
        file = compile_in(Path(self.root))
        if self.target_name == "wheel" and version == "standard":
            build_data["force_include"][str(file)] = f"sekisho/data/{PLACE}.mo"


def catalogue(root: Path) -> Catalog:
    """The translations as they stand in the tree."""
    with (root / SOURCE).open("rb") as file:
        return read_po(file, locale="ja", domain="sekisho")


def compiled(root: Path) -> bytes:
    """The translations as gettext reads them."""
    target = BytesIO()
    write_mo(target, catalogue(root))
    return target.getvalue()


def compile_in(root: Path) -> Path:
    """Compile beside the source. Returns the file."""
    file = (root / SOURCE).with_suffix(".mo")
    file.write_bytes(compiled(root))
    return file


def wanted() -> list[MsgId]:
    """Every text of the help, around an error, and of the commands that speak the locale's language: the commands' own,
    then click's."""
    from sekisho.cli.commands import cli  # noqa: PLC0415 - the build has no sekisho yet
    from sekisho.cli.japanese import helps, one_line  # noqa: PLC0415

    return list(dict.fromkeys([*(one_line(text) for text in helps(cli)), *_marked(), *UNMARKED]))


def _marked() -> Iterator[MsgId]:
    """What is marked as text, in our commands and in click."""
    import click  # noqa: PLC0415

    import sekisho.cli  # noqa: PLC0415

    own = sorted(Path(sekisho.cli.__file__).parent.rglob("*.py"))
    for file in (*own, *(Path(click.__file__).with_name(f"{module}.py") for module in SPOKEN)):
        for _line, text, _comments, _context in extract_from_file(
            "python", file, keywords={"_": None, "ngettext": (1, 2)}
        ):
            yield text


def update(root: Path) -> None:
    """Bring the catalogue up to date."""
    template, found = Catalog(), catalogue(root)
    for text in wanted():
        template.add(text)
    found.update(template, no_fuzzy_matching=True, update_creation_date=False)
    with (root / SOURCE).open("wb") as file:
        write_po(file, found, ignore_obsolete=True, width=110)


if __name__ == "__main__":
    update(Path())
    compile_in(Path())
