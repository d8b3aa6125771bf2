"""The bytes of a message while they come in."""

from __future__ import annotations

import io
from typing import Protocol

from sekisho.smtp.replies import NO_ROOM, TOO_LARGE
from sekisho.smtp_client import SmtpReply

COPIES = 3
"""How often a message is in memory at the same time: as it came in, as it is judged, and as it is handed over. Measured
with judgement, four messages of 10 MB at once: 2.4 to 3.3 times."""
END = b"\r\n.\r\n"
"""What ends a message (RFC 5321 section 4.1.1.4)."""


class Room(Protocol):
    """Counts the memory of all messages of a worker, in bytes."""

    def room(self, size: int, held: int) -> bool:
        """True if there are so many bytes more for a message that has `held` already; they are counted then, until
        `give_back`. While the other messages have little, there is always room: a large one would never come in
        later either."""

    def give_back(self, size: int) -> None:
        """So many bytes are free again."""


class ReceivedBytes:
    """The bytes of one message. Their room is counted.

    What is done to them is done piece by piece, while they come in: whole, it would need memory for a second message,
    and far more than that for one of very short lines. A dot at the beginning of a line is removed (RFC 5321 section
    4.5.2). A bare LF is made CRLF (`incoming`).
    """

    __slots__ = ("_bytes", "_counted", "_cr", "_line_begins", "_most", "_room", "_size", "refusal")

    def __init__(self, room: Room, most: int) -> None:
        """`most`: the size of a message that is taken, in bytes."""
        self._room = room
        self._most = most
        self._bytes = io.BytesIO()
        self._counted = 0
        self._size = 0
        self._line_begins = True
        self._cr = b""  # the last byte so far, if that is a CR: an LF may follow
        self.refusal: SmtpReply | None = None

    def take(self, piece: bytes) -> None:
        """Keep a piece of what is sent, unless the message is refused."""
        piece = self._undone(piece)
        self._size += len(piece)
        if self._size > self._most:
            self.drop(TOO_LARGE)
        elif self.refusal is None and not self._counts(len(piece)):
            self.drop(NO_ROOM)
        if self.refusal is None:
            self._bytes.write(piece)

    def message(self) -> bytes:
        """The message. To be asked once, after the last piece. No memory is needed: it is the buffer itself."""
        self._bytes.write(self._cr)
        return self._bytes.getvalue()

    def drop(self, refusal: SmtpReply) -> None:
        """Keep nothing, for this reason, unless there is one already."""
        self.refusal = self.refusal or refusal
        self._bytes = io.BytesIO()
        counted, self._counted = self._counted, 0
        self._room.give_back(counted)

    def _counts(self, size: int) -> bool:
        if not self._room.room(COPIES * size, self._counted):
            return False
        self._counted += COPIES * size
        return True

    def _undone(self, piece: bytes) -> bytes:
        """The piece without doubled dots and bare LFs. Of a CR at its end, the next one decides."""
        begins, self._line_begins = (
            self._line_begins,
            piece.endswith(b"\n") or (not piece and self._line_begins),
        )
        if begins and piece.startswith(b"."):
            piece = piece[1:]
        piece = self._cr + piece.replace(b"\n.", b"\n")
        self._cr = piece[-1:] if piece.endswith(b"\r") else b""
        piece = piece.removesuffix(b"\r")
        if piece.count(b"\n") != piece.count(b"\r\n"):
            piece = piece.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return piece
