"""What a docstring of a public function must say: that it exists is ruff's rule D, what it says is looked at here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "milter" / "sekisho"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
Function = ast.FunctionDef | ast.AsyncFunctionDef
EVERYTHING = {"Exception", "BaseException"}
# What tells a reader which quantity a number is. A name may tell it, too: `seconds`, `size_bytes`, `port`.
QUANTITIES = re.compile(
    r"seconds?|minutes?|hours?|days?|years?|bytes?|[kmg]i?b\b|characters?|letters?|lines?|columns?|pixels?|points?|share|percent|"
    r"index(?:es)?|number|numbers|count(?:ed|s)?|how (?:many|often|much|long)|at most|position|offset|"
    r"port|status|level|depth|version|descriptor|process id|user id|group id|monotonic|unix time|preference",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Public:
    """A public function, where it stands, and the functions of its module by name."""

    where: str
    node: Function
    private: dict[str, Function]

    @property
    def docstring(self) -> str:
        return " ".join((ast.get_docstring(self.node) or "").split())


def public_functions(path: Path) -> Iterator[Public]:
    tree = ast.parse(path.read_text("utf-8"))
    for holder in (tree, *(each for each in tree.body if isinstance(each, ast.ClassDef))):
        if isinstance(holder, ast.ClassDef) and holder.name.startswith("_"):
            continue
        own = {each.name: each for each in holder.body if isinstance(each, Function)}
        private = {name: each for name, each in own.items() if name.startswith("_")}
        if isinstance(holder, ast.ClassDef):
            private |= {
                each.name: each for each in tree.body if isinstance(each, Function) and each.name[0] == "_"
            }
        for name, node in own.items():
            if not name.startswith("_"):
                of = f"{holder.name}." if isinstance(holder, ast.ClassDef) else ""
                yield Public(f"{path.relative_to(PACKAGE)}:{node.lineno} {of}{name}", node, private)


def body_of(function: Function) -> Iterator[ast.AST]:
    """The nodes of a function, functions within it left out."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)


def last_name(node: ast.AST | None) -> str:
    """`Error` of `Error`, `module.Error` and `Error(text)`."""
    if isinstance(node, ast.Call):
        node = node.func
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def raised(function: Function, private: dict[str, Function], seen: frozenset[str] = frozenset()) -> set[str]:
    """The errors that a function raises by name, itself or in a private function of its module that it calls."""
    found: set[str] = set()
    caught: set[str] = set()
    for node in body_of(function):
        if isinstance(node, ast.Raise) and (name := last_name(node.exc))[:1].isupper():
            found.add(name)
        elif isinstance(node, ast.ExceptHandler) and node.type is not None:
            types = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            caught |= {last_name(each) for each in types}
        elif isinstance(node, ast.Call):
            called = last_name(node)
            if called in private and called not in seen:
                inner = raised(private[called], private, seen | {called})
                found |= inner
    return set() if caught & EVERYTHING else found - (caught - direct(function))


def direct(function: Function) -> set[str]:
    """The errors that a function raises itself: they are not caught by its own handlers as a rule."""
    return {last_name(node.exc) for node in body_of(function) if isinstance(node, ast.Raise)}


def is_number(annotation: ast.expr | None) -> bool:
    """True for `int`, `float` and either of them or None."""
    if isinstance(annotation, ast.BinOp):
        return is_number(annotation.left) or is_number(annotation.right)
    return isinstance(annotation, ast.Name) and annotation.id in {"int", "float"}


def unexplained(function: Public) -> list[str]:
    """The numbers of a function of which neither name nor docstring says what they count."""
    text, node = function.docstring, function.node
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    told = QUANTITIES.search(text) is not None
    found = [
        each.arg
        for each in arguments
        if is_number(each.annotation)
        and not (told or f"`{each.arg}`" in text or QUANTITIES.search(each.arg.replace("_", " ")))
    ]
    returned = is_number(node.returns) and not (told or QUANTITIES.search(node.name.replace("_", " ")))
    return [*found, *(["what it returns"] if returned else [])]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_errors_are_named(path: Path) -> None:
    """A docstring names every error that the function raises."""
    silent = {
        each.where: sorted(missing)
        for each in public_functions(path)
        if (missing := {name for name in raised(each.node, each.private) if name not in each.docstring})
    }
    assert silent == {}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_numbers_are_explained(path: Path) -> None:
    """A docstring, or the number's own name, says what a number counts, or in which unit it is."""
    silent = {each.where: found for each in public_functions(path) if (found := unexplained(each))}
    assert silent == {}
