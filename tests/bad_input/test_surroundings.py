"""Bad surroundings, in processes of their own: closed and full streams, a poor locale, a user without rights."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.bad_input.scene import Scene, build
from tests.bad_input.test_table import LIBRARY_WORDS, UNSEEN

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-c", "from sekisho.cli import main; main()"]
ENVIRONMENT = {"PYTHONPATH": str(ROOT / "milter"), "PATH": "/usr/sbin:/usr/bin:/bin"}


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    """In a folder that every user may enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="sekisho-bad-"))
    folder.chmod(0o755)
    try:
        yield build(folder)
    finally:
        shutil.rmtree(folder)


def shell(command: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`"$@"` in the command is the program with the arguments."""
    return subprocess.run(
        ["/bin/sh", "-c", command, "sh", *PROGRAM, *arguments],
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


PRINTING = (
    ["config", "show"],  # JSON
    ["quarantine", "list"],  # a table
    ["quarantine", "export", "ID"],  # bytes
    ["--help"],
)


def given(command: list[str], scene: Scene) -> list[str]:
    words = [scene.held if each == "ID" else each for each in command]
    configured = command not in (["--help"], ["config", "describe"])
    return [*words, "--config", str(scene.config)] if configured else words


@pytest.mark.parametrize("command", PRINTING, ids=" ".join)
@pytest.mark.parametrize(
    ("stream", "said"),
    [(">/dev/full", "No space left on device: make room"), (">&-", "Bad file descriptor")],
    ids=["full", "closed"],
)
def test_an_output_that_takes_nothing_is_one_line(
    command: list[str], stream: str, said: str, scene: Scene
) -> None:
    """Status 2; Python's own complaint at its end is not heard."""
    done = shell(f'"$@" {stream}', *given(command, scene))
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines)) == (2, 1), done.stderr
    assert lines[0].startswith("Error: standard output: ")
    assert said in lines[0]


def test_a_full_standard_error_changes_no_status(scene: Scene) -> None:
    """Nobody can be told; the status still says it."""
    assert (
        shell('"$@" 2>/dev/full', "quarantine", "show", "zzz", "--config", str(scene.config)).returncode == 2
    )
    assert shell('"$@" 2>&-', "quarantine", "show", "zzz", "--config", str(scene.config)).returncode == 2


def test_a_reader_that_leaves_is_no_error(scene: Scene) -> None:
    """`| head -0` ends the output, and nothing else."""
    for command in (["config", "describe"], ["brands", "list"]):
        done = shell('{ "$@"; echo "status $?" >&2; } | true', *given(command, scene))
        assert done.stderr == "status 0\n"


def test_a_pause_holds_although_nobody_hears_of_it(scene: Scene) -> None:
    """What the command is for is done, also if its caller has closed all three streams."""
    shell('"$@" <&- >&- 2>&-', "pause", "--for", "5m", "--config", str(scene.config))
    done = shell('"$@"', "status", "--format", "json", "--config", str(scene.config))
    assert '"paused_until": "2' in done.stdout


@pytest.mark.parametrize("arguments", [["check", "-"], ["list", "import", "-"]], ids=" ".join)
def test_a_closed_standard_input_is_named(arguments: list[str], scene: Scene) -> None:
    """One line, and status 2."""
    done = shell('"$@" <&-', *arguments, "--config", str(scene.config))
    assert done.returncode == 2
    assert "standard input is closed" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "environment",
    [
        {"LANG": "C", "LC_ALL": "C"},
        {"LC_ALL": "xx_YY.nonsense", "PYTHONUTF8": "0"},
        {"COLUMNS": "garbage", "LINES": "-5"},
        {"COLUMNS": "0", "TERM": "nonsense"},
        {"PYTHONIOENCODING": "ascii"},
        {"HOME": "/nonexistent", "TMPDIR": "/nonexistent", "TZ": "Nowhere/At_All"},
    ],
    ids=lambda each: next(iter(each)),
)
def test_the_environment_breaks_nothing(environment: dict[str, str], scene: Scene) -> None:
    """Tables, pages and errors come in any locale and any width."""
    for command, status in ((["brands", "show", "amazon"], 0), (["quarantine", "show", "zzz"], 2)):
        done = shell('"$@"', *given(command, scene), **environment)
        assert done.returncode == status, done.stderr
        assert not LIBRARY_WORDS.search(done.stdout + done.stderr)
        assert (status == 2) == bool(done.stderr)


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become a user without rights")
@pytest.mark.parametrize(
    "command",
    [
        ["config", "show", "--config", "{locked}/x.toml"],
        ["config", "check", "--config", "{locked}/x.toml"],
        ["check", "{locked}/x.eml"],
        ["check", "{mail}", "--case", "{locked}/x.json"],
        ["evaluate", "{cases}", "--registry", "{locked}"],
        ["evaluate", "{cases}", "--rows", "{locked}/rows.csv"],
        ["list", "import", "{locked}/x.json"],
        ["quarantine", "list", "--config", "{config}"],
        ["quarantine", "export", "{id}", "--output", "{locked}/x.eml", "--config", "{own}"],
        ["store", "backup", "{locked}/b.db", "--config", "{own}"],
        ["store", "restore", "{locked}/b.db", "--config", "{own}"],
        ["trace", "{id}", "--config", "{own}"],
    ],
    ids=lambda each: " ".join(each[:2]),
)
def test_what_may_not_be_read_or_written_is_named(command: list[str], scene: Scene) -> None:
    """Status 2 and one line with the file, what is missing, and to whom."""
    locked = scene.folder / "locked"
    locked.mkdir(mode=0o700, exist_ok=True)
    own = _own(scene, locked)
    names = {
        "locked": locked,
        "mail": scene.folder / "mail.eml",
        "cases": scene.folder / "cases",
        "config": scene.config,
        "own": own,
        "id": scene.held,
    }
    done = subprocess.run(
        [*PROGRAM, *(each.format_map(names) for each in command)],
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        user="nobody",
        group="nogroup",
        extra_groups=[],
        cwd="/",
    )
    lines = done.stderr.split("--help' for help.\n\n")[-1].splitlines()
    assert (done.returncode, len(lines)) == (2, 1), done.stderr
    assert any(each in lines[0] for each in ("Permission denied", "needs the right", "is not readable")), (
        lines
    )
    assert str(scene.folder) in lines[0]
    assert not LIBRARY_WORDS.search(done.stderr)
    assert not UNSEEN.search(done.stderr)


def _own(scene: Scene, locked: Path) -> Path:
    """A configuration with a store of the user `nobody`, whose log may not be read."""
    folder = scene.folder / "own"
    file = folder / "sekisho.toml"
    if not folder.exists():
        shutil.copytree(scene.folder, folder, ignore=lambda _, names: {*names} - {"q.db", "sekisho.toml"})
        text = scene.config.read_text("utf-8").replace(f"{scene.folder}/", f"{folder}/")
        file.write_text(f'{text}[log]\ntarget = "{locked}/log"\n', "utf-8")
        for each in (folder, *folder.iterdir()):
            shutil.chown(each, "nobody", "nogroup")
    return file
