"""The version of libmilter."""

from __future__ import annotations

import milter


def libmilter_version() -> str:
    """The version that the loaded library reports, such as `1.0.1`."""
    return ".".join(str(part) for part in milter.getversion())  # type: ignore[attr-defined]
