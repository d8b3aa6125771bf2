"""The options of the log."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator

from sekisho.options import Options


class LogOptions(Options):
    """Where the log goes, and in which format."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe records that are written."
    )
    format: Literal["logfmt", "json"] = Field(
        default="logfmt", description="One line of key=value pairs, or one JSON object, per record."
    )
    target: str = Field(
        default="stderr",
        description="stderr, or the absolute path of a file, which is opened again after rotation.",
    )

    @field_validator("target")
    @classmethod
    def _reachable(cls, value: str) -> str:
        if value != "stderr" and not value.startswith("/"):
            raise ValueError("must be stderr or an absolute path")
        return value
