"""Is the client allowed to send for the MAIL FROM domain? (RFC 7208; `auth.spf` evaluates)

The identity is MAIL FROM, for a null sender HELO. A malformed MAIL FROM domain gives the result none (section 4.3) and
a finding. A pass says by which records it was reached (`via`): a pass by way of a platform that anybody can hire is
worth less, which `proof` decides.

It cannot see who sits behind a shared address: everybody at a hosting provider passes with its records.
"""

from __future__ import annotations

from types import MappingProxyType

from sekisho.auth import spf
from sekisho.checks.facts.authentication import SPF_FAIL, SPF_SOFTFAIL
from sekisho.evidence import NOTHING, Degraded, Evidence, Finding, FindingKind
from sekisho.message import Envelope, Message
from sekisho.ports import Context, Resolver
from sekisho.results import AuthResult, MethodResult

BROKEN = FindingKind(
    "auth.spf_broken",
    0.0,
    "The SPF record of {domain} cannot be evaluated: {reason}.",
    "{domain} の SPF レコードを評価できません: {reason}",
)
MALFORMED = FindingKind(
    "envelope.sender_malformed",
    1.0,
    "The envelope sender has no valid domain: {sender}.",
    "エンベロープ送信者のドメインが不正です: {sender}",
)
DIFFERS = FindingKind(
    "envelope.sender_differs",
    1.0,
    "The client wrote the envelope sender {raw}, the mail server understood {sender}.",
    "エンベロープ送信者が、クライアントの指定（{raw}）とサーバーの解釈（{sender}）とで異なります。",
)
KINDS = (SPF_FAIL, SPF_SOFTFAIL, BROKEN, MALFORMED, DIFFERS)
KIND_OF = MappingProxyType(
    {AuthResult.FAIL: SPF_FAIL, AuthResult.SOFTFAIL: SPF_SOFTFAIL, AuthResult.PERMERROR: BROKEN}
)
UNKNOWN = MethodResult("spf", AuthResult.UNKNOWN)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One `spf` result for MAIL FROM or, with a null sender, for HELO; and what is odd about the sender."""
    envelope = message.envelope
    identity = spf.identity_of(envelope)
    odd = tuple(_oddities(envelope, identity))
    result = _result(message, identity, context)
    if result.result is AuthResult.UNKNOWN:
        return Evidence(findings=odd) if odd else NOTHING
    facts = {"domain": result.domain, "address": envelope.client.address, "reason": result.reason}
    kind = KIND_OF.get(result.result)
    found = (kind.found(**facts),) if kind else ()
    degraded = (Degraded.DNS,) if result.result is AuthResult.TEMPERROR else ()
    return Evidence((result,), findings=found + odd, degraded=degraded)


def _result(message: Message, identity: spf.Identity | None, context: Context) -> MethodResult:
    envelope = message.envelope
    if context.resolver is None or envelope.sender is None:
        return UNKNOWN
    lookup = context.lookup_for(identity.domain if identity else None, message.author.domain)
    return spf.evaluate(identity, envelope.client, lookup, context.lookup_stranger)


def owed(message: Message) -> tuple[MethodResult, ...]:
    """The result when the check could not be run."""
    if message.envelope.sender is None:
        return ()
    identity = spf.identity_of(message.envelope)
    domain = identity.domain if identity else None
    result = AuthResult.NONE if domain is None else AuthResult.TEMPERROR
    return (MethodResult("spf", result, domain, "not evaluated"),)


def warm(envelope: Envelope, resolver: Resolver) -> None:
    """Ask for the SPF record as soon as MAIL FROM is known. Never waits."""
    identity = spf.identity_of(envelope)
    if identity is not None and identity.domain is not None:
        resolver.warm(identity.domain, "TXT")


def _oddities(envelope: Envelope, identity: spf.Identity | None) -> list[Finding]:
    sender, raw = envelope.sender, envelope.raw_sender
    found = []
    if sender and identity is not None and identity.domain is None:
        found.append(MALFORMED.found(sender=sender))
    if sender is not None and raw is not None and _comparable(sender) != _comparable(raw):
        found.append(DIFFERS.found(sender=sender, raw=raw))
    return found


def _comparable(path: str) -> str:
    """A sender without what Postfix writes differently for the same address: brackets, quotes, case."""
    return path.strip().removeprefix("<").removesuffix(">").replace('"', "").replace("\\", "").lower()
