"""How one DKIM or ARC signature is verified, at a cost that no sender can raise (RFC 6376, 8463, 8617).

It answers one question: are these header fields and this body what was signed, under that key? Canonical forms and body
hashes are made once for a message and kept for all its signatures. Everything is linear in the message: eight megabytes
of blanks cost no more than eight of text.

It cannot see what a valid signature is worth: that is for `dkim` and `arc`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from sekisho.auth.identifiers import lookup_domain, selector
from sekisho.auth.keys import SPACES, Key, SignatureError, Tags, split_list, tags, unbase64
from sekisho.message import Field, Headers, Message
from sekisho.message.body import BodyDigest, relaxed_body, simple_body, squeezed, sure_prefix
from sekisho.results import AuthResult

# --- canonical forms -------------------------------------------------------------------------------


def relaxed_value(value: bytes) -> bytes:
    """RFC 6376 section 3.4.2, one field's value without its line end."""
    return squeezed(value.replace(b"\r\n", b"").replace(b"\n", b"")).strip(b" ")


def without_signature(value: bytes) -> bytes:
    """A signature field's value as it was signed: the content of its `b=` tag taken out (section 3.7)."""
    pieces = value.split(b";")
    for place, piece in enumerate(pieces):
        name, equals, _ = piece.partition(b"=")
        if equals and name.strip(SPACES) == b"b":
            pieces[place] = name + equals
    return b";".join(pieces)


_CUT_HEADER = ("limit.header_fields", "limit.header_bytes")


class BeyondLimitsError(SignatureError):
    """What the signature covers was not read, since the message is larger than the limits; the result is neutral."""

    def __init__(self) -> None:
        super().__init__(AuthResult.NEUTRAL, "the message is larger than is read")


class Signed:
    """A message as its signatures see it, made once per message. `cut` is true if fields of the header lie beyond what
    is read. A canonical form (`how`) is `b"simple"` or `b"relaxed"` (RFC 6376 section 3.4)."""

    def __init__(self, message: Message) -> None:
        self.headers: Headers = message.headers
        self.names = [field.name.strip().lower() for field in message.headers]
        self.cut = any(message.problem(limit) for limit in _CUT_HEADER)
        self._message = message
        self._streams = message.problem("limit.scan_bytes") is not None
        self._relaxed: dict[int, bytes] = {}
        self._index: dict[bytes, list[int]] = {}
        self._bodies: dict[bytes, bytes] = {}
        self._digests: dict[tuple[bytes, int | None], bytes] = {}
        for at in range(len(self.names) - 1, -1, -1):
            self._index.setdefault(self.names[at], []).append(at)

    def places(self, name: bytes) -> Sequence[int]:
        """The places of the fields of that name (lower case) in the header, from the bottom up, as they are signed."""
        return self._index.get(name, ())

    def body_size(self, how: bytes) -> int:
        """How many octets (bytes) the canonical body has. Raises BeyondLimitsError if a body beyond the limits was not
        hashed while it was received."""
        return self._streamed(how).size if self._streams else len(self._body(how))

    def body_digest(self, how: bytes, length: int | None) -> bytes:
        """SHA-256 of the canonical body, or of its first `length` octets. Raises BeyondLimitsError if these were not
        kept."""
        if self._streams:
            whole = self._streamed(how)
            if length is None or length >= whole.size:
                return whole.sha256
        key = (how, length)
        if key not in self._digests:
            body = self._body(how)
            if self._streams and length is not None and length > len(body):
                raise BeyondLimitsError
            view = memoryview(body)
            self._digests[key] = hashlib.sha256(view if length is None else view[:length]).digest()
        return self._digests[key]

    def _body(self, how: bytes) -> bytes:
        """The canonical body; of a body that is not read whole, what its canonical form begins with."""
        if how not in self._bodies:
            raw, start = self._message.raw, self._message.body_start
            digests = self._message.envelope.body_digests
            relaxed = how == b"relaxed"
            if self._streams and digests is not None:
                body = sure_prefix(raw[start : start + digests.kept], relaxed=relaxed)
            else:
                body = relaxed_body(raw[start:]) if relaxed else simple_body(raw[start:])
            self._bodies[how] = body
        return self._bodies[how]

    def _streamed(self, how: bytes) -> BodyDigest:
        digests = self._message.envelope.body_digests
        if digests is None:
            raise BeyondLimitsError
        return digests.relaxed if how == b"relaxed" else digests.simple

    def select(self, names: Sequence[bytes]) -> list[int]:
        """The places of the fields that `h=` names. Each mention takes the next field of that name from the bottom; a
        mention without a field stands for its absence (RFC 6376 section 5.4.2)."""
        left = {name: iter(self.places(name)) for name in names}
        chosen = [next(left[name], None) for name in names]
        return [at for at in chosen if at is not None]

    def line(self, at: int, how: bytes) -> bytes:
        """The field at one place as it is hashed, with its line end."""
        field = self.headers.fields[at]
        if how != b"relaxed":
            return field.name + b":" + field.value + b"\r\n"
        if at not in self._relaxed:
            self._relaxed[at] = self.names[at] + b":" + relaxed_value(field.value) + b"\r\n"
        return self._relaxed[at]

    def header_digest(self, lines: Sequence[int], signature: Field, how: bytes) -> bytes:
        """SHA-256 of the fields at these places and, last and without line end, the signature field itself (RFC 6376
        section 3.7)."""
        value = without_signature(signature.value)
        last = signature.name + b":" + value
        if how == b"relaxed":
            last = signature.name.strip().lower() + b":" + relaxed_value(value)
        return hashlib.sha256(b"".join([*(self.line(at, how) for at in lines), last])).digest()


# --- signatures ------------------------------------------------------------------------------------


class Signature(NamedTuple):
    """A signature field that is well-formed. `names` are those of `h=` in lower case, `header_form` and `body_form` the
    canonical forms, `identity` the domain of `i=`, `value` the octets of `b=`. `length` is `l=` in octets; `signed_at`
    (`t=`) and `expires` (`x=`) are in Unix seconds."""

    field: Field
    domain: str
    selector: str
    algorithm: str
    identity: str
    names: tuple[bytes, ...]
    header_form: bytes
    body_form: bytes
    body_hash: bytes
    value: bytes
    length: int | None = None
    signed_at: int | None = None
    expires: int | None = None


def parse_signature(field: Field, *, sealed: bool = False) -> Signature:
    """Read a signature field. `sealed` is for ARC, whose fields have no version and are relaxed throughout (RFC 8617
    section 4.1).

    Raises SignatureError (permerror) for whatever RFC 6376 section 6.1.1 lets a verifier refuse.
    """
    found = tags(field.value)
    _require(found, (b"a", b"b", b"d", b"s") if sealed else (b"v", b"a", b"b", b"bh", b"d", b"h", b"s"))
    if not sealed and found[b"v"] != b"1":
        raise SignatureError(AuthResult.PERMERROR, "unknown version")
    algorithm = found[b"a"].decode("ascii", "replace").lower()
    if algorithm not in ("rsa-sha256", "ed25519-sha256"):
        raise SignatureError(
            AuthResult.PERMERROR, "algorithm not accepted"
        )  # rsa-sha1 included: RFC 8301 section 3.1
    if b"dns/txt" not in split_list(found.get(b"q", b"dns/txt")):
        raise SignatureError(AuthResult.PERMERROR, "unknown query method")
    header_form, body_form = _forms(found.get(b"c", b"relaxed/relaxed" if sealed else b"simple/simple"))
    domain = _name(found[b"d"], lookup_domain, "domain")
    signed_at, expires = _number(found, b"t"), _number(found, b"x")
    if signed_at is not None and expires is not None and expires < signed_at:
        raise SignatureError(AuthResult.PERMERROR, "expires before it was made")
    return Signature(
        field,
        domain,
        _name(found[b"s"], selector, "selector"),
        algorithm,
        domain if sealed else _identity(found, domain),
        tuple(filter(None, split_list(found.get(b"h", b"").lower()))),
        header_form,
        body_form,
        unbase64(found.get(b"bh", b""), "body hash"),
        unbase64(found[b"b"], "signature"),
        _number(found, b"l"),
        signed_at,
        expires,
    )


def verify(signed: Signed, signature: Signature, key: Key) -> None:
    """Return if body and header fields are what was signed with the key (RFC 6376 section 6.1.3).

    Raises SignatureError: fail if they are not, permerror if the key is not one for this signature. Raises
    BeyondLimitsError (neutral) where header fields lie beyond what is read: one of them could be the field that is
    signed, since section 5.4.2 begins at the bottom, so neither a match nor a difference would prove anything. The same
    where `l=` ends in a part of the body that was not kept.
    """
    check_key(signature, key)
    if signed.cut:
        raise BeyondLimitsError
    if signed.body_digest(signature.body_form, signature.length) != signature.body_hash:
        raise SignatureError(AuthResult.FAIL, "the body was changed")
    if signature.length is not None and signature.length > signed.body_size(signature.body_form):
        raise SignatureError(AuthResult.FAIL, "the body was shortened")
    chosen = signed.select(signature.names)
    digest = signed.header_digest(chosen, signature.field, signature.header_form)
    if not key.verifies(digest, signature.value):
        raise SignatureError(AuthResult.FAIL, "the signature does not match")


def check_key(signature: Signature, key: Key) -> None:
    """Raises SignatureError (permerror) if the key is not one for this signature."""
    if not signature.algorithm.startswith(key.algorithm):
        raise SignatureError(AuthResult.PERMERROR, "the key is of another kind")
    if "s" in key.flags and signature.identity != signature.domain:
        raise SignatureError(AuthResult.PERMERROR, "the key does not sign for subdomains")


def _require(found: Tags, names: Iterable[bytes]) -> None:
    missing = [name.decode() for name in names if not found.get(name)]
    if missing:
        raise SignatureError(AuthResult.PERMERROR, f"no {missing[0]}= tag")


def _forms(value: bytes) -> tuple[bytes, bytes]:
    header, _, body = value.partition(b"/")
    forms = (header.strip().lower(), body.strip().lower() or b"simple")
    if not {b"simple", b"relaxed"}.issuperset(forms):
        raise SignatureError(AuthResult.PERMERROR, "unknown canonical form")
    return forms


def _name(value: bytes, reader: Callable[[str], str | None], what: str) -> str:
    name = reader(value.decode("utf-8", "replace"))
    if name is None:
        raise SignatureError(AuthResult.PERMERROR, f"malformed {what}")
    return name


def _number(found: Tags, tag: bytes) -> int | None:
    value = found.get(tag)
    if value is None:
        return None
    if not value.isdigit() or len(value) > 76:
        raise SignatureError(AuthResult.PERMERROR, f"{tag.decode()}= is not a number")
    return int(value)


def _identity(found: Tags, domain: str) -> str:
    """The domain of `i=`, which must be `d=` or below it (section 3.5)."""
    if b"i" not in found:
        return domain
    written = found[b"i"].rpartition(b"@")[2].decode("utf-8", "replace")
    identity = lookup_domain(written)
    if identity is None or not (identity == domain or identity.endswith("." + domain)):
        raise SignatureError(AuthResult.PERMERROR, "i= is not within d=")
    return identity
