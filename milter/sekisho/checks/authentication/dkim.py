"""Who signed the message, and does the signature hold? (RFC 6376, 8301, 8463)

One result per signature, five at most, from the top; of more than five those of the author's organisation first, so
that nobody can push them out by adding others. `pass` means: verified, and fit to prove its domain,
which takes a key of at least 1024 bits, a date that has not passed, the whole body and a single, signed From.
A signature that verifies without that is `policy` (RFC 8601 section 2.7.1). A key that does not exist is
permerror, one that DNS could not tell is temperror; a private property keeps the difference (`key`). Where what is
signed lies beyond the limits the result is neutral: it proves nothing, and excuses nothing.

It cannot see a replay: a signed message sent again to others verifies as well as the first time.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from sekisho.auth.identifiers import lookup_domain
from sekisho.auth.keys import Key, SignatureError, fetch_key, tags
from sekisho.auth.signatures import Signature, Signed, parse_signature, verify
from sekisho.domains import may_align
from sekisho.evidence import NOTHING, AuthResult, Degraded, Evidence, Finding, FindingKind, MethodResult
from sekisho.message import Field, Message
from sekisho.ports import Context

FAIL = FindingKind(
    "auth.dkim_fail",
    0,
    "The DKIM signature of {domain} does not hold: {reason}.",
    "{domain} の DKIM 署名が成立しません: {reason}",
)
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
KINDS = (FAIL, WEAK, LENGTH, FROM, EXPIRED, UNSIGNED, OVERSIGNED, NAME, MANY)

NONE = Evidence(results=(MethodResult("dkim", AuthResult.NONE),))
MAX_SIGNATURES = 5
HOSTILE = re.compile(rb"""[\0-\x1f\x7f"'()<>@,;:\\]""")  # in a name: where a sloppy reader stops, or begins
SLACK = 300  # seconds by which clocks may differ
SINGLE = (b"from", b"subject", b"content-type")  # shown to the reader, or deciding what is shown


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of one signature. `valid`: the arithmetic holds, whatever it is worth."""

    result: MethodResult
    signature: Signature | None = None
    findings: tuple[Finding, ...] = ()
    valid: bool = False


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """A `dkim` result for each of the first five signatures, or `none`."""
    if context.resolver is None:
        return NOTHING
    fields = message.headers.all("DKIM-Signature")
    if not fields:
        return NONE
    signed = Signed(message)
    checked = [_checked(field, signed, message, context) for field in chosen(message)]
    findings = [finding for each in checked for finding in each.findings]
    findings += _coverage(
        signed, [each.signature for each in checked if each.valid and each.signature], message
    )
    if not any(each.valid and _is_authors(each.result.domain, message) for each in checked):
        findings += _failure([each.result for each in checked])
    results = tuple(each.result for each in checked)
    degraded = [Degraded.DNS] if any(result.result is AuthResult.TEMPERROR for result in results) else []
    if len(fields) > MAX_SIGNATURES:
        findings.append(_finding(MANY, count=len(fields), limit=MAX_SIGNATURES))
        degraded.append(Degraded.LIMIT)
    return Evidence(results, findings=tuple(findings), degraded=tuple(degraded))


def chosen(message: Message) -> tuple[Field, ...]:
    """The signature fields that are looked at: all, or of more than `MAX_SIGNATURES` so many, the author's
    organisation's first."""
    fields = message.headers.all("DKIM-Signature")
    if len(fields) <= MAX_SIGNATURES:
        return fields
    return tuple(sorted(fields, key=lambda field: not _is_authors(domain_of(field), message)))[
        :MAX_SIGNATURES
    ]


def domain_of(field: Field) -> str | None:
    """The domain that a signature field names; None if it cannot be read."""
    try:
        return lookup_domain(tags(field.value).get(b"d", b"").decode("utf-8", "replace"))
    except SignatureError:
        return None


def _is_authors(domain: str | None, message: Message) -> bool:
    """True for a domain that may be of the author's organisation."""
    author = message.author.domain
    return domain is not None and author is not None and may_align(domain, author)


def owed(message: Message) -> tuple[MethodResult, ...]:
    """The results when the check could not be run: no signature is decided."""
    if not message.headers.all("DKIM-Signature"):
        return NONE.results
    domains = [domain_of(field) for field in chosen(message)]
    return tuple(MethodResult("dkim", AuthResult.TEMPERROR, domain, "not evaluated") for domain in domains)


def _checked(field: Field, signed: Signed, message: Message, context: Context) -> Checked:
    """Verify one signature. Nothing that stands in a message or a key makes this raise."""
    try:
        signature = parse_signature(field)
    except SignatureError as error:
        return Checked(MethodResult("dkim", error.result, reason=error.reason), findings=_odd_names(field))
    except (Exception, RecursionError) as error:
        return Checked(
            MethodResult("dkim", AuthResult.PERMERROR, reason=f"unreadable: {type(error).__name__}")
        )
    if context.expired():
        return Checked(_result(signature, AuthResult.TEMPERROR, "no time left"), signature)
    try:
        return _verified(signature, signed, message, context)
    except SignatureError as error:
        return Checked(_result(signature, error.result, error.reason), signature)
    except (Exception, RecursionError) as error:
        return Checked(
            _result(signature, AuthResult.PERMERROR, f"unreadable: {type(error).__name__}"), signature
        )


def _odd_names(field: Field) -> tuple[Finding, ...]:
    """What a signature that cannot be read names as its domain or selector, where no name could hold it."""
    try:
        found = tags(field.value)
    except SignatureError:
        return ()
    for shown in (found.get(b"d", b""), found.get(b"s", b"")):
        if HOSTILE.search(shown):
            return (_finding(NAME, shown=shown.decode("utf-8", "replace")),)
    return ()


def _verified(signature: Signature, signed: Signed, message: Message, context: Context) -> Checked:
    lookup = context.lookup_for(signature.domain, message.author.domain)
    try:
        key = fetch_key(signature.domain, signature.selector, lookup)
    except SignatureError as error:
        found = "unknown" if error.result is AuthResult.TEMPERROR else "absent"
        return Checked(_result(signature, error.result, error.reason, found), signature)
    try:
        verify(signed, signature, key)
    except SignatureError as error:
        return Checked(_result(signature, error.result, error.reason, "found"), signature)
    findings = tuple(_reservations(signature, key, signed))
    if signature.expires is not None:
        now = (message.envelope.arrived or context.clock.now()).timestamp()
        if now > signature.expires + SLACK:
            findings += (_finding(EXPIRED, domain=signature.domain),)
    word = AuthResult.POLICY if findings else AuthResult.PASS
    reason = ", ".join(finding.kind.id.partition(".")[2].replace("_", " ") for finding in findings)
    return Checked(_result(signature, word, reason, "found"), signature, findings, valid=True)


def _reservations(signature: Signature, key: Key, signed: Signed) -> Iterator[Finding]:
    """Why a signature that verifies proves nothing all the same."""
    domain = signature.domain
    if key.weak:
        yield _finding(WEAK, domain=domain, bits=key.bits)
    size = signed.body_size(signature.body_form)
    if signature.length is not None and signature.length < size:
        yield _finding(LENGTH, domain=domain, signed=signature.length, size=size)
    if b"from" not in signature.names or len(signed.places(b"from")) != 1:
        yield _finding(FROM, domain=domain)


def _coverage(signed: Signed, valid: list[Signature], message: Message) -> list[Finding]:
    """Fields that the reader sees and that no valid signature covers, or covers fewer of than there are.

    Where the author's organisation signed, what a stranger's signature covers does not count; where only strangers
    did, the one that covers least.
    """
    own = [each for each in valid if _is_authors(each.domain, message)]
    counted, best = (own, max) if own else (valid, min)
    if not counted:
        return []
    unsigned, added = [], []
    for name in SINGLE:
        present = len(signed.places(name))
        covered = best(signature.names.count(name) for signature in counted)
        if present and not covered and name != b"from":
            unsigned.append(name.decode())
        elif present > max(1, covered):
            added.append(name.decode())
    pairs = ((UNSIGNED, unsigned), (OVERSIGNED, added))
    return [_finding(kind, fields=", ".join(names)) for kind, names in pairs if names]


def _failure(results: list[MethodResult]) -> list[Finding]:
    """One finding for the first signature that failed, when none of the author's organisation holds."""
    failed = [result for result in results if result.result in (AuthResult.FAIL, AuthResult.PERMERROR)]
    return [_finding(FAIL, domain=failed[0].domain or "?", reason=failed[0].reason)] if failed else []


def _result(signature: Signature, word: AuthResult, reason: str = "", key: str = "") -> MethodResult:
    """A result with the RFC 8601 and RFC 6008 properties, and privately whether the key exists."""
    properties = (
        ("header.d", signature.domain),
        ("header.s", signature.selector),
        ("header.a", signature.algorithm),
        ("header.b", b64encode(signature.value[:6]).decode("ascii")),
        ("key", key),
    )
    return MethodResult("dkim", word, signature.domain, reason, tuple(pair for pair in properties if pair[1]))


def _finding(kind: FindingKind, **facts: object) -> Finding:
    return Finding(kind, MappingProxyType(facts))
