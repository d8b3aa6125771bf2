"""One message handed to the MTA for one recipient, and what became of it (RFC 5321).

The one thing to get right is what an ending means. Until the first byte of the message has been sent, nothing
can have been accepted: a failure is a clear no. After that only a reply is a clear answer. A connection that
ends without one leaves the message `uncertain`.

The library stuffs the dots and ends the data; a message that does not end with a line end gets one, since
SMTP cannot send it without. Nothing else of it is changed.
"""

from __future__ import annotations

import re
import smtplib
from dataclasses import dataclass
from enum import StrEnum

from sekisho.release.options import ReleaseOptions
from sekisho.text import printable

REPLY = 300  # characters kept of a reply
# Brackets of its own only in a quoted local part: nothing may end the path early.
_PATH = re.compile(
    r"<(?:[^<>\x00-\x1f\x7f]+"
    r'|"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*"@[^<>"\x00-\x1f\x7f]+)>\Z'
)


class Fate(StrEnum):
    """What became of a hand-over."""

    TAKEN = "taken"
    REFUSED = "refused"
    LATER = "later"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class HandOverResult:
    """The fate, and the MTA's words or ours, printable."""

    fate: Fate
    text: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is handed over: the bytes, and the recipient as RCPT TO is to name it. `international`: it was
    taken in with SMTPUTF8 (RFC 6531)."""

    raw: bytes
    path: str
    international: bool = False

    @property
    def eight_bit(self) -> bool:
        """True if it needs 8BITMIME (RFC 6152)."""
        return not self.raw.isascii()


class _Refusal(Exception):
    """A clear no, before the message itself was sent."""

    def __init__(self, fate: Fate, text: str) -> None:
        super().__init__(text)
        self.answer = HandOverResult(fate, text)


class _Session(smtplib.SMTP):
    """Knows whether any byte of the message has been sent: the library sends commands as text."""

    begun = False

    def send(self, s: bytes | str) -> None:  # type: ignore[override]
        if isinstance(s, bytes):
            self.begun = True
        super().send(s)


def path_of(raw: str, address: str) -> str:
    """A recipient as it was typed to us, if that is a path, else its address in brackets.

    Raises ValueError for what cannot be put into a command.
    """
    for path in (raw, f"<{address}>"):
        if _PATH.match(path):
            return path
    raise ValueError(f"{printable(address, 100)} cannot be named in a command")


def hand_over(outgoing: Outgoing, options: ReleaseOptions, helo: str) -> HandOverResult:
    """One transaction. Never raises for anything that the other side does."""
    session = _Session(timeout=options.timeout_seconds, local_hostname=helo)
    try:
        return _talk(session, outgoing, options)
    except _Refusal as refusal:
        return refusal.answer
    except (smtplib.SMTPException, OSError, UnicodeError, ValueError) as error:
        return _ended(session, error)
    finally:
        session.close()


def _ended(session: _Session, error: Exception) -> HandOverResult:
    """An ending without an answer."""
    if isinstance(error, smtplib.SMTPDataError):  # the reply to DATA, before the message
        return _clear(_read(error.smtp_code, error.smtp_error))
    text = printable(f"{type(error).__name__}: {error}", REPLY)
    if session.begun:
        return HandOverResult(Fate.UNCERTAIN, text)
    lasting = isinstance(error, (UnicodeError, ValueError, smtplib.SMTPNotSupportedError))
    return HandOverResult(Fate.REFUSED if lasting else Fate.LATER, text)


def _talk(session: _Session, outgoing: Outgoing, options: ReleaseOptions) -> HandOverResult:
    _must(*session.connect(options.host, options.port))
    _must(*session.ehlo())
    _must(*session.mail(options.bounce_address, _parameters(session, outgoing)))
    _must(*session.docmd("RCPT", f"TO:{outgoing.path}"))
    answer = _read(*session.data(outgoing.raw))
    if answer.fate is Fate.TAKEN:
        _farewell(session)
    return answer


def _parameters(session: _Session, outgoing: Outgoing) -> list[str]:
    """What MAIL FROM has to announce. Raises _Refusal if the MTA cannot take such a message."""
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


def _offered(session: _Session, extension: str) -> None:
    if not session.has_extn(extension):
        raise _Refusal(Fate.REFUSED, f"the port does not offer {extension.upper()}, which the message needs")


def _farewell(session: _Session) -> None:
    """QUIT. What the MTA says to it, or does not, changes nothing."""
    try:
        session.quit()
    except (smtplib.SMTPException, OSError):
        return


def _must(code: int, text: bytes) -> None:
    answer = _clear(_read(code, text))
    if answer.fate is not Fate.TAKEN:
        raise _Refusal(answer.fate, answer.text)


def _clear(answer: HandOverResult) -> HandOverResult:
    """The answer before anything of the message was sent: then even nonsense is a clear no."""
    return HandOverResult(Fate.LATER, answer.text) if answer.fate is Fate.UNCERTAIN else answer


def _read(code: int, text: bytes | str) -> HandOverResult:
    """A reply. One that is none (code -1) says nothing of what became of the message."""
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    shown = printable(f"{code} {words}", REPLY)
    fates = {2: Fate.TAKEN, 4: Fate.LATER, 5: Fate.REFUSED}
    return HandOverResult(fates.get(code // 100, Fate.UNCERTAIN), shown)
