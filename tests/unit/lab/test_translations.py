"""The Japanese pages say what the English ones say: the same chapters, the same code, and links that lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lab.translations import PAGES, Chapter, chapters, english, outdated, pairs, stamp

DOCS = Path(__file__).parents[3] / "docs"
TRANSLATED = {"operating.md", "tuning.md"}
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def slug(title: str) -> str:
    """The anchor of a heading, as code forges make it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def anchors(page: Path) -> set[str]:
    return {slug(chapter.title) for chapter in chapters(page.read_text("utf-8"))}


def test_operating_and_tuning_are_translated() -> None:
    assert {page.name for page in PAGES} >= TRANSLATED


@pages
def test_the_chapters_are_the_same(page: Path) -> None:
    """As many headings, of the same levels, in the same order."""
    levels = [
        [chapter.level for chapter in chapters(each.read_text("utf-8"))] for each in (english(page), page)
    ]
    assert levels[0] == levels[1]


@pages
def test_no_chapter_changed_since_it_was_translated(page: Path) -> None:
    """Otherwise look at these chapters again, and then run `python -m lab.translations --seen`."""
    assert list(outdated(page)) == []


@pages
def test_the_code_and_the_tables_are_the_same(page: Path) -> None:
    """Code blocks to the letter; of each table as many rows; of each list as many items."""
    for original, translation in pairs(page):
        assert translation.code == original.code, original.title
        for line in (r"(?m)^\|", r"(?m)^ *(?:-|\d+\.) "):
            counts = [len(re.findall(line, _prose(each))) for each in (original, translation)]
            assert counts[0] == counts[1], (original.title, line)


@pages
def test_what_is_named_is_the_same(page: Path) -> None:
    """What stands between backticks is code: nothing is left out, and nothing added."""
    for original, translation in pairs(page):
        texts = (" ".join(_prose(each).split()) for each in (original, translation))
        named = [set(re.findall(r"`([^`]+)`", each)) for each in texts]
        assert named[0] ^ named[1] == set(), original.title


@pytest.mark.parametrize("page", [DOCS / "tuning.md", *PAGES], ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_to_a_chapter(page: Path) -> None:
    """The file is there, and has the heading."""
    for file, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text("utf-8")):
        target = (page.parent / file).resolve() if file else page
        assert target.is_file(), file
        assert not anchor or anchor in anchors(target), anchor


@pages
def test_it_is_japanese(page: Path) -> None:
    """No English paragraph was left."""
    for chapter in chapters(page.read_text("utf-8")):
        for paragraph in re.split(r"\n\s*\n", _prose(chapter)):
            assert not re.search(r"(?:[a-z]+ ){5}", paragraph), paragraph


def _prose(chapter: Chapter) -> str:
    return re.sub(r"(?ms)^ *```.*?^ *```$", "", chapter.body)


def test_a_changed_chapter_is_named(tmp_path: Path) -> None:
    """A changed word makes its chapter outdated, other line breaks do not; a stamp makes all current."""
    original, page = tmp_path / "page.md", tmp_path / "ja/page.md"
    page.parent.mkdir()
    original.write_text("# One\n\nIt is\nso.\n\n```\n# no heading\n```\n\n## Two\n\nAnd so.\n", "utf-8")
    page.write_text("# 一\n\nそうです。\n\n```\n# no heading\n```\n\n## 二\n\nそうでもあります。\n", "utf-8")
    assert list(outdated(page)) == ["One", "Two"]
    stamp(page)
    assert list(outdated(page)) == []
    original.write_text(original.read_text("utf-8").replace("is\nso", "is so"), "utf-8")
    assert list(outdated(page)) == []
    original.write_text(original.read_text("utf-8").replace("And so", "Not so"), "utf-8")
    assert list(outdated(page)) == ["Two"]
    stamp(page)
    assert page.read_text("utf-8").count("<!-- en: ") == 2
