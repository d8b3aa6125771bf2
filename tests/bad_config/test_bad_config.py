"""A bad configuration never starts: every error at once, each with file and key, and never a traceback.

`NAME.toml` is a bad file and `NAME.expected` every line that is said of it, in any order, no more and no fewer; a line
that ends in `…` is a beginning. `{file}` stands for the file and `{here}` for its folder, in both.
"""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from sekisho.cli import main

HERE = Path(__file__).parent
CASES = sorted(path.stem for path in HERE.glob("*.toml"))
SERVED = ("brands", "not-toml", "unknown-option")  # a process each

CHECK = ["config", "check", "--user", pwd.getpwuid(os.geteuid()).pw_name]
"""Not as the daemon's user of the machine that the tests run on."""


def prepared(name: str, folder: Path) -> tuple[Path, list[str]]:
    """The case in a folder of its own, and the lines that are expected of it."""
    for source in (*HERE.glob("brands.d/*"), *HERE.glob("vocabulary.d/*")):
        copy = folder / source.relative_to(HERE)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(source.read_bytes())
    file = folder / f"{name}.toml"
    file.write_bytes((HERE / file.name).read_bytes().replace(b"{here}", bytes(folder)))
    expected = (HERE / f"{name}.expected").read_text("utf-8")
    return file, expected.replace("{here}", str(folder)).replace("{file}", str(file)).splitlines()


def fits(line: str, pattern: str) -> bool:
    return line.startswith(pattern[:-1]) if pattern.endswith("…") else line == pattern


def unexpected(said: list[str], patterns: list[str]) -> list[str]:
    """What is said and not expected, then what is expected and not said. Exact lines are taken first."""
    missing = sorted(patterns, key=lambda pattern: (pattern.endswith("…"), -len(pattern)))
    left = list(said)
    for pattern in list(missing):
        found = next((line for line in left if fits(line, pattern)), None)
        if found is not None:
            left.remove(found)
            missing.remove(pattern)
    return left + [f"missing: {pattern}" for pattern in missing]


def run(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["sekisho", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    assert isinstance(left.value.code, int)
    return left.value.code


def serve(file: Path) -> subprocess.CompletedProcess[str]:
    """The daemon, in a process of its own: if it started after all, it would fork."""
    return subprocess.run(
        [sys.executable, "-c", "from sekisho.cli import main; main()", "serve", "--config", str(file)],
        env={"PYTHONPATH": str(HERE.parents[1] / "milter"), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", CASES)
def test_every_error_is_said_at_once(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`sekisho config check` says everything that is wrong, on stderr, and exits 2."""
    file, expected = prepared(name, tmp_path)
    assert run([*CHECK, "--config", str(file)], monkeypatch) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert unexpected(err.splitlines(), expected) == []


@pytest.mark.parametrize("name", SERVED)
def test_the_daemon_does_not_start(name: str, tmp_path: Path) -> None:
    """`sekisho serve` says the same and exits 2; there is no traceback and no socket."""
    file, expected = prepared(name, tmp_path)
    done = serve(file)
    assert unexpected(done.stderr.splitlines(), expected) == []
    assert (done.returncode, done.stdout) == (2, "")


@pytest.mark.parametrize("command", [CHECK, ["config", "show"], ["serve"], ["evaluate", "."]])
def test_a_file_that_is_not_there(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file named on the command line must exist: the defaults never take its place."""
    missing = tmp_path / "none.toml"
    monkeypatch.chdir(HERE)
    assert run([*command, "--config", str(missing)], monkeypatch) == 2
    assert capsys.readouterr().err.splitlines() == [f"{missing}: No such file or directory"]


def test_a_folder_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder is named as what it is."""
    assert run([*CHECK, "--config", str(tmp_path)], monkeypatch) == 2
    assert capsys.readouterr().err.splitlines() == [f"{tmp_path}: Is a directory: a file is needed"]


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ('[log]\ntarget = "{here}/none/log"\n', "log.target: {here}/none/log: No such file"),
        ('[journal]\nkey_file = "{here}/none"\n', "journal.key_file: {here}/none: No such file"),
        ('[metrics]\ndirectory = "{here}/f/m"\n', "metrics.directory: "),
    ],
)
def test_what_cannot_be_opened_is_a_mistake_too(text: str, begins: str, tmp_path: Path) -> None:
    """A log, key or folder that cannot be had stops the daemon with a sentence and status 2."""
    (tmp_path / "f").write_text("not a folder", "utf-8")
    file = tmp_path / "sekisho.toml"
    file.write_text(places(tmp_path, text.replace("{here}", str(tmp_path))), "utf-8")
    done = serve(file)
    assert done.returncode == 2
    (said,) = done.stderr.splitlines()
    assert said.startswith(f"{file}: {begins.replace('{here}', str(tmp_path))}")


def places(directory: Path, text: str) -> str:
    """The text, with everything else that the daemon makes in one directory."""
    text += f'[wire]\nsocket = "unix:{directory}/m.sock"\n[store]\nurl = "sqlite:///{directory}/q.db"\n'
    return text if "[metrics]" in text else f'{text}[metrics]\ndirectory = "{directory}/metrics"\n'


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Editors on other systems write one; the file is read all the same."""
    file = tmp_path / "sekisho.toml"
    text = places(tmp_path, 'mode = "enforce"\n[brands]\noverlay = ""\n')
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert run([*CHECK, "--config", str(file)], monkeypatch) == 0
