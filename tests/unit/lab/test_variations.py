"""The variations are real cases: the same each time, in both halves, and authenticated as their descriptions say."""

from __future__ import annotations

import json
from email import message_from_bytes
from pathlib import Path

import pytest
from lab.variations.description import DescriptionError, read
from lab.variations.writing import write

from sekisho import cases
from sekisho.basis import Basis
from sekisho.case_runner import CaseRunner

METHODS = ("spf", "dkim", "dmarc", "arc")
TABLE = """
[[case]]
name = "{name}"
label = "ham"
{more}
why = "a case of a test"
from = "Hana <hana@flowers.example>"
subject = "Tulips"
text = "See [the list](https://flowers.example/list)."
"""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All variations of the lab, written once."""
    folder = tmp_path_factory.mktemp("variations")
    write(read(Path("lab/variations/kinds")), folder)
    return folder


def described(folder: Path, *tables: tuple[str, str]) -> Path:
    """A folder with one file of cases: name and further keys of each."""
    text = "".join(TABLE.format(name=name, more=more) for name, more in tables)
    (folder / "kind.toml").write_text(f'kind = "of a test"\n{text}', encoding="utf-8")
    return folder


def test_both_halves_hold_both_labels(written: Path) -> None:
    """A half without genuine or without fake mail could not be compared with the other."""
    for half in ("look", "blind"):
        for label in ("ham", "phish"):
            assert any((written / half / label).glob("*.eml")), (half, label)


def test_the_authentication_results_are_those_intended(written: Path) -> None:
    """Signatures, policies, forwarding and seals do what the description says; nothing else would be a fair case."""
    runner = CaseRunner.of(Basis.shipped())
    wrong = []
    for path in sorted(written.rglob("*.eml")):
        intended = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["intended"]
        evidence = runner.examine(cases.load(path)).evidence
        found = {f"{method}={evidence.result(method)}" for method in METHODS}
        wrong += [f"{path.stem}: {word}" for word in intended.split() if word not in found]
    assert not wrong


def test_the_same_description_gives_the_same_bytes(tmp_path: Path) -> None:
    """A measure that changes by itself measures nothing: no clock and no chance is in a case."""
    known = read(described(tmp_path, ("one", 'expect = "accept"'), ("two", 'at_most = "tag"')))
    write(known, tmp_path / "first")
    write(known, tmp_path / "second")
    first = {path.name: path.read_bytes() for path in (tmp_path / "first").rglob("*.*")}
    assert len(first) == 4
    assert first == {path.name: path.read_bytes() for path in (tmp_path / "second").rglob("*.*")}


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ('expect = "accept"\nat_most = "tag"', "one of expect and at_most"),
        ("", "one of expect and at_most"),
        ('expect = "accept"\ncolour = "red"', "Extra inputs"),
        ('expect = "accept"\nlike = "nobody"', "no case nobody before it"),
    ],
)
def test_a_description_with_a_fault_is_refused(tmp_path: Path, more: str, fault: str) -> None:
    """A key that nobody reads, or no answer to what is right, is said with the name of the case."""
    with pytest.raises(DescriptionError, match=rf"one: [\s\S]*{fault}"):
        read(described(tmp_path, ("one", more)))


def test_a_page_and_a_message_as_a_file_stay_as_they_are(tmp_path: Path) -> None:
    """Pictures and tables need HTML as it is; webmail attaches a message as a file, for its own recipient."""
    more = """
    expect = "accept"
    rcpt = "desk@example.jp"
    mail_from = ""
    html = "<p><img alt='Tulips'></p>"
    attachments = [{name = "odd.eml", message = {from = "X <x@spam.example>", subject = "odd", text = "odd"}}]
    """
    write(read(described(tmp_path, ("one", more))), tmp_path / "out")
    path = next((tmp_path / "out").rglob("one.eml"))
    parts = list(message_from_bytes(path.read_bytes()).walk())
    kinds = [part.get_content_type() for part in parts]
    assert kinds[-3:] == ["text/plain", "text/html", "application/octet-stream"]
    assert b"<p><img alt='Tulips'></p>" in bytes(parts[-2].get_payload(decode=True))
    assert b"From: X <x@spam.example>" in bytes(parts[-1].get_payload(decode=True))
    session = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert session["rcpt"] == "desk@example.jp"
    published = {(each["name"], each["value"][:6]) for each in session["dns"]}
    assert ("mta.flowers.example", "v=spf1") in published, (
        "the null sender is asked about the name of the host"
    )


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    """Two cases with one name would be one file."""
    with pytest.raises(DescriptionError, match="this name is taken"):
        read(described(tmp_path, ("one", 'expect = "accept"'), ("one", 'expect = "accept"')))


def test_a_twin_says_itself_what_is_right(tmp_path: Path) -> None:
    """What is right is decided for each case; a twin takes over the words, not the answer."""
    known = read(described(tmp_path, ("one", 'expect = "accept"'), ("two", 'like = "one"\nat_most = "tag"')))
    assert [(case.expect, case.at_most) for case in known] == [("accept", None), (None, "tag")]
