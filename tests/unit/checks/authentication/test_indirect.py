"""Who passed a message on: known forwarders, and systems of the recipient's own organisation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.auth_support import context, envelope, message

from sekisho.checks.authentication import indirect
from sekisho.evidence import Evidence, Proof, ProofScope
from sekisho.message import Recipient
from sekisho.results import AuthResult, MethodResult

KINDS = {"lists.org": "forwarder", "mx1.lists.org": "forwarder", "mail.com": "mailbox"}


def found(*proofs: Proof, host: str = "", rcpt: str = "me@example.jp") -> list[str]:
    named = (MethodResult("iprev", AuthResult.PASS, host),) if host else ()
    read = message(b"From: a@author.com\r\n\r\n", replace(envelope(), recipients=(Recipient(rcpt),)))
    evidence = indirect.check(read, Evidence(results=named, proofs=proofs), context(kinds=KINDS))
    return [str(each.facts["by"]) for each in evidence.findings]


def test_a_shipped_forwarder() -> None:
    """Its domain is proven beside the author, or its name is the client's."""
    assert found(Proof("lists.org", "spf", False)) == ["lists.org"]
    assert found(host="mx1.lists.org") == ["mx1.lists.org"]
    assert found(host="mx1.stranger.com") == []
    assert found(Proof("stranger.com", "dkim", False)) == []


@pytest.mark.parametrize(
    ("proof", "rcpt", "passed"),
    [
        (Proof("example.jp", "spf", False), "me@example.jp", True),
        (Proof("tickets.example.jp", "dkim", False), "me@example.jp", True),
        (Proof("example.jp", "spf", True), "me@example.jp", False),
        (Proof("example.jp", "spf", False, None, ProofScope.SHARED), "me@example.jp", False),
        (Proof("stranger.com", "spf", False), "me@example.jp", False),
        (Proof("mail.com", "spf", False), "me@mail.com", False),
    ],
)
def test_a_system_of_the_readers_own(proof: Proof, rcpt: str, passed: bool) -> None:
    """No stranger can prove the recipient's organisation; customers of one provider are strangers."""
    assert bool(found(proof, rcpt=rcpt)) is passed
