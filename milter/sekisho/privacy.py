"""All personal data passes here before it is written to the log or to the audit.

The privacy options say what is written: by default no subject, and a pseudonym instead of the local part of an
address. A pseudonym is an HMAC-SHA256 whose key changes with each period. Within one period an address has the same
pseudonym in every process. Between two periods no link can be made. With a key file the pseudonyms survive a restart,
and anybody who has the file can compute them; without one the key exists only in memory. Domains, client addresses,
host names and the accounts of operators are shown.

It cannot see a person's name in free text. So the text of an exception is written without what it quotes: Python and
the libraries put there what they were given. The quarantine itself is not changed.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from sekisho.options import BLANK_IS_UNSET, Options
from sekisho.ports import Clock, StoreUnavailable
from sekisho.private_files import SECRET_BYTES, read_secret

PSEUDONYM_CHARS = 10
"""Base32 characters of a pseudonym: 50 bits of the HMAC."""
_MAX_TEXT_CHARS = 4_000
"""A longer text is cut before it is searched; no log line shows as much."""
_MIN_LOCAL_PART_CHARS = 3
"""A shorter local part is not searched for without its domain."""
_PSEUDONYM = re.compile(r"~[a-z2-7]{10}\Z")
_END = r"\s<>()\[\],;:\"@"
_QUOTED_LOCAL = r"\"(?>(?:[^\"\\]|\\.(?!@)){0,64})\\?\""
# The number of pieces and their lengths are bounded, because each quote begins a new search. Atomic groups are used:
# in Python 3.11.2 a possessive group can continue after an alternative that failed halfway.
_ADDRESS = re.compile(
    rf"(?<![^{_END}])((?>(?:[^{_END}]++|{_QUOTED_LOCAL}){{1,3}}))@([\w.-]{{1,255}}+|\[[^\]\s]{{0,64}}+\])"
)
_PATH = re.compile(r"(?:[\w.-]++=)?(?:b?')?/(?!/[^/])[^=]*+\Z")
"""The part before an `@` in a path (`/run/sekisho@2`). It is no path if it has `//` (the user of a URL), or `=` after a
`/` (addresses of SRS and X.400)."""
_SOCKET = re.compile(r"inet6?:\Z")
_QUOTED = re.compile(r"(?<!\w)b?(?:'(?:[^'\\]|\\.?)*+(?:'|\Z)|\"(?:[^\"\\]|\\.?)*+(?:\"|\Z))", re.DOTALL)
_PLAIN_ERRORS = (OSError, StoreUnavailable)
"""Errors whose text is about files, sockets and servers."""
_REPLY_WORDS = frozenset(
    """
    accepted access account address administrator again authentication connection data delivered delivery denied
    disabled domain error exceeded exist failed failure for found from full greylisted help here host inactive
    info into invalid later local mail mailbox mailer message messages more not over permission please policy
    postmaster queue queued quota receive recipient refused rejected relay saved see sender sendmail sent server
    service smtp spam such system temporarily the this timeout try unavailable unknown unrouteable user users
    virtual was with
    """.split()  # noqa: SIM905 - one word a line would be a page
)
"""Words of replies to RCPT and DATA. If one of them is also a local part, it is not replaced."""


class PrivacyOptions(Options):
    """What may be written about a message and about people."""

    subject: bool = Field(default=False, description="Write the subject into the line of a message.")
    local_parts: bool = Field(
        default=False,
        description="Write addresses in full, without a pseudonym for the part before the @.",
    )
    pseudonym_hours: int = Field(
        default=24, ge=1, le=8760, description="Hours after which the key of the pseudonyms changes."
    )
    key_file: Annotated[Path | None, BLANK_IS_UNSET] = Field(
        default=None,
        description="File with at least 32 secret bytes that makes pseudonyms outlast a restart; "
        "without one the key is in memory only.",
    )

    @field_validator("key_file")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_absolute():
            raise ValueError("must be an absolute path")
        return value


class Pseudonyms:
    """Pseudonyms for local parts. Make it before the fork, so that all processes have the same key."""

    def __init__(self, secret: bytes, hours: int, clock: Clock) -> None:
        self._secret = secret
        self._seconds = hours * 3600
        self._clock = clock
        self._key = lru_cache(maxsize=2)(self._derived)

    @classmethod
    def of(cls, options: PrivacyOptions, clock: Clock, random: bytes) -> Pseudonyms:
        """With the key of the options' file, else with the random one. Raises SecretError."""
        secret = read_secret(options.key_file) if options.key_file else random
        return cls(secret, options.pseudonym_hours, clock)

    def name(self, address: str) -> str:
        """The pseudonym of an address in this period: `~` and ten characters. Case is ignored, as mail systems in
        practice do."""
        period = int(self._clock.now().timestamp()) // self._seconds
        digest = hmac.digest(self._key(period), address.lower().encode("utf-8", "surrogatepass"), "sha256")
        # Base32 makes eight characters of five bytes. The encoder is slow, so it gets few bytes.
        return "~" + base64.b32encode(digest[:PSEUDONYM_CHARS])[:PSEUDONYM_CHARS].decode("ascii").lower()

    def _derived(self, period: int) -> bytes:
        return hmac.digest(self._secret, b"sekisho pseudonym %d" % period, "sha256")


class Privacy:
    """What may be written, by the options. Make it before the fork: if the key is only in memory, all processes must
    have the same."""

    def __init__(self, options: PrivacyOptions, clock: Clock, *, random: bytes | None = None) -> None:
        """`random` is the key if the options name no file. Raises SecretError."""
        self._options = options
        self._clock = clock
        self._random = random or secrets.token_bytes(SECRET_BYTES)
        self._pseudonyms = Pseudonyms.of(options, clock, self._random)

    def changed(self, options: PrivacyOptions) -> Privacy:
        """The same with other options; a key that is only in memory stays. Raises SecretError."""
        return Privacy(options, self._clock, random=self._random)

    def address(self, address: str | None) -> str | None:
        """An address as it may be shown: `<>` for the null sender, None if it is not known."""
        if address is None:
            return None
        return self._address(address) if address else "<>"

    def subject(self, subject: str) -> str | None:
        """The subject, or None if it may not be written."""
        return subject if self._options.subject else None

    def decided_by(self, decided_by: str) -> str:
        """The text of what decided a verdict: an entry of a list may be an address (`allow user@example.jp`)."""
        kind, blank, entry = decided_by.partition(" ")
        return f"{kind} {self._address(entry)}" if blank and "@" in entry else decided_by

    def words(self, text: str, *known: str) -> str:
        """A text with its addresses as `address` gives them. Paths and sockets with an `@` stay. `known` are addresses
        that the text is about, for example the reply of an MTA: their local parts are also found without a domain."""
        if self._options.local_parts or not (known or "@" in text):
            return text
        text = text[:_MAX_TEXT_CHARS]
        for address in filter(None, known):
            text = _standing_alone(address).sub(lambda found: self._address(found[0]), text)
        text = _ADDRESS.sub(self._found, text)
        for address in known:
            local, _, domain = address.rpartition("@")
            if _is_identifying(local) and local.lower() != domain.lower():
                text = _standing_alone(local).sub(self._pseudonyms.name(address), text)
        return text

    def error(self, error: BaseException) -> str:
        """The text of an exception. If the exception is not about files or servers, what it quotes is left out: that
        may be any part of a message."""
        text = str(error)
        plain = isinstance(error, _PLAIN_ERRORS) or (self._options.local_parts and self._options.subject)
        return self.words(text if plain else _QUOTED.sub("'…'", text[:_MAX_TEXT_CHARS]))

    def _address(self, address: str) -> str:
        if self._options.local_parts:
            return address
        local, at, domain = address.rpartition("@")
        if _PSEUDONYM.match(local):
            return address
        return self._pseudonyms.name(address) + (f"@{domain.lower()}" if at else "")

    def _found(self, found: re.Match[str]) -> str:
        local, before = found[1], found.string[max(0, found.start() - len("inet6:")) : found.start()]
        if _PATH.match(local) or (local.isdecimal() and _SOCKET.search(before)):
            return found[0]
        address = found[0].lstrip("'").rstrip(".")  # without quotes and the full stop of a sentence
        opening, _, rest = found[0].partition(address)
        return opening + self._address(address) + rest


def _standing_alone(name: str) -> re.Pattern[str]:
    """Matches a name in any case, but not inside another name, a domain or a file name."""
    return re.compile(rf"(?<![\w.@-]){re.escape(name)}(?![\w@-]|\.\w)", re.IGNORECASE)


def _is_identifying(local: str) -> bool:
    """True if a local part without its domain can identify a person: it is no number, and no word of SMTP replies."""
    return (
        len(local) >= _MIN_LOCAL_PART_CHARS
        and any(map(str.isalpha, local))
        and local.lower() not in _REPLY_WORDS
    )
