"""The bytes of a message while they come in."""

from __future__ import annotations

from typing import Protocol

from sekisho.smtp.replies import EARLY, NO_ROOM, TOO_LARGE
from sekisho.smtp_client import SmtpReply

END = b"\r\n.\r\n"
"""What ends a message (RFC 5321 section 4.1.1.4)."""


class Room(Protocol):
    """Counts the bytes of all messages of a worker."""

    def room(self, size: int) -> bool:
        """True if so many bytes may be kept; they are counted then, until `give_back`."""

    def give_back(self, size: int) -> None:
        """So many bytes are no longer kept."""


class ReceivedBytes:
    """The bytes of one message, with the line end before it and the final dot. Their room is counted."""

    __slots__ = ("_kept", "_most", "_room", "_size", "refusal")

    def __init__(self, room: Room, most: int) -> None:
        """`most`: the size of a message that is taken, in bytes."""
        self._room = room
        self._most = most
        self._kept = bytearray()
        self._size = 0
        self.refusal: SmtpReply | None = None

    def take(self, chunk: bytes) -> None:
        """Keep a piece, unless the message is refused."""
        if not self._size and not chunk.startswith(b"\r\n"):
            self.drop(EARLY)
        self._size += len(chunk)
        if self._size > self._most + len(END):
            self.drop(TOO_LARGE)
        elif self.refusal is None and not self._room.room(len(chunk)):
            self.drop(NO_ROOM)
        if self.refusal is None:
            self._kept += chunk

    def sent(self) -> bytes:
        """The message itself, dots still doubled. To be asked once."""
        return bytes(memoryview(self._kept)[2:-3])

    def drop(self, refusal: SmtpReply) -> None:
        """Keep nothing, for this reason, unless there is one already."""
        self.refusal = self.refusal or refusal
        kept, self._kept = self._kept, bytearray()
        self._room.give_back(len(kept))
