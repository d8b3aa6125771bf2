"""The options of the SMTP door."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from sekisho.domains import parse_network
from sekisho.options import AT_RESTART, Options

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?\Z")


def _network(value: str) -> str:
    return str(parse_network(value))


def host_and_port(value: str) -> tuple[str, int]:
    """The host and the port of `host:port`, or of `[::1]:port`. Raises ValueError."""
    host, colon, port = value.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    valid = _is_address(bare, version=6) if bare != host else bool(_HOST.match(host))
    if not (valid and colon and port.isascii() and port.isdigit() and 0 < int(port) <= 65535):
        raise ValueError("must be a host and a port, as 127.0.0.1:10025 or [::1]:10025")
    return bare, int(port)


def _is_address(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


class SmtpOptions(Options):
    """The SMTP door, `sekisho serve --smtp`."""

    listen: str = Field(
        default="127.0.0.1:10024",
        description="Where the MTA reaches the door: an IP address and a port, as 127.0.0.1:10024 or [::1]:10024.",
        json_schema_extra=AT_RESTART,
    )
    next_hop: str = Field(
        default="",
        description="The MTA that takes what the door lets through: host:port, as 127.0.0.1:10025. It must not ask "
        "this filter again. The door does not start without it.",
    )
    position: Literal["after-queue", "before-queue"] = Field(
        default="after-queue",
        description="after-queue (content_filter): the MTA has taken the message already, so a refusal would become a "
        "bounce to a sender that may be forged; what would be refused is quarantined. before-queue "
        "(smtpd_proxy_filter): the sending server still waits, and a refusal reaches it. Addresses are then as the "
        "client wrote them, and only plain ones are taken.",
    )
    trusted: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        default=("127.0.0.0/8", "::1/128"),
        description="Networks of the MTAs that may use the door, and whose word about the client (XFORWARD, XCLIENT) "
        "is believed. Nobody else may connect: the next hop takes everything from the door.",
    )
    message_bytes: int = Field(
        default=52_428_800,
        ge=100_000,
        le=1_000_000_000,
        description="Size of a message that is taken, in bytes; not less than the MTA's message_size_limit.",
    )
    memory_bytes: int = Field(
        default=268_435_456,
        ge=100_000,
        le=100_000_000_000,
        description="Memory that one worker has for messages, in bytes. A message takes three times its size: as it "
        "came in, as it is judged, and as it is handed over. While there is no room for a message, it is deferred "
        "(452); while the others take less than a quarter, there is room for any.",
    )
    sessions: int = Field(
        default=100, ge=1, le=1000, description="Sessions of one worker at the same time; more get 421."
    )
    timeout_seconds: float = Field(
        default=60.0,
        ge=0.1,
        le=600,
        description="Seconds to wait for the connection with the next hop, and for each reply of it.",
    )
    idle_seconds: float = Field(
        default=300.0, ge=1, le=3600, description="Seconds that a session may be silent before it is closed."
    )

    @field_validator("listen")
    @classmethod
    def _address(cls, value: str) -> str:
        host, _ = host_and_port(value)
        if not (_is_address(host, 4) or _is_address(host, 6)):
            raise ValueError("must be an IP address and a port, as 127.0.0.1:10024 or [::1]:10024")
        return value

    @field_validator("next_hop")
    @classmethod
    def _hop(cls, value: str) -> str:
        if value:
            host_and_port(value)
        return value
