"""The lists of words: what is shipped, what is refused, and what a site changes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from tests.auth_support import WORDS

from sekisho import vocabulary
from sekisho.package_data import shipped
from sekisho.text import skeleton
from sekisho.vocabulary import VocabularyFileError
from sekisho.vocabulary.lists import WordLists, read
from sekisho.vocabulary.overlay import laid_over


def overlaid(folder: Path, content: str, name: str = "site.toml") -> vocabulary.LoadedWords:
    (folder / name).write_text(content, "utf-8")
    return vocabulary.load(folder)


def faults_of(folder: Path, content: str) -> list[str]:
    with pytest.raises(VocabularyFileError) as caught:
        overlaid(folder, content)
    return [fault.removeprefix(f"{folder}/site.toml: ") for fault in caught.value.faults]


def test_every_list_is_shipped_with_words() -> None:
    """A list without words would make its checks silently blind."""
    faults: list[str] = []
    lists = read(shipped("vocabulary"), faults)
    assert faults == []
    assert [name for name in WordLists.model_fields if not getattr(lists, name)] == []


def test_no_list_holds_a_word_twice() -> None:
    """Who removes a word must not leave the same one behind."""
    for file in shipped("vocabulary").glob("*.toml"):
        for name, words in tomllib.loads(file.read_text("utf-8")).items():
            assert len(set(map(str.lower, words))) == len(words) or name == "chinese_fonts", name


def test_every_fault_of_every_file_is_named(tmp_path: Path) -> None:
    """Unknown lists, what is no word, a list in two files, files that cannot be read."""
    files = {
        "a": 'greetings = ["dear", " hello", "*", "de*ar"]',
        "b": 'offices = ["x"]',
        "c": 'open_redirects = ["Google"]\nretired_mailers = ["the bat!"]\npersonal_mailers = ["The Bat"]',
        "d": 'readers = ["user"]',
        "e": 'readers = ["member"]',
        "f": "readers = ",
    }
    for name, content in files.items():
        (tmp_path / f"{name}.toml").write_text(content, "utf-8")
    faults: list[str] = []
    read(tmp_path, faults)
    starts = [
        "a.toml: greetings[1]: ' hello' is no word",
        "a.toml: greetings[2]: '*' is no word",
        "a.toml: greetings[3]: 'de*ar' is no word",
        "b.toml: offices: ",
        "c.toml: retired_mailers[0]: ",
        "c.toml: open_redirects[0]: ",
        "c.toml: personal_mailers[0]: 'The Bat' is not in small letters",
        "e.toml: readers: stands in another file, too",
        "f.toml: ",
    ]
    found = [fault.removeprefix(f"{tmp_path}/") for fault in faults]
    assert len(found) == len(starts)
    for fault, start in zip(sorted(found), sorted(starts), strict=True):
        assert fault.startswith(start)


def test_a_missing_list_is_a_fault(tmp_path: Path) -> None:
    """A shipped file that is lost is told, list by list; a folder that is lost, too."""
    (tmp_path / "a.toml").write_text('readers = ["user"]', "utf-8")
    faults: list[str] = []
    read(tmp_path, faults)
    assert len(faults) == len(WordLists.model_fields) - 1
    assert f"{tmp_path}: greetings: is missing" in faults
    faults.clear()
    read(tmp_path / "none", faults)
    assert faults[0] == f"{tmp_path / 'none'}: No such file or directory"


def test_a_site_adds_and_removes_words(tmp_path: Path) -> None:
    """What is added is met, what is removed is not, and the rest stays."""
    words = overlaid(
        tmp_path,
        'office_words.add = ["Ortsverein"]\n'
        'common_words.remove = ["post"]\n'
        'common_words.add = ["Société", "支店"]\n'
        'personal_mailers.add = ["quill"]\n'
        'suspicious_suffixes.remove = ["club"]\n'
        'companions.add = ["会館"]\n'
        'trade_words.add = ["kyc"]\n',
    )
    assert words.checks.names.office_words.search("der Ortsverein Süd")
    assert not WORDS.checks.names.office_words.search("der Ortsverein Süd")
    assert words.checks.names.office_words.search("Customer Support")
    assert words.checks.names.distinctive("Post Société Yamada支店") == ("post", "yamada")
    assert WORDS.checks.names.distinctive("Post Yamada支店") == ("yamada支店",)
    assert words.checks.mailers.personal_mailers.search("quill 3")
    assert WORDS.checks.domains.suspicious_suffixes - words.checks.domains.suspicious_suffixes == {"club"}
    assert "会館" in words.brands.companions
    assert words.brands.strong - WORDS.brands.strong == {"kyc"}


def test_a_site_changes_phrases_of_lures(tmp_path: Path) -> None:
    """In a language that is shipped and in one that is not; a phrase that stands there already stands there once."""
    words = overlaid(
        tmp_path,
        'lures.en.theme.tax.add = ["zakat + due"]\n'
        'lures.fi.action.pay.add = ["maksa + heti"]\n'
        'lures.en.theme.fund.remove = ["no such phrase"]\n',
    )
    keys = set(words.brands.phrases.keys) - set(WORDS.brands.phrases.keys)
    assert keys == set(map(skeleton, ("zakat", "maksa", "heti")))
    assert words.idle == (f"{tmp_path}/site.toml: lures.en.theme.fund.remove: 'no such phrase' is not there",)


def test_what_changes_nothing_is_no_fault(tmp_path: Path) -> None:
    """A later release may ship the word that a site added, or drop the one that it removed."""
    words = overlaid(tmp_path, 'greetings.add = ["dear"]\ngreetings.remove = ["Derr"]\n')
    assert words.checks.greeting.greetings.pattern == WORDS.checks.greeting.greetings.pattern
    assert words.idle == (f"{tmp_path}/site.toml: greetings.remove: 'Derr' is not there",)


def test_files_are_laid_over_one_after_the_other(tmp_path: Path) -> None:
    """By name; a file of providers is not one of words, and what is no TOML file is left alone."""
    (tmp_path / "notes.txt").write_text("[", "utf-8")
    (tmp_path / "providers.toml").write_text('[mailbox]\nours = ["mail.example.jp"]\n', "utf-8")
    (tmp_path / "a.toml").write_text('greetings.add = ["howdy"]\n', "utf-8")
    (tmp_path / "b.toml").write_text('greetings.remove = ["howdy"]\n', "utf-8")
    assert (
        vocabulary.load(tmp_path).checks.greeting.greetings.pattern == WORDS.checks.greeting.greetings.pattern
    )
    assert vocabulary.providers_file(tmp_path) == tmp_path / "providers.toml"
    assert vocabulary.providers_file(None) is None


def test_an_absent_overlay_changes_nothing(tmp_path: Path) -> None:
    """The usual folder need not be there."""
    faults: list[str] = []
    lists = WordLists(greetings=("dear",))
    assert laid_over(lists, (), tmp_path / "none", faults).lists == lists
    assert laid_over(lists, (), None, faults).lists == lists
    assert faults == []


def test_faults_of_an_overlay_name_the_place(tmp_path: Path) -> None:
    """All at once, with file and key, and nothing is loaded."""
    found = faults_of(
        tmp_path,
        'greeting.add = ["x"]\n'
        'office_words.add = ["fine", " not"]\n'
        'office_words.drop = ["x"]\n'
        'suspicious_suffixes = ["club"]\n'
        'lures.eng.theme.tax.add = ["zakat + due"]\n'
        'lures.en.theme.taxes.add = ["zakat + due"]\n'
        'lures.en.theme.tax.add = ["x + due"]\n',
    )
    starts = [
        "greeting: ",
        "lures.en.theme.tax.add[0]: 'x + due' has a spelling",
        "lures.en.theme.taxes: 'taxes' is none of",
        "lures.eng: ",
        "office_words.add[1]: ' not' is no word",
        "office_words.drop: ",
        "suspicious_suffixes: ",
    ]
    for fault, start in zip(sorted(found), starts, strict=True):
        assert fault.startswith(start)


def test_the_example_of_the_documentation_is_true(tmp_path: Path) -> None:
    """What docs/operating.md shows loads, and everything that it removes is there."""
    page = (Path(__file__).parents[3] / "docs" / "operating.md").read_text("utf-8")
    example = page.partition("# /etc/sekisho/vocabulary.d/site.toml\n")[2].partition("```")[0]
    words = overlaid(tmp_path, example)
    assert words.idle == ()
    assert words.checks.names.office_words.search("Geschäftsstellen im Ort")
    assert "club" not in words.checks.domains.suspicious_suffixes


@pytest.mark.parametrize("entry", ["販", "販 ", "販 友反売買", "販  友反"])
def test_an_exchanged_letter_has_forms(tmp_path: Path, entry: str) -> None:
    """A letter without a form, or with a long one, is told with the file."""
    (tmp_path / "letters.toml").write_text(f'exchanged_letters.add = ["{entry}"]\n', "utf-8")
    with pytest.raises(VocabularyFileError, match=r"letters\.toml"):
        vocabulary.load(tmp_path)


@pytest.mark.parametrize(
    ("name", "entry"),
    [("readings", "北"), ("readings", "北森 kitamori"), ("readings", "北 Kita"), ("translations", "shop mise"),
     ("translations", "薬局")],
)  # fmt: skip
def test_what_a_name_says_in_latin_letters(tmp_path: Path, name: str, entry: str) -> None:
    """An entry of another form is told with the file."""
    (tmp_path / "site.toml").write_text(f'{name}.add = ["{entry}"]\n', "utf-8")
    with pytest.raises(VocabularyFileError, match=r"site\.toml"):
        vocabulary.load(tmp_path)
