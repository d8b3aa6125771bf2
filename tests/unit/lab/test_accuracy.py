"""`python -m lab.accuracy`: measured tables in a document that stays as it is around them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lab import accuracy
from tests.unit.cli.conftest import FAKE, GENUINE, mail, write


@pytest.mark.slow
def test_the_tables_are_put_between_the_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every collection under its title in each variant; text around the tables stays; no file is named."""
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    fake = mail("Amazon <info@stranger.example>")
    write(tmp_path / "folder-a" / "phish" / "m1.eml", fake, {**FAKE, "kind": "x:own", "lang": "ja"})
    genuine = {**GENUINE, "expect": "accept"}
    write(tmp_path / "folder-b" / "ham" / "m2.eml", mail("Flowers <shop@flower.example>"), genuine)
    collections = tmp_path / "collections.toml"
    titles = {"Fakes of | our traps": "folder-a", "Mail of the office": "folder-b"}
    rows = [
        f"[[collection]]\ntitle = {json.dumps(title)}\nfolder = {json.dumps(name)}\n"
        for title, name in titles.items()
    ]
    collections.write_text("\n".join(rows) + '[kinds]\n"x:own" = "his own domain"\n', "utf-8")
    document = tmp_path / "accuracy.md"
    document.write_text(f"before\n{accuracy.BEGIN}old\n{accuracy.END}after\n", "utf-8")
    accuracy.main(accuracy.Collections.read(collections), document)
    text = document.read_text("utf-8")
    assert text.startswith(f"before\n{accuracy.BEGIN}")
    assert text.endswith(f"{accuracy.END}after\n")
    for variant in accuracy.VARIANTS:
        table = text.partition(f"### {variant}\n")[2].partition("###")[0]
        assert "| Fakes of \\| our traps | phish | 1 |" in table
        assert "| Mail of the office | ham | 1 | 1 |" in table
    expected = text.partition("### By what the cases expect, as it came\n")[2].partition("###")[0]
    assert "| Mail of the office | 1 | 0 | 1 | 100.0% (20.7%-100.0%) |" in expected
    assert "his own domain" in text
    assert not [word for word in ("old\n", "folder-", ".eml", str(tmp_path), "x:own") if word in text]


def test_a_collection_without_mail_is_a_mistake(tmp_path: Path) -> None:
    """The document is left alone rather than written with nothing in it."""
    (tmp_path / "none").mkdir()
    collections = tmp_path / "collections.toml"
    collections.write_text('[[collection]]\ntitle = "Nothing"\nfolder = "none"\n', "utf-8")
    document = tmp_path / "accuracy.md"
    document.write_text(f"{accuracy.BEGIN}{accuracy.END}", "utf-8")
    with pytest.raises(SystemExit, match="Nothing"):
        accuracy.main(accuracy.Collections.read(collections), document)
    assert document.read_text("utf-8") == f"{accuracy.BEGIN}{accuracy.END}"


def test_collections_of_another_place(tmp_path: Path) -> None:
    """The folders are below the corpus if one is named, else below the file; the shipped file has titles for both."""
    file = tmp_path / "collections.toml"
    file.write_text('[[collection]]\ntitle = "A"\nfolder = "x/ham"\n', "utf-8")
    assert accuracy.Collections.read(file).folders == {"A": tmp_path / "x" / "ham"}
    assert accuracy.Collections.read(file, Path("/corpus")).folders == {"A": Path("/corpus/x/ham")}
    shipped = accuracy.Collections.read(Path(accuracy.__file__).with_suffix(".toml"), Path("/corpus"))
    assert len(shipped.folders) > 5
    assert len(set(shipped.kinds.values())) == len(shipped.kinds)
