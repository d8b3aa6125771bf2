"""Who signed the message, and does the signature hold? (RFC 6376, 8301, 8463; `auth.dkim` evaluates)

One result for each signature, five at most. A signature that verifies and proves nothing all the same is a finding, and
so is a field that the reader sees and that no valid signature covers.

It cannot see a replay: a signed message sent again to others verifies as well as the first time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import MappingProxyType
from typing import Any

from sekisho.auth import dkim
from sekisho.auth.dkim import Reservation, Verification
from sekisho.checks.facts.authentication import DKIM_FAIL
from sekisho.evidence import NOTHING, Degraded, Evidence, Finding, FindingKind, PartlyCrashed
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.results import AuthResult, MethodResult

WEAK = FindingKind(
    "auth.weak_dkim",
    0.5,
    "The DKIM key of {domain} has only {bits} bits, which anybody can break.",
    "{domain} の DKIM 鍵は {bits} ビットしかなく、偽造が可能です。",
)
LENGTH = FindingKind(
    "dkim.body_length",
    1.0,
    "The signature of {domain} covers {signed} of {size} octets of the text; the rest may be anybody's.",
    "{domain} の署名は本文 {size} オクテットのうち {signed} だけが対象で、残りは誰でも追加できます。",
)
FROM = FindingKind(
    "dkim.from_unsigned",
    1.5,
    "The signature of {domain} does not cover the one From field.",
    "{domain} の署名は From フィールドを正しく保護していません。",
)
EXPIRED = FindingKind(
    "dkim.expired",
    0.5,
    "The signature of {domain} has expired.",
    "{domain} の署名は有効期限が切れています。",
)
UNSIGNED = FindingKind(
    "dkim.unsigned_field",
    0.5,
    "No valid signature covers {fields}.",
    "有効な署名が {fields} を保護していません。",
)
OVERSIGNED = FindingKind(
    "dkim.added_field",
    4,
    "There are more {fields} fields than were signed: somebody may have added one.",
    "{fields} フィールドが署名時より多く、後から追加された可能性があります。",
)
NAME = FindingKind(
    "dkim.malformed_name",
    3,
    "A signature names {shown} as its domain or selector, written so that programs read it differently.",
    "署名のドメインまたはセレクターが、プログラムによって読み方の変わる形で書かれています: {shown}",
)
MANY = FindingKind(
    "dkim.too_many_signatures",
    0.5,
    "There are {count} signatures; only the first {limit} were looked at.",
    "署名が {count} 個あり、最初の {limit} 個だけを検証しました。",
)
KINDS = (DKIM_FAIL, WEAK, LENGTH, FROM, EXPIRED, UNSIGNED, OVERSIGNED, NAME, MANY)

NONE = Evidence(results=(MethodResult("dkim", AuthResult.NONE),))
RESERVATIONS = MappingProxyType(
    {
        Reservation.WEAK_KEY: WEAK,
        Reservation.BODY_LENGTH: LENGTH,
        Reservation.FROM_UNSIGNED: FROM,
        Reservation.EXPIRED: EXPIRED,
    }
)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """A `dkim` result for each of the first five signatures, or `none`. Raises PartlyCrashed for a defect that one of
    them brings to light."""
    if context.resolver is None:
        return NOTHING
    count, author = len(message.headers.all(dkim.NAME)), message.author.domain
    if not count:
        return NONE
    verified = dkim.evaluate(
        message,
        lambda domain: context.lookup_for(domain, author),
        now=(message.envelope.arrived or context.clock.now()).timestamp(),
        expired=context.expired,
    )
    findings = [finding for each in verified for finding in _of_one(each)]
    findings += _coverage(dkim.coverage(message.headers, verified, author))
    findings += _failure(verified, author)
    degraded = [Degraded.DNS] if any(map(_undecided, verified)) else []
    if count > dkim.MAX_SIGNATURES:
        findings.append(MANY.found(count=count, limit=dkim.MAX_SIGNATURES))
        degraded.append(Degraded.LIMIT)
    found = Evidence(
        tuple(each.result for each in verified), findings=tuple(findings), degraded=tuple(degraded)
    )
    if (defect := next((each.defect for each in verified if each.defect), None)) is not None:
        raise PartlyCrashed(found, defect) from defect
    return found


def _undecided(each: Verification) -> bool:
    """True if a look-up failed, and no defect of ours is why the result is not known."""
    return each.result.result is AuthResult.TEMPERROR and each.defect is None


def owed(message: Message) -> tuple[MethodResult, ...]:
    """The results when the check could not be run: no signature is decided."""
    fields = dkim.chosen(message.headers, message.author.domain)
    if not fields:
        return NONE.results
    return tuple(map(dkim.not_evaluated, fields))


def _of_one(each: Verification) -> Iterator[Finding]:
    """What one signature gives: why it proves nothing, or a name that is none."""
    signature = each.signature
    if signature is None:
        shown = dkim.mixed_reading(each.field)
        if shown is not None:
            yield NAME.found(shown=shown)
        return
    for reservation in each.reservations:
        facts: dict[str, Any] = {"domain": signature.domain}
        if reservation is Reservation.WEAK_KEY and each.key is not None:
            facts["bits"] = each.key.bits
        elif reservation is Reservation.BODY_LENGTH:
            facts |= {"signed": signature.length, "size": each.body_size}
        yield RESERVATIONS[reservation].found(**facts)


def _coverage(fields: dkim.Coverage) -> Iterator[Finding]:
    for kind, names in ((UNSIGNED, fields.unsigned), (OVERSIGNED, fields.added)):
        if names:
            yield kind.found(fields=", ".join(names))


def _failure(verified: Sequence[Verification], author: str | None) -> Iterator[Finding]:
    """One finding for the first signature that failed, when none of the author's organisation holds."""
    if any(each.verifies and dkim.may_be_authors(each.result.domain, author) for each in verified):
        return
    for each in verified:
        if each.result.result in (AuthResult.FAIL, AuthResult.PERMERROR):
            yield DKIM_FAIL.found(domain=each.result.domain or "?", reason=each.result.reason)
            return
