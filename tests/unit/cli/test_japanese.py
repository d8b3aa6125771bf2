"""The help in Japanese: complete, current, and in lines that fit the terminal."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from sekisho.cli import japanese
from sekisho.cli.options import language_of_locale

ROOT = Path(__file__).parents[3]
COLUMNS = 80
# Runs every command with --help in one process, as each would run alone.
EVERY_HELP = """
import contextlib, io, json, sys
from sekisho.cli import commands, main
def paths(command, path=()):
    yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from paths(below, (*path, name))
found = {}
for path in paths(commands.cli):
    sys.argv = ["sekisho", *path, "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as printed, contextlib.suppress(SystemExit):
        main()
    found[" ".join(path)] = printed.getvalue()
print(json.dumps(found))
"""


def run(program: str, *arguments: str, **locale: str) -> subprocess.CompletedProcess[str]:
    """A Python program in a locale of its own."""
    environment = {"PYTHONPATH": str(ROOT / "milter"), "PYTHONUTF8": "1", "COLUMNS": str(COLUMNS), **locale}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env=environment,
    )


def sekisho(*arguments: str, **locale: str) -> subprocess.CompletedProcess[str]:
    return run("from sekisho.cli import main; main()", *arguments, **locale)


@pytest.fixture(scope="module")
def catalogue() -> Any:
    sys.path.insert(0, str(ROOT / "packaging"))
    try:
        import catalogue  # noqa: PLC0415 - it stands beside the package
    finally:
        sys.path.pop(0)
    return catalogue


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """The help of each command, in Japanese."""
    done = run(EVERY_HELP, LANG="ja_JP.UTF-8")
    assert done.stderr == ""
    return dict(json.loads(done.stdout))


def marks(text: str | tuple[str, ...]) -> Counter[str]:
    """What a translation must not change: placeholders, code, options; the plural form has them all."""
    last = text if isinstance(text, str) else text[-1]
    return Counter(re.findall(r"\{[^}]*\}|%\(\w+\)s|`[^`]*`|--[a-z-]+", last))


def test_everything_that_is_said_has_a_translation(catalogue: Any) -> None:
    """Mended by `make docs`, which adds what is missing, and by translating it there."""
    said = {each.id: each for each in catalogue.catalogue(ROOT) if each.id}
    missing = [text for text in catalogue.wanted(ROOT) if text not in said or not all(_strings(said[text]))]
    assert missing == []
    assert [each.id for each in said.values() if each.fuzzy] == []


def test_no_translation_is_stale(catalogue: Any) -> None:
    """No command, and no release of click, says any more what is translated there: `make docs` takes it out."""
    wanted = set(catalogue.wanted(ROOT))
    assert [each.id for each in catalogue.catalogue(ROOT) if each.id and each.id not in wanted] == []


def test_placeholders_are_the_same(catalogue: Any) -> None:
    for each in catalogue.catalogue(ROOT):
        if each.id:
            for string in _strings(each):
                assert marks(string) == marks(each.id), string


def _strings(message: Any) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def test_the_compiled_catalogue_is_current(catalogue: Any) -> None:
    """It is no part of the repository: `make install` and `make docs` write it."""
    assert (ROOT / catalogue.SOURCE).with_suffix(".mo").read_bytes() == catalogue.compiled(ROOT)


def test_every_help_is_japanese(pages: dict[str, str]) -> None:
    """Each page and each item of it has Japanese in it; no English sentence is left."""
    assert len(pages) > 30
    for name, page in pages.items():
        assert page.startswith(f"使い方: {f'sekisho {name}'.rstrip()} "), page
        assert "オプション:\n" in page
        assert re.findall(r"[A-Za-z]+ [a-z]+ [a-z]+ [a-z]+", page.replace("`", "")) == [], page


def test_no_line_is_wider_than_the_terminal(pages: dict[str, str]) -> None:
    for page in pages.values():
        assert [line for line in page.splitlines() if cell_len(line) > COLUMNS] == []
        assert re.findall(r"(?m)^\s*[、。）」ーっょ].*$", page) == []


@pytest.mark.parametrize("width", [10, 21, 40])
def test_lines_lose_nothing(width: int) -> None:
    text = (
        "既存の `sekisho list add` で追加した（拒否・許可の）エントリーを、デーモンの動作中に変更します。" * 2
    )
    lines = japanese.lines(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(line) <= width + 2 for line in lines)


def test_errors_are_framed_in_japanese() -> None:
    done = sekisho("quarantine", "list", "--limit", "x", LC_ALL="ja_JP.UTF-8")
    assert done.returncode == 2
    usage, hint, _, error = done.stderr.splitlines()
    assert usage == "使い方: sekisho quarantine list [OPTIONS]"
    assert hint == "'sekisho quarantine list --help' でヘルプを表示します。"
    assert error.startswith("エラー: '--limit' の値が正しくありません: 'x'")


def test_the_reason_of_a_wrong_value_is_japanese() -> None:
    """Of our own types of options, too, and not only the words around it."""
    for words in (("list", "--since", "x"), ("list", "--score", "x"), ("purge", "--older-than", "x")):
        error = sekisho("quarantine", *words, LC_ALL="ja_JP.UTF-8").stderr.splitlines()[-1]
        assert error.startswith("エラー: ")
        assert error.endswith("ありません")


def test_status_is_japanese(tmp_path: Path) -> None:
    """Its labels and values, in columns; what the daemon and the system say stays as it is."""
    config = tmp_path / "sekisho.toml"
    config.write_text(
        f'[store]\nurl = "sqlite:///{tmp_path}/q.db"\n[metrics]\nlisten = "127.0.0.1:1"\n'
        '[dns]\nservers = ["127.0.0.1:9"]\n'
    )
    done = sekisho("status", "--config", str(config), LC_ALL="ja_JP.UTF-8")
    lines = done.stdout.splitlines()
    assert lines[0].endswith(": 準備未完了")
    starts = {line.split()[0]: line for line in lines if not line.startswith(" ")}
    assert starts.keys() == {"sekisho", "ワーカー", "ストア", "隔離", "DNS"}
    assert {cell_len(line[: line.index(line.split()[1])]) for line in starts.values()} == {13}
    assert all(cell_len(line) <= COLUMNS for line in lines)


@pytest.mark.parametrize(
    "locale",
    [
        {},
        {"LANG": "C.UTF-8"},
        {"LANG": "en_US.UTF-8"},
        {"LANG": "de_DE.UTF-8"},
        {"LANG": "ja_JP.UTF-8", "LC_ALL": "C"},
        {"LANG": "ja_JP.UTF-8", "LANGUAGE": "en_GB:en"},
    ],
)
def test_any_other_locale_is_english(locale: dict[str, str]) -> None:
    assert sekisho("--help", **locale).stdout.startswith("Usage: sekisho ")


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja"}, "ja"),
        ({"LANG": "ja.UTF-8"}, "ja"),
        ({"LANG": "en_US.UTF-8", "LANGUAGE": "ja:en"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LANGUAGE": "de"}, "ja"),
        ({"LC_ALL": "C.UTF-8", "LANG": "ja_JP.UTF-8", "LANGUAGE": "ja"}, "both"),
        ({"LC_MESSAGES": "en_GB.UTF-8", "LANG": "ja_JP.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "both"),
    ],
)
def test_language_of_the_locale(
    monkeypatch: pytest.MonkeyPatch, locale: dict[str, str], language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in locale.items():
        monkeypatch.setenv(name, value)
    assert language_of_locale() == language


def test_no_text_to_translate_stands_in_a_format_string() -> None:
    """Before Python 3.12 such a string is one token, in which nobody finds the text for the catalogue."""
    modules = (ROOT / "milter" / "sekisho" / "cli").rglob("*.py")
    assert [file.name for file in modules if re.search(r"""\bf["'].*\{_\(""", file.read_text("utf-8"))] == []
