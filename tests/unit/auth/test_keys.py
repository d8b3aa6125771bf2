"""Key records: which are read, which are refused, and at what cost."""

from __future__ import annotations

import base64

import pytest
from tests.dkim_support import RECORD

from sekisho.auth.keys import SignatureError, fetch_key, parse_key
from sekisho.dns_answer import Answer, Found
from sekisho.results import AuthResult


def der(number: int) -> bytes:
    size = number.bit_length() // 8 + 1
    return b"\x02" + length(size) + number.to_bytes(size, "big")


def length(size: int) -> bytes:
    return bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")


def rsa(bits: int, exponent: int = 65537) -> bytes:
    content = der((1 << (bits - 1)) | 1) + der(exponent)
    return b"p=" + base64.b64encode(b"\x30" + length(len(content)) + content)


def test_weak_and_strong_keys() -> None:
    """RSA is weak below 1024 bits; Ed25519 never is."""
    assert parse_key(rsa(512)).weak
    assert parse_key(rsa(1023)).weak
    assert not parse_key(rsa(1024)).weak
    assert not parse_key(RECORD.encode()).weak


@pytest.mark.parametrize(
    "text",
    [
        b"p=",
        b"v=DKIM1; p=",
        b"v=DKIM2; " + rsa(1024),
        b"k=dsa; " + rsa(1024),
        b"k=ed25519; p=AAAA",
        b"k=ed25519; p=" + base64.b64encode(b"x" * 33),
        b"s=tlsrpt; " + rsa(1024),
        b"h=sha1; " + rsa(1024),
        b"p=not base64!",
        b"p=A",
        b"p=AAAA",
        b"p=" + base64.b64encode(b"\x30\x84\xff\xff\xff\xff"),
        rsa(16384),
        rsa(1024, 1),
        rsa(1024, 2**127 + 1),
        rsa(128),
        b"p=" + b"A" * 60_000,
        b"p=" + base64.b64encode(b"\x30\x80\x02\x00\x02\x00"),
        b"\xff\xfe\x00",
        b"",
    ],
)
def test_key_records_that_are_none(text: bytes) -> None:
    """Revoked, foreign, malformed and monstrous keys are permanent errors, never another exception."""
    with pytest.raises(SignatureError) as caught:
        parse_key(text)
    assert caught.value.result is AuthResult.PERMERROR


def test_services_and_hashes_may_be_listed() -> None:
    """Lists that include us are accepted."""
    assert parse_key(b"s=other:email; h=sha1:sha256; " + rsa(2048)).bits == 2048


def test_several_different_keys_are_none() -> None:
    """Two different key records prove nothing; the same one twice is one."""
    one, two = rsa(1024), rsa(2048)
    assert fetch_key("a.jp", "s", lambda *_: Answer(Found.ANSWER, (one, one, b"unrelated"))).bits == 1024
    with pytest.raises(SignatureError):
        fetch_key("a.jp", "s", lambda *_: Answer(Found.ANSWER, (one, two)))


def test_silent_dns_is_no_missing_key() -> None:
    """Without an answer the key is a temporary error; without a record a permanent one."""
    for found, word in ((Found.TEMPERROR, AuthResult.TEMPERROR), (Found.NXDOMAIN, AuthResult.PERMERROR)):
        with pytest.raises(SignatureError) as caught:
            fetch_key("a.jp", "s", lambda *_, found=found: Answer(found))  # type: ignore[misc]
        assert caught.value.result is word
