"""Does an authenticated domain belong to the author's organisation? (RFC 9989)

The organisation is found by walking up the DNS tree, not by a list of suffixes. The result is pass when SPF's
domain or that of a valid signature is aligned with the author domain, fail when none is, none when nobody
published a policy, permerror without a single author domain, and temperror as soon as DNS failed on the way.
The published policy is a fact for the evidence and never a verdict.

The logic is pure: `walk`, `organisation`, `policy_for` and `Alignment` take a `lookup` callable.

It cannot see whether a domain without a record is one organisation with its neighbours: then only equal
names are aligned here, and `proof` asks the public suffix list.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from sekisho.bounded_cache import remembered
from sekisho.domains import within
from sekisho.evidence import NOTHING, AuthResult, Degraded, Evidence, Finding, FindingKind, MethodResult
from sekisho.message import Message
from sekisho.ports import Answer, Context, Found

FAIL = FindingKind(
    "auth.dmarc_fail",
    2.0,
    "Nothing proves that {domain} sent this (DMARC fail; it asks for: {policy}).",
    "{domain} から送られたことを示す認証がありません（DMARC fail、ドメインの方針: {policy}）。",
)
NONE = FindingKind(
    "auth.dmarc_none",
    0.0,
    "{domain} publishes no DMARC policy.",
    "{domain} は DMARC ポリシーを公開していません。",
)
KINDS = (FAIL, NONE)

MAX_QUERIES = 8  # RFC 9989: the tree walk
MAX_RECORD = 4_096  # octets
POLICIES = ("none", "quarantine", "reject")
WEAKER = MappingProxyType({"reject": "quarantine", "quarantine": "none", "none": "none"})
VERSION = re.compile(r"v[ \t]*=[ \t]*DMARC1[ \t]*(?:;|\Z)")
REPORT_URI = re.compile(r"[a-z][a-z0-9+.-]*:[^\s,!]+", re.IGNORECASE)

Lookup = Callable[[str, str], Answer]


class TemporaryError(Exception):
    """DNS did not say. Not the absence of a record."""


@dataclass(frozen=True, slots=True)
class Record:
    """One DMARC record. `policy`, `sub` and `missing` are the words of p, sp and np (None: not given);
    `psd` is y, n or u; `testing` is `t=y`."""

    policy: str
    sub: str | None = None
    missing: str | None = None
    strict_dkim: bool = False
    strict_spf: bool = False
    psd: str = "u"
    testing: bool = False

    def is_strict(self, method: str) -> bool:
        """How the domain wants `spf` or `dkim` to be aligned."""
        return self.strict_spf if method == "spf" else self.strict_dkim

    def asked(self, *, below: bool, exists: bool) -> str:
        """The policy for the domain of the record, or for one below it that may not even exist."""
        word = self.policy
        if below:
            word = self.sub or self.policy
            if not exists and self.missing is not None:
                word = self.missing
        return WEAKER[word] if self.testing else word


def parse_record(text: bytes) -> Record | None:
    """A TXT value as a DMARC record; None when it is none, or one to be ignored (RFC 9989 section 4.7)."""
    return _parsed(text) if len(text) <= MAX_RECORD else None


@lru_cache(maxsize=1024)
def _parsed(text: bytes) -> Record | None:
    value = text.decode("ascii", "replace").strip(" \t")
    if not VERSION.match(value):
        return None
    given = _tags(value)
    psd = given.get("psd", "u").lower()
    words = {name: given[name].lower() for name in ("p", "sp", "np") if name in given}
    valid = all(word in POLICIES for word in words.values()) and ("p" in words or psd == "y")
    if not valid:
        if not REPORT_URI.match(given.get("rua", "")):
            return None
        words = {"p": "none"}
    return Record(
        words.get("p", "none"),
        words.get("sp"),
        words.get("np"),
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
    """The one record at `_dmarc.<domain>`; several are none. Raises TemporaryError."""
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
    """Which domains are of one organisation with the author domain. Made per message; walks at most once for
    the author, and for another domain only where it could matter. Methods raise TemporaryError."""

    def __init__(self, author: str, lookup: Lookup) -> None:
        self.author = author
        self._lookup = lookup
        self._walks: dict[str, Walk] = {}

    def walk(self, domain: str) -> Walk:
        if domain not in self._walks:
            self._walks[domain] = walk(domain, self._lookup)
        return self._walks[domain]

    def relaxed(self, domain: str) -> bool:
        """The same organisational domain. A domain outside the author's organisation cannot have it, since
        an organisational domain is the name itself or one above it."""
        if domain == self.author:
            return True
        organisation = self.walk(self.author).organisation
        return within(domain, organisation) and self.walk(domain).organisation == organisation

    def aligned(self, domain: str, *, strict: bool) -> bool:
        return domain == self.author if strict else self.relaxed(domain)


@dataclass(frozen=True, slots=True)
class Outcome:
    """DMARC's answer: the word, the policy that is asked for, and the domain whose record asks."""

    result: AuthResult
    policy: str | None = None
    at: str | None = None
    reason: str = ""


def evaluate(author: str, results: tuple[MethodResult, ...], lookup: Lookup) -> Outcome:
    """DMARC for an author domain and the SPF and DKIM results of the same message."""
    alignment = Alignment(author, lookup)
    try:
        governing = alignment.walk(author).policy_record()
        if governing is None:
            return Outcome(AuthResult.NONE)
        at, record = governing
        passed = _passes(alignment, record, results)
        present = at == author or passed or record.missing is None or exists(author, lookup)
        undecided = not passed and _undecided(alignment, record, results)
    except TemporaryError:
        return Outcome(AuthResult.TEMPERROR, reason="DNS does not answer")
    policy = record.asked(below=at != author, exists=present)
    if undecided:
        return Outcome(AuthResult.TEMPERROR, policy, at, "SPF or DKIM could not be evaluated")
    return Outcome(AuthResult.PASS if passed else AuthResult.FAIL, policy, at)


def _passes(alignment: Alignment, record: Record, results: tuple[MethodResult, ...]) -> bool:
    """True if one result passes and is aligned. Raises TemporaryError only if none is and DNS did not tell of one:
    the others do not depend on its name servers."""
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


def _undecided(alignment: Alignment, record: Record, results: tuple[MethodResult, ...]) -> bool:
    """What could not be evaluated may be the pass that is missing, if it could have been aligned: the failing
    name servers of a stranger excuse nobody."""
    return any(
        result.undecided and (result.domain is None or _aligned(alignment, record, result))
        for result in results
        if result.method in ("spf", "dkim")
    )


def _aligned(alignment: Alignment, record: Record, result: MethodResult) -> bool:
    if result.method not in ("spf", "dkim") or result.domain is None:
        return False
    return alignment.aligned(result.domain, strict=record.is_strict(result.method))


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One `dmarc` result for the author domain, with the published policy as a fact."""
    if context.resolver is None:
        return NOTHING
    author = message.author.domain
    if author is None:
        return Evidence(
            results=(MethodResult("dmarc", AuthResult.PERMERROR, reason="no single author domain"),)
        )
    outcome = evaluate(author, seen.results, context.lookup)
    properties = (("header.from", author), ("policy.dmarc", outcome.policy or ""), ("at", outcome.at or ""))
    result = MethodResult(
        "dmarc", outcome.result, author, outcome.reason, tuple(pair for pair in properties if pair[1])
    )
    return Evidence(
        (result,),
        findings=_findings(author, outcome),
        degraded=(Degraded.DNS,) if outcome.result is AuthResult.TEMPERROR else (),
    )


def _findings(author: str, outcome: Outcome) -> tuple[Finding, ...]:
    kinds = {AuthResult.FAIL: FAIL, AuthResult.NONE: NONE}
    if outcome.result not in kinds:
        return ()
    facts = {"domain": author, "policy": outcome.policy or "-"}
    return (Finding(kinds[outcome.result], MappingProxyType(facts)),)
