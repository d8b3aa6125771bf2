"""DMARC: does an authenticated domain belong to the author's organisation? (RFC 9989)

The organisation is found by walking up the DNS tree, not by a list of suffixes. The result is pass when SPF's domain or
that of a valid signature is aligned with the author domain, fail when none is, none when no policy is published,
permerror without a single author domain, and temperror as soon as DNS failed on the way.

It cannot see whether a domain without a record is one organisation with its neighbours: then only equal names are
aligned here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from sekisho.auth.lookup import Lookup
from sekisho.bounded_cache import remembered
from sekisho.dns_answer import Found
from sekisho.domains import within
from sekisho.results import AuthResult, MethodResult

MAX_QUERIES = 8  # RFC 9989: the tree walk
MAX_RECORD_BYTES = 4_096
POLICIES = ("none", "quarantine", "reject")
WEAKER = MappingProxyType({"reject": "quarantine", "quarantine": "none", "none": "none"})
VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
REPORT_URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s,!]+", re.IGNORECASE)


class TemporaryError(Exception):
    """DNS did not answer, which is not the absence of a record."""


@dataclass(frozen=True, slots=True)
class Record:
    """One DMARC record (RFC 9989 section 4.7). `policy`, `sub` and `missing` are the words of `p`, `sp` and `np` (None:
    not given). `psd` is `y`, `n` or `u`; `testing` is `t=y`."""

    policy: str
    sub: str | None = None
    missing: str | None = None
    strict_dkim: bool = False
    strict_spf: bool = False
    psd: str = "u"
    testing: bool = False

    def is_strict(self, method: str) -> bool:
        """True if the domain wants equal names for `method` (`spf` or `dkim`): `aspf=s`, `adkim=s`."""
        return self.strict_spf if method == "spf" else self.strict_dkim

    def asked(self, *, below: bool, exists: bool) -> str:
        """The policy (`none`, `quarantine`, `reject`) for the domain of the record, or for one `below` it, which may
        not even exist. With `t=y` it is the next weaker one."""
        policy = self.policy
        if below:
            policy = self.sub or self.policy
            if not exists and self.missing is not None:
                policy = self.missing
        return WEAKER[policy] if self.testing else policy


def parse_record(text: bytes) -> Record | None:
    """A TXT value as a DMARC record; None when it is none, or one to be ignored (RFC 9989 section 4.7)."""
    return _parsed(text) if len(text) <= MAX_RECORD_BYTES else None


@lru_cache(maxsize=1024)
def _parsed(text: bytes) -> Record | None:
    value = text.decode("ascii", "replace").strip(" \t")
    if not VERSION.match(value):
        return None
    given = _tags(value)
    psd = given.get("psd", "u").lower()
    asked = {name: given[name].lower() for name in ("p", "sp", "np") if name in given}
    valid = all(policy in POLICIES for policy in asked.values()) and ("p" in asked or psd == "y")
    if not valid:
        if not REPORT_URI.match(given.get("rua", "")):
            return None
        asked = {"p": "none"}
    return Record(
        asked.get("p", "none"),
        asked.get("sp"),
        asked.get("np"),
        strict_dkim=given.get("adkim", "r").lower() == "s",
        strict_spf=given.get("aspf", "r").lower() == "s",
        psd=psd if psd in ("y", "n") else "u",
        testing=given.get("t", "n").lower() == "y",
    )


def _tags(value: str) -> dict[str, str]:
    """Tag names in lower case and their values; the first of a repeated tag counts, unknown ones are kept."""
    found: dict[str, str] = {}
    for piece in value.split(";"):
        name, equals, content = piece.partition("=")
        if equals:
            found.setdefault(name.strip().lower(), content.strip())
    return found


def fetch(domain: str, lookup: Lookup) -> Record | None:
    """The one record at `_dmarc.<domain>`; several are none. Raises TemporaryError if DNS does not answer."""
    answer = lookup(f"_dmarc.{domain}", "TXT")
    if answer.found is Found.TEMPERROR:
        raise TemporaryError(domain)
    if not answer.records:
        return None
    records = [text for text in answer.texts if VERSION.match(text[:64].decode("ascii", "replace").strip())]
    return parse_record(records[0]) if len(records) == 1 else None


@dataclass(frozen=True, slots=True)
class Walk:
    """What a tree walk found: the records with their domains, the longest name first."""

    start: str
    found: tuple[tuple[str, Record], ...] = ()

    @property
    def own(self) -> Record | None:
        """The record of the domain where the walk started."""
        return self.found[0][1] if self.found and self.found[0][0] == self.start else None

    @property
    def organisation(self) -> str:
        """The organisational domain (RFC 9989 section 4.10.2)."""
        for domain, record in self.found:
            if record.psd == "n":
                return domain
            if record.psd == "y" and domain != self.start:
                return _one_below(domain, self.start)
        return self.found[-1][0] if self.found else self.start

    def policy_record(self) -> tuple[str, Record] | None:
        """The record that governs the start: its own, else its organisation's, else the suffix's."""
        if self.own is not None:
            return self.start, self.own
        records = dict(self.found)
        organisation = self.organisation
        if organisation in records:
            return organisation, records[organisation]
        return next(((domain, record) for domain, record in self.found if record.psd == "y"), None)


def _one_below(suffix: str, name: str) -> str:
    count = suffix.count(".") + 2
    return ".".join(name.split(".")[-count:])


@remembered(8192)
def steps(domain: str) -> tuple[str, ...]:
    """The names that a walk asks, at most eight: the start, then up from its seven last labels.

    >>> steps("a.example.jp")
    ('a.example.jp', 'example.jp', 'jp')
    """
    labels = domain.split(".")
    rest = labels[-7:] if len(labels) >= MAX_QUERIES else labels[1:]
    return (domain, *(".".join(rest[at:]) for at in range(len(rest))))


def walk(start: str, lookup: Lookup) -> Walk:
    """Walk up the tree from `start` until a record ends it. Raises TemporaryError on any DNS failure."""
    found: list[tuple[str, Record]] = []
    for name in steps(start):
        record = fetch(name, lookup)
        if record is not None:
            found.append((name, record))
            if record.psd != "u":
                break
    return Walk(start, tuple(found))


def exists(domain: str, lookup: Lookup) -> bool:
    """False only if A, AAAA and MX are all NXDOMAIN: no data or no answer may hide something."""
    return any(lookup(domain, rtype).found is not Found.NXDOMAIN for rtype in ("A", "AAAA", "MX"))


class Alignment:
    """Which domains are of one organisation with the author domain (RFC 9989 section 4.10).

    Made for one message. It walks at most once for the author, and for another domain only where that could matter.
    """

    def __init__(self, author: str, lookup: Lookup) -> None:
        self.author = author
        self._lookup = lookup
        self._walks: dict[str, Walk] = {}

    def walk(self, domain: str) -> Walk:
        """The walk from a domain, made once. Raises TemporaryError."""
        if domain not in self._walks:
            self._walks[domain] = walk(domain, self._lookup)
        return self._walks[domain]

    def relaxed(self, domain: str) -> bool:
        """True if the domain has the author's organisational domain. Raises TemporaryError.

        A domain outside the author's organisation cannot have it, and no walk is made for it: an organisational domain
        is the name itself or one above it."""
        if domain == self.author:
            return True
        organisation = self.walk(self.author).organisation
        return within(domain, organisation) and self.walk(domain).organisation == organisation

    def aligned(self, domain: str, *, strict: bool) -> bool:
        """True if the domain is aligned with the author domain. Raises TemporaryError."""
        return domain == self.author if strict else self.relaxed(domain)


def evaluate(author: str | None, results: Iterable[MethodResult], lookup: Lookup) -> MethodResult:
    """The DMARC result for an author domain and the SPF and DKIM results of the same message.

    Properties beside `header.from`: `policy.dmarc` is the policy that is asked for (`none`, `quarantine`, `reject`),
    `at` the domain whose record asks. Both are left out where there is no record. The policy is a fact, and never a
    verdict. Without an author domain the result is permerror: the From field names not exactly one.
    """
    if author is None:
        return MethodResult("dmarc", AuthResult.PERMERROR, reason="no single author domain")
    considered = [result for result in results if result.method in ("spf", "dkim")]
    alignment = Alignment(author, lookup)
    try:
        governing = alignment.walk(author).policy_record()
        if governing is None:
            return _result(author, AuthResult.NONE)
        at, record = governing
        passed = _passes(alignment, record, considered)
        present = at == author or passed or record.missing is None or exists(author, lookup)
        undecided = not passed and _undecided(alignment, record, considered)
    except TemporaryError:
        return _result(author, AuthResult.TEMPERROR, reason="DNS does not answer")
    policy = record.asked(below=at != author, exists=present)
    if undecided:
        return _result(author, AuthResult.TEMPERROR, policy, at, "SPF or DKIM could not be evaluated")
    return _result(author, AuthResult.PASS if passed else AuthResult.FAIL, policy, at)


def _result(
    author: str, result: AuthResult, policy: str = "", at: str = "", reason: str = ""
) -> MethodResult:
    properties = (("header.from", author), ("policy.dmarc", policy), ("at", at))
    return MethodResult("dmarc", result, author, reason, tuple(pair for pair in properties if pair[1]))


def _passes(alignment: Alignment, record: Record, results: Iterable[MethodResult]) -> bool:
    """True if one result passes and is aligned. Raises TemporaryError only if no result is, and DNS did not tell of
    one: the others do not depend on its name servers."""
    failed: TemporaryError | None = None
    for result in results:
        try:
            if result.result is AuthResult.PASS and _aligned(alignment, record, result):
                return True
        except TemporaryError as error:
            failed = error
    if failed is not None:
        raise failed
    return False


def _undecided(alignment: Alignment, record: Record, results: Iterable[MethodResult]) -> bool:
    """True if a result that could not be evaluated may be the pass that is missing. That takes a domain that could
    have been aligned: a look-up of another domain that fails is no excuse. Raises TemporaryError."""
    return any(
        result.undecided and (result.domain is None or _aligned(alignment, record, result))
        for result in results
    )


def _aligned(alignment: Alignment, record: Record, result: MethodResult) -> bool:
    if result.domain is None:
        return False
    return alignment.aligned(result.domain, strict=record.is_strict(result.method))
