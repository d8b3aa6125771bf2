"""The fingerprint of a Message-ID (RFC 5322 section 3.6.4), by which log and store find a message again.

A Message-ID names the machine of the sender, and often the sender. So log and store keep its fingerprint only. With the
message at hand the fingerprint can be computed; without the message it tells nothing.
"""

from __future__ import annotations

import hashlib

from sekisho.message.headers import field_text
from sekisho.message.model import Headers

KEY_DIGITS = 16  # hexadecimal digits


def message_key(text: str) -> str | None:
    """The fingerprint of a Message-ID, with or without angle brackets; None if it is empty."""
    bare = text.strip().removeprefix("<").removesuffix(">").strip()
    if not bare:
        return None
    return hashlib.sha256(bare.encode("utf-8", "surrogateescape")).hexdigest()[:KEY_DIGITS]


def key_of(headers: Headers) -> str | None:
    """The fingerprint of a message's first Message-ID; None without one."""
    fields = headers.all("message-id")
    return message_key(field_text(fields[0].value)) if fields else None
