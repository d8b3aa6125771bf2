"""Is the client allowed to send for the MAIL FROM domain? (RFC 7208)

The identity is the one that Postfix acts on (its macro `{mail_addr}`, not what the client typed); for a null
sender it is HELO. pyspf evaluates; its DNS is our resolver, its explanation is never fetched, and a
record that would cost it more than a moment is a permanent error before it is parsed.

Results are those of RFC 7208 section 2.6. A malformed MAIL FROM domain is `none` (section 4.3) and a finding.
A pass says by which records it was reached (`via`): a pass by way of a platform that anybody can hire is
worth less, which `proof` decides.

It cannot see who sits behind a shared address: everybody at a hosting provider passes with its records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from types import MappingProxyType

import spf

from sekisho.auth.identifiers import lookup_domain, split_sender
from sekisho.bounded_cache import remembered
from sekisho.domains import parse_ip, together, within
from sekisho.evidence import NOTHING, AuthResult, Degraded, Evidence, Finding, FindingKind, MethodResult
from sekisho.message import Envelope, Message
from sekisho.ports import Answer, Context, Found, Resolver

FAIL = FindingKind(
    "auth.spf_fail",
    1.5,
    "{domain} does not allow {address} to send its mail (SPF fail).",
    "{domain} は {address} からの送信を許可していません（SPF fail）。",
)
SOFTFAIL = FindingKind(
    "auth.spf_softfail",
    0.5,
    "{domain} does not expect {address} to send its mail (SPF softfail).",
    "{domain} は {address} からの送信を想定していません（SPF softfail）。",
)
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
KINDS = (FAIL, SOFTFAIL, BROKEN, MALFORMED, DIFFERS)

MAX_RECORD = 8_192  # octets; the longest published ones have about 4,000
MAX_TERM = 512  # octets; a domain-spec expands to 253, and pyspf's patterns are quadratic in a term
MAX_VOID = 2  # RFC 7208 section 4.6.4

Lookup = Callable[[str, str], Answer]
BY_WORD = MappingProxyType(
    {AuthResult.FAIL: FAIL, AuthResult.SOFTFAIL: SOFTFAIL, AuthResult.PERMERROR: BROKEN}
)


class Evaluation(spf.query):  # type: ignore[misc]  # pyspf is untyped
    """One check_host() of pyspf, with our DNS under it. Made for one message and thrown away.

    `stranger` asks for names that the client chose, where the record asks for them (`ptr`, `%{p}`, `%{h}`). What fails
    there matches nothing and hides nothing (RFC 7208 section 5.5): else a client could make the result of any domain
    with such a record a temporary error.

    Attributes of one small letter are SPF macros to pyspf, so ours have long names.
    """

    def __init__(
        self, lookup: Lookup, stranger: Lookup, address: str, identity: tuple[str, str], helo: str
    ) -> None:
        local, domain = identity
        super().__init__(i=address, s=f"postmaster@{domain}", h=helo or "unknown")
        self.l = local[:256].encode("ascii", "replace").decode("ascii") or "postmaster"
        self.s = f"{self.l}@{domain}"
        self.explain = False
        self.via: list[str] = []
        self._lookup = lookup
        self._stranger = stranger
        greeted = lookup_domain(helo)
        self._helo = None if greeted is None or together(greeted, domain) else greeted
        self._names: frozenset[str] = frozenset()

    def dns(self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[object]:
        """pyspf's only way to DNS. Absence is an empty list and counted, ignorance a TempError."""
        name = str(name)
        chosen = (
            qtype == "PTR" or name in self._names or (self._helo is not None and within(name, self._helo))
        )
        answer = (self._stranger if chosen else self._lookup)(name, qtype)
        if answer.found is Found.TEMPERROR:
            if chosen:
                return []
            raise spf.TempError("DNS does not answer")
        if not answer.records and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > MAX_VOID:
                raise spf.PermError("more than two void DNS look-ups")
        if qtype == "TXT":
            return [(text,) for text in answer.texts]
        return list(answer.records)

    def dns_ptr(self, address: str) -> list[str]:
        """The names that the client's address says to have."""
        names: list[str] = super().dns_ptr(address)
        self._names = frozenset(names)
        return names

    def dns_spf(self, domain: str) -> str | None:
        """The one record of a domain, refused when it is longer than anybody needs."""
        record: str | None = super().dns_spf(domain)
        if record and (len(record) > MAX_RECORD or any(len(term) > MAX_TERM for term in record.split(" "))):
            raise spf.PermError("the record is too long")
        return record

    def check1(self, record: str, domain: str, recursion: int) -> tuple[str, int, str]:
        """Evaluate one record, and remember it if the client passed by way of it."""
        outcome: tuple[str, int, str] = super().check1(record, domain, recursion)
        if outcome[0] == "pass":
            self.via.insert(0, domain)
        return outcome

    def cidrmatch(self, addresses: Iterable[str], length: int) -> bool:
        """True if the client is in the network of one of the addresses: pyspf makes three objects of each, and
        records name dozens."""
        client = self.ipaddr
        beyond = client.max_prefixlen - length
        for each in addresses:
            address = parse_ip(each)
            if address is None:
                raise spf.PermError(f"not an address: {each}")
            if address.version == client.version and int(address) >> beyond == int(client) >> beyond:
                return True
        return False

    def get_explanation(self, spec: str) -> str | None:
        """The domain's own words for a failure: nobody reads them, so they are not fetched."""
        explanation: str | None = super().get_explanation(spec) if self.explain else None
        return explanation


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One `spf` result for MAIL FROM or, with a null sender, for HELO; and what is odd about the sender."""
    envelope = message.envelope
    odd = tuple(_oddities(envelope))
    if context.resolver is None or envelope.sender is None or not _is_address(envelope.client.address or ""):
        return Evidence(findings=odd) if odd else NOTHING
    domain = _domain(envelope)
    lookup = context.lookup_for(domain, message.author.domain)
    result = evaluate(envelope, lookup, context.lookup_stranger)
    facts = {"domain": result.domain, "address": envelope.client.address, "reason": result.reason}
    kind = BY_WORD.get(result.result)
    found = (Finding(kind, MappingProxyType(facts)),) if kind else ()
    degraded = (Degraded.DNS,) if result.result is AuthResult.TEMPERROR else ()
    return Evidence((result,), findings=found + odd, degraded=degraded)


def evaluate(envelope: Envelope, lookup: Lookup, stranger: Lookup | None = None) -> MethodResult:
    """RFC 7208's check_host() for an envelope. None, the result word, where there is neither a sender nor a HELO;
    `stranger` asks for names that the client chose."""
    identity = identity_of(envelope)
    if identity is None:
        return MethodResult("spf", AuthResult.NONE, reason="no sender and no HELO")
    key, local, written = identity
    domain = lookup_domain(written)
    if domain is None:
        return MethodResult("spf", AuthResult.NONE, reason="no valid domain")
    address = envelope.client.address or ""
    evaluation = Evaluation(lookup, stranger or lookup, address, (local, domain), envelope.client.helo or "")
    word, reason = run(evaluation)
    properties = ((key, domain), ("via", " ".join(evaluation.via)), ("mechanism", evaluation.mechanism or ""))
    return MethodResult("spf", word, domain, reason, tuple(pair for pair in properties if pair[1]))


def run(evaluation: Evaluation) -> tuple[AuthResult, str]:
    """The word and, for errors, why. An exception of pyspf is a defect: it is raised, and told as a crashed check."""
    word = AuthResult(evaluation.check()[0])
    reason = str(evaluation.prob) if word in (AuthResult.PERMERROR, AuthResult.TEMPERROR) else ""
    return word, reason


def owed(message: Message) -> tuple[MethodResult, ...]:
    """The result when the check could not be run."""
    if message.envelope.sender is None:
        return ()
    domain = _domain(message.envelope)
    word = AuthResult.NONE if domain is None else AuthResult.TEMPERROR
    return (MethodResult("spf", word, domain, "not evaluated"),)


def _domain(envelope: Envelope) -> str | None:
    """The domain whose record is asked for."""
    identity = identity_of(envelope)
    return lookup_domain(identity[2]) if identity else None


def identity_of(envelope: Envelope) -> tuple[str, str, str] | None:
    """What is checked: the RFC 8601 property, the local part and the domain as written."""
    if envelope.sender:
        return ("smtp.mailfrom", *split_sender(envelope.sender))
    helo = envelope.client.helo
    return ("smtp.helo", "postmaster", helo) if helo else None


def warm(envelope: Envelope, resolver: Resolver) -> None:
    """Ask for the SPF record as soon as MAIL FROM is known. Never waits."""
    domain = _domain(envelope)
    if domain is not None:
        resolver.warm(domain, "TXT")


@remembered(4096)
def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _oddities(envelope: Envelope) -> list[Finding]:
    sender, raw = envelope.sender, envelope.raw_sender
    found = []
    if sender and lookup_domain(split_sender(sender)[1]) is None:
        found.append(Finding(MALFORMED, MappingProxyType({"sender": sender})))
    if sender is not None and raw is not None and _comparable(sender) != _comparable(raw):
        found.append(Finding(DIFFERS, MappingProxyType({"sender": sender, "raw": raw})))
    return found


def _comparable(path: str) -> str:
    """A sender without what Postfix writes differently for the same address: brackets, quotes, case."""
    return path.strip().removeprefix("<").removesuffix(">").replace('"', "").replace("\\", "").lower()
