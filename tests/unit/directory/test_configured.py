"""The section `[directory]` from the file to the judgement of a message."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Command, sekisho
from tests.unit.directory.kit import Scene, mail

from sekisho import compose
from sekisho.clock import SystemClock
from sekisho.config import Config, ConfigError

__all__ = ["sekisho"]  # the fixture of the command line


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_a_type_that_is_not_installed_is_told_with_file_and_key(scene: Scene) -> None:
    """Before any mail is judged, by `config check` as by the daemon."""
    file = scene.place / "sekisho.toml"
    file.write_text(f'[directory]\npostfix_directory = "{scene.place}"\ngroups = ["mongodb:/x"]\n', "utf-8")
    with pytest.raises(ConfigError) as failure:
        compose.load(file)
    assert failure.value.errors == (
        f"{file}: directory.groups: this Postfix has no tables of the type mongodb; install postfix-mongodb",
    )


def test_a_type_that_is_not_installed_is_told_beside_other_errors(scene: Scene) -> None:
    """Of the same list, of another option, and of another group: all errors at once."""
    file = scene.place / "sekisho.toml"
    file.write_text(
        f'[directory]\npostfix_directory = "{scene.place}"\n'
        'domains = ["proxy:hash:/x", "nosuch:/y"]\ngroups = ["mongodb:/x"]\ntimeout = 0\n'
        "[policy]\ntag = true\n",
        "utf-8",
    )
    with pytest.raises(ConfigError) as failure:
        compose.load(file)
    told = "\n".join(failure.value.errors)
    assert told.count("directory.") == 4
    for part in (
        "policy.tag",
        "directory.domains[0]: name the table without proxy:",
        "directory.domains: this Postfix has no tables of the type nosuch",
        "directory.groups: this Postfix has no tables of the type mongodb",
        "directory.timeout",
    ):
        assert part in told


def test_config_check_says_if_the_types_cannot_be_known(scene: Scene, sekisho: Command) -> None:
    """The daemon would start and judge without the tables, so it is a warning."""
    file = scene.place / "sekisho.toml"
    file.write_text(
        f'[directory]\npostfix_directory = "{scene.place}/none"\ndomains = ["foo:/x"]\n'
        f'[store]\nurl = "sqlite:///{scene.place}/q.db"\n[metrics]\ndirectory = "{scene.place}/metrics"\n'
        f'[wire]\nsocket = "unix:{scene.place}/s"\n',
        "utf-8",
    )
    done = sekisho("config", "check", "--config", file)
    assert done.status == 0, done.err
    assert done.err == (
        f"warning: {file}: directory.postfix_directory: Postfix does not say which types of tables it has: "
        f"open {scene.place}/none/main.cf: No such file or directory\n"
    )


def test_without_tables_there_is_no_directory() -> None:
    """No process is started for those who do not use it."""
    assert compose.directory(Config(), SystemClock()) is None


def test_an_alias_has_opted_out_with_its_mailbox(scene: Scene) -> None:
    """Through the whole pipeline, with the extension delimiter of the policy."""
    config = Config.model_validate(
        {
            "directory": {
                "postfix_directory": scene.place,
                "timeout": 10.0,
                "aliases": [scene.table("a", "info@kaisha.example private@kaisha.example")],
            },
            "policy": {"recipient_delimiter": "+"},
            "recipients": {"private@kaisha.example": {"filter": False}},
        }
    )
    ports = compose.offline(config)
    pipeline = compose.pipeline(config, replace(ports, directory=compose.directory(config, ports.clock)))
    alias = mail("Info+news@kaisha.example", author="boss@kaisha.example")
    (outcome,) = pipeline.process(alias.raw, alias.envelope).outcomes
    assert outcome.verdict.decided_by == "opt_out"
