"""The lock files can be used anywhere: public versions with hashes, and nothing of the machine that wrote them."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
GROUPS = ("fuzz", "supply", "build")
LOCKS = ("requirements.lock", "requirements-dev.lock", *(f"requirements-{group}.lock" for group in GROUPS))


def locked(name: str) -> dict[str, str]:
    """What is locked: each package with the rest of its entry."""
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / name).read_text("utf-8")).replace("\\\n", " ")
    pairs = (re.fullmatch(r"([A-Za-z0-9._-]+)==(.*)", line) for line in text.splitlines() if line.strip())
    return {match[1]: match[2] for match in pairs if match}


@pytest.mark.parametrize("name", LOCKS)
def test_nothing_of_a_machine_stands_in_a_lock_file(name: str) -> None:
    """No address of an index, no path, no option: every line is a package, its version and its hashes."""
    text = (ROOT / name).read_text("utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    package = re.compile(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+( ; [a-z_]+ .*)? \\")
    assert [line for line in lines if not package.fullmatch(line)
            and not re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line)] == []  # fmt: skip
    assert "/" not in text
    assert all("--hash=sha256:" in rest for rest in locked(name).values())


@pytest.mark.parametrize(
    ("group", "name"),
    [
        (("project", "dependencies"), "requirements.lock"),
        (("project", "optional-dependencies", "postgresql"), "requirements.lock"),
        (("project", "optional-dependencies", "dev"), "requirements-dev.lock"),
        (("project", "optional-dependencies", "weights"), "requirements-dev.lock"),
        *((("dependency-groups", group), f"requirements-{group}.lock") for group in GROUPS),
    ],
)
def test_everything_wanted_is_locked(group: tuple[str, ...], name: str) -> None:
    """Whatever pyproject.toml asks for stands in the lock file that installs it, in a version that it allows."""
    wanted: Any = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for key in group:
        wanted = wanted[key]
    versions = {package: rest.split()[0] for package, rest in locked(name).items()}
    for requirement in wanted:
        package, version = re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[.*\])?==(.*)", requirement).groups()
        assert fnmatch(versions[package.lower()], version), requirement


def test_every_python_that_we_run_on_is_named() -> None:
    """The classifiers and the script that installs name what pyproject.toml allows, for which the locks are made."""
    project: Any = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", project["requires-python"]).groups()
    allowed = {f"3.{minor}" for minor in range(int(low), int(high))}
    assert allowed == {"3.11", "3.12", "3.13"}  # those of Debian 12 and 13, and the one between
    named = {each.rpartition(" ")[2] for each in project["classifiers"] if " Python :: " in each}
    assert named == allowed
    script = (ROOT / "lab" / "install.sh").read_text("utf-8")
    assert f"(3, {low}) <= sys.version_info[:2] <= (3, {int(high) - 1})" in script


def test_servers_and_developers_run_the_same() -> None:
    """What a server installs, the driver of PostgreSQL included, is what the tests ran with."""
    server, developer = locked("requirements.lock"), locked("requirements-dev.lock")
    assert server.items() <= developer.items()
    assert {"psycopg", "psycopg-binary"} <= set(server)
    assert {"pyyaml", "grafana-foundation-sdk", "scipy"} <= set(developer)
    assert not {"numpy", "scipy"} & set(
        server
    )  # a fit is made where labelled mail is, never where mail is judged
