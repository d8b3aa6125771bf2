"""The policy table, interpreted."""

from __future__ import annotations

import pytest

from sekisho.checks.table import KINDS
from sekisho.evidence import Evidence, FindingKind
from sekisho.policy import Rules, weigh
from sekisho.policy.decide import by_points, decide, holds
from sekisho.policy.table import COMBINATIONS, STACKS, Combination
from sekisho.verdict import Disposition, Thresholds, Verdict


def found(**points: float) -> Evidence:
    """Evidence with a finding for each keyword: family__name=points."""
    kinds = [FindingKind(name.replace("__", ".", 1), value, "en", "ja") for name, value in points.items()]
    return Evidence(findings=tuple(kind.found() for kind in kinds))


def verdict(evidence: Evidence, allowed: str | None = None, blocked: str | None = None) -> Verdict:
    weights = weigh(evidence, {})
    return decide(weights, Rules(), allowed=allowed, blocked=blocked, block=Disposition.QUARANTINE)


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (4.99, Disposition.ACCEPT),
        (5.0, Disposition.TAG),
        (7.99, Disposition.TAG),
        (8.0, Disposition.QUARANTINE),
        (14.99, Disposition.QUARANTINE),
        (15.0, Disposition.REJECT),
    ],
)
def test_thresholds_hold_from_their_own_value(score: float, expected: Disposition) -> None:
    """A score that equals a threshold has reached it."""
    assert by_points(score, Thresholds()) is expected


def test_a_kind_counts_once() -> None:
    """The same finding seen five times is one finding: an attacker's newsletter of links is not five crimes."""
    kind = FindingKind("a.b", 3, "en", "ja")
    assert weigh(Evidence(findings=(kind.found(),) * 5), {}) == {"a.b": 3}


def test_points_can_be_set_by_the_operator() -> None:
    """An override replaces the shipped points, for that finding alone."""
    assert weigh(found(a__b=3, a__c=2), {"a.b": 0.5}) == {"a.b": 0.5, "a.c": 2}


def test_a_trusted_sealer_takes_back_authentication_points_only() -> None:
    """Forwarding excuses broken authentication; it excuses no identity finding."""
    weights = weigh(
        found(arc__trusted_sealer=0, auth__dmarc_fail=2, auth__spf_fail=1, brand__display_name=6), {}
    )
    assert weights["auth.dmarc_fail"] == weights["auth.spf_fail"] == 0
    assert weights["brand.display_name"] == 6


def test_what_one_contradiction_says_in_several_places_counts_once() -> None:
    """The strongest counts whole, of the further ones a share, and together no more than the row allows."""
    row = STACKS[0]
    weights = weigh(found(brand__display_name=6, brand__signed=2.6, brand__subject=1, lure__asks=0.5), {})
    assert weights["brand.display_name"] == 6
    assert weights["brand.signed"] == pytest.approx(2.6 * row.share)
    assert weights["brand.subject"] == pytest.approx(row.share)
    assert weights["lure.asks"] == 0.5
    most = weigh(found(**{name.replace(".", "__"): 6 for name in row.of}), {})
    assert sum(most.values()) == pytest.approx(6 + row.most, abs=0.1)  # each is rounded


def test_a_single_place_counts_whole() -> None:
    """Nothing is taken from a finding that stands alone, or from one without points."""
    assert weigh(found(brand__signed=2.6, brand__content=0), {}) == {"brand.signed": 2.6, "brand.content": 0}


def test_a_name_without_a_payload_is_not_held() -> None:
    """The same contradiction is held with a payload, and tagged without one."""
    contradiction = {
        "brand__display_name": 6,
        "brand__headed": 2.5,
        "brand__signed": 2.6,
        "proof__somebody_else": 2,
    }
    assert verdict(found(**contradiction)).disposition is Disposition.QUARANTINE
    without = verdict(found(**contradiction, lure__no_payload=0))
    assert (without.disposition, without.score) == (Disposition.TAG, 6.0)


FORGED = {"auth__spf_fail": 1.5, "auth__dmarc_fail": 2, "auth__unproven": 1.5}


def test_that_nothing_proves_the_author_is_one_fact() -> None:
    """However many methods say so, the strongest counts; what the author's domain asks for is another fact."""
    assert sum(weigh(found(**FORGED), {}).values()) == 2
    assert sum(weigh(found(**FORGED, auth__asks_reject=2), {}).values()) == 4
    assert sum(weigh(found(**FORGED, brand__own_domain_unproven=8), {}).values()) == 8


def test_authentication_alone_never_marks() -> None:
    """Small senders and forwarded mail fail all of it; results that were forged in our name are no such failure."""
    everything = {**FORGED, "auth__asks_reject": 2, "auth__no_iprev": 1}
    assert verdict(found(**everything)).disposition is Disposition.ACCEPT
    assert verdict(found(**everything, auth__forged_results=2)).disposition is Disposition.TAG


def test_a_brands_address_that_was_passed_on_is_marked_and_not_held() -> None:
    """A known forwarder explains the broken proof; another name than the author's it does not explain."""
    forged = found(**FORGED, auth__asks_reject=2, brand__own_domain_unproven=8)
    assert verdict(forged).disposition is Disposition.QUARANTINE
    passed_on = forged + found(indirect__proven=0)
    assert (verdict(passed_on).disposition, verdict(passed_on).score) == (Disposition.TAG, 5.0)
    named = passed_on + found(brand__display_name=6)
    assert verdict(named).disposition is Disposition.QUARANTINE


def test_a_brands_address_without_a_payload_is_marked_and_not_held() -> None:
    """Words that lures use do no harm where the message leads nowhere but to the brand."""
    forged = found(
        **FORGED, auth__asks_reject=2, brand__own_domain_unproven=8, lure__account=0.8, lure__asks=0.5
    )
    without = verdict(forged + found(lure__no_payload=0))
    assert (without.disposition, without.score) == (Disposition.TAG, 6.0)


def test_a_combination_decides_where_points_would_not() -> None:
    """Two From fields are quarantined by name, even if an operator gave them no points."""
    weights = weigh(found(author__several_fields=0), {})
    result = decide(weights, Rules(), allowed=None, blocked=None, block=Disposition.TAG)
    assert (result.disposition, result.decided_by) == (Disposition.QUARANTINE, "ambiguous_author")


def test_points_that_are_severer_than_a_combination_decide() -> None:
    """A combination raises a verdict to at least its own and never lowers it."""
    result = verdict(found(author__several_fields=20))
    assert (result.disposition, result.decided_by) == (Disposition.REJECT, "points")


def test_allow_wins_over_block_and_over_everything() -> None:
    """The allow list is the operator's last word."""
    result = verdict(found(author__several_fields=30), allowed="example.jp", blocked=".jp")
    assert (result.disposition, result.decided_by) == (Disposition.ACCEPT, "allow example.jp")
    assert result.score == 30


def test_block_raises_and_never_lowers() -> None:
    """A block entry decides at least its action; a worse verdict stays."""
    assert verdict(found(), blocked=".cn").disposition is Disposition.QUARANTINE
    assert verdict(found(a__b=20), blocked=".cn").disposition is Disposition.REJECT


def test_a_combination_needs_all_and_any() -> None:
    """All of `all_of` and one of `any_of`; an empty row holds for nobody."""
    row = Combination("x", Disposition.TAG, all_of=("a.b",), any_of=("c.d", "e."))
    assert holds(row, ["a.b", "e.f"])
    assert not holds(row, ["a.b"])
    assert not holds(row, ["c.d"])
    assert not holds(Combination("empty", Disposition.TAG), ["a.b"])


def test_combinations_name_findings_that_exist() -> None:
    """A misspelt id in the table would never decide anything, silently."""
    ids = {kind.id for kind in KINDS}
    named = {name for row in COMBINATIONS for name in row.all_of + row.any_of if not name.endswith(".")}
    assert named - ids == set()
