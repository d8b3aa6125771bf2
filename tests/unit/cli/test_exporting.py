"""`sekisho quarantine export`: a message with its case, judged again by `sekisho check`."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from tests.unit.cli.conftest import FAKE, Command, mail

from sekisho import cases, compose
from sekisho.clock import FixedClock, SystemClock
from sekisho.config import load
from sekisho.resolver import CaseResolver
from sekisho.store.quarantine import Quarantine


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "sekisho.toml"
    file.write_text(
        f'mode = "enforce"\n[policy]\nmax_action = "quarantine"\n[store]\nurl = "sqlite:///{tmp_path}/held.db"\n'
    )
    return file


@pytest.fixture
def held(config: Path) -> str:
    """A forged mail, judged with DNS as the daemon does."""
    settings = load(config)
    raw = mail("Amazon.co.jp <info@stranger.example>", "アカウントが停止されました")
    case = cases.parse_case(Path("x.eml"), raw, FAKE)
    assert case.dns is not None
    assert case.now is not None
    quarantine = Quarantine.open(settings.store, SystemClock())
    ports = compose.Ports(
        FixedClock(case.now), compose.knowledge(settings), CaseResolver(case.dns), quarantine=quarantine
    )
    name = compose.pipeline(settings, ports).process(raw, case.envelope).action.reference
    quarantine.close()
    return name


def score(sekisho: Command, config: Path, held: str) -> float:
    shown = sekisho("quarantine", "show", held, "--format", "json", "--config", config).json
    return float(shown["score"])


def test_an_exported_message_is_judged_as_it_was(
    sekisho: Command, config: Path, held: str, tmp_path: Path
) -> None:
    """The case beside the mail has client, envelope, DNS, results and time: the score is the same."""
    folder = tmp_path / "out"
    folder.mkdir()
    done = sekisho("quarantine", "export", held, "--output", folder, "--config", config)
    assert (done.status, done.err) == (0, "")
    assert done.out == f"written: {folder}/{held}.eml, {folder}/{held}.json\n"
    facts = json.loads((folder / f"{held}.json").read_text("utf-8"))
    assert {key: facts[key] for key in ("client_ip", "client_name", "helo", "envelope_from")} == {
        key: FAKE[key] for key in ("client_ip", "client_name", "helo", "envelope_from")
    }
    assert facts["auth"]["spf"] == "pass"
    assert {"name": "stranger.example", "type": "TXT", "value": FAKE["dns"][0]["value"]} in facts["dns"]  # type: ignore[index]
    assert (folder / f"{held}.json").stat().st_mode & 0o077 == 0
    again = sekisho("check", folder / f"{held}.eml", "--format", "json", "--config", config).json
    assert again["score"] == score(sekisho, config, held) > 8
    (folder / f"{held}.json").unlink()
    assert (
        sekisho("check", folder / f"{held}.eml", "--format", "json", "--config", config).json["score"]
        != (again["score"])
    )


def test_evaluate_reads_what_export_wrote(sekisho: Command, config: Path, held: str, tmp_path: Path) -> None:
    """A folder of exported messages is a folder of cases."""
    folder = tmp_path / "phish"
    folder.mkdir()
    sekisho("quarantine", "export", held, "--case", "--output", folder, "--config", config)
    found = sekisho("evaluate", folder, "--config", config, "--jobs", 1, "--format", "json").json
    assert (found["phish"]["total"], found["phish"]["accept"], found["phish"]["error"]) == (1, 0, 0)


def test_standard_input_is_judged_with_the_case(
    sekisho: Command, config: Path, held: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sekisho quarantine export ID | sekisho check - --case FILE`: the same score again."""
    file = tmp_path / "a.eml"
    sekisho("quarantine", "export", held, "--output", file, "--config", config)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(file.read_bytes())))
    case = file.with_suffix(".json")
    again = sekisho("check", "-", "--case", case, "--format", "json", "--config", config).json
    assert again["score"] == score(sekisho, config, held)


def test_without_a_case(sekisho: Command, config: Path, held: str, tmp_path: Path) -> None:
    """--no-case writes the mail alone; standard output has the mail alone."""
    file = tmp_path / "a.eml"
    assert (
        sekisho("quarantine", "export", held, "--no-case", "--output", file, "--config", config).status == 0
    )
    assert file.exists()
    assert not file.with_suffix(".json").exists()
    done = sekisho("quarantine", "export", held, "--config", config)
    assert done.out.encode("utf-8") == file.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--case"], "--case needs"),
        (["--case", "--format", "mbox", "--output", "x.mbox"], "--case needs"),
        (["--output", "x.json"], "name the message x.eml"),
        (["--output", "none/x.eml"], "none/x.eml: No such file or directory"),
        (["--output", "taken.eml"], "taken.eml: File exists"),
        (["--output", "half.eml"], "half.json: File exists"),
        (["--output", "file/x.eml"], "file/x.eml: Not a directory"),
    ],
)
def test_what_cannot_be_written_is_one_line(
    sekisho: Command, config: Path, held: str, tmp_path: Path, arguments: list[str], words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Status 2 with the file's name, nothing half written, and nothing overwritten."""
    monkeypatch.chdir(tmp_path)
    for name in ("taken.eml", "half.json", "file"):
        Path(name).write_text("mine")
    before = sorted(os.listdir())
    done = sekisho("quarantine", "export", held, *arguments, "--config", config)
    assert done.status == 2
    assert words in done.err
    assert "Traceback" not in done.err
    assert sorted(set(os.listdir()) - {"held.db-wal", "held.db-shm"}) == sorted(
        set(before) - {"held.db-wal", "held.db-shm"}
    )
    assert Path("half.json").read_text() == "mine"
