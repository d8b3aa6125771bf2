"""What the rows of an evaluation add up to."""

from __future__ import annotations

import pytest

from sekisho.evaluation import measure
from sekisho.evaluation.measure import wilson


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_intervals_are_the_published_ones(hits: int, total: int, low: float, high: float) -> None:
    """Newcombe, Statistics in Medicine 17 (1998), table I, the score method; and mirrored."""
    assert wilson(hits, total) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))
    assert wilson(total - hits, total) == (
        pytest.approx(1 - high, abs=5e-5),
        pytest.approx(1 - low, abs=5e-5),
    )


def test_nothing_observed_says_nothing() -> None:
    """No cases: the rate may be anything."""
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("values", "bins"),
    [
        ([-3.0], {None: 1}),
        ([0.0, 0.0], {0: 2}),
        ([0.2, 0.99], {0.01: 2}),
        ([1.0, 4.99, 5.0], {1: 1, 4: 1, 5: 1}),
        ([14.99, 15.0, 19.9, 20.0, 29.0, 30.0, 400.0], {14: 1, 15: 2, 20: 2, 30: 2}),
        ([], {}),
    ],
)
def test_the_edges_of_bins(values: list[float], bins: dict[float | None, int]) -> None:
    """A score that is an edge begins the bin; nothing at all is a bin of its own."""
    spread = measure.scores([{"label": "ham", "score": value} for value in values], 15.0)
    filled = {low: count for low, count in zip(spread["from"], spread["ham"]["counts"], strict=True) if count}
    assert filled == bins


VERDICTS = ("accept", "tag", "quarantine", "reject", "tempfail", "error")


@pytest.mark.parametrize(
    ("expectation", "fitting"),
    [
        ({"expect": "accept"}, {"accept"}),
        ({"expect": "tag"}, {"tag", "quarantine", "reject"}),
        ({"expect": "quarantine"}, {"quarantine", "reject"}),
        ({"expect": "reject"}, {"reject"}),
        ({"at_most": "accept"}, {"accept"}),
        ({"at_most": "tag"}, {"accept", "tag"}),
        ({"at_most": "reject"}, {"accept", "tag", "quarantine", "reject"}),
    ],
)
def test_the_verdicts_that_are_right(expectation: dict[str, str], fitting: set[str]) -> None:
    """`accept` exactly, the others at least; `at_most` up to it. No verdict, or a postponed one, is never right."""
    rows = [{"label": "ham", "verdict": verdict, **expectation} for verdict in VERDICTS]
    assert {row["verdict"] for row in rows if measure.right(row)} == fitting
    assert {row["verdict"] for row in rows if measure.wrong(row)} == set(VERDICTS) - fitting


def test_the_label_counts_where_a_case_expects_nothing() -> None:
    """What the case expects goes before its label: a genuine mail that may be tagged is not wrong."""
    assert measure.right({"label": "ham", "verdict": "tag"}) is None
    assert measure.wrong({"label": "ham", "verdict": "tag"})
    assert not measure.wrong({"label": "ham", "verdict": "tag", "at_most": "tag"})
    assert not measure.wrong({"label": None, "verdict": "tag"})
    assert measure.wrong({"label": "phish", "verdict": "tag", "expect": "quarantine"})


def test_right_and_wrong_by_label_folder_and_kind() -> None:
    """Only cases that expect something count, whatever their label."""
    row = {"label": "ham", "folder": "a/ham", "verdict": "tag", "kind": "codes"}
    rows = [
        {**row, "expect": "accept"},
        {**row, "at_most": "tag", "kind": None},
        {**row, "label": None, "folder": "b", "expect": "tag"},
        {**row, "folder": "c"},
    ]
    one, none = {"total": 1, "right": 1, "wrong": 0}, {"total": 0, "right": 0, "wrong": 0}
    half = {"total": 2, "right": 1, "wrong": 1}
    assert measure.expected(rows) == {
        "total": 3,
        "right": 2,
        "wrong": 1,
        "phish": none,
        "ham": half,
        "groups": {"a/ham": half, "b": one, "codes": half},
    }


def test_a_family_is_left_out_whole() -> None:
    """What one finding of a family alone does not change, all of them together do; a finding is no family."""
    row = {
        "label": "phish",
        "verdict": "tag",
        "findings": {"auth.spf_fail": 3.0, "auth.unproven": 3.0, "link.shortened": 0.0},
        "left_out": {"auth.": "accept"},
    }
    found = measure.families([row])
    assert found["auth."]["phish"] == {"found": 1, "left_out": {"tag": -1, "quarantine": 0, "reject": 0}}
    assert found["link."]["phish"] == {"found": 1, "left_out": {"tag": 0, "quarantine": 0, "reject": 0}}
    assert "auth.spf_fail" not in found
    assert measure.findings([row])["auth.spf_fail"]["phish"]["left_out"]["tag"] == 0
