"""A key, and messages signed with it, made without our code beyond the canonical forms, which conformance/ proves."""

from __future__ import annotations

import base64
import hashlib

import nacl.signing

from sekisho.auth.signatures import relaxed_value
from sekisho.message.body import relaxed_body

SEED = nacl.signing.SigningKey(hashlib.sha256(b"a key for tests").digest())
RECORD = "v=DKIM1; k=ed25519; p=" + base64.b64encode(bytes(SEED.verify_key)).decode()
KEY_NAME = "s1._domainkey.example.jp"
HEAD = [b"From: A <a@example.jp>", b"Subject: hello", b"Content-Type: text/plain"]
BODY = b"text\r\n"


def signed(
    names: bytes = b"from:subject:content-type",
    head: list[bytes] | None = None,
    body: bytes = BODY,
    extra: bytes = b"",
    length: int | None = None,
) -> bytes:
    """A message with a valid relaxed/relaxed Ed25519 signature by s1 of example.jp. `length` is that of the signed body
    in octets, `extra` are further tags."""
    fields = head if head is not None else HEAD
    canonical = relaxed_body(body)[:length]
    digest = base64.b64encode(hashlib.sha256(canonical).digest())
    value = b" v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.jp; s=s1; h=%s; bh=%s; %sb=" % (
        names,
        digest,
        extra,
    )
    lines = b""
    left = [(line.partition(b":")[0].lower(), line) for line in fields]
    for name in names.split(b":"):
        place = max((at for at, (key, _) in enumerate(left) if key == name), default=None)
        if place is not None:
            key, line = left.pop(place)
            lines += key + b":" + relaxed_value(line.partition(b":")[2]) + b"\r\n"
    lines += b"dkim-signature:" + relaxed_value(value)
    seal = base64.b64encode(SEED.sign(hashlib.sha256(lines).digest()).signature)
    return b"\r\n".join([b"DKIM-Signature:" + value + seal, *fields, b"", body])
