"""Resolvers that send no queries: the DNS of a case file, and the time limit around another resolver. What a message
asked, and the answers, become the DNS of a case again (`case_records`)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, MutableMapping

from sekisho.dns_answer import Answer, Found
from sekisho.ports import Clock, Resolver
from sekisho.resolver.names import MAX_CHAIN, NODATA, NXDOMAIN, TEMPERROR, query_name

_TYPES = (
    "A AAAA AFSDB CAA CDNSKEY CDS CERT CNAME CSYNC DNAME DNSKEY DS HINFO HTTPS LOC MX NAPTR NS NSEC NSEC3 NSEC3PARAM "
    "OPENPGPKEY PTR RP RRSIG SMIMEA SOA SPF SRV SSHFP SVCB TLSA TXT URI ZONEMD"
)
RECORD_TYPES = frozenset(_TYPES.split(" "))
"""The types that a case may have: those of the registry of IANA that a zone has today, and SPF (RFC 7208, 3.1)."""
Asked = Mapping[tuple[str, str], Answer]
"""The answers that a message got, by name and type."""
_RCODES = {Found.NODATA: "NOERROR", Found.NXDOMAIN: "NXDOMAIN", Found.TEMPERROR: "SERVFAIL"}


class Budget:
    """A resolver for one message. It waits `seconds` for DNS in total; after that every answer is TEMPERROR.

    A question has the same answer each time, for the whole message. There is one exception: a temporary error because
    the caller's deadline was over is not kept, since the next caller may wait longer.

    Not thread-safe: a message is judged on one thread.
    """

    def __init__(
        self,
        resolver: Resolver,
        seconds: float,
        clock: Clock,
        asked: MutableMapping[tuple[str, str], Answer] | None = None,
    ) -> None:
        """`asked` gets each answer, by name and type; one that is no temporary error takes the place of one that is."""
        self._resolver = resolver
        self._left = seconds
        self._clock = clock
        self._asked = {} if asked is None else asked
        self._answers: dict[tuple[str, str], Answer] = {}
        self._warmed: set[tuple[str, str]] = set()

    def lookup(self, name: str, rtype: str, deadline: float) -> Answer:
        """The answer, waited for until `deadline` (monotonic), and within the seconds that are left."""
        key = (name.lower(), rtype)
        answer = self._answers.get(key)
        if answer is None:
            started = self._clock.monotonic()
            answer = self._resolver.lookup(name, rtype, min(deadline, started + max(0.0, self._left)))
            ended = self._clock.monotonic()
            self._left -= ended - started
            known = answer.found is not Found.TEMPERROR
            if known or ended < deadline:
                self._answers[key] = answer
            if known or key not in self._asked:
                self._asked[key] = answer
        return answer

    def warm(self, name: str, rtype: str) -> None:
        """Begin a look-up, once for each question."""
        key = (name.lower(), rtype)
        if key not in self._warmed:
            self._warmed.add(key)
            self._resolver.warm(name, rtype)


class CaseResolver:
    """`ports.Resolver` with the records of a case's `dns` list. A case sees no other DNS.

    A record is `{name, type, value}`, `{name, rcode}` or `{name, type, rcode}`. The rcode is NXDOMAIN, SERVFAIL,
    TIMEOUT or NOERROR. With a type it answers for that type, without one for all types that have no record at that
    name. Other types at a listed name, and the ancestors of that name, give NODATA. All other names give NXDOMAIN.

    Raises ValueError for a record that has none of these forms.
    """

    def __init__(self, records: Iterable[Mapping[str, object]]) -> None:
        self._records: dict[tuple[str, str], list[object]] = {}
        self._codes: dict[tuple[str, str], Answer] = {}
        self._exist: set[str] = set()
        for record in records:
            self._add(record)

    def lookup(self, name: str, rtype: str, deadline: float) -> Answer:
        """The answer from the records. It never waits, so `deadline` (monotonic) has no effect."""
        asked = query_name(name)
        if asked is None:
            return NXDOMAIN
        for _ in range(MAX_CHAIN):
            if found := self._records.get((asked, rtype)):
                return Answer(Found.ANSWER, tuple(found))
            alias = self._records.get((asked, "CNAME"))
            if alias is None:
                return self._without(asked, rtype)
            asked = str(alias[0])
        return NODATA

    def _without(self, name: str, rtype: str) -> Answer:
        code = self._codes.get((name, rtype)) or self._codes.get((name, ""))
        return code or (NODATA if name in self._exist else NXDOMAIN)

    def warm(self, name: str, rtype: str) -> None:
        """Does nothing, since no answer is waited for."""

    def _add(self, record: Mapping[str, object]) -> None:
        told = {key: _told(record, key) for key in ("name", "type", "value", "rcode")}
        name, rtype = query_name(told["name"] or ""), _rtype(told["type"] or "")
        if name is None:
            raise ValueError(f"name: {told['name']!r} is not a DNS name")
        if told["rcode"] is not None:
            self._codes[name, rtype] = self._code(told["rcode"])
        elif told["value"] is not None and rtype:
            self._records.setdefault((name, rtype), []).append(_case_value(rtype, told["value"]))
        else:
            raise ValueError("needs `type` and `value`, or `rcode`")
        labels = name.split(".")
        self._exist.update(".".join(labels[start:]) for start in range(len(labels)))

    @staticmethod
    def _code(word: str) -> Answer:
        codes = {"NXDOMAIN": NXDOMAIN, "SERVFAIL": TEMPERROR, "TIMEOUT": TEMPERROR, "NOERROR": NODATA}
        if word.upper() not in codes:
            raise ValueError(f"rcode: {word!r} is not one of {', '.join(codes)}")
        return codes[word.upper()]


def _told(record: Mapping[str, object], key: str) -> str | None:
    value = record.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{key}: must be a text in quotes (is {str(value)[:80]!r})")
    return value


def _rtype(word: str) -> str:
    """The type of a record in capitals; empty for none. Raises ValueError for a word that is no type of DNS."""
    rtype = word.upper()
    if rtype and rtype not in RECORD_TYPES and not re.fullmatch(r"TYPE\d{1,5}", rtype, re.ASCII):
        raise ValueError(f"type: {word!r} is not a type of DNS such as TXT, A, AAAA, MX, PTR or CNAME")
    return rtype


def _case_value(rtype: str, value: str) -> object:
    """The value as a resolver gives it. Raises ValueError."""
    if rtype == "TXT":
        try:
            return value.encode("utf-8", "surrogateescape")
        except UnicodeEncodeError:
            raise ValueError("value: has half of a surrogate pair, which no text has") from None
    if rtype in ("A", "AAAA"):
        kind = ipaddress.IPv4Address if rtype == "A" else ipaddress.IPv6Address
        try:
            return str(kind(value.strip()))
        except ValueError:
            raise ValueError(f"value: {value!r} is not an address for {rtype}") from None
    if rtype == "MX":
        preference, _, host = value.strip().partition(" ")
        if not re.fullmatch(r"\d{1,5}", preference, re.ASCII):
            raise ValueError(f"value: {value!r} is not a preference and a host such as '10 mx.example.jp'")
        return (int(preference), query_name(host.strip()) or "")
    return query_name(value.strip()) or ""


def case_records(asked: Asked) -> list[dict[str, str]]:
    """The answers as the `dns` list of a case: with it, `CaseResolver` answers the same questions alike. A name that
    cannot be asked for needs no record."""
    return [
        {"name": name, "type": rtype, **said}
        for (typed, rtype), answer in asked.items()
        if (name := query_name(typed)) is not None
        for said in _said(answer)
    ]


def _said(answer: Answer) -> Iterator[dict[str, str]]:
    if answer.found is not Found.ANSWER or not answer.records:
        yield {"rcode": _RCODES.get(answer.found, "NOERROR")}
    for record in answer.records:
        yield {"value": _written(record)}


def _written(record: object) -> str:
    """A record's value as `_case_value` reads it."""
    if isinstance(record, bytes):
        return record.decode("utf-8", "surrogateescape")
    return " ".join(map(str, record)) if isinstance(record, tuple) else str(record)
