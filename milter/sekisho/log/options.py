"""The options of the log."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from sekisho.options import Options

_UNIX = re.compile(r"unix:(/[^\0]{1,100})\Z")
_INET = re.compile(r"(udp|tcp):(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})\Z")


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
        description="stderr, journald (systemd's journal, with a field for each key), syslog, or the absolute path of "
        "a file, which is opened again after rotation.",
    )
    syslog_address: str = Field(
        default="unix:/dev/log",
        description="Where syslog listens: unix:/path, udp:address:port or tcp:address:port, with an IP address, as "
        "tcp:192.0.2.1:514 or udp:[::1]:514.",
    )
    syslog_format: Literal["auto", "rfc5424", "local"] = Field(
        default="auto",
        description="local is what syslog(3) writes; rsyslog and systemd understand nothing else on a UNIX socket. "
        "auto is local on a UNIX socket, and RFC 5424 on the network.",
    )
    syslog_facility: Literal[
        "mail",
        "daemon",
        "user",
        "local0",
        "local1",
        "local2",
        "local3",
        "local4",
        "local5",
        "local6",
        "local7",
    ] = Field(default="mail", description="The facility of our lines in syslog and in systemd's journal.")

    @field_validator("target")
    @classmethod
    def _reachable(cls, value: str) -> str:
        if value not in ("stderr", "syslog", "journald") and not value.startswith("/"):
            raise ValueError("must be stderr, journald, syslog or an absolute path")
        return value

    @field_validator("syslog_address")
    @classmethod
    def _address(cls, value: str) -> str:
        syslog_endpoint(value)
        return value

    @property
    def file(self) -> Path | None:
        """The log file; None if the log goes elsewhere."""
        return Path(self.target) if self.target.startswith("/") else None

    @property
    def place(self) -> str:
        """Where the log goes, for people."""
        return f"syslog at {self.syslog_address}" if self.target == "syslog" else self.target

    def search(self, pattern: str) -> str:
        """How a person finds lines with a pattern of `grep -E` if the log is not a file of ours."""
        if self.target == "syslog":
            return f"ask the syslog at {self.syslog_address}: grep -E '{pattern}' /var/log/mail.log"
        return f"ask the service manager: journalctl -u sekisho-milter | grep -E '{pattern}'"


def syslog_endpoint(value: str) -> tuple[str, str, int]:
    """Kind (`unix`, `udp`, `tcp`), path or IP address, and port (0 for a path) of `log.syslog_address`. Raises
    ValueError."""
    if unix := _UNIX.match(value):
        return "unix", unix[1], 0
    inet = _INET.match(value)
    try:
        if inet and 0 < int(inet[4]) <= 65535:
            return inet[1], str(ipaddress.ip_address(inet[2] or inet[3])), int(inet[4])
    except ValueError:
        pass
    raise ValueError("must be unix:/path, udp:address:port or tcp:address:port, with an IP address") from None
