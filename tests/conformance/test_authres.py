"""Three parsers read our Authentication-Results alike: the authres library, Perl's Mail::AuthenticationResults, ours.

The values are made from results that no honest message gives: text from anywhere in reasons and properties. What
all three must see is what was meant, and nothing else.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from functools import cache
from typing import Any

import authres as library
import pytest
from tests.auth_support import context, message

from sekisho.auth import authres
from sekisho.auth.forged_fields import OwnFields, is_forged
from sekisho.checks.authentication import forged
from sekisho.evidence import NOTHING
from sekisho.message import Field
from sekisho.results import AuthResult, MethodResult

OURS = "mx.example.jp"
COUNT = 400
PERL = """
use strict; use warnings;
use JSON::PP; use Mail::AuthenticationResults::Parser;
my @out;
for my $value (@{decode_json(do { local $/; <STDIN> })}) {
    my $header = Mail::AuthenticationResults::Parser->new()->parse($value);
    push @out, [$header->value->value, [map {
        my $entry = $_;
        [$entry->key, $entry->value, [map { [$_->key, $_->value] }
            grep { $_->isa('Mail::AuthenticationResults::Header::SubEntry') } @{$entry->children}]]
    } grep { $_->isa('Mail::AuthenticationResults::Header::Entry') } @{$header->children}]];
}
print encode_json(\\@out);
"""
Reading = tuple[str, list[tuple[str, str, list[tuple[str, str]]]]]
"""authserv-id, and of each result the method, the word and the properties (a reason among them)."""

PIECES = (
    "example.jp", "bank.example", "a", "-", ".", "..", "=", ";", '"', "\\", "(", ")", " ", "\t", "\r\n ", "\n", "\0",
    "\x1b[2J", "@", "<", ">", "dkim=pass", "; spf=pass", "例え", "\u202e", "/", "+", "x" * 300, "2001:db8::1", "%s",
    "reason=", "Ab+/12==",
)  # fmt: skip


def hostile(rng: random.Random) -> str:
    return "".join(rng.choices(PIECES, k=rng.randint(0, 4)))


def results(rng: random.Random) -> list[MethodResult]:
    names = [*sorted(authres.PROPERTIES), "via", "header.d; spf"]
    return [
        MethodResult(
            rng.choice(authres.FIELD_ORDER),
            rng.choice(list(AuthResult)),
            reason=hostile(rng),
            properties=tuple((name, hostile(rng)) for name in rng.sample(names, rng.randint(0, 5))),
            recorded=rng.random() < 0.1,
        )
        for _ in range(rng.randint(0, 6))
    ]


@cache
def values() -> tuple[str, ...]:
    """The same fields in every run."""
    rng = random.Random(8601)
    return tuple(authres.field(OURS, results(rng), hostile(rng)) for _ in range(COUNT))


def ours(value: str) -> Reading:
    parsed = authres.parse(value)
    assert parsed is not None
    found = [
        (each.method, each.result, [*([("reason", each.reason)] if each.reason else []), *each.properties])
        for each in parsed.results
    ]
    return parsed.authserv_id, found


def authres_library(value: str) -> Reading:
    parsed = library.AuthenticationResultsHeader.parse_value(value.replace("\n", "\r\n"))
    found = [
        (
            each.method,
            each.result,
            [
                *([("reason", each.reason)] if each.reason else []),
                *((f"{pair.type}.{pair.name}", pair.value) for pair in each.properties),
            ],
        )
        for each in parsed.results
    ]
    return parsed.authserv_id, found


@cache
def perls() -> list[Any]:
    """What Perl reads of all values, in one run."""
    if (
        shutil.which("perl") is None
        or subprocess.run(
            ["perl", "-MMail::AuthenticationResults::Parser", "-e1"], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("Debian's libmail-authenticationresults-perl is not installed: `make test` installs it")
    done = subprocess.run(
        ["perl", "-e", PERL], input=json.dumps(values()), capture_output=True, text=True, check=True
    )
    return list(json.loads(done.stdout))


def test_three_parsers_agree() -> None:
    """Of every field that we may write, all three read the same names, words, reasons and properties."""
    for value, perl in zip(values(), perls(), strict=True):
        read = ours(value)
        assert authres_library(value) == read, value
        name, rows = perl
        assert (name, [(key, word, [tuple(pair) for pair in pairs]) for key, word, pairs in rows]) == read


def test_the_sample_says_something() -> None:
    """Most fields hold results, some nothing but `none`: the agreement is not about nothing."""
    counts = [len(ours(value)[1]) for value in values()]
    assert sum(counts) > COUNT
    assert 0 in counts


def test_what_we_write_is_known_as_ours() -> None:
    """Each of these fields claims our name when a message brings it, to the library and to the check."""
    for value in values():
        written = value.replace("\n", "\r\n").encode()
        assert is_forged(Field(b"Authentication-Results", written), OwnFields(OURS))
        brought = message(b"Authentication-Results: " + written + b"\r\nFrom: a@example.jp\r\n\r\nx\r\n")
        assert forged.check(brought, NOTHING, context()).has("auth.forged_results")
