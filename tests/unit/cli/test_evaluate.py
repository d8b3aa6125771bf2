"""`sekisho evaluate`: two errors counted, each file judged alone."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import FAKE, GENUINE, Command, mail, write

from sekisho.cli import options
from sekisho.clock import SystemClock
from sekisho.config import load
from sekisho.evaluation.measure import wilson
from sekisho.package_data import shipped
from sekisho.runtime_changes import ListWatch
from sekisho.store.quarantine import Quarantine

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


def test_cases_without_labels_are_told_first(sekisho: Command, tmp_path: Path) -> None:
    """No table of zeros and no "wrong: 0 of 2", which would read as if all was right."""
    for number in range(2):
        write(tmp_path / "mine" / f"{number}.eml", mail("Amazon <info@stranger.example>"), FAKE)
    text = sekisho("evaluate", tmp_path, "--jobs", 1).out
    assert text.splitlines()[1].startswith(
        "No case has a label, so no rate can be measured: a label is a folder named phish or ham"
    )
    assert "wrong: 0 of 0" in text
    assert [line.split()[:3] for line in text.splitlines() if line.startswith("all")] == [
        ["all", "unlabelled", "2"]
    ]
    assert "by finding" not in text
    assert "percentile" not in text
    markdown = sekisho("evaluate", tmp_path, "--jobs", 1, "--format", "markdown").out
    assert markdown.split("\n\n")[1].startswith("No case has a label")


def test_some_cases_without_labels_are_told(sekisho: Command, corpus: Path) -> None:
    """They count in no rate."""
    text = sekisho("evaluate", corpus, "--jobs", 1).out
    assert text.splitlines()[1].startswith("1 of 6 cases have no label and count in no rate")
    assert "wrong: 2 of 5" in text


@pytest.mark.slow
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


def test_a_broken_case_is_an_error_row_and_status_2(sekisho: Command, corpus: Path) -> None:
    """Never left out: it has a reason, counts as an error, and is named; the others are judged all the same."""
    write(corpus / "ham" / "bad.eml", b"", {"rcpt": 5})
    write(corpus / "ham" / "word.eml", b"", {"expect": "spam"})
    write(corpus / "ham" / "text.eml", b"").with_suffix(".json").write_text("{", "utf-8")
    (corpus / "ham" / "gone.eml").symlink_to(corpus / "none")
    reasons = {
        "bad": "rcpt",
        "word": "'spam' is not one of",
        "text": "is not JSON at",
        "gone": "No such file",
    }
    done = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1)
    assert done.status == 2
    rows = {row["file"]: row["reason"] for row in done.json["wrong"] if row["verdict"] == "error"}
    said = dict(line.split(": ", 1) for line in done.err.splitlines())
    assert said == rows
    assert set(rows) == {f"ham/{name}.eml" for name in reasons}
    assert all(reason in rows[f"ham/{name}.eml"] for name, reason in reasons.items())
    ham = done.json["groups"]["ham"]
    assert (ham["total"], ham["error"], ham["accept"], ham["quarantine"]) == (7, 4, 2, 1)
    text = sekisho("evaluate", corpus, "--jobs", 1, "--top", 1)
    assert (text.status, text.err) == (2, done.err)


def test_a_pipe_among_the_cases_is_an_error_row(sekisho: Command, corpus: Path) -> None:
    """Who reads it waits until somebody writes."""
    os.mkfifo(corpus / "pipe.eml")
    done = sekisho("evaluate", corpus, "--format", "json")
    assert (done.status, "pipe.eml: is a pipe" in done.err) == (2, True)


def test_without_is_for_every_case(sekisho: Command, corpus: Path) -> None:
    """--without auth: nothing is degraded, since nothing was asked."""
    result = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1, "--without", "client,auth").json
    assert result["ham"]["degraded"] == 0


def test_text_shows_the_table_the_rates_and_the_wrong_ones(sekisho: Command, corpus: Path) -> None:
    """A reader sees every folder by its own name, rates with intervals, and each wrong file whole."""
    done = sekisho("evaluate", corpus, "--jobs", 1)
    assert done.status == 0
    for name in ("phish/one", "other/[bold]", "exact"):
        assert name in done.out
    low, high = wilson(1, 2)
    assert f"50.0% ({low:.1%}-{high:.1%})" in done.out
    assert "phish/one/missed.eml" in done.out
    assert "slowest: " in done.out


def test_a_folder_without_mail_is_wrong_usage(sekisho: Command, tmp_path: Path) -> None:
    """An evaluation of nothing is a mistake, not a success."""
    assert sekisho("evaluate", tmp_path).status == 2
    assert sekisho("evaluate", tmp_path / "none").status == 2


ACTIONS = {
    "tag": {"tag", "quarantine", "reject"},
    "quarantine": {"quarantine", "reject"},
    "reject": {"reject"},
}


def test_what_a_finding_is_worth_is_what_the_policy_says_without_it(sekisho: Command, corpus: Path) -> None:
    """Points of nothing for one finding, judged anew, give the change that was told without judging anew."""
    result = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1).json
    for name in ("auth.no_iprev", "proof.somebody_else", "origin.unusual_suffix"):
        config = corpus / "without.toml"
        config.write_text(f'[policy.points]\n"{name}" = 0\n', "utf-8")
        without = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1, "--config", config).json
        for label in ("phish", "ham"):
            told = result["findings"][name][label]["left_out"]
            for action, verdicts in ACTIONS.items():
                before, after = (
                    sum(each[label][verdict] for verdict in verdicts) for each in (result, without)
                )
                assert told[action] == after - before


def test_a_finding_that_decides_is_shown_to_decide(sekisho: Command, corpus: Path) -> None:
    """The display name alone makes the difference for the fake and for the genuine mail that is dressed as one."""
    worth = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1).json["findings"][
        "brand.display_name"
    ]
    assert worth["phish"] == {"found": 1, "left_out": {"tag": -1, "quarantine": -1, "reject": 0}}
    assert worth["ham"] == {"found": 1, "left_out": {"tag": -1, "quarantine": -1, "reject": 0}}


def test_groups_by_what_the_case_says(sekisho: Command, tmp_path: Path) -> None:
    """Language, kind and brand come from the sidecar, the brand else from the claim; labels stay apart."""
    fake = mail("Amazon <info@stranger.example>")
    write(tmp_path / "a.eml", fake, {**FAKE, "label": "phish", "lang": "ja", "brand": "rakuten"})
    write(tmp_path / "b.eml", fake, {**FAKE, "label": "ham", "lang": "ja", "kind": ["no", "word"]})
    write(tmp_path / "c.eml", fake, FAKE)
    by = sekisho("evaluate", tmp_path, "--format", "json", "--jobs", 1).json["by"]
    assert {name: set(each) for name, each in by["lang"].items()} == {"ja": {"phish", "ham"}}
    assert {name: set(each) for name, each in by["brand"].items()} == {
        "rakuten": {"phish"},
        "amazon-jp": {"ham", "unlabelled"},
    }
    assert by["kind"] == {}
    assert by["folder"]["."]["phish"]["total"] == 1


def test_scores_are_binned_once_each(sekisho: Command, corpus: Path) -> None:
    """Every labelled mail is in one bin, and the bin is that of its score."""
    result = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1).json
    scores = result["scores"]
    for label in ("phish", "ham"):
        assert len(scores[label]["counts"]) == len(scores["from"])
        assert sum(scores[label]["counts"]) == result[label]["total"]
    (missed,) = (row for row in result["wrong"] if row["verdict"] == "accept")
    assert missed["score"] == 0
    assert scores["phish"]["counts"][scores["from"].index(0)] == 1
    assert scores["phish"]["p5"] == 0


def test_without_a_brand(sekisho: Command, corpus: Path) -> None:
    """A registry without the brand, or without any, knows nothing of it; another brand's absence changes nothing."""

    def found(*options: str) -> int:
        result = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1, *options).json
        count: int = result["findings"]["brand.display_name"]["phish"]["found"]
        return count

    assert found() == found("--without-brand", "jcom") == 1
    assert found("--without-brand", "amazon-jp") == found("--without-brand", "all") == 0
    unknown = sekisho("evaluate", corpus, "--without-brand", "no-such-brand")
    assert unknown.status == 2
    assert "no-such-brand" in unknown.err


def test_only_the_tables_that_are_asked_for(sekisho: Command, corpus: Path) -> None:
    """--by names the tables and --top how long they are; what is left out is said."""
    done = sekisho("evaluate", corpus, "--jobs", 1, "--by", "folder", "--top", 1)
    assert "by folder" in done.out
    assert "by finding" not in done.out
    assert "by kind" not in done.out
    assert "… and 2 more" in done.out
    wrong = sekisho("evaluate", corpus, "--by", "folder,colour")
    assert wrong.status == 2
    assert "colour" in wrong.err


def test_a_table_in_a_file_is_never_cut(sekisho: Command, tmp_path: Path) -> None:
    """However long a folder's name is, its row is one line with all its numbers."""
    folder = tmp_path.joinpath(*["a" * 90] * 3)
    write(folder / "m.eml", mail("Flowers <shop@flower.example>"), {**GENUINE, "label": "ham"})
    out = sekisho("evaluate", tmp_path, "--jobs", 1).out
    (row,) = (line for line in out.splitlines() if line.startswith("a" * 90) and "m.eml" not in line)
    assert row.split()[1:7] == ["ham", "1", "1", "0", "0", "0"]


def test_markdown_names_no_file(sekisho: Command, corpus: Path) -> None:
    """Tables for a document: every one is well formed, and single mails stay at home."""
    out = sekisho("evaluate", corpus, "--jobs", 1, "--format", "markdown").out
    rows = [line for line in out.splitlines() if line.startswith("|")]
    assert len(rows) > 10
    assert ".eml" not in out
    assert "other/\\[bold]" in out
    for table in out.split("\n\n"):
        columns = {line.replace("\\|", "").count("|") for line in table.splitlines() if line.startswith("|")}
        assert len(columns) <= 1


@pytest.fixture
def machine(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, sekisho: Command
) -> Path:
    """The configuration of a machine whose lists block a genuine sender, and whose overlay renames a brand."""
    place = tmp_path_factory.mktemp("machine")
    config, brands = place / "sekisho.toml", place / "brands.d"
    config.write_text(
        f'[store]\nurl = "sqlite:///{place}/q.db"\n[brands]\noverlay = "{brands}"\n'
        f'[vocabulary]\noverlay = "{place}/vocabulary.d"\n',
        "utf-8",
    )
    brands.mkdir()
    (brands / "amazon-jp.toml").write_text('id = "amazon-jp"\nnames = ["Nile"]\nsources = ["us"]\n', "utf-8")
    Quarantine.open(load(config).store, SystemClock()).close()
    assert sekisho("list", "add", "block", "flower.example", "--config", config).status == 0
    watch = ListWatch(load(config).store, SystemClock())
    watch.turn()
    watch.close()
    monkeypatch.setattr(options, "DEFAULT_PATH", config)
    return config


def test_the_shipped_state_is_judged_with_unless_told_otherwise(
    sekisho: Command, corpus: Path, machine: Path
) -> None:
    """Neither the lists nor the overlays of the machine change a measurement; `--site` and `--config` ask for both."""

    def measured(*more: object) -> tuple[object, list[int], int]:
        result = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1, *more).json
        found = result["findings"]["brand.display_name"]
        held = [result[label]["quarantine"] for label in ("phish", "ham")]
        return result["judged_with"], held, found["phish"]["found"] + found["ham"]["found"]

    used = {"config": str(machine), "lists_version": 1, "overlays": [str(machine.parent / "brands.d")]}
    assert measured() == ("shipped", [1, 1], 2)
    assert measured("--site") == measured("--config", machine) == (used, [1, 2], 0)
    both = sekisho("evaluate", corpus, "--site", "--config", machine)
    assert (both.status, both.out) == (2, "")
    report = sekisho("check", corpus / "ham" / "a.eml", "--format", "json").json
    assert (report["judged_with"], report["decided_by"]) == (used, "block flower.example")


def test_the_text_begins_with_what_was_judged_with(sekisho: Command, corpus: Path, machine: Path) -> None:
    """One line, with what was left out; in Markdown a sentence."""
    first, *_ = sekisho("evaluate", corpus, "--jobs", 1, "--by", "folder").out.splitlines()
    assert first == "judged with: the shipped state, nothing of this machine"
    more = ("--site", "--without", "auth", "--without-brand", "jcom")
    first, *_ = sekisho("evaluate", corpus, "--jobs", 1, *more).out.splitlines()
    overlay = machine.parent / "brands.d"
    assert first == (
        f"judged with: {machine}; lists of the store, version 1; overlays {overlay}; without auth, the brand jcom"
    )
    out = sekisho("evaluate", corpus, "--jobs", 1, "--format", "markdown").out
    assert out.startswith(
        "Judged with: the shipped state, nothing of this machine.\n\n1 of 6 cases have no label"
    )


def test_another_registry(sekisho: Command, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The brand files of a folder stand in the place of the shipped ones, and the result says so."""
    registry = tmp_path_factory.mktemp("registry")
    shutil.copy(shipped("brands") / "jcom.toml", registry)
    result = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1, "--registry", registry).json
    assert result["findings"]["brand.display_name"]["phish"]["found"] == 0
    assert result["judged_with"] == {
        "config": None, "lists_version": 0, "overlays": [], "registry": str(registry),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "{registry}: No such file or directory"),
        ({}, "{registry}: has no brand files"),
        ({"x.toml": "names = 5"}, "{registry}/x.toml: names: must be a list (is 5)"),
    ],
)
def test_a_bad_registry_is_2(
    content: dict[str, str] | None, said: str, sekisho: Command, corpus: Path, tmp_path: Path
) -> None:
    """Everything that is wrong with it, and nothing is judged."""
    registry = tmp_path / "registry"
    if content is not None:
        registry.mkdir()
        for name, text in content.items():
            (registry / name).write_text(text, "utf-8")
    done = sekisho("evaluate", corpus, "--registry", registry)
    assert (done.status, done.out) == (2, "")
    assert said.format(registry=registry) in done.err.splitlines()


def test_verdicts_against_what_the_cases_expect(sekisho: Command, corpus: Path) -> None:
    """Right and wrong by label, folder and kind, with an interval; a wrong one says what was expected."""
    fake, plain = mail("Amazon <info@stranger.example>"), mail("Flowers <shop@flower.example>")
    write(corpus / "phish" / "two" / "tagged.eml", fake, {**FAKE, "expect": "reject"})
    write(corpus / "phish" / "two" / "held.eml", fake, {**FAKE, "expect": "tag", "kind": "exact"})
    write(corpus / "ham" / "free.eml", plain, {**GENUINE, "expect": "accept"})
    write(corpus / "ham" / "held.eml", fake, {**FAKE, "at_most": "tag"})
    write(corpus / "ham" / "may.eml", fake, {**FAKE, "at_most": "quarantine"})
    done = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1)
    expected, two = done.json["expected"], {"total": 2, "right": 1, "wrong": 1}
    assert (done.status, expected["total"], expected["right"], expected["wrong"]) == (0, 5, 3, 2)
    assert (expected["phish"], expected["ham"]) == (two, {"total": 3, "right": 2, "wrong": 1})
    assert expected["groups"]["phish/two"] == two
    assert expected["groups"]["exact"] == {"total": 1, "right": 1, "wrong": 0}
    wrong = {row["file"] for row in done.json["wrong"]}
    assert {"phish/two/tagged.eml", "ham/held.eml"} <= wrong
    assert not {"ham/may.eml", "phish/two/held.eml"} & wrong
    out = sekisho("evaluate", corpus, "--jobs", 1).out
    low, high = wilson(1, 2)
    (row,) = (line for line in out.splitlines() if line.split()[:4] == ["phish/two", "2", "1", "1"])
    assert f"50.0% ({low:.1%}-{high:.1%})" in row
    assert "phish/two/tagged.eml  (expected reject)" in out
    assert "ham/held.eml  (expected at most tag)" in out


@pytest.mark.parametrize("ending", [".jsonl", ".csv"])
def test_every_row_in_a_file(ending: str, sekisho: Command, corpus: Path, tmp_path: Path) -> None:
    """One line for each case, broken ones too; the old content is gone, and nobody else may read it."""
    write(corpus / "ham" / "bad.eml", b"", {"rcpt": 5})
    file = tmp_path / f"rows{ending}"
    file.write_text("old", "utf-8")
    result = sekisho("evaluate", corpus, "--format", "json", "--jobs", 1, "--rows", file).json
    text = file.read_text("utf-8")
    rows = (
        [json.loads(line) for line in text.splitlines()]
        if ending == ".jsonl"
        else [*csv.DictReader(text.splitlines())]
    )
    assert len(rows) == 7
    named = {row["file"]: row for row in rows}
    caught, bad = named["phish/one/caught.eml"], named["ham/bad.eml"]
    assert (caught["label"], caught["verdict"], caught["kind"]) == ("phish", "quarantine", "exact")
    assert (caught["folder"], caught["decided_by"]) == ("phish/one", "brand_impersonation")
    assert float(caught["seconds"]) > 0
    assert "brand.display_name" in caught["findings"]
    assert (bad["verdict"], "rcpt" in bad["reason"]) == ("error", True)
    assert {row["file"] for row in result["wrong"]} < set(named)
    assert file.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("-", "would mix with the report"),
        ("/dev/null", "is not a regular file"),
        ("none/rows.csv", "No such file or directory"),
        ("folder.csv", "is not a regular file"),
    ],
)
def test_rows_that_cannot_be_written_stop_the_run(
    name: str, said: str, sekisho: Command, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is judged, not after minutes."""
    monkeypatch.chdir(corpus)
    (corpus / "folder.csv").mkdir()
    monkeypatch.setattr("sekisho.case_runner.CaseRunner.of", lambda *_, **_more: pytest.fail("judged"))
    done = sekisho("evaluate", corpus, "--rows", name)
    assert (done.status, done.out) == (2, "")
    assert said in done.err
