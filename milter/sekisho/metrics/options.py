"""The options of metrics and health."""

from __future__ import annotations

import ipaddress
from pathlib import Path

from pydantic import Field, field_validator

from sekisho.options import AT_RESTART, Options


class MetricsOptions(Options):
    """The metrics port, and where processes leave their figures for it."""

    listen: str = Field(
        default="127.0.0.1:9119",
        description="Address and port of /metrics, /healthz, /readyz and /status, as 127.0.0.1:9119 or [::1]:9119; "
        "there is no access control, so keep it on loopback or behind one.",
    )
    directory: Path = Field(
        default=Path("/run/sekisho/metrics"),
        description="Directory of the memory-mapped figures, best on a tmpfs; only sekisho may write there.",
        json_schema_extra=AT_RESTART,
    )
    connections: int = Field(
        default=512,
        ge=1,
        le=4096,
        description="Connections kept open at the same time; of more, the one that was silent longest is closed.",
    )
    timeout_seconds: float = Field(
        default=10.0,
        ge=0.1,
        le=120,
        description="Seconds that a client of the metrics port may take for a request and for its answer.",
    )

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        endpoint(value)
        return value

    @field_validator("directory")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        if not value.is_absolute():
            raise ValueError("must be an absolute path")
        return value


def endpoint(value: str) -> tuple[str, int]:
    """The IP address and port of `address:port`. Raises ValueError."""
    host, colon, port = value.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        raise ValueError("must be an IP address and a port, as 127.0.0.1:9119 or [::1]:9119") from None
    if (address.version == 6) != (bare != host) or not colon or not port.isascii() or not port.isdigit():
        raise ValueError("must be an IP address and a port, as 127.0.0.1:9119 or [::1]:9119")
    if int(port) > 65535:
        raise ValueError("the port must be at most 65535")
    return bare, int(port)
