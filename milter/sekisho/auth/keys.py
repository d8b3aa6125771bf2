"""The public keys of DKIM and ARC: how they are read from DNS, and whether they verify a signature (RFC 6376 section
3.6, RFC 8301, RFC 8463).

A key is bounded before any arithmetic: one of 300,000 bits, which a TXT record can hold, would keep a worker busy for
hours. Parsed keys are remembered by their text.

It cannot see who holds the private key.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import nacl.exceptions
import nacl.signing
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from dkim.crypto import UnparsableKeyError, parse_public_key

from sekisho.auth.lookup import Lookup
from sekisho.dns_answer import Found
from sekisho.results import AuthResult

MAX_RECORD_BYTES = 4_096  # of a key record; RSA-8192 needs about 1,500
MIN_MODULUS_BITS, MAX_MODULUS_BITS = 256, 8_192
MAX_EXPONENT_BITS = 64  # every published key uses 65537 or 3
MIN_STRONG_BITS = 1_024  # RFC 8301 section 3.2

PADDING: Final = PKCS1v15()
DIGESTED: Final = Prehashed(SHA256())
BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}\Z")
SPACES = b" \t\r\n"

Tags = Mapping[bytes, bytes]
"""The tags of a signature or key, as written."""


class SignatureError(Exception):
    """A signature or key that proves nothing. `result` is what becomes of the signature: fail, permerror, temperror or
    neutral; `reason` says why in a few words."""

    def __init__(self, result: AuthResult, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Key:
    """A published key. `algorithm` is `rsa` or `ed25519`, `bits` the size of the modulus (Ed25519: 256, which is
    strong), `flags` the words of `t=`. RSA keys have `rsa`, others the 32 octets of `raw`."""

    algorithm: str
    bits: int
    rsa: RSAPublicKey | None = field(default=None, compare=False)
    raw: bytes = b""
    flags: frozenset[str] = frozenset()

    @property
    def weak(self) -> bool:
        """True for RSA below 1024 bits, which proves nothing (RFC 8301 section 3.2)."""
        return self.algorithm == "rsa" and self.bits < MIN_STRONG_BITS

    def verifies(self, digest: bytes, signature: bytes) -> bool:
        """True if the signature over a SHA-256 digest was made by the holder of this key."""
        if self.rsa is None:
            return _ed25519(self.raw, digest, signature)
        try:
            self.rsa.verify(signature, digest, PADDING, DIGESTED)
        except InvalidSignature:
            return False
        return True


def _ed25519(raw: bytes, digest: bytes, signature: bytes) -> bool:
    try:
        nacl.signing.VerifyKey(raw).verify(digest, signature)
    except (nacl.exceptions.CryptoError, ValueError, TypeError):
        return False
    return True


def tags(value: bytes) -> Tags:
    """The tag list of a signature or key (RFC 6376 section 3.2). Raises SignatureError (permerror) for what is none,
    and for a tag that stands twice."""
    specs = value.strip().split(b";")
    if not specs[-1]:  # a semicolon may end the list
        specs.pop()
    found: dict[bytes, bytes] = {}
    for spec in specs:
        name, equals, content = spec.partition(b"=")
        name = name.strip()
        if not equals or not name[:1].isalpha() or name in found:
            raise SignatureError(AuthResult.PERMERROR, "not a tag list")
        found[name] = content.strip()
    return found


def fetch_key(domain: str, name: str, lookup: Lookup) -> Key:
    """The key of the selector `name` (RFC 6376 section 3.6.2). Raises SignatureError: temperror if DNS does not answer,
    permerror if there is no key, several different ones, or one that cannot be read."""
    answer = lookup(f"{name}._domainkey.{domain}", "TXT")
    if answer.found is Found.TEMPERROR:
        raise SignatureError(AuthResult.TEMPERROR, "no answer for the key")
    records = dict.fromkeys(text for text in answer.texts if b"p=" in text.replace(b" ", b""))
    if not records:
        raise SignatureError(AuthResult.PERMERROR, "no key")
    if len(records) > 1:
        raise SignatureError(AuthResult.PERMERROR, "several keys")
    return parse_key(next(iter(records)))


def parse_key(text: bytes) -> Key:
    """A key record (RFC 6376 section 3.6.1, RFC 8463 section 3). Raises SignatureError (permerror) for one that is
    revoked, not for DKIM with SHA-256, malformed, or beyond the bounds above."""
    if len(text) > MAX_RECORD_BYTES:
        raise SignatureError(AuthResult.PERMERROR, "the key record is too long")
    return _parsed_key(text)


@lru_cache(maxsize=1024)
def _parsed_key(text: bytes) -> Key:
    record = tags(text)
    if record.get(b"v", b"DKIM1") != b"DKIM1":
        raise SignatureError(AuthResult.PERMERROR, "not a DKIM key")
    if not _lists(record, b"s", (b"*", b"email")) or not _lists(record, b"h", (b"sha256",)):
        raise SignatureError(AuthResult.PERMERROR, "the key is for something else")
    data = unbase64(record.get(b"p", b""), "key")
    if not data:
        raise SignatureError(AuthResult.PERMERROR, "the key was revoked")
    flags = frozenset(flag.decode("ascii", "replace") for flag in split_list(record.get(b"t", b"")))
    match record.get(b"k", b"rsa"):
        case b"rsa":
            return _rsa_key(data, flags)
        case b"ed25519" if len(data) == 32:
            return Key("ed25519", 256, raw=data, flags=flags)
    raise SignatureError(AuthResult.PERMERROR, "unknown kind of key")


def _rsa_key(data: bytes, flags: frozenset[str]) -> Key:
    try:
        parsed = parse_public_key(data)
    except (UnparsableKeyError, IndexError, TypeError, AssertionError, KeyError) as error:
        raise SignatureError(AuthResult.PERMERROR, "the key cannot be read") from error
    modulus, exponent = int(parsed["modulus"]), int(parsed["publicExponent"])
    bits = modulus.bit_length()
    bounded = MIN_MODULUS_BITS <= bits <= MAX_MODULUS_BITS and 2 <= exponent.bit_length() <= MAX_EXPONENT_BITS
    if not bounded:
        raise SignatureError(AuthResult.PERMERROR, "the key is of an impossible size")
    try:
        return Key("rsa", bits, RSAPublicNumbers(exponent, modulus).public_key(), flags=flags)
    except ValueError as error:
        raise SignatureError(AuthResult.PERMERROR, "the key is of an impossible size") from error


def split_list(value: bytes) -> tuple[bytes, ...]:
    """The members of a colon-separated list."""
    return tuple(map(bytes.strip, value.split(b":")))


def _lists(record: Tags, tag: bytes, wanted: Iterable[bytes]) -> bool:
    return tag not in record or any(word in split_list(record[tag]) for word in wanted)


def unbase64(value: bytes, what: str) -> bytes:
    """The octets of strict base64, blanks left out. Raises SignatureError (permerror), which names `what`."""
    bare = value.translate(None, SPACES)
    if bare and not BASE64.match(bare):
        raise SignatureError(AuthResult.PERMERROR, f"the {what} is not base64")
    try:
        return base64.b64decode(bare)
    except (binascii.Error, ValueError) as error:
        raise SignatureError(AuthResult.PERMERROR, f"the {what} is not base64") from error
