"""SPF: is the client allowed to send for the MAIL FROM domain? (RFC 7208)

pyspf evaluates the record. Its DNS is our `lookup`, and it never fetches an explanation. A record that would cost it
more than a moment is a permanent error before pyspf parses it.

It cannot see who uses a shared address: all customers of a hosting provider pass with its records.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple

import spf

from sekisho.auth.identifiers import lookup_domain, split_sender
from sekisho.auth.lookup import Lookup
from sekisho.bounded_cache import remembered
from sekisho.dns_answer import Found
from sekisho.domains import parse_ip, together, within
from sekisho.message import Client, Envelope
from sekisho.results import AuthResult, MethodResult

MAX_RECORD_CHARS = 8_192  # the longest published records have about 4,000
MAX_TERM_CHARS = 512  # a domain-spec expands to 253, and pyspf's patterns are quadratic in a term
MAX_VOID_LOOKUPS = 2  # RFC 7208 section 4.6.4
MAX_LOCAL_CHARS = 256  # of the local part, for macros


class Identity(NamedTuple):
    """What SPF checks. `property` is the RFC 8601 name of the identity (`smtp.mailfrom`, `smtp.helo`), `local` the
    local part, `domain` the domain as it is looked up, or None if the text is no domain."""

    property: str
    local: str
    domain: str | None


def identity_of(envelope: Envelope) -> Identity | None:
    """MAIL FROM, or HELO where the sender is null (RFC 7208 section 2.4); None where there is neither.

    MAIL FROM is the address that Postfix acts on (its macro `{mail_addr}`), not what the client typed."""
    if envelope.sender:
        local, written = split_sender(envelope.sender)
        return Identity("smtp.mailfrom", local, lookup_domain(written))
    helo = envelope.client.helo
    return Identity("smtp.helo", "postmaster", lookup_domain(helo)) if helo else None


@remembered(4096)
def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def evaluate(
    identity: Identity | None, client: Client, lookup: Lookup, stranger: Lookup | None = None
) -> MethodResult:
    """The SPF result for an identity and a client: check_host() of RFC 7208 section 4.

    The result word is one of section 2.6: `none` too where there is no identity, or no valid domain (section 4.3); or
    it is `unknown`, where the client's address is not known. A pass has the properties `via` (the domains by whose
    records it was reached, separated by blanks) and `mechanism`. An error has a reason. `stranger` asks for the names
    that the client chose; without it `lookup` asks for them.
    """
    if not _is_address(client.address or ""):
        return MethodResult("spf", AuthResult.UNKNOWN, reason="no client address")
    if identity is None:
        return MethodResult("spf", AuthResult.NONE, reason="no sender and no HELO")
    domain = identity.domain
    if domain is None:
        return MethodResult("spf", AuthResult.NONE, reason="no valid domain")
    evaluation = Evaluation(
        lookup, stranger or lookup, client.address or "", (identity.local, domain), client.helo or ""
    )
    result = AuthResult(evaluation.check()[0])
    reason = str(evaluation.prob) if result in (AuthResult.PERMERROR, AuthResult.TEMPERROR) else ""
    properties = (
        (identity.property, domain),
        ("via", " ".join(evaluation.via)),
        ("mechanism", evaluation.mechanism or ""),
    )
    return MethodResult("spf", result, domain, reason, tuple(pair for pair in properties if pair[1]))


class Evaluation(spf.query):  # type: ignore[misc]  # pyspf is untyped
    """One check_host() of pyspf, with our DNS under it. Made for one message and thrown away.

    `stranger` asks for names that the client chose, where the record asks for them (`ptr`, `%{p}`, `%{h}`). What fails
    there matches nothing and hides nothing (RFC 7208 section 5.5). Otherwise a client could make the result of any
    domain with such a record a temporary error.

    Attributes of one small letter are SPF macros to pyspf, so ours have long names.
    """

    def __init__(
        self, lookup: Lookup, stranger: Lookup, address: str, identity: tuple[str, str], helo: str
    ) -> None:
        """`identity` is the local part and the domain. Raises spf.PermError if `address` is no IP address."""
        local, domain = identity
        super().__init__(i=address, s=f"postmaster@{domain}", h=helo or "unknown")
        self.l = local[:MAX_LOCAL_CHARS].encode("ascii", "replace").decode("ascii") or "postmaster"
        self.s = f"{self.l}@{domain}"
        self.explain = False
        self.via: list[str] = []
        self._lookup = lookup
        self._stranger = stranger
        greeted = lookup_domain(helo)
        self._helo = None if greeted is None or together(greeted, domain) else greeted
        self._names: frozenset[str] = frozenset()

    def dns(self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[object]:
        """pyspf's only way to DNS. Absence is an empty list and is counted.

        Raises spf.TempError if DNS does not answer, spf.PermError after too many void look-ups.
        """
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
            if self.void_lookups > MAX_VOID_LOOKUPS:
                raise spf.PermError("more than two void DNS look-ups")
        if qtype == "TXT":
            return [(text,) for text in answer.texts]
        return list(answer.records)

    def dns_ptr(self, address: str) -> list[str]:
        """The names of the client's address. They are the client's choice, and are kept as such."""
        names: list[str] = super().dns_ptr(address)
        self._names = frozenset(names)
        return names

    def dns_spf(self, domain: str) -> str | None:
        """The SPF record of a domain. Raises spf.PermError if it is too long."""
        record: str | None = super().dns_spf(domain)
        if record and (
            len(record) > MAX_RECORD_CHARS or any(len(term) > MAX_TERM_CHARS for term in record.split(" "))
        ):
            raise spf.PermError("the record is too long")
        return record

    def check1(self, record: str, domain: str, recursion: int) -> tuple[str, int, str]:
        """Evaluate one record, and keep its domain in `via` if the record gave a pass. `recursion` is the depth of
        includes and redirects."""
        outcome: tuple[str, int, str] = super().check1(record, domain, recursion)
        if outcome[0] == "pass":
            self.via.insert(0, domain)
        return outcome

    def cidrmatch(self, addresses: Iterable[str], length: int) -> bool:
        """True if the client is in the network of one of the addresses; `length` is in bits. pyspf makes three objects
        of each address, and records name dozens. Raises spf.PermError for what is no address."""
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
        """The domain's own explanation of a failure. It is not fetched unless `explain` is set."""
        explanation: str | None = super().get_explanation(spec) if self.explain else None
        return explanation
