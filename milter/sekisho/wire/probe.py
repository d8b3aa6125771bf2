"""Asks our own milter socket whether anybody answers: a connection and a negotiation, as an MTA begins.

Nothing of a session follows, so the probe is no session in the metrics and no message in the log.
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
_ACTIONS, _PROTOCOL = 0x1FF, 0x1FFFFF  # all that libmilter knows, as Postfix offers it
_NEGOTIATE = struct.pack(">IcIII", 13, b"O", _VERSION, _ACTIONS, _PROTOCOL)  # SMFIC_OPTNEG
_QUIT = struct.pack(">Ic", 1, b"Q")
_HEAD = 5  # a packet's length and command


@dataclass(frozen=True, slots=True)
class ProbeTarget:
    """Where the milter socket is reached: a path, or a host and port."""

    path: str = ""
    host: str = ""
    port: int = 0


def place(options: WireOptions, environ: Mapping[str, str] | None = None) -> ProbeTarget:
    """Where the daemon that is starting listens: as configured, or what systemd handed us."""
    handed = inherit(os.environ if environ is None else environ)
    if handed is not None:
        family, name = handed.family, handed.getsockname()
        handed.detach()
        return ProbeTarget(path=name) if family == socket.AF_UNIX else ProbeTarget(host=name[0], port=name[1])
    if path := unix_path(options):
        return ProbeTarget(path=str(path))
    port, _, host = options.socket.partition(":")[2].partition("@")
    # An address that stands for all of them is reached at loopback, of its own kind.
    return ProbeTarget(
        host=host or ("::1" if options.socket.startswith("inet6:") else "127.0.0.1"), port=int(port)
    )


def answered(where: ProbeTarget, tries: int, seconds: float) -> int:
    """How many of `tries` connections made at once were answered within that time."""
    return asyncio.run(_all(where, tries, seconds))


async def _all(where: ProbeTarget, tries: int, seconds: float) -> int:
    return sum(await asyncio.gather(*(_one(where, seconds) for _ in range(tries))))


async def _one(where: ProbeTarget, seconds: float) -> bool:
    writer = None
    try:
        async with asyncio.timeout(seconds):
            if where.path:
                reader, writer = await asyncio.open_unix_connection(where.path)
            else:
                reader, writer = await asyncio.open_connection(where.host, where.port)
            writer.write(_NEGOTIATE)
            head = await reader.readexactly(_HEAD)
            writer.write(_QUIT)
            return head[4:] == b"O"
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    finally:
        if writer is not None:
            writer.close()
