"""Where the site's own brand files are."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from sekisho.options import Options


class BrandOptions(Options):
    """The brand registry."""

    overlay: Path | None = Field(
        Path("/etc/sekisho/brands.d"),
        description="Folder whose brand files add to the shipped ones and replace those of the same id.",
    )
