"""`sekisho config show`: every effective value."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.conftest import Command

from sekisho.config import Config


def test_show_has_every_value_in_force(sekisho: Command, tmp_path: Path) -> None:
    """What the file says, and the default of everything it does not say."""
    file = tmp_path / "sekisho.toml"
    file.write_text(
        'mode = "enforce"\n[policy]\ntag = 4\n[recipients."example.jp"]\nmax_action = "tag"\n', "utf-8"
    )
    done = sekisho("config", "show", "--config", file)
    assert done.status == 0
    shown = done.json
    assert shown["mode"] == "enforce"
    assert shown["policy"]["tag"] == 4
    assert shown["recipients"]["example.jp"]["max_action"] == "tag"
    defaults = Config().model_dump(mode="json")
    assert shown.keys() == defaults.keys()
    assert shown["policy"] == {**defaults["policy"], "tag": 4}
    assert shown["wire"] == defaults["wire"]


def test_what_is_shown_can_be_read_again(sekisho: Command, tmp_path: Path) -> None:
    """The values shown are a configuration: the same one."""
    file = tmp_path / "sekisho.toml"
    file.write_text('[lists]\nblock = [".cn"]\n[dns]\nservers = ["127.0.0.1:53"]\n', "utf-8")
    shown = sekisho("config", "show", "--config", file).out
    assert Config.model_validate_json(shown).model_dump_json(indent=2) + "\n" == shown


def test_check_says_ok(sekisho: Command, tmp_path: Path) -> None:
    """A good file is one line and status 0."""
    file = tmp_path / "sekisho.toml"
    file.write_text("", "utf-8")
    done = sekisho("config", "check", "--config", file)
    assert (done.status, done.out, done.err) == (0, "configuration: ok\n", "")
