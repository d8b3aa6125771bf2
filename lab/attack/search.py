"""The attacker: tries variants of one fake until one arrives untagged, and learns from what came back.

It is a small evolution: the variants that scored lowest are changed further, one or two operators at a time. Where only
the verdict is seen, all with the same verdict are equal. A variant that no reader understands is not sent, so it is no
try.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from lab.attack.draft import Draft
from lab.attack.operators import Recipe, Toolbox

FIRST_TRIES = 6  # variants of one or two operators, before anything is learned
PARENTS = 6  # of the best variants that are changed further
ATTEMPTS_OF_ONE_SIZE = 4  # then one operator more is changed
MAX_UNSENT = 40  # changes of one try that give nothing new or nothing legible, before the search ends
ACCEPT = "accept"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the attacker learns of a variant. `score` in points; `legible` False: it would not be sent."""

    verdict: str
    score: float
    legible: bool = True


@dataclass(frozen=True, slots=True)
class Hunt:
    """What came of one fake: the number of tries, and the recipe that arrived (None: none did)."""

    fake: str
    tries: int
    recipe: Recipe | None
    lowest: float


@dataclass(frozen=True, slots=True)
class Rules:
    """What the attacker may do: the operators that may be used, and the number of tries. Of `fixed`, a variant has each
    one whose slot holds nothing else."""

    usable: tuple[str, ...]
    fixed: Recipe = ()
    tries: int = 500
    sees_score: bool = True


SEVERITY = {ACCEPT: 0, "tag": 1, "quarantine": 2, "reject": 3, "tempfail": 3}
UNSENT = (99.0, 0.0)  # worse than every answer
Known = dict[Recipe, tuple[float, float]]
"""Severity and score (points) of what was tried."""


def hunt(draft: Draft, tools: Toolbox, send: Callable[[Draft], Answer], rules: Rules, chance: Random) -> Hunt:
    """Try variants until one arrives, or until the tries are used up."""
    known: Known = {}
    lowest = float("inf")
    for tried in range(rules.tries):
        found = _legible(draft, tools, send, known, lambda bold: _next(known, tools, rules, chance, bold))
        if found is None:
            return Hunt(draft.name, tried, None, lowest)
        recipe, answer = found
        lowest = min(lowest, answer.score)
        known[recipe] = (SEVERITY[answer.verdict], answer.score if rules.sees_score else 0.0)
        if answer.verdict == ACCEPT:
            return Hunt(draft.name, tried + 1, recipe, lowest)
    return Hunt(draft.name, rules.tries, None, lowest)


def _legible(
    draft: Draft,
    tools: Toolbox,
    send: Callable[[Draft], Answer],
    known: Known,
    propose: Callable[[int], set[str]],
) -> tuple[Recipe, Answer] | None:
    """The next recipe that is new and that a reader understands, with its answer; None if there is hardly one left."""
    for attempt in range(MAX_UNSENT):
        recipe = tools.ordered(propose(attempt // ATTEMPTS_OF_ONE_SIZE))
        if recipe in known:
            continue
        answer = send(tools.applied(recipe, draft))
        if answer.legible:
            return recipe, answer
        known[recipe] = UNSENT
    return None


def _next(known: Known, tools: Toolbox, rules: Rules, chance: Random, bold: int) -> set[str]:
    """The operators of the next variant: a first guess, or a change of one of the best. `bold`: how many operators more
    than usual are changed."""
    good = sorted(
        (each for each in known if known[each] != UNSENT), key=lambda each: (known[each], len(each), each)
    )
    if len(good) < FIRST_TRIES:
        return put(set(rules.fixed), chance.sample(rules.usable, chance.choice((1, 2))), tools)
    parents = good[:PARENTS]
    child = set(parents[min(int(chance.expovariate(0.7)), PARENTS - 1)])
    if chance.random() < 0.2:
        child = put(child, chance.choice(parents), tools)
    if chance.random() < 0.15 and child:
        child.discard(chance.choice(sorted(child)))
    changed = chance.sample(rules.usable, chance.choice((1, 1, 2)) + bold)
    return put(set(rules.fixed), put(child, changed, tools), tools)


def put(into: set[str], names: Iterable[str], tools: Toolbox) -> set[str]:
    """The operators with these in the places of others of their slots."""
    for name in names:
        slot = tools.operators[name].slot
        into = {each for each in into if tools.operators[each].slot != slot} | {name}
    return into
