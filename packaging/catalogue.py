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
OWN_WORDS = Path("milter", "sekisho", "cli")  # the modules whose marked texts a person sees in Japanese
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


def wanted(root: Path) -> list[MsgId]:
    """Every text that a person may be told: the commands' help, what they print, then what click says."""
    from sekisho.cli.commands import cli  # noqa: PLC0415 - the build has no sekisho yet
    from sekisho.cli.japanese import helps, one_line  # noqa: PLC0415

    return list(
        dict.fromkeys([*(one_line(text) for text in helps(cli)), *_printed(root), *_of_click(), *UNMARKED])
    )


def _printed(root: Path) -> Iterator[MsgId]:
    """What the commands print, beside their help."""
    for file in sorted((root / OWN_WORDS).rglob("*.py")):
        yield from _marked(file, ("_", "mark"))


def _of_click() -> Iterator[MsgId]:
    import click  # noqa: PLC0415

    for module in SPOKEN:
        yield from _marked(Path(click.__file__).with_name(f"{module}.py"), ("_",))


def _marked(file: Path, functions: tuple[str, ...]) -> Iterator[MsgId]:
    """The texts in a module that are given to one of the functions, or to `ngettext`."""
    keywords = {**dict.fromkeys(functions), "ngettext": (1, 2)}
    for _line, text, _comments, _context in extract_from_file("python", file, keywords=keywords):
        yield text


def update(root: Path) -> None:
    """Bring the catalogue up to date."""
    template, found = Catalog(), catalogue(root)
    for text in wanted(root):
        template.add(text)
    found.update(template, no_fuzzy_matching=True, update_creation_date=False)
    with (root / SOURCE).open("wb") as file:
        write_po(file, found, ignore_obsolete=True, width=110)


if __name__ == "__main__":
    update(Path())
    compile_in(Path())
