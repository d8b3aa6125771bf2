"""The path of data that comes with the program: package data in an installation, `config/` in a checkout."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def shipped(name: str) -> Path:
    """The path of a file or folder, such as `brands` or `providers.toml`."""
    installed = _HERE / "data" / name
    return installed if installed.exists() else _HERE.parents[1] / "config" / name
