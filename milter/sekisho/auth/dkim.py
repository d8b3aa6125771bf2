"""DKIM: who signed the message, and does each signature hold? (RFC 6376, 8301, 8463)

At most `MAX_SIGNATURES` signatures are verified, from the top. Of more than that, those that may be of the author's
organisation come first, so that a sender cannot displace them by adding others.

`pass` means: the signature verifies and is fit to prove its domain. That takes a key of at least 1024 bits, a date that
has not passed, the whole body and a single, signed From. A signature that verifies without that is `policy` (RFC 8601
section 2.7.1). A key that does not exist is permerror, a key that DNS could not tell is temperror; the property `key`
(`found`, `absent`, `unknown`) keeps the difference. Where what is signed lies beyond the limits of the reader, the
result is neutral: it proves nothing, and excuses nothing.

It cannot see a replay: a signed message that is sent again to others verifies as well as the first time.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from sekisho.auth.identifiers import lookup_domain, selector
from sekisho.auth.keys import Key, SignatureError, Tags, fetch_key, tags
from sekisho.auth.lookup import LookupFor
from sekisho.auth.signatures import Signature, Signed, parse_signature, verify
from sekisho.domains import may_align
from sekisho.message import Field, Headers, Message
from sekisho.results import AuthResult, MethodResult

NAME = "dkim-signature"
MAX_SIGNATURES = 5
MAX_CLOCK_SKEW = 300  # seconds by which clocks may differ
MIXED_READING = re.compile(
    rb"""[\0-\x1f\x7f"'()<>@,;:\\]"""
)  # in a name: some programs stop there, some begin
SINGLE_FIELDS = ("from", "subject", "content-type")  # shown to the reader, or deciding what is shown


class Reservation(StrEnum):
    """Why a signature that verifies proves nothing. The value is written as the reason of the result."""

    WEAK_KEY = "weak dkim"  # RFC 8301 section 3.2
    BODY_LENGTH = "body length"  # `l=` leaves a part of the body unsigned (RFC 6376 section 8.2)
    FROM_UNSIGNED = "from unsigned"  # RFC 6376 section 5.4, or there are several From fields
    EXPIRED = "expired"  # `x=`


@dataclass(frozen=True, slots=True)
class Verification:
    """The result of one signature field.

    `signature` is None where the field cannot be read. `key` is given only where the signature verifies, whatever it
    is worth; `body_size` is then the size of the canonical body in octets. `defect` is an error that nobody expects:
    the result is then temperror, and the other signatures are evaluated all the same.
    """

    result: MethodResult
    field: Field
    signature: Signature | None = None
    key: Key | None = None
    body_size: int = 0
    reservations: tuple[Reservation, ...] = ()
    defect: Exception | None = None

    @property
    def verifies(self) -> bool:
        """True if the message is what was signed with the published key."""
        return self.key is not None


class Coverage(NamedTuple):
    """Fields that a reader sees, by name: `unsigned` are covered by no signature that counts, of `added` there are
    more than were signed."""

    unsigned: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


def evaluate(
    message: Message, lookup_for: LookupFor, *, now: float, expired: Callable[[], bool] = lambda: False
) -> tuple[Verification, ...]:
    """Verify the signatures of a message, one result each; empty where there is no signature field.

    `now` is when the message arrived, in Unix seconds. `expired` is asked before each signature: once it is true, the
    signatures that are left are temperror.
    """
    fields = chosen(message.headers, message.author.domain)
    if not fields:
        return ()
    signed = Signed(message)
    return tuple([_isolated(field, signed, lookup_for, now, expired) for field in fields])


def chosen(headers: Headers, author: str | None) -> tuple[Field, ...]:
    """The signature fields that are verified, at most `MAX_SIGNATURES`. Those that may be of the
    organisation of `author` (a domain) come first then."""
    fields = headers.all(NAME)
    if len(fields) <= MAX_SIGNATURES:
        return fields
    ordered = sorted(fields, key=lambda field: not may_be_authors(domain_of(field), author))
    return tuple(ordered[:MAX_SIGNATURES])


def readable(headers: Headers, author: str | None) -> Iterator[Signature]:
    """The chosen signatures that are well-formed, verified or not."""
    for field in chosen(headers, author):
        try:
            yield parse_signature(field)
        except SignatureError:
            continue


def may_be_authors(domain: str | None, author: str | None) -> bool:
    """True for a domain that may be of the organisation of the author domain."""
    return domain is not None and author is not None and may_align(domain, author)


def domain_of(field: Field) -> str | None:
    """The domain that a signature field names (`d=`); None if it cannot be read."""
    return lookup_domain(_text(_tags_of(field), b"d"))


def key_name(field: Field) -> str | None:
    """The name under which the key of a signature field is published; None if it cannot be read.

    >>> key_name(Field(b"DKIM-Signature", b"d=example.jp; s=s1"))
    's1._domainkey.example.jp'
    """
    found = _tags_of(field)
    domain, name = lookup_domain(_text(found, b"d")), selector(_text(found, b"s"))
    return f"{name}._domainkey.{domain}" if domain and name else None


def mixed_reading(field: Field) -> str | None:
    """The domain or selector of a signature field as text, if it holds a character that no name can hold and that
    programs read differently; else None."""
    found = _tags_of(field)
    names = (found.get(b"d", b""), found.get(b"s", b""))
    return next((name.decode("utf-8", "replace") for name in names if MIXED_READING.search(name)), None)


def _tags_of(field: Field) -> Tags:
    """The tags of a signature field, valid or not; none if it is no tag list."""
    try:
        return tags(field.value)
    except SignatureError:
        return {}


def _text(found: Tags, tag: bytes) -> str:
    return found.get(tag, b"").decode("utf-8", "replace")


def coverage(headers: Headers, verified: Iterable[Verification], author: str | None) -> Coverage:
    """Which of `SINGLE_FIELDS` no signature that verifies covers, or covers fewer of than there are.

    Where the author's organisation signed, a stranger's signature does not count. Where only strangers signed, the
    signature that covers least counts. Without a signature that verifies nothing is said.
    """
    valid = [each.signature for each in verified if each.verifies and each.signature]
    own = [each for each in valid if may_be_authors(each.domain, author)]
    counted, best = (own, max) if own else (valid, min)
    if not counted:
        return Coverage()
    unsigned, added = [], []
    for name in SINGLE_FIELDS:
        present = len(headers.all(name))
        covered = best(signature.names.count(name.encode()) for signature in counted)
        if present and not covered and name != "from":
            unsigned.append(name)
        elif present > max(1, covered):
            added.append(name)
    return Coverage(tuple(unsigned), tuple(added))


def _isolated(
    field: Field, signed: Signed, lookup_for: LookupFor, now: float, expired: Callable[[], bool]
) -> Verification:
    """A defect that one signature brings to light says nothing of the others: a sender can add signatures."""
    try:
        return _evaluate(field, signed, lookup_for, now, expired)
    except Exception as error:
        return Verification(not_evaluated(field), field, defect=error)


def not_evaluated(field: Field) -> MethodResult:
    """The result of a signature field that nobody could look at."""
    return MethodResult("dkim", AuthResult.TEMPERROR, domain_of(field), "not evaluated")


def _evaluate(
    field: Field, signed: Signed, lookup_for: LookupFor, now: float, expired: Callable[[], bool]
) -> Verification:
    try:
        signature = parse_signature(field)
    except SignatureError as error:
        return Verification(MethodResult("dkim", error.result, reason=error.reason), field)
    if expired():
        return Verification(_result(signature, AuthResult.TEMPERROR, "no time left"), field, signature)
    try:
        key = fetch_key(signature.domain, signature.selector, lookup_for(signature.domain))
    except SignatureError as error:
        known = "unknown" if error.result is AuthResult.TEMPERROR else "absent"
        return Verification(_result(signature, error.result, error.reason, known), field, signature)
    try:
        return _verified(signature, signed, key, now)
    except SignatureError as error:
        return Verification(_result(signature, error.result, error.reason, "found"), field, signature)


def _verified(signature: Signature, signed: Signed, key: Key, now: float) -> Verification:
    """Raises SignatureError if the signature does not verify."""
    verify(signed, signature, key)
    size = signed.body_size(signature.body_form)
    tests = (
        (Reservation.WEAK_KEY, key.weak),
        (Reservation.BODY_LENGTH, signature.length is not None and signature.length < size),
        (Reservation.FROM_UNSIGNED, b"from" not in signature.names or len(signed.places(b"from")) != 1),
        (Reservation.EXPIRED, signature.expires is not None and now > signature.expires + MAX_CLOCK_SKEW),
    )
    reservations = tuple(reservation for reservation, applies in tests if applies)
    verified = AuthResult.POLICY if reservations else AuthResult.PASS
    result = _result(signature, verified, ", ".join(reservations), "found")
    return Verification(result, signature.field, signature, key, size, reservations)


def _result(signature: Signature, result: AuthResult, reason: str = "", key: str = "") -> MethodResult:
    """A result with the properties of RFC 8601 and RFC 6008, and `key` for our own checks."""
    properties = (
        ("header.d", signature.domain),
        ("header.s", signature.selector),
        ("header.a", signature.algorithm),
        ("header.b", b64encode(signature.value[:6]).decode("ascii")),
        ("key", key),
    )
    return MethodResult(
        "dkim", result, signature.domain, reason, tuple(pair for pair in properties if pair[1])
    )
