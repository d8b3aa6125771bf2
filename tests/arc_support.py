"""A message with one ARC set, made without our code beyond the canonical forms."""

from __future__ import annotations

import base64
import functools
import hashlib

import nacl.signing
from tests.auth_support import txt

from sekisho.auth.signatures import relaxed_value
from sekisho.message.body import relaxed_body

SEED = nacl.signing.SigningKey(hashlib.sha256(b"a sealer for tests").digest())
KEY = txt("s._domainkey.sealer.example", "k=ed25519; p=" + base64.b64encode(bytes(SEED.verify_key)).decode())
AUTHOR = b"From: a@example.jp"
BODY = b"text\r\n"


def _seal(lines: bytes) -> bytes:
    return base64.b64encode(SEED.sign(hashlib.sha256(lines).digest()).signature)


def _line(name: bytes, value: bytes) -> bytes:
    return name.lower() + b":" + relaxed_value(value)


@functools.cache
def chain(saw: bytes) -> bytes:
    """A message with one ARC set by sealer.example, which saw this."""
    digest = base64.b64encode(hashlib.sha256(relaxed_body(BODY)).digest())
    results = b" i=1; sealer.example; " + saw
    own = b" i=1; a=ed25519-sha256; c=relaxed/relaxed; d=sealer.example; s=s; h=from; bh=%s; b=" % digest
    own += _seal(_line(b"From", AUTHOR[5:]) + b"\r\n" + _line(b"ARC-Message-Signature", own))
    seal = b" i=1; a=ed25519-sha256; cv=none; d=sealer.example; s=s; b="
    before = _line(b"ARC-Authentication-Results", results) + b"\r\n" + _line(b"ARC-Message-Signature", own)
    seal += _seal(before + b"\r\n" + _line(b"ARC-Seal", seal))
    head = [b"ARC-Seal:" + seal, b"ARC-Message-Signature:" + own, b"ARC-Authentication-Results:" + results]
    return b"\r\n".join([*head, AUTHOR, b"", BODY])
