"""The chapter "Your own company" of docs/operating.md: its configuration is good, and it does what the chapter says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from lab.program import ROOT
from tests.unit.cli.conftest import Command, mail, write

PAGES = {
    "en": ("docs/operating.md", "## Your own company\n"),
    "ja": ("docs/ja/operating.md", "## 自組織を登録する\n"),
}


def blocks(language: str) -> tuple[str, list[str]]:
    """The chapter, and its code blocks: configuration, message, case file, output."""
    page, title = PAGES[language]
    chapter = (ROOT / page).read_text("utf-8").partition(title)[2].partition("\n## ")[0]
    return chapter, re.findall(r"^```(?:toml|json)?\n(.*?)^```", chapter, re.S | re.M)


CHAPTER, (CONFIG, MESSAGE, CASE, OUTPUT) = blocks("en")
ROWS = re.findall(r"^\| `([^`]+>)` \| ([0-9.]+) \| (.*?) \| (\d*) ?\| (.*?) \|$", CHAPTER, re.M)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The chapter's configuration, with places that a test may use."""
    file = tmp_path / "sekisho.toml"
    file.write_text(
        f'{CONFIG}[wire]\nsocket = "unix:{tmp_path}/m.sock"\n[store]\nurl = "sqlite:///{tmp_path}/q.db"\n'
        f'[metrics]\ndirectory = "{tmp_path}/metrics"\n',
        "utf-8",
    )
    return file


def facts(client: str) -> dict[str, object]:
    """A client without a name, and a DNS in which nothing is."""
    return {
        "client_ip": client,
        "client_name": "unknown",
        "helo": "mx.free.example",
        "envelope_from": "bounce@free.example",
        "rcpt": "hanako@example.jp",
        "now": "2026-03-02T10:00:00+09:00",
        "dns": [],
    }


def test_the_configuration_is_good(sekisho: Command, config: Path) -> None:
    """config check says ok, and warns of nothing."""
    done = sekisho("config", "check", "--user", "root", "--config", config)
    assert (done.status, done.err) == (0, "")


def test_the_table_has_a_row_for_each_option() -> None:
    """And a block entry; the rest of the chapter is prose."""
    assert {each.strip("`") for *_, each in ROWS} >= {
        "domains",
        "names",
        "senders",
        "people",
        "exceptions",
        "block",
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} {row[1]}")
def test_each_row_is_true(sekisho: Command, config: Path, tmp_path: Path, row: tuple[str, ...]) -> None:
    """The finding of the row with its points, or none about the site."""
    author, client, found, points, by = row
    file = write(tmp_path / "mail.eml", mail(author), facts(client))
    judged = sekisho("check", file, "--config", config, "--format", "json").json
    about = {each["id"]: each["points"] for each in judged["findings"] if each["id"].startswith("site.")}
    if by == "`block`":
        assert (judged["verdict"], judged["decided_by"]) == ("quarantine", "block .cn")
    else:
        assert about == ({found.strip("`"): float(points)} if points else {})


@pytest.mark.parametrize("language", PAGES)
def test_the_output_is_what_the_command_prints(sekisho: Command, tmp_path: Path, language: str) -> None:
    """With the files as they stand on the page, in a folder of their own, and nothing else."""
    _, (settings, message, case, output) = blocks(language)
    for name, text in (("s.toml", settings), ("chief.eml", message), ("chief.json", case)):
        (tmp_path / name).write_text(text, "utf-8")
    done = sekisho("check", tmp_path / "chief.eml", "--config", tmp_path / "s.toml")
    shown = [line.rstrip() for line in done.out.splitlines()]
    for line in output.splitlines():
        assert line in shown, json.dumps(shown, ensure_ascii=False, indent=1)
    (tmp_path / "chief.json").unlink()
    alone = sekisho("check", tmp_path / "chief.eml", "--config", tmp_path / "s.toml", "--format", "json").json
    assert f"{alone['score']:g} points" in CHAPTER
