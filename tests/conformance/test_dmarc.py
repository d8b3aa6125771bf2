"""RFC 9989 as a table: tree walk, organisational domain, policy discovery, alignment, tags.

Whole results are asked of the library and of the check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from tests.auth_support import Asking, context, envelope, message, txt

from sekisho.auth import dmarc
from sekisho.auth.dmarc import Alignment, Record, parse_record, steps, walk
from sekisho.auth.lookup import Lookup
from sekisho.checks.authentication import dmarc as check
from sekisho.checks.authentication import spf
from sekisho.dns_answer import Answer, Found
from sekisho.evidence import Evidence
from sekisho.resolver import CaseResolver
from sekisho.results import AuthResult, MethodResult


class Dns:
    """DMARC records by domain; a value of None is a temporary failure. Remembers what was asked."""

    def __init__(
        self, records: Mapping[str, str | list[str] | None], missing: frozenset[str] = frozenset()
    ) -> None:
        self.records = records
        self.missing = missing
        self.asked: list[str] = []

    def __call__(self, name: str, rtype: str) -> Answer:
        self.asked.append(name)
        if rtype != "TXT":
            return Answer(Found.NXDOMAIN if name in self.missing else Found.NODATA)
        domain = name.removeprefix("_dmarc.")
        if domain not in self.records:
            return Answer(Found.NXDOMAIN)
        value = self.records[domain]
        if value is None:
            return Answer(Found.TEMPERROR)
        values = [value] if isinstance(value, str) else value
        return Answer(Found.ANSWER, tuple(text.encode() for text in values))


Results = tuple[MethodResult, ...]
Evaluate = Callable[[str, Results, Lookup], MethodResult]


def by_library(author: str, results: Results, lookup: Lookup) -> MethodResult:
    return dmarc.evaluate(author, results, lookup)


def by_check(author: str, results: Results, lookup: Lookup) -> MethodResult:
    read = message(f"From: a@{author}\r\n\r\nx\r\n".encode())
    (result,) = check.check(read, Evidence(results=results), context(Asking(lookup))).results
    return result


@pytest.fixture(params=[by_library, by_check])
def evaluate(request: pytest.FixtureRequest) -> Evaluate:
    """The two ways to a result."""
    way: Evaluate = request.param
    return way


DKIM = "dkim"
SPF = "spf"


def passed(method: str, domain: str) -> MethodResult:
    return MethodResult(method, AuthResult.PASS, domain)


NONE_PASSED = (MethodResult(SPF, AuthResult.FAIL, "example.jp"), MethodResult(DKIM, AuthResult.NONE))


# --- the walk -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("domain", "asked"),
    [
        ("jp", ["jp"]),
        ("example.jp", ["example.jp", "jp"]),
        ("a.mail.example.jp", ["a.mail.example.jp", "mail.example.jp", "example.jp", "jp"]),
        (  # seven labels: one is dropped at a time
            "a.b.c.d.e.example.jp",
            [
                "a.b.c.d.e.example.jp",
                "b.c.d.e.example.jp",
                "c.d.e.example.jp",
                "d.e.example.jp",
                "e.example.jp",
                "example.jp",
                "jp",
            ],
        ),
        (  # eight labels: down to seven, which is one step as well
            "z.a.b.c.d.e.example.jp",
            [
                "z.a.b.c.d.e.example.jp",
                "a.b.c.d.e.example.jp",
                "b.c.d.e.example.jp",
                "c.d.e.example.jp",
                "d.e.example.jp",
                "e.example.jp",
                "example.jp",
                "jp",
            ],
        ),
        (  # RFC 9989's own example of a long name: the middle is skipped
            "a.b.c.d.e.f.g.h.i.j.mail.example.com",
            [
                "a.b.c.d.e.f.g.h.i.j.mail.example.com",
                "g.h.i.j.mail.example.com",
                "h.i.j.mail.example.com",
                "i.j.mail.example.com",
                "j.mail.example.com",
                "mail.example.com",
                "example.com",
                "com",
            ],
        ),
    ],
)
def test_steps(domain: str, asked: list[str]) -> None:
    """The walk asks these names in this order and never more than eight."""
    dns = Dns({})
    walk(domain, dns)
    assert dns.asked == [f"_dmarc.{name}" for name in asked]
    assert len(steps(domain)) <= 8


@pytest.mark.parametrize("length", range(1, 120))
def test_never_more_than_eight_questions(length: int) -> None:
    """However many labels a name has, eight questions end the walk, and the last asks the top."""
    names = steps(".".join(["a"] * length + ["jp"]))
    assert len(names) <= 8
    assert names[-1] == "jp"


@pytest.mark.parametrize(("psd", "asked"), [("n", 1), ("y", 1), ("u", 3), ("x", 3)])
def test_psd_ends_the_walk(psd: str, asked: int) -> None:
    """psd=y and psd=n end the walk; psd=u and nonsense do not."""
    dns = Dns({"mail.example.jp": f"v=DMARC1; p=none; psd={psd}"})
    walk("mail.example.jp", dns)
    assert len(dns.asked) == asked


@pytest.mark.parametrize(
    ("records", "organisation"),
    [
        ({}, "a.mail.example.jp"),
        ({"example.jp": "v=DMARC1; p=none"}, "example.jp"),
        ({"a.mail.example.jp": "v=DMARC1; p=none"}, "a.mail.example.jp"),
        ({"a.mail.example.jp": "v=DMARC1; p=none", "example.jp": "v=DMARC1; p=none"}, "example.jp"),
        ({"mail.example.jp": "v=DMARC1; p=none; psd=n", "example.jp": "v=DMARC1; p=none"}, "mail.example.jp"),
        ({"jp": "v=DMARC1; psd=y"}, "example.jp"),
        ({"example.jp": "v=DMARC1; p=none; psd=y"}, "mail.example.jp"),
        ({"mail.example.jp": "v=DMARC1; p=none", "jp": "v=DMARC1; p=none; psd=y"}, "example.jp"),
        ({"a.mail.example.jp": "v=DMARC1; p=none; psd=y"}, "a.mail.example.jp"),
        ({"jp": "v=DMARC1; p=none"}, "jp"),  # a suffix that does not say that it is one
        ({"example.jp": ["v=DMARC1; p=none", "v=DMARC1; p=reject"]}, "a.mail.example.jp"),
        ({"example.jp": ["v=DMARC1; p=none", "v=spf1 -all"]}, "example.jp"),
    ],
)
def test_organisation(records: dict[str, str | list[str] | None], organisation: str) -> None:
    """psd=n is the organisation; else one below psd=y; else the shortest name with a record; else itself."""
    assert walk("a.mail.example.jp", Dns(records)).organisation == organisation


# --- policy ---------------------------------------------------------------------------------------

AUTHOR = "news.mail.example.jp"


@pytest.mark.parametrize(
    ("records", "missing", "word", "policy"),
    [
        ({}, False, AuthResult.NONE, None),
        ({AUTHOR: "v=DMARC1; p=reject"}, False, AuthResult.FAIL, "reject"),
        ({AUTHOR: "v=DMARC1; p=reject; sp=none; np=none"}, True, AuthResult.FAIL, "reject"),
        ({"example.jp": "v=DMARC1; p=reject"}, False, AuthResult.FAIL, "reject"),
        ({"example.jp": "v=DMARC1; p=reject; sp=quarantine"}, False, AuthResult.FAIL, "quarantine"),
        ({"example.jp": "v=DMARC1; p=none; sp=quarantine; np=reject"}, False, AuthResult.FAIL, "quarantine"),
        ({"example.jp": "v=DMARC1; p=none; sp=quarantine; np=reject"}, True, AuthResult.FAIL, "reject"),
        ({"example.jp": "v=DMARC1; p=none; sp=quarantine"}, True, AuthResult.FAIL, "quarantine"),
        # between the author and the organisation: passed over
        (
            {"mail.example.jp": "v=DMARC1; p=reject", "example.jp": "v=DMARC1; p=none"},
            False,
            AuthResult.FAIL,
            "none",
        ),
        # the suffix's record, when the organisation has none
        ({"jp": "v=DMARC1; p=none; sp=quarantine; np=reject; psd=y"}, False, AuthResult.FAIL, "quarantine"),
        ({"jp": "v=DMARC1; p=none; sp=quarantine; np=reject; psd=y"}, True, AuthResult.FAIL, "reject"),
        (
            {"jp": "v=DMARC1; p=reject; psd=y", "example.jp": "v=DMARC1; p=none"},
            False,
            AuthResult.FAIL,
            "none",
        ),
        ({AUTHOR: "v=DMARC1; p=reject; t=y"}, False, AuthResult.FAIL, "quarantine"),
        ({AUTHOR: "v=DMARC1; p=quarantine; t=y"}, False, AuthResult.FAIL, "none"),
        ({AUTHOR: "v=DMARC1; p=none; t=y"}, False, AuthResult.FAIL, "none"),
        ({AUTHOR: ["v=DMARC1; p=reject", "v=DMARC1; p=reject"]}, False, AuthResult.NONE, None),
        ({AUTHOR: None}, False, AuthResult.TEMPERROR, None),
        ({AUTHOR: "v=DMARC1; p=reject", "jp": None}, False, AuthResult.TEMPERROR, None),
        ({"example.jp": "v=DMARC1; p=reject", "mail.example.jp": None}, False, AuthResult.TEMPERROR, None),
    ],
)
def test_policy(
    records: dict[str, str | list[str] | None],
    missing: bool,
    word: AuthResult,
    policy: str | None,
    evaluate: Evaluate,
) -> None:
    """Unaligned mail gets this word, and this is the policy that its author's organisation asks for."""
    dns = Dns(records, frozenset({AUTHOR}) if missing else frozenset())
    found = evaluate(AUTHOR, NONE_PASSED, dns)
    assert (found.result, found.get("policy.dmarc")) == (word, policy)


@pytest.mark.parametrize("known", ["A", "AAAA", "MX"])
@pytest.mark.parametrize("found", [Found.NODATA, Found.TEMPERROR, Found.ANSWER])
def test_exists(known: str, found: Found) -> None:
    """One type that is not NXDOMAIN is enough for a domain to exist, even a failure to say."""

    def lookup(name: str, rtype: str) -> Answer:
        return Answer(found if rtype == known else Found.NXDOMAIN)

    assert dmarc.exists("example.jp", lookup)
    assert not dmarc.exists("example.jp", lambda name, rtype: Answer(Found.NXDOMAIN))


# --- records --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "record"),
    [
        (b"v=DMARC1; p=reject", Record("reject")),
        (b"v=DMARC1;p=reject;", Record("reject")),
        (b" v = DMARC1 ; P = Reject ", Record("reject")),
        (b"v=DMARC1; sp=none; p=quarantine", Record("quarantine", "none")),
        (b"v=DMARC1; p=none; adkim=s; aspf=S", Record("none", strict_dkim=True, strict_spf=True)),
        (b"v=DMARC1; p=none; adkim=x; pct=0; rf=iodef; ri=1; unknown=1", Record("none")),
        (b"v=DMARC1; psd=y", Record("none", psd="y")),
        (b"v=DMARC1", None),
        (b"v=DMARC1; rua=mailto:d@example.jp", Record("none")),
        (b"v=DMARC1; p=monitor; rua=mailto:d@example.jp", Record("none")),
        (b"v=DMARC1; p=monitor", None),
        (b"v=DMARC1; p=reject; sp=maybe", None),
        (b"v=DMARC1; p=reject; sp=maybe; rua=mailto:d@example.jp", Record("none")),
        (b"v=DMARC1; p=reject; np=maybe; rua=d@example.jp", None),
        (b"v=DMARC1; p=reject; t=y", Record("reject", testing=True)),
        (b"v=DMARC2; p=reject", None),
        (b"v=dmarc1; p=reject", None),
        (b"p=reject; v=DMARC1", None),
        (b"v=DMARC10; p=reject", None),
        (b"v=spf1 -all", None),
        (b"", None),
        (b"\xff\x00" * 40_000, None),
        (b"v=DMARC1; p=reject;" + b"x=1;" * 20_000, None),
    ],
)
def test_record(text: bytes, record: Record | None) -> None:
    """What stands in DNS, and what it means."""
    assert parse_record(text) == record


# --- alignment ------------------------------------------------------------------------------------

ORGANISATION = {"example.jp": "v=DMARC1; p=reject"}
STRICT = {"example.jp": "v=DMARC1; p=reject; adkim=s; aspf=s"}
SEPARATE = {"example.jp": "v=DMARC1; p=reject", "shop.example.jp": "v=DMARC1; p=none; psd=n"}


@pytest.mark.parametrize(
    ("records", "author", "result", "word"),
    [
        (ORGANISATION, "example.jp", passed(SPF, "example.jp"), AuthResult.PASS),
        (ORGANISATION, "example.jp", passed(SPF, "bounce.example.jp"), AuthResult.PASS),
        (ORGANISATION, "news.example.jp", passed(DKIM, "example.jp"), AuthResult.PASS),
        (ORGANISATION, "news.example.jp", passed(DKIM, "mail.example.jp"), AuthResult.PASS),
        (ORGANISATION, "example.jp", passed(DKIM, "other.jp"), AuthResult.FAIL),
        (ORGANISATION, "example.jp", passed(DKIM, "notexample.jp"), AuthResult.FAIL),
        (ORGANISATION, "example.jp", passed(DKIM, "jp"), AuthResult.FAIL),
        (STRICT, "example.jp", passed(SPF, "bounce.example.jp"), AuthResult.FAIL),
        (STRICT, "example.jp", passed(DKIM, "bounce.example.jp"), AuthResult.FAIL),
        (STRICT, "example.jp", passed(DKIM, "example.jp"), AuthResult.PASS),
        (SEPARATE, "example.jp", passed(DKIM, "shop.example.jp"), AuthResult.FAIL),
        (SEPARATE, "shop.example.jp", passed(DKIM, "example.jp"), AuthResult.FAIL),
        (SEPARATE, "a.shop.example.jp", passed(DKIM, "b.shop.example.jp"), AuthResult.PASS),
        (ORGANISATION, "example.jp", MethodResult(DKIM, AuthResult.POLICY, "example.jp"), AuthResult.FAIL),
        (ORGANISATION, "example.jp", MethodResult(SPF, AuthResult.SOFTFAIL, "example.jp"), AuthResult.FAIL),
        (
            ORGANISATION,
            "example.jp",
            MethodResult(DKIM, AuthResult.TEMPERROR, "bounce.example.jp"),
            AuthResult.TEMPERROR,
        ),
        (ORGANISATION, "example.jp", MethodResult(SPF, AuthResult.TEMPERROR), AuthResult.TEMPERROR),
        (ORGANISATION, "example.jp", MethodResult(DKIM, AuthResult.TEMPERROR, "other.jp"), AuthResult.FAIL),
        (ORGANISATION, "example.jp", MethodResult(SPF, AuthResult.TEMPERROR, "other.jp"), AuthResult.FAIL),
        (
            STRICT,
            "example.jp",
            MethodResult(DKIM, AuthResult.TEMPERROR, "bounce.example.jp"),
            AuthResult.FAIL,
        ),
        (STRICT, "example.jp", MethodResult(DKIM, AuthResult.TEMPERROR, "example.jp"), AuthResult.TEMPERROR),
        (
            {**ORGANISATION, "mail.example.jp": None},
            "example.jp",
            passed(DKIM, "mail.example.jp"),
            AuthResult.TEMPERROR,
        ),
    ],
)
def test_alignment(
    records: dict[str, str | list[str] | None],
    author: str,
    result: MethodResult,
    word: AuthResult,
    evaluate: Evaluate,
) -> None:
    """Relaxed is the same organisation, strict the same name, and only a pass counts; a temporary error counts where
    the pass would have."""
    assert evaluate(author, (result,), Dns(records)).result is word


def test_any_signature_counts(evaluate: Evaluate) -> None:
    """The third signature's aligned pass is enough, whatever stands before it."""
    results = (
        MethodResult(SPF, AuthResult.FAIL, "x.jp"),
        passed(DKIM, "esp.example"),
        passed(DKIM, "example.jp"),
    )
    assert evaluate("example.jp", results, Dns(ORGANISATION)).result is AuthResult.PASS


def test_a_pass_survives_another_ones_temporary_error(evaluate: Evaluate) -> None:
    """An aligned pass is a pass even if another identifier could not be evaluated."""
    results = (MethodResult(SPF, AuthResult.TEMPERROR, "x.jp"), passed(DKIM, "example.jp"))
    assert evaluate("example.jp", results, Dns(ORGANISATION)).result is AuthResult.PASS


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("other", ["example.jp", "news.example.jp"])
def test_a_pass_survives_the_failing_walk_of_another_one(first: int, other: str, evaluate: Evaluate) -> None:
    """A signature of a name below whose name servers fail hides no aligned pass, in whichever order they stand."""
    results = [passed(DKIM, other), passed(DKIM, "mail.example.jp")]
    ordered = (results[first], results[1 - first])
    assert (
        evaluate("example.jp", ordered, Dns({**ORGANISATION, "mail.example.jp": None})).result
        is AuthResult.PASS
    )


def test_strangers_cost_no_walk() -> None:
    """A domain outside the author's organisation is unaligned without asking DNS about it."""
    dns = Dns(ORGANISATION)
    assert not Alignment("example.jp", dns).relaxed("a.b.c.attacker.example")
    assert dns.asked == ["_dmarc.example.jp", "_dmarc.jp"]


# --- the check ------------------------------------------------------------------------------------


def test_null_sender_uses_helo() -> None:
    """With a null MAIL FROM, SPF's HELO identity aligns (RFC 9989 section 4.4)."""
    dns = CaseResolver(
        [txt("mail.example.jp", "v=spf1 ip4:192.0.2.1 -all"), txt("_dmarc.example.jp", "v=DMARC1; p=reject")]
    )
    bounce = message(at=envelope("", helo="mail.example.jp"))
    seen = spf.check(bounce, Evidence(), context(dns))
    assert check.check(bounce, seen, context(dns)).result("dmarc") is AuthResult.PASS


def test_no_single_author_is_permerror() -> None:
    """Two From fields leave DMARC nothing to answer for."""
    raw = b"From: a@example.jp\r\nFrom: b@other.jp\r\n\r\nx\r\n"
    found = check.check(message(raw), Evidence(), context(CaseResolver([])))
    assert found.result("dmarc") is AuthResult.PERMERROR


def test_published_policy_is_a_fact() -> None:
    """A failure carries header.from and the policy that was asked for, and its finding names both."""
    dns = CaseResolver([txt("_dmarc.example.jp", "v=DMARC1; p=quarantine")])
    found = check.check(message(), Evidence(), context(dns))
    assert ("header.from", "example.jp") in found.results[0].properties
    assert ("policy.dmarc", "quarantine") in found.results[0].properties
    assert found.has("auth.dmarc_fail")
    assert "quarantine" in found.findings[0].reason_ja


def test_without_dns_there_is_nothing_to_say() -> None:
    """No resolver, no result: unknown is not none."""
    assert check.check(message(), Evidence(), context(None)).results == ()
