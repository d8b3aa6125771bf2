"""An SMTP client (RFC 5321) on top of the standard library's, for everybody who hands a message to an MTA.

It is important what the end of a connection means. Before the first byte of the message is sent, nothing can have been
accepted. After that only a reply tells; `begun` says which of the two holds.

The library doubles leading dots and ends the data. A message that does not end with a line end gets one, since SMTP
needs it. Nothing else of the message is changed.

All errors of a connection are OSError.
"""

from __future__ import annotations

import re
import smtplib
from dataclasses import dataclass

DataRefused = smtplib.SMTPDataError
"""The reply to DATA was not 354: `smtp_code` and `smtp_error`. Not a byte of the message was sent."""
NotOffered = smtplib.SMTPNotSupportedError
"""The MTA does not offer an extension."""
ClosedError = smtplib.SMTPServerDisconnected
"""The MTA ended the connection."""
ProtocolError = smtplib.SMTPException
"""Any error of the protocol, those above included."""
_LINE_END = re.compile(rb"[\r\n]")


@dataclass(frozen=True, slots=True)
class SmtpReply:
    """A reply: its code (-1 if it is none), and its text without the code, lines joined by LF."""

    code: int
    text: str = ""

    @property
    def ok(self) -> bool:
        """True for 2xx."""
        return self.code // 100 == 2


class SmtpClient(smtplib.SMTP):
    """One session. `begun` says whether a byte of a message was sent in the present transaction."""

    begun = False

    def send(self, s: bytes | str) -> None:  # type: ignore[override]
        """Send bytes, which are a part of a message, or a command as text."""
        if isinstance(s, bytes):
            self.begun = True
        super().send(s)

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

    def message(self, raw: bytes) -> SmtpReply:
        """Send DATA and the message. The reply to it, or to DATA if that is not 354. Raises OSError."""
        self.begun = False
        try:
            return self._read(self.data(raw))
        except DataRefused as error:
            return self._read((error.smtp_code, error.smtp_error))

    @staticmethod
    def _read(reply: tuple[int, bytes | str]) -> SmtpReply:
        code, text = reply
        return SmtpReply(code, text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
