"""No signature, envelope sender, header field, ARC set or part of a stranger helps a forged message.

A temporary error of a stranger's name server once made everything unknown that speaks against a forgery, and a List-Id
under a signature of the sender's own took the points of authentication back.
"""

from __future__ import annotations

import functools

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from tests.attackers.strangers import (
    ADDITIONS,
    FORGERIES,
    STRANGERS,
    Addition,
    Draft,
    chain,
    points,
    signature,
)
from tests.slices import sliced

from sekisho.policy.table import STACKS, family_of

ADDITION = st.sampled_from(sorted(ADDITIONS)).flatmap(lambda kind: st.tuples(st.just(kind), ADDITIONS[kind]))
SEVERAL = st.lists(ADDITION, min_size=1, max_size=3)


# Their author's domain publishes no DMARC policy, or `p=none`, and nothing authenticates it.
OPEN_DOMAINS = frozenset(
    name
    for name, forgery in FORGERIES.items()
    if not forgery.signed_by and not any("p=reject" in each["value"] for each in forgery.dns)
)


def excused(finding: str, forgery: str, kinds: set[str], after: dict[str, float]) -> bool:
    """The closed list of what an addition may lower, each with its reason."""
    family = finding.partition(".")[0]
    open_domain = forgery in OPEN_DOMAINS
    # SPF speaks of the one envelope sender that there is. With another one, what it said of the first is gone.
    # Of an author that is proven, it is all that the stack has.
    if finding == "auth.nothing_proves_it" and "auth.unproven" not in after:
        return "envelope" in kinds
    # A domain without a policy or with `p=none` has not set up what its sending platform needs: the platform's proof
    # takes all but one point of the authentication findings back, and a page that leads to the author's domain leads
    # home, as that of an authenticated author does. Only a known platform does, and only for such a domain.
    if family == "auth" or finding == "brand.leads_away":
        return open_domain and "auth.platform_unaligned" in after
    # Where the author's domain publishes no policy or `p=none`, whoever is proven to have sent the message may be the
    # platform that it hired, and a page that leads there leads home.
    leads = family in ("link", "page") or finding in ("lure.leads_away", "organisation.unrelated")
    if leads and open_domain and kinds & {"signature", "envelope"}:
        return True
    # An authenticated sender whose page leads to more than a dozen organisations is a newsletter.
    return leads and forgery == "answers to a free mailbox" and "part" in kinds


@functools.cache
def alone(forgery: str) -> tuple[float, dict[str, float]]:
    return points(Draft(FORGERIES[forgery]))


def grouped(found: dict[str, float]) -> dict[str, float]:
    """The points by what is said: the findings of a stack say one thing, whichever of them counts."""
    said: dict[str, float] = {}
    for name, points_of_it in found.items():
        stack = next((family_of(row.of[0]) + row.name for row in STACKS if name in row.of), name)
        said[stack] = said.get(stack, 0.0) + points_of_it
    return said


def check(forgery: str, additions: list[tuple[str, Addition]]) -> None:
    draft = Draft(FORGERIES[forgery])
    for _, add in additions:
        add(draft)
    kinds = {kind for kind, _ in additions}
    (before, findings), (score, after) = alone(forgery), points(draft)
    now = grouped(after)
    lost = {name: (had, now.get(name)) for name, had in grouped(findings).items() if now.get(name, 0.0) < had}
    unexcused = {name: pair for name, pair in lost.items() if not excused(name, forgery, kinds, after)}
    assert not unexcused, (forgery, draft.extra, draft.below, draft.facts, len(draft.seals))
    assert lost or score >= before


@pytest.mark.parametrize("number", sliced(map(str, range(20)), 20))
def test_no_addition_of_a_stranger_lowers_a_finding(number: str) -> None:
    """Each finding of the forgery alone is there with as many points, and the score is as high. Twenty times a thousand
    examples."""

    @seed(int(number))
    @settings(max_examples=1_000, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(sorted(FORGERIES)), SEVERAL)
    def holds(forgery: str, additions: list[tuple[str, Addition]]) -> None:
        check(forgery, additions)

    holds()


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("forgery", ["a brand's own domain", "the site's own domain"])
def test_one_signature_of_a_stranger(forgery: str, stranger: str) -> None:
    """Valid, or with a key that nobody can look up: the forgery is rejected as it is without."""
    draft = Draft(FORGERIES[forgery], seals=[signature(stranger, "s1")])
    assert points(draft)[0] >= alone(forgery)[0] >= 15


@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.parametrize("forgery", ["a brand's own domain", "the site's own domain"])
def test_an_envelope_sender_of_a_stranger(forgery: str, stranger: str) -> None:
    """The same for MAIL FROM."""
    draft = Draft(FORGERIES[forgery], facts={"envelope_from": f"x@{stranger}"})
    assert points(draft)[0] >= alone(forgery)[0] >= 15


@pytest.mark.parametrize("forgery", ["a brand's own domain", "the site's own domain"])
def test_a_list_of_the_senders_own(forgery: str) -> None:
    """A List-Id, a rewritten envelope sender and an ARC chain in the name of a domain that signs the message."""
    domain = "stranger.example"
    draft = Draft(
        FORGERIES[forgery],
        extra=[f"List-Id: <news.{domain}>", f"List-Post: <mailto:news@{domain}>", f"Sender: news@{domain}"],
        seals=[chain(domain), signature(domain, "s1")],
        facts={"envelope_from": f"SRS0=ab1c=T2=amazon.co.jp=info@{domain}"},
        dns=[{"name": domain, "type": "TXT", "value": "v=spf1 +all"}],
    )
    assert points(draft)[0] >= alone(forgery)[0]


def test_signatures_of_strangers_push_none_out() -> None:
    """However many stand above it, the author's own signature is looked at."""
    draft = Draft(FORGERIES["a genuine message with another subject"])
    draft.seals += [signature("stranger.example", f"s{number % 8}") for number in range(40)]
    assert (
        points(draft)[1]["dkim.added_field"]
        == alone("a genuine message with another subject")[1]["dkim.added_field"]
    )
