"""What the Debian package is made of, as far as can be told without building it.

`make deb` builds it, `make try-deb` tries it.
"""

from __future__ import annotations

import re
import runpy
import subprocess
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import click
import pytest
from click.shell_completion import get_completion_class

from sekisho.cli.commands import cli
from sekisho.cli.describe import described
from sekisho.config import load

ROOT = Path(__file__).parent.parent.parent
PACKAGING = ROOT / "packaging"
DEBIAN = PACKAGING / "debian"
SCRIPTS = ("sekisho.postinst", "sekisho.prerm", "sekisho.postrm")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The man pages, by the name of their file."""
    return dict(runpy.run_path(str(PACKAGING / "manpages.py"))["pages"]())


def commands(command: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    """A command and all below it, by what one types."""
    yield context.command_path, command
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, click.Context(below, info_name=name, parent=context))


def test_every_command_and_option_has_its_place_in_a_man_page(pages: dict[str, str]) -> None:
    """A page for each command or group, with every option of it; and every option of the configuration."""
    for path, command in commands(cli, click.Context(cli, info_name="sekisho")):
        words = path.split()
        text = pages[f"{'-'.join(words[:2])}.1"].replace("\\-", "-")
        assert path in text
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert any(name in text for name in parameter.opts), (path, parameter.opts)
    configuration = pages["sekisho.toml.5"]
    for group in described():
        for option in group.options:
            assert f"\\fB{option.name}\\fR" in configuration.replace("\\-", "-")


def test_the_man_pages_are_well_formed(pages: dict[str, str], tmp_path: Path) -> None:
    """man formats each of them and has nothing to warn of."""
    for name, text in pages.items():
        (tmp_path / name).write_text(text, "utf-8")
        done = subprocess.run(
            ["man", "--warnings", "--encoding=UTF-8", "--local-file", str(tmp_path / name)],
            capture_output=True, text=True, check=False,
            env={"LC_ALL": "C.UTF-8", "MANWIDTH": "80", "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, ""), name
        assert "NAME" in done.stdout
        assert not re.search(r"\\f|\\-", done.stdout), name


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_made_for_each_shell(shell: str) -> None:
    """By click, under the variable that the built package answers to."""
    maker = get_completion_class(shell)
    assert maker is not None
    maker._check_version = staticmethod(lambda: None)  # type: ignore[attr-defined] # the shell need not be installed
    text = maker(cli, {}, "sekisho", "_SEKISHO_COMPLETE").source()
    assert f"_SEKISHO_COMPLETE={shell}_complete" in text
    assert "_SEKISHO_COMPLETE=$${shell}_source" in (DEBIAN / "rules").read_text("utf-8")
    if shell == "bash":
        subprocess.run(["bash", "-n"], input=text, text=True, check=True)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_maintainer_scripts_are_of_a_plain_shell(name: str) -> None:
    """The shell of Debian reads them, they stop at an error, and debhelper has its place in them."""
    text = (DEBIAN / name).read_text("utf-8")
    subprocess.run(["sh", "-n"], input=text, text=True, check=True)
    assert text.startswith("#!/bin/sh\nset -e\n")
    assert "\n#DEBHELPER#\n" in text


def test_the_package_is_described() -> None:
    """debian/control is read by its own rules; the package runs on the Python that its libraries are for."""
    source, binary = (
        Parser().parsestr(part) for part in (DEBIAN / "control").read_text("utf-8").split("\n\n")
    )
    assert (source["Source"], binary["Package"], binary["Architecture"]) == ("sekisho", "sekisho", "any")
    assert {"${misc:Depends}", "${python3:Depends}", "${shlibs:Depends}"} <= set(
        binary["Depends"].split(", ")
    )
    assert "postfix" in binary["Recommends"]
    assert "postgresql" in binary["Suggests"]
    copyright_ = (DEBIAN / "copyright").read_text("utf-8")
    assert (ROOT / "LICENSE").read_text("utf-8").split()[-1] == copyright_.split()[-1]
    assert "docs/*.md" in (DEBIAN / "sekisho.docs").read_text("utf-8")  # licences.md, which it refers to


def test_what_the_packaging_names_is_there() -> None:
    """Every file of the tree that the rules and lists of files copy."""
    named = re.findall(r"(?m)^\tcp (\S+)", (DEBIAN / "rules").read_text("utf-8"))
    for name in ("sekisho.install", "sekisho.docs", "sekisho.examples"):
        named += [line.split()[0] for line in (DEBIAN / name).read_text("utf-8").splitlines()]
    assert len(named) > 8
    assert [name for name in named if not list(ROOT.glob(name))] == []


def test_the_shipped_configuration_fits_the_units() -> None:
    """Shadow mode; the socket is the one that systemd opens; and the purge knows every directory of the unit."""
    config = load(PACKAGING / "sekisho.toml")
    assert config.mode == "shadow"
    unit = (ROOT / "systemd/sekisho-milter.socket").read_text("utf-8")
    (path,) = re.findall(r"(?m)^ListenStream=(.*)$", unit)
    assert config.wire.socket == f"unix:{path}"
    service = (ROOT / "systemd/sekisho-milter.service").read_text("utf-8")
    assert re.findall(r"(?m)^ExecStart=(\S+) serve --config (\S+)$", service) == [
        ("sekisho", "/etc/sekisho/sekisho.toml")
    ]
    purge = (DEBIAN / "sekisho.postrm").read_text("utf-8")
    made = {"StateDirectory": "/var/lib/sekisho", "LogsDirectory": "/var/log/sekisho"}
    for key, directory in made.items():
        assert f"\n{key}=sekisho\n" in service
        assert directory in purge


def test_every_tag_that_lintian_may_not_name_has_a_reason() -> None:
    """A comment stands above each group of overrides."""
    lines = (DEBIAN / "sekisho.lintian-overrides").read_text("utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert all(re.fullmatch(r"# .+|sekisho: [a-z0-9.-]+ .+", line) for line in lines)
