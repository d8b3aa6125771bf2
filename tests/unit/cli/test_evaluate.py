"""`sekisho evaluate`: two errors counted, each file judged alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import FAKE, GENUINE, Command, mail, write

from sekisho.cli.evaluate import wilson

COUNTS = {"total", "accept", "tag", "quarantine", "reject", "tempfail", "error", "degraded"}


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Two fakes (one that nobody would find), three genuine (one of them dressed as a fake), one of no label."""
    fake, plain = mail("Amazon <info@stranger.example>"), mail("Flowers <shop@flower.example>")
    write(tmp_path / "phish" / "one" / "caught.eml", fake, {**FAKE, "kind": "exact"})
    write(tmp_path / "phish" / "one" / "missed.eml", plain, GENUINE)
    write(tmp_path / "ham" / "a.eml", plain, GENUINE)
    write(
        tmp_path / "ham" / "b.eml",
        plain,
        {**GENUINE, "dns": [{"name": "flower.example", "rcode": "TIMEOUT"}]},
    )
    write(tmp_path / "ham" / "c.eml", fake, FAKE)
    write(tmp_path / "other" / "[bold]" / "d.eml", fake, {**FAKE, "kind": "exact"})
    return tmp_path


def without_times(result: dict[str, Any]) -> dict[str, Any]:
    wrong = [{key: value for key, value in row.items() if key != "ms"} for row in result["wrong"]]
    return {**result, "seconds": None, "wrong": wrong}


def test_json_counts_every_file_by_label_and_folder(sekisho: Command, corpus: Path) -> None:
    """The published keys, and sums that fit together."""
    done = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1)
    result = done.json
    assert done.status == 0
    assert result.keys() >= {"phish", "ham", "groups", "wrong", "seconds"}
    for counts in (result["phish"], result["ham"], *result["groups"].values()):
        assert counts.keys() >= COUNTS
        assert sum(counts[key] for key in COUNTS - {"total", "degraded"}) == counts["total"]
    assert (result["phish"]["total"], result["phish"]["accept"], result["phish"]["quarantine"]) == (2, 1, 1)
    assert (result["ham"]["total"], result["ham"]["accept"], result["ham"]["degraded"]) == (3, 2, 1)
    assert set(result["groups"]) == {"phish/one", "ham", "other/[bold]", "exact"}
    assert result["groups"]["exact"]["total"] == 2


def test_wrong_are_the_fakes_accepted_and_the_genuine_touched(sekisho: Command, corpus: Path) -> None:
    """Both errors are listed with what decided, and nothing else is."""
    wrong = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1).json["wrong"]
    assert {(row["file"], row["label"], row["verdict"]) for row in wrong} == {
        ("phish/one/missed.eml", "phish", "accept"),
        ("ham/c.eml", "ham", "quarantine"),
    }
    (touched,) = (row for row in wrong if row["label"] == "ham")
    assert touched["findings"]
    assert touched["score"] == pytest.approx(sum(touched["findings"].values()))


def test_jobs_change_nothing(sekisho: Command, corpus: Path) -> None:
    """Each file is judged alone, so one process or three give the same."""
    one = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1).json
    three = sekisho("evaluate", corpus, "--format", "json", "--jobs", 3).json
    assert without_times(one) == without_times(three)


def test_what_check_says_evaluate_counts(sekisho: Command, corpus: Path) -> None:
    """The same file has the same verdict and score by both commands."""
    wrong = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1).json["wrong"]
    for row in wrong:
        report = sekisho("check", corpus / row["file"], "--format", "json").json
        assert (report["verdict"], report["score"]) == (row["verdict"], row["score"])


def test_an_unreadable_file_is_an_error_row(sekisho: Command, corpus: Path) -> None:
    """Never left out: it has a reason, counts as an error, and the others are judged all the same."""
    write(corpus / "ham" / "bad.eml", b"", {"rcpt": 5})
    (corpus / "ham" / "gone.eml").symlink_to(corpus / "none")
    done = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1)
    assert done.status == 0
    rows = {row["file"]: row for row in done.json["wrong"] if row["verdict"] == "error"}
    assert set(rows) == {"ham/bad.eml", "ham/gone.eml"}
    assert "rcpt" in rows["ham/bad.eml"]["reason"]
    assert "No such file" in rows["ham/gone.eml"]["reason"]
    assert done.json["groups"]["ham"]["error"] == 2
    assert done.json["groups"]["ham"]["total"] == 5


def test_without_is_for_every_case(sekisho: Command, corpus: Path) -> None:
    """--without auth: nothing is degraded, since nothing was asked."""
    result = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1, "--without", "client,auth").json
    assert result["ham"]["degraded"] == 0


def test_text_shows_the_table_the_rates_and_the_wrong_ones(sekisho: Command, corpus: Path) -> None:
    """A reader sees every folder by its own name, rates with intervals, and each wrong file whole."""
    done = sekisho("evaluate", corpus, "--jobs", 1)
    assert done.status == 0
    for name in ("all phish", "all ham", "phish/one", "other/[bold]", "exact"):
        assert name in done.out
    low, high = wilson(1, 2)
    assert f"50.0% ({low:.1%}-{high:.1%})" in done.out
    assert "phish/one/missed.eml" in done.out
    assert "slowest: " in done.out


def test_a_folder_without_mail_is_wrong_usage(sekisho: Command, tmp_path: Path) -> None:
    """An evaluation of nothing is a mistake, not a success."""
    assert sekisho("evaluate", tmp_path).status == 2
    assert sekisho("evaluate", tmp_path / "none").status == 2


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
