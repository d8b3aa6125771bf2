"""The test whether our own SMTP door answers: its greeting."""

from __future__ import annotations

import asyncio


async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """True if the first line is a greeting."""
    line = await reader.readuntil(b"\n")
    writer.write(b"QUIT\r\n")
    return line.startswith(b"220")
