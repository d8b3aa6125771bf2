"""Record ids, and the key that identifies a retry of the same message."""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 26
RANDOM_BITS = 80
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


def record_id(now: datetime) -> str:
    """26 characters of Crockford's base32: 48 bits of milliseconds, then 80 random bits.

    Ids sort by time, cannot be guessed from one another, and can be read out on the telephone.
    """
    value = (int(now.timestamp() * 1000) & ((1 << 48) - 1)) << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
    return _written(value)


def normal(text: str) -> str | None:
    """The id that a person typed, in its normal form; None if the text is no id."""
    read = text.strip().upper().translate(_READ_AS)
    return read if len(read) == LENGTH and set(read) <= set(ALPHABET) else None


def prefix_of(text: str) -> str | None:
    """The beginning of an id that a person typed, in its normal form; None if no id begins so."""
    read = text.strip().upper().translate(_READ_AS)
    return read if 0 < len(read) <= LENGTH and set(read) <= set(ALPHABET) else None


def first_id(moment: datetime) -> str:
    """The least id of a message that is held at that moment or later."""
    return _written(max(0, int(moment.timestamp() * 1000)) << RANDOM_BITS)


def open_key(digest: str, sender: str | None, recipient: str) -> str:
    """The key of promise 2, of fixed length: message digest, MAIL FROM and one RCPT TO, as they came."""
    return hashlib.sha256(json.dumps([digest, sender, recipient]).encode("ascii")).hexdigest()


def _written(value: int) -> str:
    return "".join(ALPHABET[value >> shift & 31] for shift in range((LENGTH - 1) * 5, -1, -5))
