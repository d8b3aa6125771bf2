"""`check` and `evaluate` ask the tables of `[directory]` as the daemon does, and say what did not answer."""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import Command, mail
from tests.unit.directory.kit import Scene

MAIL = mail("佐藤 花子 <ceo@free.example>", "至急")
CASE = {"rcpt": ["boss@x.example", "info@x.example", "other@x.example"], "auth": {}}


@pytest.fixture
def site(tmp_path: Path) -> Scene:
    """A configuration whose people and groups are in tables only, and a case."""
    scene = Scene(tmp_path)
    tables = {
        "domains": scene.table("domains", "kaisha.example OK"),
        "people": scene.table("people", "佐藤花子 hanako@kaisha.example"),
        "aliases": scene.table("aliases", "info@x.example boss@x.example"),
        "groups": scene.table("groups", "boss@x.example vip"),
    }
    named = "".join(f'{use} = ["{table}"]\n' for use, table in tables.items())
    (tmp_path / "sekisho.toml").write_text(
        f'[directory]\n{named}postfix_directory = "{tmp_path}"\ntimeout = 10.0\n'
        f'[store]\nurl = "sqlite:///{tmp_path}/state/q.db"\n'
        '[groups]\nvip = []\n[recipients.vip]\nmode = "enforce"\n',
        "utf-8",
    )
    cases = tmp_path / "cases"
    cases.mkdir()
    (cases / "a.eml").write_bytes(MAIL)
    (cases / "a.json").write_text(json.dumps(CASE), "utf-8")
    return scene


def rules_of(document: Mapping[str, Any]) -> dict[str, str]:
    return {each["rcpt"]: each["policy"] for each in document["recipients"]}


def test_check_asks_the_tables(site: Scene, sekisho: Command) -> None:
    """Of people, and of the groups and aliases of recipients: before mail comes."""
    file = site.place / "cases/a.eml"
    said = sekisho("check", "--config", site.place / "sekisho.toml", "--format", "json", file).json
    assert "site.person" in [each["id"] for each in said["findings"]]
    assert rules_of(said) == {"boss@x.example": "vip", "info@x.example": "vip", "other@x.example": "default"}
    assert [each["option"] for each in said["judged_with"]["directory"]] == [
        "directory.domains", "directory.aliases", "directory.people", "directory.groups",
    ]  # fmt: skip
    assert all(each["answers"] and each["reason"] is None for each in said["judged_with"]["directory"])
    assert said["degraded"] == []
    text = sekisho("check", "--config", site.place / "sekisho.toml", file).out
    who = pwd.getpwuid(os.geteuid()).pw_name
    assert text.rstrip().endswith(f"; 4 of 4 tables of [directory] answer the user {who}")


def test_check_says_which_table_does_not_answer(site: Scene, sekisho: Command) -> None:
    """What it would have said is unknown, as for the daemon."""
    (site.place / "people").unlink()
    file = site.place / "cases/a.eml"
    done = sekisho("check", "--config", site.place / "sekisho.toml", "--format", "json", file)
    assert done.json["degraded"] == ["directory"]
    (people,) = (each for each in done.json["judged_with"]["directory"] if not each["answers"])
    assert (people["option"], people["reason"]) == (
        "directory.people",
        f"open database {site.place}/people: No such file or directory",
    )
    text = sekisho("check", "--config", site.place / "sekisho.toml", file).out
    assert "; 3 of 4 tables of [directory] answer" in text
    assert f"directory.people unknown, since texthash:{site.place}/people does not answer: open" in text


def test_evaluate_asks_them_with_a_configuration_alone(site: Scene, sekisho: Command, tmp_path: Path) -> None:
    """The shipped state has no tables, so a measurement depends on no machine."""
    rows = tmp_path / "rows.jsonl"
    asked = sekisho(
        "evaluate",
        "--config",
        site.place / "sekisho.toml",
        "--rows",
        rows,
        "--format",
        "json",
        tmp_path / "cases",
    ).json
    assert len(asked["judged_with"]["directory"]) == 4
    assert "site.person" in json.loads(rows.read_text("utf-8"))["findings"]
    shipped = sekisho("evaluate", "--rows", rows, "--format", "json", tmp_path / "cases").json
    assert shipped["judged_with"] == "shipped"
    assert "site.person" not in json.loads(rows.read_text("utf-8"))["findings"]


def test_without_tables_nothing_is_said_of_them(site: Scene, sekisho: Command, tmp_path: Path) -> None:
    """Most sites have none."""
    (tmp_path / "plain.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/state/q.db"\n', "utf-8")
    file = tmp_path / "cases/a.eml"
    assert "directory" not in sekisho("check", "--config", tmp_path / "plain.toml", file).out
