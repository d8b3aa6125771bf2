"""Sends one message to the MTA for one recipient (RFC 5321), and tells the result.

Before the first byte of the message is sent, a failure means that it was not taken. After that only a reply tells. If
the connection ends without one, the result is `uncertain`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from sekisho.plain_errors import of_system
from sekisho.release.options import ReleaseOptions
from sekisho.smtp_client import ClosedError, NotOffered, ProtocolError, SmtpClient
from sekisho.text import printable

MAX_REPLY_CHARS = 300
# Further angle brackets are allowed only in a quoted local part: nothing else may end the path early.
_PATH = re.compile(
    r"<(?:[^<>\x00-\x1f\x7f]+"
    r'|"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*"@[^<>"\x00-\x1f\x7f]+)>\Z'
)


class Fate(StrEnum):
    """The result of a transaction."""

    TAKEN = "taken"
    REFUSED = "refused"
    LATER = "later"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class HandOverResult:
    """The fate, and as a printable text the MTA's reply or our error."""

    fate: Fate
    text: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to send: its bytes, and the recipient as a path for RCPT TO. `international`: it was received with
    SMTPUTF8 (RFC 6531)."""

    raw: bytes
    path: str
    international: bool = False

    @property
    def eight_bit(self) -> bool:
        """True if it needs 8BITMIME (RFC 6152)."""
        return not self.raw.isascii()


class _Refusal(Exception):
    """The MTA did not take the message, and no byte of it was sent."""

    def __init__(self, fate: Fate, text: str) -> None:
        super().__init__(text)
        self.answer = HandOverResult(fate, text)


def path_of(raw: str, address: str) -> str:
    """The recipient as it stood in RCPT TO, if that is a valid path, else its address in brackets.

    Raises ValueError for an address that a command cannot hold.
    """
    for path in (raw, f"<{address}>"):
        if _PATH.match(path):
            return path
    raise ValueError(f"{printable(address, 100)} cannot be named in a command")


def hand_over(outgoing: Outgoing, options: ReleaseOptions, helo: str) -> HandOverResult:
    """Do one transaction. Never raises, whatever the MTA does."""
    session = SmtpClient(timeout=options.timeout_seconds, local_hostname=helo)
    try:
        return _talk(session, outgoing, options)
    except _Refusal as refusal:
        return refusal.answer
    except (OSError, UnicodeError, ValueError) as error:
        return _ended(session, error, options)
    finally:
        session.close()


def _ended(session: SmtpClient, error: Exception, options: ReleaseOptions) -> HandOverResult:
    """The result of a connection that ended without a reply to the message."""
    text = printable(f"{options.host}:{options.port}: {_words(error)}", MAX_REPLY_CHARS)
    if session.begun:
        return HandOverResult(Fate.UNCERTAIN, text)
    lasting = isinstance(error, (UnicodeError, ValueError, NotOffered))
    return HandOverResult(Fate.REFUSED if lasting else Fate.LATER, text)


def _words(error: Exception) -> str:
    """Why there was no transaction, in plain words."""
    if isinstance(error, ClosedError):
        return "the server ended the connection"
    if isinstance(error, ProtocolError):
        return "the server does not speak SMTP as it should"
    if isinstance(error, OSError):
        return f"{of_system(error)} (release.host, release.port)"
    return "an address or a reply cannot stand in a command of SMTP"


def _talk(session: SmtpClient, outgoing: Outgoing, options: ReleaseOptions) -> HandOverResult:
    _must(*session.connect(options.host, options.port))
    _must(*session.ehlo())
    _must(*session.mail(options.bounce_address, _parameters(session, outgoing)))
    _must(*session.docmd("RCPT", f"TO:{outgoing.path}"))
    reply = session.message(outgoing.raw)
    answer = _read(reply.code, reply.text)
    if answer.fate is Fate.TAKEN:
        _farewell(session)
    return answer


def _parameters(session: SmtpClient, outgoing: Outgoing) -> list[str]:
    """The parameters of MAIL FROM. Raises _Refusal if the MTA lacks an extension that the message needs."""
    found = []
    if session.has_extn("size"):
        found.append(f"SIZE={len(outgoing.raw)}")
    if outgoing.eight_bit:
        _offered(session, "8bitmime")
        found.append("BODY=8BITMIME")
    if outgoing.international or not outgoing.path.isascii():
        _offered(session, "smtputf8")
        found.append("SMTPUTF8")
    return found


def _offered(session: SmtpClient, extension: str) -> None:
    if not session.has_extn(extension):
        raise _Refusal(Fate.REFUSED, f"the port does not offer {extension.upper()}, which the message needs")


def _farewell(session: SmtpClient) -> None:
    """Send QUIT. Its reply, or the lack of one, changes nothing."""
    try:
        session.quit()
    except OSError:
        return


def _must(code: int, text: bytes) -> None:
    answer = _clear(_read(code, text))
    if answer.fate is not Fate.TAKEN:
        raise _Refusal(answer.fate, answer.text)


def _clear(answer: HandOverResult) -> HandOverResult:
    """The result before any byte of the message was sent: even a reply that makes no sense means "not taken"."""
    return HandOverResult(Fate.LATER, answer.text) if answer.fate is Fate.UNCERTAIN else answer


def _read(code: int, text: bytes | str) -> HandOverResult:
    """The result of a reply. Without a valid reply (code -1) it is uncertain."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    shown = printable(f"{code} {words}", MAX_REPLY_CHARS)
    fates = {2: Fate.TAKEN, 4: Fate.LATER, 5: Fate.REFUSED}
    return HandOverResult(fates.get(code // 100, Fate.UNCERTAIN), shown)
