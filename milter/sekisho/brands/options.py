"""The option for the site's own brand files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from sekisho.options import BLANK_IS_UNSET, Options


class BrandOptions(Options):
    """The brand registry."""

    overlay: Annotated[Path | None, BLANK_IS_UNSET] = Field(
        Path("/etc/sekisho/brands.d"),
        description="Folder whose brand files add to the shipped ones and replace those of the same id; "
        "empty: the shipped ones alone.",
    )
