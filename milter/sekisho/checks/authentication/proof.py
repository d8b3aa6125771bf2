"""Who is proven to stand behind the message, and what is that worth?

A pass of SPF or DKIM proves the domain that passed. Alignment says whether that domain is the author's: RFC 9989
compares organisational domains. Where the author's tree publishes no record, and for recorded results, registrable
domains are compared. The registry of brands says, by confirmed entries, which brand has an aligned domain; an
unconfirmed domain proves no brand and contradicts none.

`scope` says what a proof is worth. A mail provider's domain proves a customer (`mailbox`). A sending platform, a cloud
or a forwarder proves that the message came through it (`shared`). Any other domain proves its owner (`domain`). An SPF
pass by way of a shared platform's records proves no owner, since other customers pass in the same way.

Whether the author is authenticated is found here once, for all other checks. Unknown excuses the author, so only what
could have authenticated it makes it unknown: a failed look-up of a domain that is aligned, or of the author's own
records. What failed for a stranger's domain hides nothing. A trusted ARC sealer that saw the author authenticated does
the same: the proof was there and broke on the way. It proves no brand.

It cannot see replayed or compromised accounts: they are authenticated too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from sekisho.auth.dmarc import Alignment, TemporaryError
from sekisho.checks.facts.sender import lets_others_send
from sekisho.domains import together
from sekisho.evidence import AuthorStatus, Evidence, Finding, FindingKind, Proof, ProofScope, Signal
from sekisho.known import ON_BEHALF, TENANCY
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.results import AuthResult, MethodResult

SHARED_RANGE = FindingKind(
    "auth.shared_range",
    0,
    "All that vouches for {domain} is SPF by way of {via}, where others pass in the same way.",
    "{domain} の裏付けは、他者も共用する {via} 経由の SPF だけです。",
)
PLATFORM = FindingKind(
    "auth.platform_unaligned",
    0,
    "{via} sends for {domain}, which has not set up authentication for that (it has no DMARC policy, or p=none), as "
    "often happens with newsletters.",
    "{via} 経由の配信ですが、{domain} 名義の認証は設定されていません(DMARC ポリシーなし、または p=none)。"
    "配信サービスではよくあることです。",
    signals=frozenset({Signal.HIRED_PLATFORM}),
)
KINDS = (SHARED_RANGE, PLATFORM)

SEALED = "arc.trusted_sealer"

MAILBOXES = ("mailbox", "carrier")
PLATFORMS = ("esp", TENANCY, "cloud", "forwarder", "alias")
SHARED = MAILBOXES + PLATFORMS

Aligned = Callable[[str, str], bool | None]
"""`aligned(domain, method)`: is the domain aligned with the author's? None if DNS does not answer."""


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """A proof for each domain that passed, one per domain and method; and whether the author is authenticated."""
    results = seen.of("spf") + seen.of("dkim")
    passed = [result for result in results if result.result is AuthResult.PASS and result.domain is not None]
    aligned = _aligner(message.author.domain, context)
    proofs = tuple(dict.fromkeys(_proof(result, aligned, context) for result in passed))
    proven = Evidence(proofs=proofs, author_status=_status(seen, proofs, aligned))
    findings = (*_shared_only(passed, proven), *_platform(message, seen, proven, context))
    return replace(proven, findings=findings)


def _status(seen: Evidence, proofs: tuple[Proof, ...], aligned: Aligned) -> AuthorStatus:
    if any(proof.aligned for proof in proofs):
        return AuthorStatus.AUTHENTICATED
    if seen.has(SEALED):
        return AuthorStatus.UNKNOWN
    # DMARC's own temporary error: the author's tree could not be walked, or what it needs is undecided.
    if seen.result("dmarc") is AuthResult.TEMPERROR or any(_may_hide(each, aligned) for each in seen.results):
        return AuthorStatus.UNKNOWN
    looked_at = AuthResult.UNKNOWN not in (seen.result("spf"), seen.result("dkim"))
    if looked_at or seen.result("dmarc") is AuthResult.FAIL:
        return AuthorStatus.UNAUTHENTICATED
    return AuthorStatus.UNKNOWN


def _may_hide(result: MethodResult, aligned: Aligned) -> bool:
    """True if behind the result, which is not decided, there may be a pass that proves the author."""
    if result.method not in ("spf", "dkim") or not result.undecided:
        return False
    return result.domain is None or aligned(result.domain, result.method) is not False


def _shared_only(passed: Iterable[MethodResult], proven: Evidence) -> tuple[Finding, ...]:
    """The author is proven, and only by what a platform's other customers pass as well."""
    if proven.author_scopes != {ProofScope.SHARED}:
        return ()
    spf = next(result for result in passed if result.method == "spf")
    names = (spf.get("via") or "").split()
    return (SHARED_RANGE.found(domain=spf.domain, via=names[-1] if names else spf.domain),)


def _platform(message: Message, seen: Evidence, proven: Evidence, context: Context) -> tuple[Finding, ...]:
    """A sending platform is proven and the author is not, whose domain lets others send in its name."""
    if proven.authenticated or not lets_others_send(seen):
        return ()
    via = next(
        (proof.domain for proof in proven.proofs if context.providers.kind(proof.domain) == "esp"), None
    )
    return (PLATFORM.found(domain=message.author.domain or "", via=via),) if via is not None else ()


def _proof(result: MethodResult, aligned: Aligned, context: Context) -> Proof:
    domain = result.domain or ""
    is_aligned = aligned(domain, result.method) is True
    scope = _scope(result, is_aligned, context)
    brand = context.registry.owner(domain) if is_aligned and scope is ProofScope.DOMAIN else None
    return Proof(domain, result.method, is_aligned, brand, scope)


def _scope(result: MethodResult, aligned: bool, context: Context) -> ProofScope:
    kind = context.providers.kind(result.domain or "")
    if kind in MAILBOXES:
        return ProofScope.MAILBOX
    if kind in (*PLATFORMS, ON_BEHALF) and not aligned:
        return ProofScope.SHARED
    if result.method == "spf" and (kind in PLATFORMS or _hired(result, context)):
        return ProofScope.SHARED
    return ProofScope.DOMAIN


def _hired(result: MethodResult, context: Context) -> bool:
    """SPF passed through records of a platform, or because the record lets everybody pass."""
    if (result.get("mechanism") or "").lstrip("+").lower() == "all":
        return True
    via = [name for name in (result.get("via") or "").split() if name != result.domain]
    return any(context.providers.kind(name) in SHARED for name in via)


def _aligner(author: str | None, context: Context) -> Aligned:
    if author is None:
        return lambda domain, method: False
    if context.resolver is None:
        return lambda domain, method: together(domain, author)
    alignment = Alignment(author, context.lookup)
    return lambda domain, method: _by_dns(alignment, domain, method)


def _by_dns(alignment: Alignment, domain: str, method: str) -> bool | None:
    """RFC 9989's alignment. Equal names are aligned whatever DNS says, others only if it answers."""
    if domain == alignment.author:
        return True
    try:
        governing = alignment.walk(alignment.author).policy_record()
        if governing is None:
            return together(domain, alignment.author)
        return alignment.aligned(domain, strict=governing[1].is_strict(method))
    except TemporaryError:
        return None
