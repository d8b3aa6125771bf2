"""The door's own replies; all others are those of the next hop."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.judging.replies import line
from sekisho.smtp_client import SmtpReply

LATER = SmtpReply(451, "4.3.0 Temporary local problem, please try again later")
BUSY = SmtpReply(421, "4.3.2 Too many sessions, please try again later")
STRANGER = SmtpReply(554, "5.7.1 Not for you")
GOODBYE = SmtpReply(421, "4.3.2 Configuration changed, please connect again")
UNREACHABLE = SmtpReply(421, "4.3.0 Temporary local problem, please try again later")
NO_HELLO = SmtpReply(503, "5.5.1 Say EHLO first")
NESTED = SmtpReply(503, "5.5.1 A message has begun already")
NO_MAIL = SmtpReply(503, "5.5.1 Need MAIL first")
NO_RECIPIENT = SmtpReply(554, "5.5.1 No valid recipients")
TOO_MANY = SmtpReply(452, "4.5.3 Too many recipients")
SYNTAX = SmtpReply(501, "5.5.4 Syntax error")
UNCLEAR_SENDER = SmtpReply(501, "5.1.7 The sender must be a plain address, as <user@example.jp>, or <>")
UNCLEAR_RECIPIENT = SmtpReply(501, "5.1.3 The recipient must be a plain address, as <user@example.jp>")
TOO_LARGE = SmtpReply(552, "5.3.4 Message size exceeds fixed limit")
NO_ROOM = SmtpReply(452, "4.3.1 Insufficient system storage")
EARLY = SmtpReply(503, "5.5.1 Improper use of command pipelining")
NOT_THERE = SmtpReply(502, "5.5.1 Command not implemented")


def written(reply: SmtpReply) -> Iterator[bytes]:
    """A reply as it is sent: printable ASCII."""
    texts = [line(each) for each in reply.text.split("\n")] or [""]
    for text in texts[:-1]:
        yield f"{reply.code}-{text}\r\n".encode("ascii")
    yield f"{reply.code} {texts[-1]}\r\n".encode("ascii")
