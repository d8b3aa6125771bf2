"""Every oddity of the author has a finding, wherever the reader saw it."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.auth_support import context, message

from sekisho.address import fields, spec, tokens
from sekisho.checks.identity import author
from sekisho.evidence import Evidence
from sekisho.message import author as reader
from sekisho.policy import COMBINATIONS


def found(raw: bytes) -> list[str]:
    """The ids that the check finds in a message that begins with these lines."""
    evidence = author.check(message(raw), Evidence(), context())
    return [finding.kind.id for finding in evidence.findings]


def codes_in(module: ModuleType) -> Iterator[str]:
    """The codes that a module reports: first members of pairs, and what stands in backquotes for them."""
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2 and isinstance(node.elts[0], ast.Constant):
            value = node.elts[0].value
            if isinstance(value, str) and re.fullmatch("[a-z_]+", value):
                yield value


def documented() -> set[str]:
    """The codes that the parser's and the reader's docstrings list."""
    text = (fields.__doc__ or "").partition("Problem codes")[2]
    text = re.sub(r"\([^)]*\)", "", text)
    listed = set(re.findall(r"`([a-z_]+)`", text)) - {"author"}
    return listed | set(re.findall(r"`author\.([a-z_]+)`", reader.__doc__ or ""))


def test_every_reported_code_has_a_finding() -> None:
    """No code that parser or reader can report falls silent for want of a declared kind."""
    reported = {code for module in (fields, spec, tokens, reader) for code in codes_in(module)}
    assert len(documented()) >= 25
    assert {f"author.{code}" for code in reported | documented()} <= set(author.BY_CODE)


PIECES = [
    "a@b.example",
    "<",
    ">",
    '"',
    "(",
    ")",
    ",",
    ":",
    ";",
    "@",
    "\\",
    " ",
    "[1.2.3.4]",
    "=?utf-8?B?QA==?=",
]
PIECES += ["\0", "\x1b$B%!\x1b(B", "\u202e", "\u200b", "\r\n ", "x@y", "-.example", "\udc81@", "é"]


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_hostile_fields_report_only_known_codes(pieces: list[str]) -> None:
    """Whatever stands in From, what the reader notes of it is something the check can say."""
    read = message(b"From: " + "".join(pieces).encode("utf-8", "surrogateescape") + b"\r\n\r\nx\r\n")
    assert {problem.code for problem in read.author.problems} <= set(author.BY_CODE)


def test_combinations_name_findings_that_exist() -> None:
    """A decisive row on an id that nothing declares would never decide."""
    named = {
        name for row in COMBINATIONS for name in (*row.all_of, *row.any_of) if name.startswith("author.")
    }
    assert named <= set(author.BY_CODE)


def test_a_kind_once() -> None:
    """Two problems of one kind are one finding, with what was seen first."""
    raw = b"From: <a@b.example> <c@d.example> <e@f.example>\r\n\r\n"
    assert found(raw).count("author.several_brackets") == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("=?UTF-8?B?4oCuYWJj?=", ["author.bidi"]),  # U+202E
        ("=?UTF-8?B?4oGoYWJj4oGp?=", []),  # U+2068 and U+2069: isolates
        ("=?UTF-8?B?YeKAi2I=?=", ["author.invisible"]),  # U+200B
        ("=?UTF-8?B?8J+RqeKAjfCfkac=?=", []),  # two people with a joiner: one emoji
        ("=?UTF-8?B?YQhi?=", ["author.control"]),
        ("=?UTF-8?B?YQBi?=", ["author.control"]),
        ("=?UTF-8?Q?a=09b?=", []),
        ("Plain Name", []),
    ],
)
def test_what_encoded_words_bring_in(name: str, expected: list[str]) -> None:
    """A character is as odd behind an encoded word as it is in the raw field."""
    assert found(f"From: {name} <a@b.example>\r\n\r\n".encode()) == expected


@pytest.mark.parametrize(
    ("raw", "broken"),
    [
        (b"From: a@b.example\r\nno colon\r\nFrom: c@d.example\r\n\r\nx\r\n", True),
        (b"To: a@b.example\r\nno colon\r\nfrom : c@d.example\r\n\r\nx\r\n", True),
        (b"From: a@b.example\r\nno colon\r\n\r\nFrom: c@d.example\r\n", False),
        (b"From: a@b.example\r\nno colon\r\nX-From: c@d.example\r\n\r\nx\r\n", False),
        (b"From: a@b.example\r\n\r\nFrom: c@d.example\r\n", False),
        (b"\r\nFrom: c@d.example\r\n\r\nx\r\n", False),
        (b"\r\n\r\nFrom: c@d.example\r\n\r\nx\r\n", False),
        (b"\r\nno colon\r\nFrom: c@d.example\r\n\r\nx\r\n", True),
        (b"\r\n From: a@b.example\r\nFrom: c@d.example\r\n\r\nx\r\n", True),
        (b"To: a@b.example\r\n\r\nno colon\r\nFrom: c@d.example\r\n\r\nx\r\n", True),
        (b"To: a@b.example\r\n\r\nno colon\r\n\r\nFrom: c@d.example\r\n", False),
        (b"From: a@b.example\r\n\r\nAs he wrote\r\nFrom: c@d.example\r\n", False),
        (b"From: a@b.example\r\nno colon\r\n" + b"x\r\n" * 9_000 + b"From: c@d.example\r\n", False),
    ],
)
def test_authors_below_a_broken_line(raw: bytes, broken: bool) -> None:
    """A From that some programs read on to is the author, or a second one; one in the body proper is text."""
    assert ("author.broken_block" in found(raw)) is broken
