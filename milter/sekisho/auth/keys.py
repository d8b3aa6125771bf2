"""The public keys of DKIM and ARC: what stands in DNS, and whether it verifies (RFC 6376 3.6, 8301, 8463).

Keys are bounded before any arithmetic, since a key of 300,000 bits in a TXT record would be an afternoon's
work. Parsed keys are remembered by their text, which is all that they depend on.

It cannot see whether the holder of a key is who he says: that is the domain's affair.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
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

from sekisho.ports import Answer, Found
from sekisho.results import AuthResult

MAX_KEY_TEXT = 4_096  # octets of a key record: RSA-8192 needs about 1,500
MAX_MODULUS = 8_192  # bits
MAX_EXPONENT = 64  # bits; every published key uses 65537 or 3

PADDING: Final = PKCS1v15()
DIGESTED: Final = Prehashed(SHA256())
BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}\Z")
SPACES = b" \t\r\n"

Lookup = Callable[[str, str], Answer]
Tags = Mapping[bytes, bytes]


class SignatureError(Exception):
    """A signature that has no chance of being valid; `word` says which kind of failure it is."""

    def __init__(self, result: AuthResult, reason: str) -> None:
        super().__init__(reason)
        self.result = result
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Key:
    """A published key. `bits` is the size of the modulus (Ed25519: 256, which is strong)."""

    algorithm: str
    bits: int
    rsa: RSAPublicKey | None = field(default=None, compare=False)
    raw: bytes = b""
    flags: frozenset[str] = frozenset()

    @property
    def weak(self) -> bool:
        """RFC 8301 section 3.2: RSA below 1024 bits proves nothing."""
        return self.algorithm == "rsa" and self.bits < 1024

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
    """The tag list of a signature or key (RFC 6376 section 3.2). Raises SignatureError."""
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
    """The key of `name._domainkey.domain`. Raises SignatureError: temperror if DNS does not say,
    else permerror."""
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
    """A key record (RFC 6376 section 3.6.1, RFC 8463 section 3). Raises SignatureError."""
    if len(text) > MAX_KEY_TEXT:
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
    if not 256 <= bits <= MAX_MODULUS or not 2 <= exponent.bit_length() <= MAX_EXPONENT:
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
    """Strict base64 with blanks in it; raises SignatureError that names `what`."""
    bare = value.translate(None, SPACES)
    if bare and not BASE64.match(bare):
        raise SignatureError(AuthResult.PERMERROR, f"the {what} is not base64")
    try:
        return base64.b64decode(bare)
    except (binascii.Error, ValueError) as error:
        raise SignatureError(AuthResult.PERMERROR, f"the {what} is not base64") from error
