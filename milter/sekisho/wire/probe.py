"""The test whether our own milter socket answers: an option negotiation, as an MTA begins a session."""

from __future__ import annotations

import asyncio
import struct

_VERSION = 6
_ACTIONS, _PROTOCOL = 0x1FF, 0x1FFFFF  # everything that libmilter knows, as Postfix offers it
_NEGOTIATE = struct.pack(">IcIII", 13, b"O", _VERSION, _ACTIONS, _PROTOCOL)  # SMFIC_OPTNEG
_QUIT = struct.pack(">Ic", 1, b"Q")
_HEADER_BYTES = 5  # length and command of a packet


async def negotiates(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """True if our offer of options is answered with one."""
    writer.write(_NEGOTIATE)
    head = await reader.readexactly(_HEADER_BYTES)
    writer.write(_QUIT)
    return head[4:] == b"O"
