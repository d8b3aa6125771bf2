"""Words that a mail admin may want to correct are data (`config/vocabulary`), not code: a machine counts those in code.

Counted are the strings of literal collections (those of dicts, and texts that are split, too) and the alternatives of
patterns. The constants of a module count together, and so does what a function holds: four lists of three words are
twelve words. What is syntax is exempt, constant by constant, with a reason. A list of nothing but identifiers of ours
(values of `Literal` types and of enums, ids of findings, names of themes) holds no words.

It cannot see words that are joined by other means (one `if` a word), nor those of sentences (`FindingKind`).
"""

from __future__ import annotations

import ast
import functools
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from sekisho.checks.table import KINDS
from sekisho.vocabulary.lures import ASPECTS, names

PACKAGE = Path(__file__).parent.parent / "milter" / "sekisho"
MODULES = sorted(path for room in ("checks", "brands") for path in (PACKAGE / room).rglob("*.py"))
MOST = 8  # words

# Syntax: what a standard or another program's format says, and no admin corrects.
EXEMPT: dict[str, str] = {
    "brands/misspelt:_ROMAJI": "the consonants of Japanese syllables in Latin letters (Hepburn)",
    "checks/content/headers:ORDINARY_DATE": "the days and months of a Date field (RFC 5322 section 3.3)",
    "checks/content/link_tricks:PAGE_TARGET": "schemes of URLs and media types",
    "checks/content/text_style:TEMPLATE_FIELD": "names of fields in templates of mass mailers",
    "checks/content/text_style:PLACEHOLDER": "names of fields in templates of mass mailers",
    "checks/content/text_style:LOOSE_PLACEHOLDER": "names of fields in templates of mass mailers",
    "checks/content/text_style:SERIAL_NUMBER": "the mark that stands before a number, as `No.` does",
    "checks/content/text_style:FOREIGN_CHARSETS": "names of charsets (IANA)",
    "checks/facts/calls:AMOUNT": "signs and codes of currencies (ISO 4217)",
    "checks/facts/demands:SPAN": "units of time behind a number (CLDR)",
    "checks/facts/told_names:SPELLINGS": "how spellings of English sound in kana",
    "checks/facts/written_ways:_DIGIT": "the ten digits in words",
    "checks/facts/payload:INVITATIONS": "media types (RFC 5545)",
    "checks/identity/brand_policies:MONTHS": "months, to write a date in an English sentence",
    "checks/facts/strictness:OWN": "a part of a finding's sentence",
    "checks/facts/strictness:LISTED": "a part of a finding's sentence",
    "checks/facts/strictness:NOTED": "a part of a finding's sentence",
}

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    parser = re._parser  # type: ignore[attr-defined]


def is_word(text: str) -> bool:
    """Two letters in a row, or one of Chinese or Japanese: something that a person says."""
    return re.search(r"[^\W\d_]{2}|[\u3041-\u30ff\u4e00-\u9fff]", text) is not None


@functools.cache
def identifiers() -> frozenset[str]:
    """Strings of closed vocabularies of our own, wherever in the program they are declared."""
    found = {kind.id for kind in KINDS} | {name for aspect in ASPECTS for name in names(aspect)}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Subscript)
                and isinstance(node.value, ast.Name)
                and node.value.id == "Literal"
            ):
                found |= set(strings(node.slice))
            elif isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(base) for base in node.bases):
                found |= {
                    text for each in node.body if isinstance(each, ast.Assign) for text in strings(each.value)
                }
    return frozenset(found)


def strings(node: ast.AST) -> Iterator[str]:
    return (
        each.value
        for each in ast.walk(node)
        if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )


def alternatives(pattern: str) -> Iterator[str]:
    """The literal text of each alternative of a pattern."""
    try:
        parsed = parser.parse(pattern)
    except re.error:  # a piece of a pattern
        parsed = parser.parse(re.escape(pattern).replace(r"\|", "|"))
    yield from _branches(parsed)


def _branches(parsed: object) -> Iterator[str]:
    for operator, argument in parsed:  # type: ignore[attr-defined]
        name = str(operator)
        if name == "BRANCH":
            for each in argument[1]:
                yield from (text for text in [_literal(each)] if text)
                yield from _branches(each)
        elif name == "SUBPATTERN":
            yield from _branches(argument[-1])
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            yield _literal(argument[2])
            yield from _branches(argument[2])
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from _branches(argument[1])
        elif name == "ATOMIC_GROUP":
            yield from _branches(argument)


def _literal(parsed: object) -> str:
    """The letters that stand in a piece of a pattern, anything else as a gap. Those of a group count with it."""
    found = ""
    for operator, argument in parsed:  # type: ignore[attr-defined]
        if str(operator) == "SUBPATTERN":
            found += _literal(argument[-1])
        else:
            found += chr(argument) if str(operator) == "LITERAL" else " "
    return found


def words(node: ast.AST) -> Iterator[str]:
    """The words of one statement."""
    for each in ast.walk(node):
        if isinstance(each, (ast.List, ast.Tuple, ast.Set)):
            yield from _of_collection(each.elts)
        elif isinstance(each, ast.Dict):
            yield from _of_collection(key for key in each.keys if key is not None)
            yield from _of_collection(each.values)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield from filter(is_word, _of_text(each.value))


def _of_collection(items: Iterable[ast.expr]) -> Iterator[str]:
    held = [each.value for each in items if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if not identifiers().issuperset(held):
        yield from filter(is_word, held)


def _of_text(text: str) -> Iterator[str]:
    """The alternatives of what may be a pattern, the words of what may be split."""
    if "|" in text:
        yield from alternatives(text)
    elif "\n" in text.strip():
        yield from text.split()


def _name(node: ast.stmt) -> str:
    """What an assignment, a function or a class is called."""
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[0])
    if isinstance(node, ast.AnnAssign):
        return ast.unparse(node.target)
    return getattr(node, "name", "")


def counted(path: Path) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Group (`constants`, or a function), name and words of everything in a module that holds words."""
    module = str(path.relative_to(PACKAGE)).removesuffix(".py")
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue  # a docstring
        name = _name(node)
        held = tuple(words(_without_docstrings(node)))
        if held:
            definition = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            yield name if definition else "constants", f"{module}:{name}", held


def _without_docstrings(node: ast.AST) -> ast.AST:
    for each in ast.walk(node):
        body = getattr(each, "body", None)
        if isinstance(body, list):
            each.body = [  # type: ignore[attr-defined]
                item
                for item in body
                if not (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))
            ] or [ast.Pass()]
    return node


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_list_of_words_stands_in_code(path: Path) -> None:
    """More than eight words together are knowledge: they stand in config/vocabulary, where an admin corrects them."""
    groups: dict[str, dict[str, tuple[str, ...]]] = {}
    for group, name, held in counted(path):
        if name not in EXEMPT:
            groups.setdefault(group, {})[name] = held
    sums: Counter[str] = Counter({group: sum(map(len, held.values())) for group, held in groups.items()})
    assert {group: groups[group] for group, number in sums.items() if number > MOST} == {}


def test_every_exemption_is_needed() -> None:
    """A reason for what is no longer there would excuse the next list of that name."""
    there = {name for path in MODULES for _, name, _ in counted(path)}
    assert set(EXEMPT) - there == set()


@pytest.mark.parametrize(
    ("code", "number"),
    [
        ('A = ("yes", "no")\nB = frozenset({"maybe"})', 3),
        ('A = """\n    yes no\n    maybe\n"""', 3),
        ('A = re.compile(r"\\b(?:yes|no)(?=maybe|perhaps)|(?:never ){1,3}|いいえ")', 6),
        ('A = {"yes": "はい", "no": f(("maybe",))}', 4),
        ('A = ("tag", "quarantine")', 0),
        ('A = ("tag", "quarantine", "yes")', 3),
        ('A = frozenset("のをに")\nB = (1, "x", "+")', 0),
        ('A = FindingKind("brand.new", 1, "It says yes or no.", "はい、いいえ。")', 0),
    ],
)
def test_the_machine_counts_as_a_person_would(code: str, number: int) -> None:
    """A counter that overlooks a way to write lists would hold nothing."""
    assert len(list(words(ast.parse(code)))) == number
