"""The options of the workers and their deadlines, which are the same for every door to the MTA."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from sekisho.options import AT_RESTART, BLANK_IS_UNSET, Options


class WorkerOptions(Options):
    """The worker processes, and how long a message, a session and a process may take."""

    workers: int = Field(
        default=0, ge=0, le=256, description="Worker processes; 0 takes one for each processor core."
    )
    threads: int = Field(
        default=16, ge=1, le=256, description="Messages that one worker judges at the same time."
    )
    soft_deadline: float = Field(
        default=20.0, ge=1, le=240, description="Seconds after which a verdict is given from what is known."
    )
    hard_deadline: float = Field(
        default=25.0,
        ge=2,
        le=280,
        description="Seconds after which a worker that is stuck on a message, or shows no sign of life, is killed and "
        "replaced.",
    )
    progress_interval: float = Field(
        default=5.0, ge=0.02, le=10, description="Seconds between two signs of life to a waiting Postfix."
    )
    drain_timeout: float = Field(
        default=30.0,
        ge=0,
        le=3600,
        description="Seconds that open sessions may take to end when the daemon stops.",
    )
    retire_timeout: float = Field(
        default=600.0,
        ge=0,
        le=86400,
        description="Seconds that a session which is open at a reload may go on with its old configuration; after that "
        "it is ended with 421 at its next message. A further reload waits for such sessions.",
    )
    start_timeout: float = Field(
        default=60.0, ge=1, le=600, description="Seconds that new workers may take until they are ready."
    )
    session_timeout: int = Field(
        default=7210, ge=10, le=86400, description="Seconds that a session may be silent before it is closed."
    )
    on_error: Literal["tempfail", "accept"] = Field(
        default="tempfail",
        description="What a message gets when even the configured fallback fails.",
    )
    failure_memory: Annotated[str | None, BLANK_IS_UNSET] = Field(
        default=None,
        description="File that keeps the digests of messages that could not be judged, over restarts; empty means a "
        "file beside the quarantine.",
        json_schema_extra=AT_RESTART,
    )

    @field_validator("hard_deadline")
    @classmethod
    def _after_soft(cls, value: float, info: object) -> float:
        soft = getattr(info, "data", {}).get("soft_deadline")
        if soft is not None and value <= soft:
            raise ValueError("must be greater than soft_deadline")
        return value
