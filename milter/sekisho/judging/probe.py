"""Tests whether our own socket answers: a connection, and the first words of the MTA.

No further step follows, so the probe is not counted as a session and logs nothing.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sekisho.judging.listen import Listening, inherit, unix_path
from sekisho.processes import ReadyReason

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bool]]
"""The first words of the MTA on a connection; True if they are answered as they must be."""


@dataclass(frozen=True, slots=True)
class SocketAddress:
    """The address of our socket: a path, or a host and port."""

    path: str = ""
    host: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class OwnSocket:
    """Our socket, how it is tested, and what is said while it does not answer."""

    where: SocketAddress
    talk: Talk
    reason: ReadyReason


def place(options: Listening, environ: Mapping[str, str] | None = None) -> SocketAddress:
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


def answered(where: SocketAddress, talk: Talk, tries: int, seconds: float) -> int:
    """Make `tries` connections at once; returns how many were answered within `seconds`."""
    return asyncio.run(_all(where, talk, tries, seconds))


async def _all(where: SocketAddress, talk: Talk, tries: int, seconds: float) -> int:
    return sum(await asyncio.gather(*(_one(where, talk, seconds) for _ in range(tries))))


async def _one(where: SocketAddress, talk: Talk, seconds: float) -> bool:
    writer = None
    try:
        async with asyncio.timeout(seconds):
            if where.path:
                reader, writer = await asyncio.open_unix_connection(where.path)
            else:
                reader, writer = await asyncio.open_connection(where.host, where.port)
            return await talk(reader, writer)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return False
    finally:
        if writer is not None:
            writer.close()
