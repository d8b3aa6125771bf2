"""ARC: did the handlers of an indirect message vouch for what they saw? (RFC 8617)

A chain is made of sets. Each set has a seal, a message signature and the results that its sealer saw. The chain passes
when the sets are complete and numbered from one, every seal holds over the sets up to it, no seal reports a failure,
and the newest message signature holds. A chain proves nothing by itself: every domain can seal any message.

It cannot see whether an honest sealer was itself deceived.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sekisho.auth import authres
from sekisho.auth.keys import Key, SignatureError, fetch_key, tags
from sekisho.auth.lookup import Lookup
from sekisho.auth.signatures import BeyondLimitsError, Signature, Signed, check_key, parse_signature, verify
from sekisho.domains import together
from sekisho.message import Field, Headers, Message
from sekisho.results import AuthResult, MethodResult

MAX_SETS = 10
SEAL, SIGNATURE, RESULTS = b"arc-seal", b"arc-message-signature", b"arc-authentication-results"
FIELDS = (RESULTS, SIGNATURE, SEAL)  # the order in which a set is hashed (section 5.1.1)
NAMES = tuple(name.decode() for name in FIELDS)
NO_CHAIN = MethodResult("arc", AuthResult.NONE)
# The RFC has none, pass and fail. A chain that cannot be parsed has failed; one behind a limit is unknown.
SHOWN = MappingProxyType({AuthResult.PERMERROR: AuthResult.FAIL, AuthResult.NEUTRAL: AuthResult.UNKNOWN})
RESULTS_INSTANCE = re.compile(rb"[ \t\r\n]*i[ \t\r\n]*=[ \t\r\n]*([0-9]{1,3})[ \t\r\n]*;")
AUTHOR_PROPERTIES = MappingProxyType({"dmarc": "header.from", "dkim": "header.d", "spf": "smtp.mailfrom"})


@dataclass(frozen=True, slots=True)
class Chain:
    """The sets of a message. `places` has for each set, by its number from 1, and for each name of `FIELDS` where the
    one field of that name stands in the header block."""

    headers: Headers
    places: Mapping[int, Mapping[bytes, int]]

    @property
    def newest(self) -> int:
        """The number of the newest set, which is how many sets there are."""
        return len(self.places)

    def field(self, instance: int, name: bytes) -> Field:
        """The field of that name in the set of that number."""
        return self.headers.fields[self.places[instance][name]]


def evaluate(message: Message, lookup: Lookup) -> MethodResult:
    """The state of the chain; its domain is that of the newest sealer.

    `none` without ARC fields, `pass`, `fail`, `temperror` if DNS does not tell a key, `unknown` where sets may lie
    beyond the limits of the reader, `permerror` for more than `MAX_SETS` sets, which are not examined.
    """
    if not field_count(message.headers):
        return NO_CHAIN
    if too_long(message.headers):
        return MethodResult("arc", AuthResult.PERMERROR, reason="too many sets")
    signed, sealer = Signed(message), None
    if signed.cut:  # sets may lie beyond what is read
        beyond = BeyondLimitsError()
        return _result(beyond.result, beyond.reason, sealer)
    try:
        chain = collect(message.headers)
        sealer = parse_signature(chain.field(chain.newest, SEAL), sealed=True)
        _validate(signed, chain, lookup)
    except SignatureError as error:
        return _result(error.result, error.reason, sealer)
    return _result(AuthResult.PASS, "", sealer)


def field_count(headers: Headers) -> int:
    """How many ARC fields there are; a whole set has three."""
    return sum(len(headers.all(name)) for name in NAMES)


def too_long(headers: Headers) -> bool:
    """True if there are more fields than `MAX_SETS` whole sets have."""
    return field_count(headers) > 3 * MAX_SETS


def saw_author(headers: Headers, author: str) -> bool:
    """True if the newest sealer of a chain that passes saw the author domain authenticated: it recorded a pass of
    DMARC for that domain, or of SPF or DKIM for one of the same registration. It did not if it recorded that DMARC
    failed.

    Raises SignatureError if there is no chain.
    """
    chain = collect(headers)
    value = chain.field(chain.newest, RESULTS).value.partition(b";")[2]
    parsed = authres.parse(value.decode("utf-8", "replace"))
    results = parsed.results if parsed else ()
    if any(each.method == "dmarc" and each.result == "fail" for each in results):
        return False
    for each in results:
        named = (each.get(AUTHOR_PROPERTIES.get(each.method, "")) or "").rpartition("@")[2].lower()
        if each.result != "pass" or not named:
            continue
        if named == author or (each.method != "dmarc" and together(named, author)):
            return True
    return False


def collect(headers: Headers) -> Chain:
    """The sets of a message. Raises SignatureError (fail) unless numbers 1 to N have one whole set each."""
    sets: dict[int, dict[bytes, int]] = {}
    for at, field in enumerate(headers.fields):
        name = field.name.strip().lower()
        if name in FIELDS:
            places = sets.setdefault(_instance(name, field.value), {})
            if name in places:
                raise SignatureError(AuthResult.FAIL, "a set has a field twice")
            places[name] = at
    numbers = list(range(1, len(sets) + 1))
    if not sets or sorted(sets) != numbers or any(len(places) != 3 for places in sets.values()):
        raise SignatureError(AuthResult.FAIL, "the sets are not complete")
    return Chain(headers, sets)


def _instance(name: bytes, value: bytes) -> int:
    if name == RESULTS:
        match = RESULTS_INSTANCE.match(value)
        number = match[1] if match else b""
    else:
        number = tags(value).get(b"i", b"")
    if not number.isdigit() or not 1 <= len(number) <= 3:
        raise SignatureError(AuthResult.FAIL, "a set has no number")
    return int(number)


def _result(result: AuthResult, reason: str, sealer: Signature | None) -> MethodResult:
    shown = SHOWN.get(result, result)
    if sealer is None:
        return MethodResult("arc", shown, reason=reason)
    properties = (("header.d", sealer.domain), ("header.s", sealer.selector))
    return MethodResult("arc", shown, sealer.domain, reason, properties)


def _validate(signed: Signed, chain: Chain, lookup: Lookup) -> None:
    """RFC 8617 section 5.2. Raises SignatureError."""
    for instance in range(chain.newest, 0, -1):
        _check_status(chain, instance)
    message_signature = parse_signature(chain.field(chain.newest, SIGNATURE), sealed=True)
    _check_scope(message_signature)
    verify(signed, message_signature, _key(message_signature, lookup))
    for instance in range(chain.newest, 0, -1):
        seal = parse_signature(chain.field(instance, SEAL), sealed=True)
        _verify_seal(signed, chain, instance, seal, _key(seal, lookup))


def _check_status(chain: Chain, instance: int) -> None:
    found = tags(chain.field(instance, SEAL).value)
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
    places = [chain.places[number][name] for number in range(1, instance + 1) for name in FIELDS]
    digest = signed.header_digest(places[:-1], seal.field, b"relaxed")
    if not key.verifies(digest, seal.value):
        raise SignatureError(AuthResult.FAIL, f"seal {instance} does not match")
