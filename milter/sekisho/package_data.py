"""Where the data that comes with the program lies: package data when installed, `config` in a checkout."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def shipped(name: str) -> Path:
    """The file or folder of that name."""
    installed = _HERE / "data" / name
    return installed if installed.exists() else _HERE.parents[1] / "config" / name
