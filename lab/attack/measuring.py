"""Judges variants, and runs the whole attack on many fakes in several processes.

The registry and the configuration are loaded once, before the processes are forked.
"""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from itertools import zip_longest
from pathlib import Path
from random import Random

from lab.attack.draft import Draft, UnusableError, drafted
from lab.attack.legible import is_legible
from lab.attack.operators import Recipe, Toolbox, load
from lab.attack.search import ACCEPT, Answer, Hunt, Rules, hunt, put
from lab.attack.writing import case_of
from sekisho.basis import Basis
from sekisho.case_runner import CaseRunner, document_of
from sekisho.cases import CaseError
from sekisho.cases import load as load_case

HELD = ("quarantine", "reject")
BARE: Recipe = ("name.bare",)
OWN_DOMAIN: Recipe = ("domain.clean",)
MODES = ("default", "hard")
MAX_RECIPES = 12  # of those that arrived, which are sent to all others


@dataclass(frozen=True, slots=True)
class Options:
    """What an attack may do. `tries` for each fake and mode; `sees_score`: not the verdict alone."""

    tries: int = 500
    seed: int = 1
    sees_score: bool = True


class Bench:
    """The judge, and the tools of the attacker."""

    def __init__(self) -> None:
        self.runner = CaseRunner.of(Basis.shipped())
        self.registry = self.runner.knowledge.registry
        self.tools: Toolbox = load(self.registry)

    def send(self, draft: Draft, *, hard: bool = False) -> Answer:
        """Judge a variant."""
        examined = self.runner.examine(case_of(draft, self.registry))
        document = document_of(self.runner.judge(examined))
        legible = is_legible(examined.message, draft, self.tools, self.runner.knowledge.providers, hard=hard)
        return Answer(document["verdict"], document["score"], legible)

    def draft(self, path: Path) -> Draft | None:
        """The draft of a file, if it is a fake that is held, as it came and as a draft."""
        try:
            case = load_case(path)
        except CaseError:
            return None
        if case.label != "phish":
            return None
        examined = self.runner.examine(case)
        document = document_of(self.runner.judge(examined))
        if document["verdict"] not in HELD:
            return None
        try:
            draft = drafted(case, examined.message, document, self.registry)
        except UnusableError:
            return None
        answer = self.send(draft)
        return draft if answer.legible and answer.verdict in HELD else None


@cache
def _shared() -> Bench:
    """The one bench of this process and of those forked from it."""
    return Bench()


class Crew:
    """Processes that share one bench; a context manager. The results are in the order of the work."""

    def __init__(self, jobs: int) -> None:
        _shared()
        self._pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"))

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def chosen(self, folders: Sequence[Path], number: int, seed: int) -> list[Draft]:
        """At most so many fakes that are held, about as many from each folder, by chance."""
        groups: dict[Path, list[Path]] = {}
        for path in sorted(each for folder in folders for each in folder.rglob("*.eml")):
            groups.setdefault(path.parent, []).append(path)
        for group in groups.values():
            Random(seed).shuffle(group)
        turns = [path for turn in zip_longest(*groups.values()) for path in turn if path is not None]
        drafts: dict[str, Draft] = {}
        for start in range(0, len(turns), number):
            for draft in self._pool.map(_drafted, turns[start : start + number]):
                if draft is not None:
                    drafts.setdefault(draft.name, draft)
            if len(drafts) >= number:
                break
        return list(drafts.values())[:number]

    def singles(self, drafts: Sequence[Draft], mode: str, beside: Recipe = ()) -> dict[str, list[Answer]]:
        """The answers to each operator, sent once for each fake in which a reader understands it. `beside` are further
        operators, where the slot is free."""
        tools = _shared().tools
        fixed = BARE if mode == "hard" else ()
        recipes = [tools.ordered(put({*fixed, *beside}, (name,), tools)) for name in usable(tools, mode)]
        sent = self._pool.map(partial(_sent, recipes=recipes, mode=mode), drafts)
        columns = zip(*sent, strict=True)
        names = usable(tools, mode)
        return {
            name: [each for each in column if each.legible]
            for name, column in zip(names, columns, strict=True)
        }

    def hunts(self, drafts: Sequence[Draft], mode: str, options: Options) -> list[Hunt]:
        """The search on each fake."""
        return list(self._pool.map(partial(_hunted, mode=mode, options=options), drafts))

    def unchanged(
        self, drafts: Sequence[Draft], mode: str, hunts: Iterable[Hunt]
    ) -> list[tuple[Recipe, int, int]]:
        """Recipes that arrived, sent unchanged with every fake: how many arrived, of how many that a reader
        understands. The best first."""
        found = Counter(each.recipe for each in hunts if each.recipe)
        recipes = sorted(found, key=lambda each: (-found[each], len(each), each))[:MAX_RECIPES]
        columns = zip(*self._pool.map(partial(_sent, recipes=recipes, mode=mode), drafts), strict=True)
        counted = [
            (
                recipe,
                sum(each.verdict == ACCEPT for each in column if each.legible),
                sum(each.legible for each in column),
            )
            for recipe, column in zip(recipes, columns, strict=True)
        ]
        return sorted(counted, key=lambda each: -each[1])


def usable(tools: Toolbox, mode: str) -> list[str]:
    """The operators that a mode allows."""
    return [name for name, each in tools.operators.items() if mode != "hard" or each.hard]


def _drafted(path: Path) -> Draft | None:
    return _shared().draft(path)


def _sent(draft: Draft, recipes: Sequence[Recipe], mode: str) -> list[Answer]:
    bench = _shared()
    return [bench.send(bench.tools.applied(each, draft), hard=mode == "hard") for each in recipes]


def _hunted(draft: Draft, mode: str, options: Options) -> Hunt:
    bench = _shared()
    rules = Rules(
        tuple(usable(bench.tools, mode)), BARE if mode == "hard" else (), options.tries, options.sees_score
    )
    chance = Random(f"{options.seed}/{mode}/{draft.name}")
    return hunt(draft, bench.tools, partial(bench.send, hard=mode == "hard"), rules, chance)


def tools() -> Toolbox:
    """The operators, and the registry that they know."""
    return _shared().tools
