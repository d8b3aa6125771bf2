"""The options of the milter socket, with those of the workers behind it."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import Field, field_validator

from sekisho.judging.options import WorkerOptions
from sekisho.options import AT_RESTART, BLANK_IS_UNSET

_UNIX = re.compile(r"unix:(/[^\0]{1,100})\Z")
_INET = re.compile(r"inet6?:(\d{1,5})(@[0-9A-Za-z.:_-]{1,255})?\Z")


class WireOptions(WorkerOptions):
    """The milter socket and the processes behind it."""

    socket: str = Field(
        default="unix:/run/sekisho/milter.sock",
        description="Where Postfix reaches the filter: unix:/path, inet:port@host or inet6:port@host.",
        json_schema_extra=AT_RESTART,
    )
    socket_mode: str = Field(
        default="0660",
        pattern=r"^0?[0-7]{3}$",
        description="Permissions of a UNIX socket, octal.",
        json_schema_extra=AT_RESTART,
    )
    socket_group: Annotated[str | None, BLANK_IS_UNSET] = Field(
        default=None,
        description="Group of a UNIX socket (Postfix's group), by name; empty keeps our own.",
        json_schema_extra=AT_RESTART,
    )
    backlog: int = Field(
        default=512,
        ge=1,
        le=65535,
        description="Connections that may wait to be taken, in number.",
        json_schema_extra=AT_RESTART,
    )

    @field_validator("socket")
    @classmethod
    def _known_socket(cls, value: str) -> str:
        inet = _INET.match(value)
        if _UNIX.match(value) or (inet and 0 <= int(inet[1]) <= 65535):
            return value
        raise ValueError("must be unix:/path, inet:port@host or inet6:port@host")
