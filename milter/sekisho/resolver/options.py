"""The options of the resolver, and the addresses of name servers in them."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from sekisho.options import Options

RESOLV_CONF = Path("/etc/resolv.conf")


def _server(text: str) -> str:
    parse_server(text)
    return text


class DnsOptions(Options):
    """The name servers, time limits and cache of the resolver."""

    servers: tuple[Annotated[str, AfterValidator(_server)], ...] = Field(
        default=(),
        description="Recursive name servers as `address` or `address:port` (IPv6: `[address]:port`). "
        "Empty: those of /etc/resolv.conf.",
    )
    timeout: float = Field(
        default=2.0, ge=0.1, le=10.0, description="Seconds to wait for the answer to one question."
    )
    budget: float = Field(
        default=8.0, ge=0.5, le=15.0, description="Seconds that one message may wait for DNS in total."
    )
    cache_size: int = Field(
        default=20_000, ge=0, le=1_000_000, description="Number of answers that each worker keeps."
    )
    cache_bytes: int = Field(
        default=16_000_000,
        ge=0,
        le=1_000_000_000,
        description="Bytes of memory for the answers that each worker keeps. An answer over 8 kB is never kept.",
    )
    max_ttl: float = Field(
        default=3600.0,
        ge=1.0,
        le=86_400.0,
        description="Seconds after which every answer is asked for again.",
    )
    negative_ttl: float = Field(
        default=300.0,
        ge=0.0,
        le=3600.0,
        description="Seconds, at most, that the absence of a name or record is kept.",
    )
    warmers: int = Field(
        default=4,
        ge=0,
        le=32,
        description="Number of threads that ask questions in advance while a message arrives; 0 asks none.",
    )


def parse_server(text: str) -> tuple[str, int]:
    """Address and port of `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`.

    Raises ValueError for anything else. A host name is refused, since finding its address needs DNS.
    """
    host, port = text, "53"
    if text.startswith("["):
        host, closed, port = text[1:].partition("]")
        if not closed:
            raise ValueError(f"no closing bracket: {text!r}")
        port = port.removeprefix(":") or "53"
    elif text.count(":") == 1:
        host, port = text.split(":")
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise ValueError(f"not a port: {port!r}")
    try:
        return str(ipaddress.ip_address(host)), int(port)
    except ValueError:
        raise ValueError(f"{host!r} is no IP address such as 192.0.2.1") from None


def system_servers(path: Path = RESOLV_CONF) -> tuple[tuple[str, int], ...]:
    """Address and port of the name servers in resolv.conf(5), at most three; loopback if there is none, as in libc."""
    try:
        words = [line.split() for line in path.read_text("utf-8", "replace").splitlines()]
    except OSError:
        words = []
    found = []
    for line in words:
        if len(line) >= 2 and line[0] == "nameserver":
            try:
                found.append((str(ipaddress.ip_address(line[1])), 53))
            except ValueError:
                continue
    return tuple(found[:3]) or (("127.0.0.1", 53),)
