"""Our Authentication-Results: what is written, that nothing can be put in, and how those of others are read."""

from __future__ import annotations

import email.message
import email.policy

import authres as library
import pytest

from sekisho.auth import authres
from sekisho.results import AuthResult, MethodResult

OURS = "mx.example.jp"

FULL = (
    MethodResult(
        "spf", AuthResult.PASS, "example.jp", properties=(("smtp.mailfrom", "example.jp"), ("via", "x y"))
    ),
    MethodResult(
        "dkim",
        AuthResult.POLICY,
        "example.jp",
        "body length",
        (
            ("header.d", "example.jp"),
            ("header.s", "s1"),
            ("header.a", "rsa-sha256"),
            ("header.b", "Ab+/12=="),
            ("key", "found"),
        ),
    ),
    MethodResult("dkim", AuthResult.FAIL, "other.jp", "the body was changed", (("header.d", "other.jp"),)),
    MethodResult(
        "dmarc",
        AuthResult.PASS,
        "example.jp",
        properties=(("header.from", "example.jp"), ("policy.dmarc", "reject")),
    ),
    MethodResult("arc", AuthResult.NONE),
    MethodResult("iprev", AuthResult.PASS, "mx.example.jp", properties=(("policy.iprev", "2001:db8::1"),)),
)


def written(*results: MethodResult, user: str | None = None) -> str:
    return authres.field(OURS, results, user)


def test_three_readers_agree() -> None:
    """The authres library, our own parser and a plain split read the same methods, words and properties."""
    value = written(*FULL)
    ours = authres.parse(value)
    assert ours is not None
    theirs = library.AuthenticationResultsHeader.parse_value(value.replace("\n", "\r\n"))
    assert theirs.authserv_id == ours.authserv_id == OURS
    assert [(each.method, each.result) for each in theirs.results] == [
        (each.method, each.result) for each in ours.results
    ]
    for their, our in zip(theirs.results, ours.results, strict=True):
        assert [(f"{p.type}.{p.name}", p.value) for p in their.properties] == list(our.properties)
        assert (their.reason or "") == our.reason
    plain = [part.split()[0] for part in value.split(";")[1:]]
    assert plain == [f"{each.method}={each.result}" for each in ours.results]


def test_the_order_and_what_is_left_out() -> None:
    """Methods come in a fixed order; private properties are not written."""
    ours = authres.parse(written(*FULL))
    assert ours is not None
    assert [each.method for each in ours.results] == ["iprev", "spf", "dkim", "dkim", "arc", "dmarc"]
    assert "via" not in written(*FULL)
    assert "key=" not in written(*FULL)


def test_unknown_is_never_written() -> None:
    """What is not known is left out; when nothing is known the field says none."""
    nothing = (MethodResult("spf", AuthResult.UNKNOWN), MethodResult("dkim", AuthResult.UNKNOWN))
    assert written(*nothing) == "mx.example.jp; none"
    assert "unknown" not in written(*nothing, MethodResult("arc", AuthResult.NONE))


def test_recorded_results_are_marked() -> None:
    """What somebody else found is marked as recorded in a comment that readers skip."""
    value = written(MethodResult("spf", AuthResult.PASS, "a.jp", recorded=True))
    assert "(recorded)" in value
    parsed = authres.parse(value)
    assert parsed is not None
    assert parsed.results[0].result == "pass"


def test_lines_are_short() -> None:
    """Folded with LF and space, lines stay short even with the longest names."""
    long = ".".join(["a" * 63] * 3 + ["a" * 58])
    many = FULL * 5 + (MethodResult("dkim", AuthResult.PASS, long, properties=(("header.d", long),)),)
    lines = written(*many).split("\n")
    assert max(map(len, lines)) < 300
    assert all(line.startswith(" ") for line in lines[1:])
    assert all(len(line) <= 90 for line in lines if long not in line)


HOSTILE = [
    "legitimate.example(a.attack.example",
    'x" smtp.mailfrom="bank.example',
    "a.jp; dkim=pass header.d=bank.example",
    "a.jp\r\nX-Injected: yes",
    "a.jp\n dkim=pass",
    "a.jp\0",
    "a\\",
    "例え.jp",
    "a b.jp",
    "a" * 300,
    "",
    "=",
    "a@b.jp",
    ";",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", sorted(authres.PROPERTIES))
def test_nothing_can_be_put_into_it(name: str, text: str) -> None:
    """A hostile value of any property, reason or login adds no result, property or line."""
    result = MethodResult("spf", AuthResult.FAIL, "a.jp", text, ((name, text), (text, "a.jp")))
    value = written(result, user=text)
    assert value.replace("\n ", " ") in ("mx.example.jp; spf=fail", 'mx.example.jp; spf=fail reason="a b.jp"')


def test_login_is_written_when_harmless() -> None:
    """An authenticated login is an auth result."""
    value = written(user="tanaka")
    parsed = authres.parse(value)
    assert parsed is not None
    assert (parsed.results[0].method, parsed.results[0].get("smtp.auth")) == ("auth", "tanaka")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text", ["(" * 60_000, "\\" * 60_000, '"' * 60_001, "=" * 60_000, ";" * 60_000, "a.b." * 15_000]
)
def test_hostile_values_are_read_in_a_moment(text: str) -> None:
    """Deep comments, endless quotes and separators cost linear time and raise nothing."""
    authres.parse(text)


# --- parse ----------------------------------------------------------------------------------------


def test_rfc_examples() -> None:
    """Examples in the style of RFC 8601 appendix B are read."""
    parsed = authres.parse(
        " example.com;\r\n  auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n"
        "  spf=pass\r\n   smtp.mailfrom=example.net"
    )
    assert parsed is not None
    assert [each.method for each in parsed.results] == ["auth", "spf"]
    assert parsed.results[0].get("smtp.auth") == "sender@example.net"
    none = authres.parse("example.org 1; none")
    assert none is not None
    assert none.results == ()
    odd = authres.parse(
        "foo.example.net (foobar) 1 (baz);\r\n dkim (I like it) / 1 (One yay) = (wait for it) fail\r\n"
        " policy (A dot can go here) . (like that) expired\r\n (a surprise) = (as I thought) 1362471462"
    )
    assert odd is not None
    assert (odd.results[0].method, odd.results[0].result) == ("dkim", "fail")
    assert odd.results[0].get("policy.expired") == "1362471462"


@pytest.mark.parametrize(
    "text", ["", ";", "a b c; spf=pass", "a 2; spf=pass", "a; spf", "a; spf=", "a; =pass", "a; spf=pass x"]
)
def test_what_is_none(text: str) -> None:
    """What RFC 8601 does not allow is not read as anything."""
    assert authres.parse(text) is None


def test_python_can_carry_it() -> None:
    """The standard library's message keeps the folded value in one field."""
    carrier = email.message.EmailMessage(policy=email.policy.compat32)
    carrier["Authentication-Results"] = written(*FULL)
    assert len(carrier.as_bytes().split(b"\n\n")[0].split(b"Authentication-Results")) == 2


@pytest.mark.parametrize(
    ("text", "properties"),
    [
        ('m; dkim=fail reason="not signed." header.d=a.example', (("header.d", "a.example"),)),
        (
            "m; spf=pass smtp.helo=a.example. smtp.mailfrom=b.example",
            (("smtp.helo", "a.example."), ("smtp.mailfrom", "b.example")),
        ),
        ('m; spf=pass smtp.mailfrom="a b"@c.example', (("smtp.mailfrom", "a b@c.example"),)),
        ("m; dkim=pass header . d = a.example", (("header.d", "a.example"),)),
    ],
)
def test_dots_at_the_end_join_nothing(text: str, properties: tuple[tuple[str, str], ...]) -> None:
    """A dot in quotes, or at the end of a value, is no part of the name that follows."""
    parsed = authres.parse(text)
    assert parsed is not None
    assert parsed.results[0].properties == properties
