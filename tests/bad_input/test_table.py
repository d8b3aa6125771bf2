"""Every command, every option, at least three pieces of bad input: one clear line and a documented status.

The table walks click's tree of commands, so a new option is tried without a word here. If its type is not known to
`table.py`, or refuses fewer than three of the candidates, the test fails until rows are written by hand.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

import click
import pytest
from tests.bad_input.scene import Scene, build
from tests.bad_input.table import Piece, arguments, commands, name_of, pieces

from sekisho.cli import cli, main
from sekisho.text import printable

LEAST = 3
PARAMETERS = [
    (words, command, param)
    for words, command in commands(cli)
    for param in command.params
    if name_of(param) not in {"--help", "--version"}
]
LIBRARY_WORDS = re.compile(
    r"Traceback|pydantic|Errno|sqlalchemy|sqlite3\.|psycopg|Input should be|validation error|[A-Z]\w+Error\b"
    r"|codec can't|Expecting value|Exception|isoformat|invalid literal|does not appear to be|tomllib|TOMLDecode"
    r"|Invalid statement|Invalid value \(at|<class|object at 0x|NoneType|alembic|Can't locate"
)
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")
MAX_ERROR_CHARS = 6000


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return build(tmp_path_factory.mktemp("bad"))


def run(
    typed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["sekisho", *typed])
    with pytest.raises(SystemExit) as left:
        main()
    assert isinstance(left.value.code, int)
    return left.value.code, *capsys.readouterr()


def said_of(err: str) -> list[str]:
    """The lines of the error, without those on how the command is used."""
    usage, found, rest = err.rpartition("--help' for help.\n\n")
    if found:
        assert usage.startswith("Usage: sekisho")
    return rest.splitlines()


def complaints(piece: Piece, names: tuple[str, ...], done: tuple[int, str, str]) -> Iterator[str]:
    """What is wrong with an answer to bad input. `names` are those of the parameter."""
    status, out, err = done
    if status not in piece.statuses:
        yield f"status {status}"
    for text in (out, err):
        if wrong := LIBRARY_WORDS.search(text):
            yield f"words of a library: {wrong[0]}"
        if UNSEEN.search(text):
            yield "a control character"
    if status == 2:
        yield from _unclear(piece, names, said_of(err))


def _unclear(piece: Piece, names: tuple[str, ...], lines: list[str]) -> Iterator[str]:
    """One line names the file, the option or the value. A configuration may have more faults: a line for each."""
    value = printable(piece.value, MAX_ERROR_CHARS)
    known = (piece.said,) if piece.said else (*names, value, value.rpartition("/")[0], ".toml: ")
    if len(lines) != 1 and not (lines and all(".toml: " in line for line in lines)):
        yield f"{len(lines)} lines"
    if not any(each and each in line for each in known for line in lines):
        yield f"nobody says one of {known}"
    if any(len(line) > MAX_ERROR_CHARS for line in lines):
        yield "too long"


@pytest.mark.parametrize(
    ("words", "command", "param"),
    PARAMETERS,
    ids=[f"{words} {name_of(param)}" for words, _, param in PARAMETERS],
)
def test_bad_input_is_one_clear_line(
    words: str,
    command: click.Command,
    param: click.Parameter,
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Status 2 and one line with the file, or the option, and what is right; no words of a library, no traceback."""
    monkeypatch.chdir(scene.folder)
    bad = pieces(words, param, scene)
    assert len(bad) >= LEAST, "write rows by hand in table.py"
    name = str(param.name)
    names = (*param.opts, str(param.metavar or name), name, name.upper(), "an empty text")
    wrong = []
    for piece in bad:
        typed = arguments(words, command, param, piece, scene)
        done = run(typed, monkeypatch, capsys)
        wrong += [f"{typed}: {each}\n{done}" for each in complaints(piece, names, done)]
    assert wrong == [], "\n".join(wrong)


@pytest.mark.parametrize(("words", "command"), list(commands(cli)), ids=[words for words, _ in commands(cli)])
def test_what_is_missing_or_unknown_is_named(
    words: str,
    command: click.Command,
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """An unknown option, one argument too many, and no argument at all where one is needed."""
    monkeypatch.chdir(scene.folder)
    required = [each for each in command.params if each.required]
    unknown = (
        () if words == "config set" else ("--nosuch", "--\x1b[31m")
    )  # a value of an option may begin with a dash
    typed = [([*words.split(), each], "No such option") for each in unknown]
    for given, said in (*typed, *((words.split(), "Missing") for _ in required[:1])):
        status, _, err = run(given, monkeypatch, capsys)
        lines = said_of(err)
        assert (status, len(lines)) == (2, 1), err
        assert said in lines[0]
        assert not UNSEEN.search(err)
