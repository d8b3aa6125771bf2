"""The rows of an evaluation in a file."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from sekisho.evaluation import RowsFileError, rows_file
from sekisho.evaluation.rows_file import COLUMNS

ROW: dict[str, Any] = {
    "file": 'ham/a, "b".eml',
    "folder": "ham",
    "label": "ham",
    "expect": "accept",
    "verdict": "tag",
    "score": 5.5,
    "findings": {"brand.subject": 1.5, "auth.spf_fail": 4.0},
    "left_out": {"brand.": "accept"},
    "degraded": False,
    "ms": 12.5,
}


def test_a_row_of_json(tmp_path: Path) -> None:
    """Every column, findings with points, seconds; what is not known is null."""
    with rows_file(tmp_path / "r.jsonl") as write:
        write([ROW, {"file": "b", "label": None, "verdict": "error", "reason": "why"}])
    one, two = map(json.loads, (tmp_path / "r.jsonl").read_text("utf-8").splitlines())
    assert tuple(one) == tuple(two) == COLUMNS
    assert (one["right"], one["seconds"], one["findings"]) == (False, 0.0125, ROW["findings"])
    assert (two["right"], two["score"], two["reason"]) == (None, None, "why")


def test_a_row_of_csv(tmp_path: Path) -> None:
    """A header, quoted where it must be; the findings are one field."""
    with rows_file(tmp_path / "r.csv") as write:
        write([ROW])
    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as stream:
        header, one = csv.reader(stream)
    row = dict(zip(header, one, strict=True))
    assert row["file"] == ROW["file"]
    assert row["findings"] == "brand.subject=1.5 auth.spf_fail=4"
    assert (row["right"], row["degraded"], row["at_most"], row["score"]) == ("false", "false", "", "5.5")


def test_an_interrupted_run_changes_nothing(tmp_path: Path) -> None:
    """The old file stays, and no other is left behind."""
    file = tmp_path / "r.csv"
    file.write_text("old", "utf-8")
    with pytest.raises(KeyboardInterrupt), rows_file(file):
        raise KeyboardInterrupt
    assert [(each.name, each.read_text("utf-8")) for each in tmp_path.iterdir()] == [("r.csv", "old")]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """The file that it names is written."""
    link, target = tmp_path / "l.csv", tmp_path / "t.csv"
    link.symlink_to(target)
    with rows_file(link) as write:
        write([])
    assert link.is_symlink()
    assert target.read_text("utf-8").startswith("file,label,")


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the name of the file, and without half a file."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(RowsFileError, match=r"r\.csv: No space left"), rows_file(tmp_path / "r.csv") as write:
        write([ROW])
    assert list(tmp_path.iterdir()) == []
