"""The option for the site's own words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from sekisho.options import BLANK_IS_UNSET, Options


class VocabularyOptions(Options):
    """Words that checks look for."""

    overlay: Annotated[Path | None, BLANK_IS_UNSET] = Field(
        Path("/etc/sekisho/vocabulary.d"),
        description="Folder whose files add words to the shipped lists and remove words from them; "
        "empty: the shipped words alone.",
    )
