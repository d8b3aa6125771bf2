"""Every regular expression of the package, how it is used, and inputs made to cost it time.

`collected` reads the source, so that none escapes: patterns of modules, classes and functions, and literals that are
handed to `re` at once. `hostile` makes inputs from a pattern's own parse tree: what leads up to each of its repeats,
what is repeated as often as fits, and something on which it fails.
"""

from __future__ import annotations

import ast
import importlib
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from re import _constants as codes
from re import _parser as parser
from types import ModuleType
from typing import Any

import sekisho

ROOT = Path(sekisho.__file__).parent
FUNCTIONS = frozenset(
    {"compile", "match", "search", "sub", "subn", "split", "findall", "finditer", "fullmatch"}
)
ANCHORED = frozenset({"match", "fullmatch"})
CLASSES = (codes.IN, codes.ANY, codes.NOT_LITERAL)
REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT)
USUAL = "aZ0_ \t\n-.<>\"'\\@:;,=()[]/?&!あー。\u200b\xe9"
"""Characters that stand for the classes of a pattern."""
MANY = 60
"""Repeats inside a unit that is itself repeated: patterns with bounds are slow where all their bounds are used up."""
FAILS = ("", "\0", "\n", "!", "\ufffd")


@dataclass(frozen=True)
class Use:
    """A pattern, the module that it stands in, the name that it is bound to (its source, if none), and the methods
    that are called on it."""

    pattern: re.Pattern[Any]
    module: str
    name: str
    methods: frozenset[str]

    @property
    def anchored(self) -> bool:
        """True if it is only ever tried at one place of the text."""
        return bool(self.methods) and self.methods <= ANCHORED


def collected() -> tuple[list[Use], list[str]]:
    """Every pattern of the package; and the calls whose pattern is only known when they run, as `module:source`."""
    uses: list[Use] = []
    unknown: list[str] = []
    trees = {name_of(path): ast.parse(path.read_text()) for path in sorted(ROOT.rglob("*.py"))}
    for name, tree in trees.items():
        calls = [call for call in ast.walk(tree) if isinstance(call, ast.Call) and _function(call)]
        module = importlib.import_module(name) if calls else None
        bound = _bound(tree)
        for call in calls:
            pattern = _evaluated(call, module)
            if pattern is None:
                unknown.append(f"{name}:{ast.unparse(call.args[0])}")
                continue
            variable = bound.get(call, "") if _function(call) == "compile" else ""
            how = _methods(variable, name, trees) if variable else frozenset({_function(call)} - {"compile"})
            uses.append(Use(pattern, name, variable or ast.unparse(call.args[0]), how))
    return uses, unknown


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def _function(call: ast.Call) -> str:
    """The function of `re` that is called, or empty."""
    on = call.func
    if isinstance(on, ast.Attribute) and isinstance(on.value, ast.Name) and on.value.id == "re":
        return on.attr if on.attr in FUNCTIONS else ""
    return ""


def _evaluated(call: ast.Call, module: ModuleType | None) -> re.Pattern[Any] | None:
    """The pattern of a call as the module would make it; None if it depends on what a function is given."""
    flags = next((each.value for each in call.keywords if each.arg == "flags"), None)
    if flags is None and _function(call) == "compile" and len(call.args) > 1:
        flags = call.args[1]
    made = ast.Call(call.func, [call.args[0], *([flags] if flags else [])], [])
    made.func = ast.Attribute(ast.Name("re", ast.Load()), "compile", ast.Load())
    source = ast.fix_missing_locations(ast.Expression(made))
    try:
        found = eval(compile(source, "<pattern>", "eval"), {**vars(module), "re": re})
    except NameError:
        return None
    assert isinstance(found, re.Pattern)
    return found


def _bound(tree: ast.Module) -> dict[ast.expr, str]:
    """The name that the result of a call is bound to."""
    found: dict[ast.expr, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.value] = node.targets[0].id
    return found


def _methods(name: str, home: str, trees: Mapping[str, ast.Module]) -> frozenset[str]:
    """What is done with a pattern of the module `home`, there and wherever else it is imported. One that is handed
    on may be searched."""
    found: set[str] = set()
    for module, tree in trees.items():
        if module == home or name in _imported(tree):
            found |= _done_with(tree).get(name, set())
        found |= _done_with(tree).get(f".{name}", set())
    return frozenset(found) - {"pattern"}


@cache
def _imported(tree: ast.Module) -> frozenset[str]:
    """The names that a module imports from others."""
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return frozenset(each.name for node in imports for each in node.names)


@cache
def _done_with(tree: ast.Module) -> dict[str, set[str]]:
    """The methods by name, `.name` where it is an attribute of something."""
    found: dict[str, set[str]] = {}
    bases = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found.setdefault(_name(node.value), set()).add(node.attr)
            bases.add(node.value)
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Name | ast.Attribute)
            and isinstance(node.ctx, ast.Load)
            and node not in bases
        ):
            found.setdefault(_name(node), set()).add("search")
    return found


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return f".{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


# --- inputs ----------------------------------------------------------------------------------------


def hostile(pattern: re.Pattern[Any], seed: int = 0) -> list[tuple[str, str, str]]:
    """(before, unit, after): `before + unit * n + after` is the input."""
    tree = parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    made = _Samples(pattern, tree, random.Random(f"{pattern.pattern!r} {seed}"))
    return list(dict.fromkeys(each for each in made.inputs() if each[1] and made.able(each)))


class _Samples:
    """Texts out of one parse tree."""

    def __init__(self, pattern: re.Pattern[Any], tree: Any, chance: random.Random) -> None:
        self._bytes = isinstance(pattern.pattern, bytes)
        self._tree, self._chance = tree, chance
        literals = "".join(dict.fromkeys(_literals(tree)))
        self._letters = literals + USUAL
        if self._bytes:
            self._letters = "".join(char for char in self._letters if ord(char) < 256) + "\x80\xa4\xff"
        self._own = literals[:40] or "a"

    def able(self, texts: tuple[str, str, str]) -> bool:
        """False for what bytes cannot hold."""
        return not self._bytes or max("".join(texts)) <= "\xff"

    def inputs(self) -> Iterator[tuple[str, str, str]]:
        units = list(self._all_units())
        for before, unit in units:
            for after in FAILS[:2]:
                yield before, unit, after
            yield "", before + unit, ""
            yield "", before + unit * MANY + "\n", ""
            yield before, unit, self._pick(FAILS)
        for char in self._own + " \n\taA0":
            yield "", char, ""
            yield "", char, "\0"
        for _ in range(24):
            (_, one), (_, two) = self._pick(units or [("", "a")]), self._pick(units or [("", "a")])
            own = self._pick(self._own)
            yield "", self._pick([one + two, own + one, one + own, own + two + one]), self._pick(FAILS)
        for _ in range(6):
            yield "", self._text(self._tree), ""
            yield self._text(self._tree), self._pick(self._own), ""

    def _all_units(self) -> Iterator[tuple[str, str]]:
        """For each repeat: texts that lead up to it, and what it may repeat."""
        for path in _paths(self._tree):
            sequence, repeat, at = path[-1]
            behind = [self._text(sequence[at + 1 : at + 1 + many]) for many in (1, 2, 3, 4)]
            for unit in dict.fromkeys([*self._variants(repeat[1][2]), *behind]):
                yield "".join(self._text(each[:place]) for each, _, place in path), unit

    def _variants(self, sub: Any) -> list[str]:
        """What is repeated, in several ways: each alternative, and for a class each character that the pattern
        itself names."""
        texts = [each for node in sub for each in self._one_each(node)] if len(sub) == 1 else []
        texts += [self._text(sub) for _ in range(4)]
        return [each for each in dict.fromkeys(texts) if each][:20]

    def _one_each(self, node: Any) -> list[str]:
        op, av = node
        if op in CLASSES:
            return [char for char in self._letters if _fits(node, char)][:14]
        if op is codes.BRANCH:
            return [each for sub in av[1] for each in self._ended(sub)]
        if op is codes.SUBPATTERN:
            return self._one_each(av[3][0]) if len(av[3]) == 1 else self._ended(av[3])
        return []

    def _ended(self, sub: Any) -> list[str]:
        """A sequence with each character that may end it."""
        if not len(sub) or sub[len(sub) - 1][0] not in CLASSES:
            return [self._text(sub)]
        head = self._text(sub[: len(sub) - 1])
        return [head + char for char in self._one_each(sub[len(sub) - 1])]

    def _pick(self, from_: Any) -> Any:
        return self._chance.choice(from_)

    def _text(self, sub: Any) -> str:
        return "".join(self._one(node) for node in sub)

    def _one(self, node: Any) -> str:
        op, av = node
        if op is codes.LITERAL:
            return chr(av)
        if op in CLASSES:
            able = [char for char in self._letters if _fits(node, char)]
            return self._pick(able or [_first(node)])
        if op is codes.BRANCH:
            return self._text(self._pick(av[1]))
        if op is codes.SUBPATTERN:
            return self._text(av[3])
        if op is codes.ATOMIC_GROUP:
            return self._text(av)
        if op in REPEATS:
            least, most, sub = av
            times = self._chance.randint(least, min(int(most), least + 2))
            return "".join(self._text(sub) for _ in range(times))
        return ""


def _paths(tree: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every way from the root to a repeat, as (sequence, node, place in it) for each level."""
    for at, node in enumerate(tree):
        op, av = node
        here = (*above, (tree, node, at))
        if op in REPEATS:
            yield here
        for sub in _subs(op, av):
            yield from _paths(sub, here)


def _subs(op: Any, av: Any) -> list[Any]:
    if op is codes.BRANCH:
        return list(av[1])
    if op is codes.SUBPATTERN:
        return [av[3]]
    if op in REPEATS:
        return [av[2]]
    if op in (codes.ASSERT, codes.ASSERT_NOT):
        return [av[1]]
    return [av] if op is codes.ATOMIC_GROUP else []


def _literals(tree: Any) -> Iterator[str]:
    for op, av in tree:
        if op in (codes.LITERAL, codes.NOT_LITERAL):
            yield chr(av)
        elif op is codes.IN:
            for kind, value in av:
                if kind is codes.LITERAL:
                    yield chr(value)
                elif kind is codes.RANGE:
                    yield from (chr(value[0]), chr(value[1]))
        for sub in _subs(op, av):
            yield from _literals(sub)


_CATEGORIES = {
    codes.CATEGORY_DIGIT: str.isdecimal,
    codes.CATEGORY_SPACE: str.isspace,
    codes.CATEGORY_WORD: lambda char: char.isalnum() or char == "_",
}
_NOT = {
    codes.CATEGORY_NOT_DIGIT: codes.CATEGORY_DIGIT,
    codes.CATEGORY_NOT_SPACE: codes.CATEGORY_SPACE,
    codes.CATEGORY_NOT_WORD: codes.CATEGORY_WORD,
}


def _fits(node: Any, char: str) -> bool:
    """True if one character may be what the node says."""
    op, av = node
    if op is codes.ANY:
        return char != "\n"
    if op is codes.NOT_LITERAL:
        return ord(char) != av
    negated = any(kind is codes.NEGATE for kind, _ in av)
    return any(_is(kind, value, char) for kind, value in av) is not negated


def _is(kind: Any, value: Any, char: str) -> bool:
    if kind is codes.LITERAL:
        return ord(char) == value
    if kind is codes.RANGE:
        return bool(value[0] <= ord(char) <= value[1])
    if kind is codes.CATEGORY:
        if value in _NOT:
            return not _CATEGORIES[_NOT[value]](char)
        return bool(_CATEGORIES[value](char))
    return False


def _first(node: Any) -> str:
    """Any character that fits, where none of the usual ones does."""
    return next((chr(code) for code in range(0x3100) if _fits(node, chr(code))), "a")
