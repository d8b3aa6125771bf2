"""The client's name, as Postfix tells it."""

from __future__ import annotations

import pytest

from sekisho.auth import iprev
from sekisho.message import Client
from sekisho.results import AuthResult


@pytest.mark.parametrize(
    ("name", "resolve", "word", "domain"),
    [
        ("mx.example.jp", "ok", AuthResult.PASS, "mx.example.jp"),
        ("mx.example.jp", "OK", AuthResult.PASS, "mx.example.jp"),
        ("mx.example.jp", None, AuthResult.PASS, "mx.example.jp"),
        ("unknown", "ok", AuthResult.FAIL, None),
        ("unknown", "forged", AuthResult.FAIL, None),
        ("unknown", "fail", AuthResult.FAIL, None),
        ("unknown", "temp", AuthResult.TEMPERROR, None),
        ("unknown", None, AuthResult.UNKNOWN, None),
        (None, None, AuthResult.UNKNOWN, None),
        ("mx.example.jp", "something new", AuthResult.UNKNOWN, None),
    ],
)
def test_words(name: str | None, resolve: str | None, word: AuthResult, domain: str | None) -> None:
    """What Postfix could not find is no failure, and only a pass names the client."""
    found = iprev.evaluate(Client(address="192.0.2.1", name=name, resolve=resolve))
    assert (found.result, found.domain) == (word, domain)
    assert found.get("policy.iprev") == "192.0.2.1"
    assert bool(found.reason) is (word in (AuthResult.FAIL, AuthResult.TEMPERROR))
