"""Did the handlers of an indirect message vouch for what they saw? (RFC 8617)

A chain of sets, each of a seal, a message signature and the results its sealer saw. It passes when the sets
are complete and numbered from one, every seal holds over the sets up to it, no seal reports a failure, and
the newest message signature holds. A chain proves nothing: anybody can seal anything. Only when the newest
sealer is one that the operator trusts, and it saw the author authenticated, policy may take back the points
of what forwarding broke.

It cannot see whether an honest sealer was itself deceived.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sekisho.auth import authres
from sekisho.auth.keys import Key, Lookup, SignatureError, fetch_key, tags
from sekisho.auth.signatures import BeyondLimitsError, Signature, Signed, check_key, parse_signature, verify
from sekisho.domains import together, within
from sekisho.evidence import NOTHING, AuthResult, Degraded, Evidence, Finding, FindingKind, MethodResult
from sekisho.message import Field, Message
from sekisho.ports import Context

TRUSTED = FindingKind(
    "arc.trusted_sealer",
    0.0,
    "{sealer}, which you trust, saw the author authenticated before forwarding.",
    "信頼する転送元 {sealer} が、転送前に差出人の認証を確認しています。",
)
MANY = FindingKind(
    "arc.too_many_sets",
    0.0,
    "There are {count} ARC sets, more than the {limit} that are looked at.",
    "ARC セットが {count} 個あり、上限の {limit} 個を超えています。",
)
KINDS = (TRUSTED, MANY)

NONE = Evidence(results=(MethodResult("arc", AuthResult.NONE),))
MAX_SETS = 10
SEAL, SIGNATURE, RESULTS = b"arc-seal", b"arc-message-signature", b"arc-authentication-results"
FIELDS = (RESULTS, SIGNATURE, SEAL)  # the order in which a set is hashed (section 5.1.1)
NAMES = tuple(name.decode() for name in FIELDS)
_SHOWN = MappingProxyType({AuthResult.PERMERROR: AuthResult.FAIL, AuthResult.NEUTRAL: AuthResult.UNKNOWN})
RESULTS_INSTANCE = re.compile(rb"[ \t\r\n]*i[ \t\r\n]*=[ \t\r\n]*([0-9]{1,3})[ \t\r\n]*;")


@dataclass(frozen=True, slots=True)
class Chain:
    """The sets by instance: for each of `FIELDS` the place of its one field in the header block."""

    sets: Mapping[int, Mapping[bytes, int]]

    @property
    def newest(self) -> int:
        return len(self.sets)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One `arc` result, and a finding when a trusted sealer saw the author authenticated."""
    if context.resolver is None:
        return NOTHING
    count = sum(len(message.headers.all(name)) for name in NAMES)
    if not count:
        return NONE
    if count > 3 * MAX_SETS:
        many = Finding(MANY, MappingProxyType({"count": count // 3, "limit": MAX_SETS}))
        result = MethodResult("arc", AuthResult.PERMERROR, reason="too many sets")
        return Evidence((result,), findings=(many,), degraded=(Degraded.LIMIT,))
    signed = Signed(message)
    result = judge(signed, context)
    trusted = _trusted(signed, result, message.author.domain, context)
    return Evidence(
        (result,),
        findings=(trusted,) if trusted else (),
        degraded=(Degraded.DNS,) if result.result is AuthResult.TEMPERROR else (),
    )


def judge(signed: Signed, context: Context) -> MethodResult:
    """The state of the chain as a result; its domain is the newest sealer's. Never raises."""
    sealer = None
    try:
        if signed.cut:  # sets may lie beyond what is read
            raise BeyondLimitsError
        chain = collect(signed)
        sealer = parse_signature(_field(signed, chain, chain.newest, SEAL), sealed=True)
        _validate(signed, chain, context.lookup_stranger)
    except SignatureError as error:
        return _result(error.result, error.reason, sealer)
    except (Exception, RecursionError) as error:
        return _result(AuthResult.PERMERROR, f"unreadable: {type(error).__name__}", sealer)
    return _result(AuthResult.PASS, "", sealer)


def _result(word: AuthResult, reason: str, sealer: Signature | None) -> MethodResult:
    # The RFC knows none, pass and fail: what cannot be read has failed, what DNS or a limit hides is not known.
    shown = _SHOWN.get(word, word)
    if sealer is None:
        return MethodResult("arc", shown, reason=reason)
    properties = (("header.d", sealer.domain), ("header.s", sealer.selector))
    return MethodResult("arc", shown, sealer.domain, reason, properties)


def collect(signed: Signed) -> Chain:
    """The sets of a message. Raises SignatureError (fail) unless numbers 1 to N have one whole set each."""
    sets: dict[int, dict[bytes, int]] = {}
    for at, name in enumerate(signed.names):
        if name in FIELDS:
            fields = sets.setdefault(_instance(name, signed.headers.fields[at].value), {})
            if name in fields:
                raise SignatureError(AuthResult.FAIL, "a set has a field twice")
            fields[name] = at
    if sorted(sets) != list(range(1, len(sets) + 1)) or any(len(fields) != 3 for fields in sets.values()):
        raise SignatureError(AuthResult.FAIL, "the sets are not complete")
    return Chain(sets)


def _instance(name: bytes, value: bytes) -> int:
    if name == RESULTS:
        match = RESULTS_INSTANCE.match(value)
        number = match[1] if match else b""
    else:
        number = tags(value).get(b"i", b"")
    if not number.isdigit() or not 1 <= len(number) <= 3:
        raise SignatureError(AuthResult.FAIL, "a set has no number")
    return int(number)


def _field(signed: Signed, chain: Chain, instance: int, name: bytes) -> Field:
    return signed.headers.fields[chain.sets[instance][name]]


def _validate(signed: Signed, chain: Chain, lookup: Lookup) -> None:
    """RFC 8617 section 5.2. Raises SignatureError."""
    for instance in range(chain.newest, 0, -1):
        _check_status(signed, chain, instance)
    message_signature = parse_signature(_field(signed, chain, chain.newest, SIGNATURE), sealed=True)
    _check_scope(message_signature)
    verify(signed, message_signature, _key(message_signature, lookup))
    for instance in range(chain.newest, 0, -1):
        seal = parse_signature(_field(signed, chain, instance, SEAL), sealed=True)
        _verify_seal(signed, chain, instance, seal, _key(seal, lookup))


def _check_status(signed: Signed, chain: Chain, instance: int) -> None:
    found = tags(_field(signed, chain, instance, SEAL).value)
    if b"h" in found:
        raise SignatureError(AuthResult.FAIL, "a seal names fields")
    if found.get(b"cv", b"").lower() != (b"none" if instance == 1 else b"pass"):
        raise SignatureError(AuthResult.FAIL, f"seal {instance} does not vouch for the chain")


def _check_scope(signature: Signature) -> None:
    if SEAL in signature.names or b"from" not in signature.names or not signature.body_hash:
        raise SignatureError(AuthResult.FAIL, "the message signature covers the wrong fields")


def _key(signature: Signature, lookup: Lookup) -> Key:
    key = fetch_key(signature.domain, signature.selector, lookup)
    if key.weak:
        raise SignatureError(AuthResult.FAIL, "the key is weak")
    return key


def _verify_seal(signed: Signed, chain: Chain, instance: int, seal: Signature, key: Key) -> None:
    check_key(seal, key)
    places = [chain.sets[number][name] for number in range(1, instance + 1) for name in FIELDS]
    digest = signed.header_digest(places[:-1], seal.field, b"relaxed")
    if not key.verifies(digest, seal.value):
        raise SignatureError(AuthResult.FAIL, f"seal {instance} does not match")


def _trusted(signed: Signed, result: MethodResult, author: str | None, context: Context) -> Finding | None:
    """What lets policy forgive: a passing chain whose newest, trusted sealer saw the author authenticated."""
    sealer = result.domain
    if result.result is not AuthResult.PASS or sealer is None or author is None:
        return None
    if not any(within(sealer, trusted) for trusted in context.sealers):
        return None
    chain = collect(signed)
    value = _field(signed, chain, chain.newest, RESULTS).value.partition(b";")[2]
    if not _saw_author(authres.parse(value.decode("utf-8", "replace")), author):
        return None
    return Finding(TRUSTED, MappingProxyType({"sealer": sealer}))


def _saw_author(parsed: authres.Parsed | None, author: str) -> bool:
    """The sealer recorded DMARC's pass for the author, or a pass of SPF or DKIM for the same registration."""
    keys = {"dmarc": "header.from", "dkim": "header.d", "spf": "smtp.mailfrom"}
    for each in parsed.results if parsed else ():
        named = (each.get(keys.get(each.method, "")) or "").rpartition("@")[2].lower()
        if each.result != "pass" or not named:
            continue
        if named == author or (each.method != "dmarc" and together(named, author)):
            return True
    return False
