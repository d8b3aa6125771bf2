"""An SMTP client (RFC 5321) on top of the standard library's, for everybody who hands a message to an MTA.

It is important what the end of a connection means. Before the first byte of the message is sent, nothing can have been
accepted. After that only a reply tells; `begun` says which of the two holds.

Only 354 to DATA asks for the message. 4xx and 5xx refuse it. Any other reply to DATA is an error of the protocol: a 250
there is no word about a message that was not sent.

Leading dots are doubled, and the data is ended, while the message is sent: the library's own `data` needs memory for
two more copies of the message. A message that does not end with a line end gets one, since SMTP needs it. Nothing else
of the message is changed.

All errors of a connection are OSError.
"""

from __future__ import annotations

import re
import smtplib
import time
from collections.abc import Iterator
from dataclasses import dataclass

NotOffered = smtplib.SMTPNotSupportedError
"""The MTA does not offer an extension."""
ClosedError = smtplib.SMTPServerDisconnected
"""The MTA ended the connection."""
ProtocolError = smtplib.SMTPException
"""Any error of the protocol, those above included."""
_LINE_END = re.compile(rb"[\r\n]")
_PIECE_BYTES = 65_536
_GO_ON = 354


@dataclass(frozen=True, slots=True)
class SmtpReply:
    """A reply: its code (-1 if it is none), and its text without the code, lines joined by LF."""

    code: int
    text: str = ""

    @property
    def ok(self) -> bool:
        """True for 2xx."""
        return self.code // 100 == 2

    @property
    def refuses(self) -> bool:
        """True for 4xx and 5xx."""
        return self.code // 100 in (4, 5)


class SmtpClient(smtplib.SMTP):
    """One session. `begun` says whether a byte of a message was sent in the present transaction."""

    begun = False

    def begin(self, host: str, port: int) -> SmtpReply:
        """Connect and say EHLO. The reply of the first step that fails, else that to EHLO. Raises OSError."""
        greeting = self._read(self.connect(host, port))
        return self._read(self.ehlo()) if greeting.ok else greeting

    def command(self, line: bytes) -> SmtpReply:
        """Send a command line, byte for byte, without its line end. Raises OSError, and ValueError for a line that is
        several."""
        if _LINE_END.search(line):
            raise ValueError("a command is one line")
        super().send(line + b"\r\n")
        return self._read(self.getreply())

    def data(self) -> SmtpReply:  # type: ignore[override]
        """Send DATA. The reply: 354, 4xx or 5xx. Raises OSError, and for every other reply ProtocolError, which is
        one."""
        self.begun = False
        reply = self.command(b"DATA")
        if reply.code == _GO_ON or reply.refuses:
            return reply
        raise ProtocolError("neither 354 nor a refusal after DATA")

    def content(self, raw: bytes) -> SmtpReply:
        """Send the message after 354. The reply to it. Raises OSError; the whole message has the time of one step."""
        assert self.sock is not None
        end = time.monotonic() + self.timeout
        self.begun = True
        try:
            for piece in _pieces(raw):
                self.sock.settimeout(max(end - time.monotonic(), 0.001))
                self.send(piece)
        finally:
            if self.sock is not None:
                self.sock.settimeout(self.timeout)
        return self._read(self.getreply())

    def message(self, raw: bytes) -> SmtpReply:
        """Send DATA and the message. The reply to it, or to DATA if that refuses it. Raises OSError."""
        reply = self.data()
        return reply if reply.refuses else self.content(raw)

    @staticmethod
    def _read(reply: tuple[int, bytes | str]) -> SmtpReply:
        code, text = reply
        return SmtpReply(code, text.decode("utf-8", "replace") if isinstance(text, bytes) else text)


def _pieces(raw: bytes) -> Iterator[bytes]:
    """The message as it is sent: with leading dots doubled, a line end, and the final dot (RFC 5321 section 4.5.2)."""
    end = b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n"
    for at in range(0, max(len(raw), 1), _PIECE_BYTES):
        piece = raw[at : at + _PIECE_BYTES].replace(b"\n.", b"\n..")
        if piece.startswith(b".") and raw[at - 1 : at] in (b"", b"\n"):
            piece = b"." + piece
        yield piece + end if at + _PIECE_BYTES >= len(raw) else piece
