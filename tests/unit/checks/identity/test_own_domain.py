"""A brand's own address without proof: what accuses it, what explains it, and what neither does."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from tests.auth_support import Owners, context, message

from sekisho.checks.authentication import proof
from sekisho.checks.identity import own_domain
from sekisho.checks.lure import payload
from sekisho.evidence import AuthorStatus, Claim, Destination, Evidence, Place, Proof, Strength
from sekisho.message import Link
from sekisho.results import AuthResult, MethodResult


@dataclass(frozen=True)
class OneBrand(Owners):
    """A registry of one brand with `brand.example`."""

    def affiliates(self, brand: str) -> frozenset[str]:
        return frozenset({brand})

    def could_own(self, domain: str, brand: str) -> bool:
        return brand == "brand" and (domain == "brand.example" or domain.endswith(".brand.example"))

    def verify_at(self, brand: str) -> tuple[str, str]:  # type: ignore[override]
        return "Look there.", "そこで確かめてください。"


NAMED = Claim("brand", Place.DISPLAY_NAME, "Brand")
OWN = Claim("brand", Place.AUTHOR_DOMAIN, "brand.example")
MENTIONED = Claim("brand", Place.BODY, "Brand", Strength.WEAK)
FAILED = {"spf": "fail", "dkim": "none", "dmarc": "fail"}
TEXT = "Your order was shipped today. It will arrive tomorrow, between nine and noon."


def results(**words: str) -> tuple[MethodResult, ...]:
    return tuple(MethodResult(method, AuthResult(word)) for method, word in words.items())


def evidence(
    author: str,
    claims: tuple[Claim, ...],
    known: tuple[MethodResult, ...] = (),
    *proofs: Proof,
    name: str = "Brand",
    hosts: tuple[str, ...] = (),
    text: str = TEXT,
) -> Evidence:
    """What `proof`, `own_domain` and `payload` find of a message with links to the hosts."""
    read = message(f"From: {name} <a@{author}>\r\n\r\n{text}".encode())
    links = tuple(Link(f"https://{host}/", host, "", "text") for host in hosts)
    read = replace(read, links=links)
    proven = any(each.aligned for each in proofs)
    checked = proof.check(
        read, Evidence(results=known, proofs=proofs), replace(context(), registry=OneBrand())
    )
    seen = Evidence(
        results=known,
        claims=claims,
        proofs=proofs,
        destinations=tuple(Destination(each.host or "", each.host or "", each) for each in links),
        author_status=AuthorStatus.AUTHENTICATED if proven else checked.author_status,
        findings=checked.findings,
    )
    at = replace(context(), registry=OneBrand())
    seen += own_domain.check(read, seen, at)
    return seen + payload.check(read, seen, at)


def found(
    author: str, claims: Claim | tuple[Claim, ...], known: tuple[MethodResult, ...] = (), *proofs: Proof
) -> list[str]:
    given = claims if isinstance(claims, tuple) else (claims,)
    return [each.kind.id for each in evidence(author, given, known, *proofs).findings]


@pytest.mark.parametrize(
    ("known", "refuted"),
    [
        ({}, False),
        ({"spf": "fail"}, False),
        ({"spf": "fail", "dkim": "unknown"}, False),
        ({"spf": "fail", "dkim": "none"}, True),
        ({"spf": "none", "dkim": "none", "dmarc": "none"}, True),
        ({"dmarc": "fail"}, True),
        ({"spf": "fail", "dkim": "temperror", "dmarc": "temperror"}, False),
        ({"spf": "temperror", "dkim": "none", "dmarc": "fail"}, False),
        ({"spf": "fail", "dkim": "policy", "dmarc": "fail"}, True),
    ],
)
def test_the_brands_own_domain(known: dict[str, str], refuted: bool) -> None:
    """Unproven is only what was looked at in full: ignorance and DNS failing accuse nobody."""
    ids = found("brand.example", OWN, results(**known))
    assert ("brand.own_domain_person" in ids) is refuted
    named = found("brand.example", (OWN, NAMED), results(**known))
    assert ("brand.own_domain_unproven" in named) is refuted


def test_an_aligned_proof_of_a_mailbox_is_not_held_against_the_domain() -> None:
    """Where customers write from the brand's domain, an authenticated customer is no forger of it."""
    mailbox = Proof("brand.example", "dkim", True, None, "mailbox")
    assert found("brand.example", OWN, results(spf="none", dkim="pass"), mailbox) == []


@pytest.mark.parametrize(
    ("name", "claims", "person"),
    [
        ("Dana Smith", (OWN,), True),
        ("Dana Smith", (OWN, MENTIONED), True),
        ("Dana Smith", (OWN, Claim("brand", Place.SIGNATURE, "Brand")), False),
        ("Dana Smith", (OWN, replace(MENTIONED, strength=Strength.STRONG)), False),
        ("Customer Support", (OWN, MENTIONED), False),
        ("", (OWN,), False),
    ],
)
def test_who_writes_under_a_name_of_its_own(name: str, claims: tuple[Claim, ...], person: bool) -> None:
    """People of a company mention it; an office, and who signs as the brand, speaks for it."""
    ids = [each.kind.id for each in evidence("brand.example", claims, results(**FAILED), name=name).findings]
    assert ("brand.own_domain_person" in ids) is person
    assert ("brand.own_domain_unproven" in ids) is not person


@pytest.mark.parametrize(
    ("hosts", "text", "harmless"),
    [
        ((), TEXT, True),
        (("www.brand.example",), TEXT, True),
        (("www.brand.example", "stranger.example"), TEXT, False),
        ((), f"{TEXT} See brand-check.com for more.", False),
        ((), f"{TEXT} Write to help@stranger.example.", False),
        ((), f"{TEXT} Pay to GB29 NWBK 6016 1331 9268 19.", False),
        ((), "Look.", False),
    ],
)
def test_what_serves_nobody_but_the_brand(hosts: tuple[str, ...], text: str, harmless: bool) -> None:
    """A notice that leads nowhere else has no payload; one more link, host, address or account is one."""
    seen = evidence("brand.example", (OWN, NAMED), results(**FAILED), hosts=hosts, text=text)
    assert seen.has("lure.no_payload") is harmless
