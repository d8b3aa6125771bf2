"""The fingerprint by which a message is found again from its Message-ID (RFC 5322 section 3.6.4).

A Message-ID names its sender's machine and often its sender; log and store keep only this. Who has the
message at hand can compute it and look; nobody can read anything out of it.
"""

from __future__ import annotations

import hashlib

from sekisho.message.headers import field_text
from sekisho.message.model import Headers

LENGTH = 16  # hexadecimal digits


def message_key(text: str) -> str | None:
    """The fingerprint of a Message-ID as it stands in the field or was typed; None if it is empty."""
    bare = text.strip().removeprefix("<").removesuffix(">").strip()
    if not bare:
        return None
    return hashlib.sha256(bare.encode("utf-8", "surrogateescape")).hexdigest()[:LENGTH]


def key_of(headers: Headers) -> str | None:
    """The fingerprint of a message's first Message-ID; None without one."""
    fields = headers.all("message-id")
    return message_key(field_text(fields[0].value)) if fields else None
