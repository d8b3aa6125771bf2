"""Types of arguments and options beside click's own. Each refuses a bad value with one line that says what is right.

Times and spans are in `options`: `Age`, `Span`.
"""

from __future__ import annotations

import re
import sys
from gettext import gettext as _
from pathlib import Path
from typing import Any

import click

_ADDRESS = re.compile(r"[^\s<>@\x00-\x1f]+@[^\s<>@\x00-\x1f]+")


class InputFile(click.File):
    """A file to read, opened; `-` is standard input."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The open file. Raises BadParameter."""
        if value == "-" and sys.stdin is None:
            self.fail(_("standard input is closed: name a file"), param, ctx)
        return super().convert(value, param, ctx)


class NewFile(click.ParamType):  # type: ignore[type-arg]
    """A file to make, or an existing directory to make files in. What ends with a slash is a directory."""

    name = "path"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """The path. Raises BadParameter."""
        path = Path(str(value))
        try:
            there = path.is_dir()
        except OSError:  # the command itself says why it cannot be used
            return path
        if str(value).endswith("/") and not there:
            self.fail(f"{path}: there is no such directory; make it first", param, ctx)
        return path


class Address(click.ParamType):  # type: ignore[type-arg]
    """An e-mail address as `hanako@example.jp`, without brackets."""

    name = "address"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The address. Raises BadParameter."""
        if _ADDRESS.fullmatch(str(value)) is None:
            self.fail(_("{value!r} is no address such as hanako@example.jp").format(value=value), param, ctx)
        return str(value)
