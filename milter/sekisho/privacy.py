"""The one place through which personal data passes before it is written down: into the log, and into the audit.

What is kept follows the privacy options: by default no subject, and no local part of an address, only a pseudonym in
its place. A pseudonym is keyed (HMAC-SHA256) and its key changes with the period. Within one period the same address
has the same pseudonym in every process, across two nothing connects them. With a key file the pseudonyms outlast a
restart, and whoever holds the file can recompute them; without one the key exists only in memory. Domains, client
addresses and host names are shown.

What it cannot see: a name in words that look like none. So exceptions of other programs are written without what they
quote, which is where Python and the libraries put what they were given. The quarantine itself keeps what it holds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator

from sekisho.options import BLANK_IS_UNSET, Options
from sekisho.ports import Clock, StoreUnavailable

KEY_BYTES = 32
PSEUDONYM = 10
"""Base32 characters of a pseudonym: 50 bits."""
_LONGEST = (
    4_000  # characters of a text that are looked through; what is longer is cut, and no line shows as much
)
_KNOWN = 3  # characters of a local part below which it is too common a word to be looked for by itself
_PSEUDONYM = re.compile(r"~[a-z2-7]{10}\Z")
_END = r"\s<>()\[\],;:\"@='"
_ADDRESS = re.compile(
    rf"((?<![^{_END}])[^{_END}]++|\"[^\"]{{0,64}}+\")@([\w.-]{{1,255}}+|\[[^\]\s]{{0,64}}+\])"
)
_QUOTED = re.compile(r"'[^']*+'|\"[^\"]*+\"|b'[^']*+'")
_PLAIN_ERRORS = (OSError, StoreUnavailable)
"""Their words are about files, sockets and servers."""


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


class KeyFileError(Exception):
    """The key file cannot be used, and why."""


class Pseudonyms:
    """Keyed, rotated names for local parts. Made before the fork, so that all processes agree."""

    def __init__(self, secret: bytes, hours: int, clock: Clock) -> None:
        self._secret = secret
        self._seconds = hours * 3600
        self._clock = clock
        self._key = lru_cache(maxsize=2)(self._derived)

    @classmethod
    def of(cls, options: PrivacyOptions, clock: Clock) -> Pseudonyms:
        """Raises KeyFileError."""
        secret = read_key(options.key_file) if options.key_file else secrets.token_bytes(KEY_BYTES)
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


def read_key(path: Path) -> bytes:
    """The site's secret from a key file, as 32 bytes. Raises KeyFileError."""
    try:
        secret = path.read_bytes()
        mode = path.stat().st_mode
    except OSError as error:
        raise KeyFileError(f"{path}: {error.strerror}") from error
    if len(secret) < KEY_BYTES:
        raise KeyFileError(f"{path}: holds {len(secret)} bytes, {KEY_BYTES} are needed")
    if mode & 0o007:
        raise KeyFileError(f"{path}: others may read it")
    return hashlib.sha256(secret).digest()


class Privacy:
    """What may be written down, by the options. Made before the fork: with a key in memory, all processes must have
    the same."""

    def __init__(self, options: PrivacyOptions, clock: Clock) -> None:
        """Raises KeyFileError."""
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
        """A text for people with the addresses in it as `address` has them. `known` are addresses that it is about:
        their local parts are found where they stand alone, too."""
        if self._options.local_parts or not (known or "@" in text):
            return text
        text = text[:_LONGEST]
        for address in known:
            text = _without_case(address).sub(lambda found: self._address(found[0]), text)
        text = _ADDRESS.sub(self._found, text)
        for address in known:
            local = address.rpartition("@")[0]
            if len(local) >= _KNOWN:
                name = self._pseudonyms.name(address)
                text = re.sub(rf"(?<!\w){re.escape(local)}(?!\w)", name, text, flags=re.IGNORECASE)
        return text

    def error(self, error: BaseException) -> str:
        """The words of an exception. Of one that is not about files or servers, without what it quotes: that may be
        anything that stood in a message."""
        text = self.words(str(error))
        if isinstance(error, _PLAIN_ERRORS) or (self._options.local_parts and self._options.subject):
            return text
        return _QUOTED.sub("'…'", text[:_LONGEST])

    def _address(self, address: str) -> str:
        if self._options.local_parts:
            return address
        local, at, domain = address.rpartition("@")
        if _PSEUDONYM.match(local):
            return address
        return self._pseudonyms.name(address) + (f"@{domain.lower()}" if at else "")

    def _found(self, found: re.Match[str]) -> str:
        bare = found[0].rstrip(".")
        return self._address(bare) + found[0][len(bare) :]


def _without_case(address: str) -> re.Pattern[str]:
    return re.compile(re.escape(address) or r"(?!)", re.IGNORECASE)
