"""Resolvers that ask nobody: the DNS of a case file, and the budget around any other."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

from sekisho.dns_answer import Answer, Found
from sekisho.ports import Clock, Resolver
from sekisho.resolver.names import MAX_CHAIN, NODATA, NXDOMAIN, TEMPERROR, plain


class Budget:
    """A resolver for one message: it may wait `seconds` for DNS in total, then every question is TEMPERROR.

    The message hears one answer to a question, however often it asks and whether or not the answer can be kept longer.
    A temporary error that came because the asker's own deadline was over is no answer: another one may wait longer.
    Not for several threads: a message is judged on one.
    """

    def __init__(self, resolver: Resolver, seconds: float, clock: Clock) -> None:
        self._resolver = resolver
        self._left = seconds
        self._clock = clock
        self._answers: dict[tuple[str, str], Answer] = {}
        self._warmed: set[tuple[str, str]] = set()

    def lookup(self, name: str, rtype: str, deadline: float) -> Answer:
        key = (name.lower(), rtype)
        answer = self._answers.get(key)
        if answer is None:
            started = self._clock.monotonic()
            answer = self._resolver.lookup(name, rtype, min(deadline, started + max(0.0, self._left)))
            ended = self._clock.monotonic()
            self._left -= ended - started
            if answer.found is not Found.TEMPERROR or ended < deadline:
                self._answers[key] = answer
        return answer

    def warm(self, name: str, rtype: str) -> None:
        key = (name.lower(), rtype)
        if key not in self._warmed:
            self._warmed.add(key)
            self._resolver.warm(name, rtype)


class CaseResolver:
    """`ports.Resolver` on the `dns` list of a case: the only DNS that the case sees.

    Each record is `{name, type, value}` or `{name, rcode}` with NXDOMAIN, SERVFAIL or TIMEOUT. Other types at
    a listed name and the ancestors of one are NODATA; everything else is NXDOMAIN. An rcode answers for the
    types that have no record there, or with `{name, type, rcode}` for that type alone. Raises ValueError for
    a record that says none of this.
    """

    def __init__(self, records: Iterable[Mapping[str, object]]) -> None:
        self._records: dict[tuple[str, str], list[object]] = {}
        self._codes: dict[tuple[str, str], Answer] = {}
        self._exist: set[str] = set()
        for record in records:
            self._add(record)

    def lookup(self, name: str, rtype: str, deadline: float) -> Answer:
        asked = plain(name)
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
        """Nothing to begin: every answer is at hand."""

    def _add(self, record: Mapping[str, object]) -> None:
        name = plain(str(record.get("name", "")))
        rtype = str(record.get("type", "")).upper()
        if name is None:
            raise ValueError(f"not a DNS name: {record.get('name')!r}")
        if "rcode" in record:
            self._codes[name, rtype] = self._code(str(record["rcode"]))
        elif "value" in record and rtype:
            self._records.setdefault((name, rtype), []).append(_case_value(rtype, str(record["value"])))
        else:
            raise ValueError(f"neither value nor rcode at {name}")
        labels = name.split(".")
        self._exist.update(".".join(labels[start:]) for start in range(len(labels)))

    @staticmethod
    def _code(word: str) -> Answer:
        codes = {"NXDOMAIN": NXDOMAIN, "SERVFAIL": TEMPERROR, "TIMEOUT": TEMPERROR, "NOERROR": NODATA}
        if word.upper() not in codes:
            raise ValueError(f"not an rcode: {word!r}")
        return codes[word.upper()]


def _case_value(rtype: str, value: str) -> object:
    if rtype == "TXT":
        return value.encode("utf-8", "surrogateescape")
    if rtype in ("A", "AAAA"):
        return str(ipaddress.ip_address(value.strip()))
    if rtype == "MX":
        preference, _, host = value.strip().partition(" ")
        return (int(preference), plain(host.strip()) or "")
    return plain(value.strip()) or ""
