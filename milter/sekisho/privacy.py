"""The one place through which personal data passes before it is written down: into the log, and into the audit.

What is kept follows the privacy options: by default no subject, and no local part of an address, only a pseudonym in
its place. A pseudonym is keyed (HMAC-SHA256) and its key changes with the period. Within one period the same address
has the same pseudonym in every process, across two nothing connects them. With a key file the pseudonyms outlast a
restart, and whoever holds the file can recompute them; without one the key exists only in memory. Domains, client
addresses, host names and the accounts of operators are shown.

What it cannot see: a name in words that look like none. So exceptions of other programs are written without what they
quote, which is where Python and the libraries put what they were given. The quarantine itself keeps what it holds.
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

PSEUDONYM = 10
"""Base32 characters of a pseudonym: 50 bits."""
_LONGEST = 4_000
"""Characters of a text that are looked through; what is longer is cut, and no line shows as much."""
_SHORTEST = 3
"""Characters of a local part below which it is not looked for by itself."""
_PSEUDONYM = re.compile(r"~[a-z2-7]{10}\Z")
_END = r"\s<>()\[\],;:\"@"
_QUOTED_LOCAL = r"\"(?>(?:[^\"\\]|\\.(?!@)){0,64})\\?\""
# Pieces and their lengths are bounded for the time: each quote begins a search. Atomic groups, since a
# possessive group of Python 3.11.2 goes on behind an alternative that failed halfway.
_ADDRESS = re.compile(
    rf"(?<![^{_END}])((?>(?:[^{_END}]++|{_QUOTED_LOCAL}){{1,3}}))@([\w.-]{{1,255}}+|\[[^\]\s]{{0,64}}+\])"
)
_PATH = re.compile(r"(?:[\w.-]++=)?(?:b?')?/(?!/[^/])[^=]*+\Z")
"""What stands before an `@` in a path (`/run/sekisho@2`). A URL has two `/` before a user, SRS and X.400 a
`=` behind a `/`."""
_SOCKET = re.compile(r"inet6?:\Z")
_QUOTED = re.compile(r"(?<!\w)b?(?:'(?:[^'\\]|\\.?)*+(?:'|\Z)|\"(?:[^\"\\]|\\.?)*+(?:\"|\Z))", re.DOTALL)
_PLAIN_ERRORS = (OSError, StoreUnavailable)
"""Their words are about files, sockets and servers."""
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
"""Words of replies to RCPT and DATA. A mailbox of that name is not told by them."""


class PrivacyOptions(Options):
    """What may be written down of a message and of people."""

    subject: bool = Field(default=False, description="Write the subject into the line of a message.")
    local_parts: bool = Field(
        default=False,
        description="Write addresses in full instead of a pseudonym for what stands before the @.",
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
    """Keyed, rotated names for local parts. Made before the fork, so that all processes agree."""

    def __init__(self, secret: bytes, hours: int, clock: Clock) -> None:
        self._secret = secret
        self._seconds = hours * 3600
        self._clock = clock
        self._key = lru_cache(maxsize=2)(self._derived)

    @classmethod
    def of(cls, options: PrivacyOptions, clock: Clock) -> Pseudonyms:
        """Raises SecretError."""
        secret = read_secret(options.key_file) if options.key_file else secrets.token_bytes(SECRET_BYTES)
        return cls(secret, options.pseudonym_hours, clock)

    def name(self, address: str) -> str:
        """The pseudonym of an address in this period: `~` and ten characters. The address is compared as
        mail systems in practice do, without regard to case."""
        period = int(self._clock.now().timestamp()) // self._seconds
        digest = hmac.digest(self._key(period), address.lower().encode("utf-8", "surrogatepass"), "sha256")
        # Eight letters from every five bytes, and no more bytes than are shown: the encoder is slow.
        return "~" + base64.b32encode(digest[:PSEUDONYM])[:PSEUDONYM].decode("ascii").lower()

    def _derived(self, period: int) -> bytes:
        return hmac.digest(self._secret, b"sekisho pseudonym %d" % period, "sha256")


class Privacy:
    """What may be written down, by the options. Made before the fork: with a key in memory, all processes must have
    the same."""

    def __init__(self, options: PrivacyOptions, clock: Clock) -> None:
        """Raises SecretError."""
        self._options = options
        self._pseudonyms = Pseudonyms.of(options, clock)

    def address(self, address: str | None) -> str | None:
        """An address as the options let it be shown: `<>` the null sender, None if it is not known."""
        if address is None:
            return None
        return self._address(address) if address else "<>"

    def subject(self, subject: str) -> str | None:
        return subject if self._options.subject else None

    def decided_by(self, decided_by: str) -> str:
        """What decided a verdict: an entry of a list may be an address (`allow user@example.jp`)."""
        kind, blank, entry = decided_by.partition(" ")
        return f"{kind} {self._address(entry)}" if blank and "@" in entry else decided_by

    def words(self, text: str, *known: str) -> str:
        """A text for people with the addresses in it as `address` has them. Paths and sockets with an `@` stay.
        `known` are addresses that it is about, as a reply of an MTA: their local parts are found without a domain,
        too."""
        if self._options.local_parts or not (known or "@" in text):
            return text
        text = text[:_LONGEST]
        for address in filter(None, known):
            text = _alone(address).sub(lambda found: self._address(found[0]), text)
        text = _ADDRESS.sub(self._found, text)
        for address in known:
            local, _, domain = address.rpartition("@")
            if _tells(local) and local.lower() != domain.lower():
                text = _alone(local).sub(self._pseudonyms.name(address), text)
        return text

    def error(self, error: BaseException) -> str:
        """The words of an exception. Of one that is not about files or servers, without what it quotes: that may be
        anything that stood in a message."""
        text = str(error)
        plain = isinstance(error, _PLAIN_ERRORS) or (self._options.local_parts and self._options.subject)
        return self.words(text if plain else _QUOTED.sub("'…'", text[:_LONGEST]))

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
        address = found[0].lstrip("'").rstrip(".")  # quotes around it, the end of a sentence
        opening, _, rest = found[0].partition(address)
        return opening + self._address(address) + rest


def _alone(name: str) -> re.Pattern[str]:
    """Finds a name in any case where it is no part of another, nor of a domain or a file's name."""
    return re.compile(rf"(?<![\w.@-]){re.escape(name)}(?![\w@-]|\.\w)", re.IGNORECASE)


def _tells(local: str) -> bool:
    """True if a local part tells somebody who reads it alone: it is no number, and no word of any reply."""
    return len(local) >= _SHORTEST and any(map(str.isalpha, local)) and local.lower() not in _REPLY_WORDS
