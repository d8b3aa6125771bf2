"""The options of self-protection."""

from __future__ import annotations

from pydantic import Field

from sekisho.options import Options


class GuardOptions(Options):
    """When so much mail is suddenly to be held that it must be our mistake, we only tag."""

    enabled: bool = Field(True, description="Fall back to tagging when the share of severe verdicts jumps.")
    window_minutes: float = Field(
        10.0, ge=0.1, le=1440, description="The time over which the present share is taken."
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
        description="Severe verdicts within the window below which nothing happens. They must be of as many "
        "networks and author domains (of 100, if it is more).",
    )
    least_percent: float = Field(
        5.0, ge=0.01, le=99, description="The share of the long run is taken to be at least this (per cent)."
    )
    history: int = Field(
        1000, ge=1, le=100_000_000, description="Messages that the long run must know before it is relied on."
    )
    memory_hours: float = Field(
        168.0, ge=1, le=8760, description="Hours after which the long run counts a message half."
    )
    release_minutes: float = Field(
        60.0,
        ge=0,
        le=10_080,
        description="Minutes after which the fall-back ends by itself; 0: only by `sekisho resume`. As long after "
        "a `resume` it does not come back.",
    )
