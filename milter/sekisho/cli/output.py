"""Where the commands print to: text for a reader, JSON for programs.

What is printed may come from a message, so nothing in it is taken for markup, and a character that the terminal
cannot show becomes an escape instead of an error.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from rich.console import Console

WIDE = 200  # columns where the output is no terminal: a table in a file must not be cut


def console() -> Console:
    """Standard output as wide as the terminal, or wide enough for a file."""
    width = None if sys.stdout.isatty() else WIDE
    return Console(highlight=False, markup=False, emoji=False, width=width)


def write_json(value: object, indent: int = 2) -> None:
    """One JSON document in UTF-8, whatever the locale."""
    write(json.dumps(value, ensure_ascii=False, indent=indent) + "\n")


def write(text: str) -> None:
    """A document in UTF-8, whatever the locale."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def shown(path: Path) -> str:
    """A file's name as text; bytes that are no UTF-8 become escapes."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")
