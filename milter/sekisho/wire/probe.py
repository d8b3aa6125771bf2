"""Tests whether our own milter socket answers: a connection and an option negotiation, as an MTA begins a session.

No further step follows, so the probe is not counted as a session and logs nothing.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from sekisho.wire.listen import inherit, unix_path
from sekisho.wire.options import WireOptions

_VERSION = 6
_ACTIONS, _PROTOCOL = 0x1FF, 0x1FFFFF  # everything that libmilter knows, as Postfix offers it
_NEGOTIATE = struct.pack(">IcIII", 13, b"O", _VERSION, _ACTIONS, _PROTOCOL)  # SMFIC_OPTNEG
_QUIT = struct.pack(">Ic", 1, b"Q")
_HEADER_BYTES = 5  # length and command of a packet


@dataclass(frozen=True, slots=True)
class SocketAddress:
    """The address of the milter socket: a path, or a host and port."""

    path: str = ""
    host: str = ""
    port: int = 0


def place(options: WireOptions, environ: Mapping[str, str] | None = None) -> SocketAddress:
    """Where the daemon that starts listens: as configured, or the socket that systemd passed to us."""
    handed = inherit(os.environ if environ is None else environ)
    if handed is not None:
        family, name = handed.family, handed.getsockname()
        handed.detach()
        return (
            SocketAddress(path=name)
            if family == socket.AF_UNIX
            else SocketAddress(host=name[0], port=name[1])
        )
    if path := unix_path(options):
        return SocketAddress(path=str(path))
    port, _, host = options.socket.partition(":")[2].partition("@")
    # A wildcard address is reached at the loopback address of the same family.
    return SocketAddress(
        host=host or ("::1" if options.socket.startswith("inet6:") else "127.0.0.1"), port=int(port)
    )


def answered(where: SocketAddress, tries: int, seconds: float) -> int:
    """Make `tries` connections at once; returns how many were answered within `seconds`."""
    return asyncio.run(_all(where, tries, seconds))


async def _all(where: SocketAddress, tries: int, seconds: float) -> int:
    return sum(await asyncio.gather(*(_one(where, seconds) for _ in range(tries))))


async def _one(where: SocketAddress, seconds: float) -> bool:
    writer = None
    try:
        async with asyncio.timeout(seconds):
            if where.path:
                reader, writer = await asyncio.open_unix_connection(where.path)
            else:
                reader, writer = await asyncio.open_connection(where.host, where.port)
            writer.write(_NEGOTIATE)
            head = await reader.readexactly(_HEADER_BYTES)
            writer.write(_QUIT)
            return head[4:] == b"O"
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    finally:
        if writer is not None:
            writer.close()
