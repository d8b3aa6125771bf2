"""Lure files: what loads, what is refused, and what the shipped ones hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.brands.search import NameIndex
from sekisho.package_data import shipped
from sekisho.text import skeleton
from sekisho.vocabulary import BrandWords, LurePhrases, Lures
from sekisho.vocabulary.lures import ASPECTS, PRESSURES, names, parts, read

GOOD = 'language = "en"\n[theme]\naccount = ["account + locked"]\n'


def faults_of(folder: Path) -> list[str]:
    faults: list[str] = []
    read(folder, faults)
    return [fault.removeprefix(f"{folder}/") for fault in faults]


def load(folder: Path | None = None) -> tuple[Lures, ...]:
    faults: list[str] = []
    found = read(folder or shipped("lures"), faults)
    assert faults == []
    return found


def test_files_are_read_by_name(tmp_path: Path) -> None:
    """Each file is one language; what is no lure file is left alone."""
    (tmp_path / "b.toml").write_text(GOOD, "utf-8")
    (tmp_path / "a.toml").write_text('language = "ja"\n', "utf-8")
    (tmp_path / "notes.txt").write_text("[", "utf-8")
    first, second = load(tmp_path)
    assert (first.language, second.language) == ("ja", "en")
    assert second.theme == {"account": ("account + locked",)}
    assert (first.theme, first.pressure, first.action) == ({}, {}, {})


def test_a_folder_without_lures_is_an_error(tmp_path: Path) -> None:
    """A program that finds no lure would be silently blind."""
    assert faults_of(tmp_path) == [f"{tmp_path}: holds no lure file"]
    assert faults_of(tmp_path / "none") == [f"{tmp_path / 'none'}: holds no lure file"]


def test_every_fault_of_every_file_is_named(tmp_path: Path) -> None:
    """An admin mends everything in one go: file, key and reason of each fault."""
    files = {
        "aspect": GOOD + "[threat]\nx = []\n",
        "language": GOOD.replace('"en"', '"English"') + "[action]\ndance = ['now']\n",
        "theme": GOOD.replace("account =", "acount ="),
        "none": "",
        "plus": GOOD.replace(" + ", " +"),
        "pressure": GOOD + "[pressure]\ndeadline = ['x + soon', 'soon', 3, '。']\n",
        "syntax": "language = ",
        "twice": GOOD.replace('["account + locked"]', '["account + locked", "AC\u200bCOUNT + Locked"]'),
    }
    for name, content in files.items():
        (tmp_path / f"{name}.toml").write_text(content, "utf-8")
    (tmp_path / "bytes.toml").write_bytes(b'language = "\xff"')
    found = faults_of(tmp_path)
    starts = [
        "aspect.toml: threat: ",
        "bytes.toml: ",
        "language.toml: language: ",
        "language.toml: action.dance: ",
        "none.toml: language: ",
        "plus.toml: theme.account[0]: 'account +locked' has a plus without a space on either side",
        "pressure.toml: pressure.deadline[0]: 'x + soon' has a spelling that leaves too little to compare",
        "pressure.toml: pressure.deadline[2]: ",
        "pressure.toml: pressure.deadline[3]: ",
        "syntax.toml: ",
        "theme.toml: theme.acount: ",
        "twice.toml: theme.account: 'AC\\u200bCOUNT + Locked' stands there twice",
    ]
    for fault, start in zip(found, starts, strict=True):
        assert fault.startswith(start)


@pytest.mark.parametrize("phrase", ["", "a", "locked|", "a + ", "|", " + ", "｜", "x" * 401, "account|-"])
def test_a_phrase_must_leave_something_to_compare(phrase: str) -> None:
    """An empty spelling would be met everywhere, or never."""
    with pytest.raises(ValueError, match="theme"):
        Lures.model_validate({"language": "en", "theme": {"account": [phrase]}})


def test_one_kanji_is_enough() -> None:
    """億 is a word; the letter x is not."""
    assert Lures.model_validate({"language": "ja", "theme": {"fund": ["遺産 + 億"]}}).theme


def test_the_parts_of_a_phrase() -> None:
    """Spellings are compared as skeletons, and a full stop asks for a whole word."""
    first, second = parts("Log in|サインイン + sum.")
    assert [each.key for each in (*first, *second)] == list(map(skeleton, ("login", "サインイン", "sum")))
    assert [each.whole for each in (*first, *second)] == [False, False, True]
    assert parts("ＬＯＧ ＩＮ") == parts("log-in") == parts("login")
    assert parts("login.") != parts("login")


def test_the_shipped_files_load_and_are_named_after_their_language() -> None:
    """The files that come with the program are sound."""
    folder = Path(__file__).parents[3] / "config/lures"
    files = {file.stem for file in folder.glob("*.toml")} - {"themes"}
    assert [each.language for each in load()] == sorted(files)


@pytest.mark.parametrize("language", ["ja", "en", "it", "ko"])
def test_some_languages_have_words_for_everything(language: str) -> None:
    """Every theme, pressure and action is found in these languages."""
    (own,) = (each for each in load() if each.language == language)
    assert set(own.theme) == set(names("theme"))
    assert set(own.pressure) == set(PRESSURES)
    assert set(own.action) == set(names("action"))
    assert all(phrases for table in (own.theme, own.pressure, own.action) for phrases in table.values())


def test_every_language_presses_and_asks() -> None:
    """A language without them could never make a lure."""
    for each in load():
        assert each.theme
        assert set(each.pressure) == set(PRESSURES)
        assert {"login", "confirm"} <= set(each.action)


def test_names_of_aspects_are_kept_apart() -> None:
    """One name in two aspects would make a cue ambiguous to read."""
    everything = [name for aspect in ASPECTS for name in names(aspect)]
    assert len(set(everything)) == len(everything)


@pytest.mark.parametrize(
    "text",
    [
        "先日お送りした資料の内容をご確認のうえ、更新版をお使いください。",
        "会員の皆さまの申請の登録を取り消し、異常の有無を確認します。",
        "Click the link in the single chat profile; the facility is under control.",
        "Der Kontakt in der Kartei ist im Innenhof.",
    ],
)
def test_words_that_languages_share_make_no_phrase_of_another(text: str) -> None:
    """Chinese and Japanese share characters, and the beginnings of Latin words stand in other languages."""
    languages = [each for each in load() if each.language not in ("ja", "en", "de")]
    index = NameIndex((), BrandWords(LurePhrases(languages)))
    assert index.find(text).cues == ()
