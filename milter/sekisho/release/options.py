"""The options of the port that takes released mail."""

from __future__ import annotations

import re

from pydantic import Field, field_validator, model_validator

from sekisho.options import Options

_ADDRESS = re.compile(r"(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,255})?")
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,255}")
MAX_REPLIES = 8  # that one SMTP transaction waits for


class ReleaseOptions(Options):
    """The port that takes released mail without filtering it again, and how it is spoken to."""

    host: str = Field(
        default="127.0.0.1",
        description="Where Postfix listens for released mail; the port must be reachable from this machine only.",
    )
    port: int = Field(
        default=10026,
        ge=1,
        le=65535,
        description="TCP port of that smtpd; it must not ask this filter again.",
    )
    helo: str = Field(
        default="",
        description="Our name in EHLO and in the Received field; empty means authserv_id or this host's name.",
    )
    bounce_address: str = Field(
        default="",
        description="MAIL FROM of released mail: an address of your own that gets the bounces. Empty is the null "
        "sender: what cannot be delivered is dropped by the MTA and stays in the quarantine as released. The "
        "original sender is never used, since it may be forged.",
    )
    timeout_seconds: float = Field(
        default=30.0, ge=0.1, le=300, description="Seconds to wait for the connection, and for each reply."
    )
    attempts: int = Field(
        default=3, ge=1, le=20, description="Times that one command tries a copy when the MTA says 4xx."
    )
    pause_seconds: float = Field(
        default=2.0, ge=0, le=60, description="Seconds between two of these attempts."
    )
    uncertain_after_minutes: float = Field(
        default=15.0,
        gt=0,
        le=1440,
        description="Minutes after which a copy that is still being sent counts as uncertain: who sent it is gone.",
    )

    @field_validator("host", "helo")
    @classmethod
    def _host(cls, value: str) -> str:
        if value and not _HOST.fullmatch(value):
            raise ValueError("must be a host name or an IP address")
        return value

    @field_validator("bounce_address")
    @classmethod
    def _mailbox(cls, value: str) -> str:
        if not _ADDRESS.fullmatch(value):
            raise ValueError("must be a plain address as postmaster@example.jp, or empty")
        return value

    @model_validator(mode="after")
    def _patient(self) -> ReleaseOptions:
        """A copy may not become uncertain while its process may still wait for a reply."""
        if self.uncertain_after_minutes * 60 <= self.timeout_seconds * MAX_REPLIES:
            raise ValueError(
                f"uncertain_after_minutes must be more than {MAX_REPLIES} times timeout_seconds, "
                "the longest that one hand-over can take"
            )
        return self
