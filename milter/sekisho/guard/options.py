"""The options of self-protection."""

from __future__ import annotations

from pydantic import Field

from sekisho.options import Options


class GuardOptions(Options):
    """If suddenly so much mail would be held that it must be our mistake, mail is only tagged."""

    enabled: bool = Field(True, description="Fall back to tagging when the share of severe verdicts jumps.")
    window_minutes: float = Field(
        10.0, ge=0.1, le=1440, description="The time for which the present share is computed."
    )
    factor: float = Field(
        5.0,
        ge=1.1,
        le=1000,
        description="By how much the odds of quarantine and reject may exceed those of the long run: with 5, from "
        "5 % of the mail to 21 %, or from 50 % to 83 %.",
    )
    minimum: int = Field(
        50,
        ge=1,
        le=1_000_000,
        description="With fewer severe verdicts in the window nothing happens. They must come from as many "
        "networks and as many author domains (at most 100).",
    )
    least_percent: float = Field(
        5.0, ge=0.01, le=99, description="The share of the long run is taken to be at least this (per cent)."
    )
    history: int = Field(
        1000, ge=1, le=100_000_000, description="Messages that the long run must have before it is used."
    )
    memory_hours: float = Field(
        168.0, ge=1, le=8760, description="Hours after which a message counts half in the long run."
    )
    release_minutes: float = Field(
        60.0,
        ge=0,
        le=10_080,
        description="Minutes after which the fall-back ends by itself; 0: only by `sekisho resume`. For the same time "
        "after a `resume` it does not come back.",
    )
