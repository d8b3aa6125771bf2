"""The tables of an attack, and its variants that arrived, as cases."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from lab.attack.draft import Draft
from lab.attack.operators import Recipe, Toolbox
from lab.attack.search import ACCEPT, Answer, Hunt
from lab.attack.writing import written

STEPS = (10, 50, 500)
BELOW_QUARANTINE = (ACCEPT, "tag")


def summary(hunts: Mapping[str, Sequence[Hunt]], tries: int) -> str:
    """How many fakes arrived untagged, by mode and number of tries."""
    steps = [each for each in STEPS if each <= tries] or [tries]
    lines = [f"{'untagged within':18}" + "".join(f"{each:>6}" for each in steps) + "   tries"]
    for mode, some in hunts.items():
        counts = [sum(each.recipe is not None and each.tries <= step for each in some) for step in steps]
        lines.append(f"{mode:18}" + "".join(f"{each:>6}" for each in counts) + f"   of {len(some)} fakes")
    return "\n".join(lines)


def by_operator(singles: Sequence[Mapping[str, Sequence[Answer]]], tools: Toolbox) -> str:
    """What one operator does, sent once: accepted, and below quarantine, in percent of the variants that are legible.
    The first of `singles` is with the sender as it came, the second from a clean domain of the attacker's own."""
    lines = [
        f"{'one operator':40}{'accepted / below quarantine, %':>32}",
        f"{'':40}{'as it came':>16}{'own domain':>16}",
    ]
    for name in singles[0]:
        mark = " (control)" if tools.operators[name].control else ""
        cells = (
            f"{_share(each[name], (ACCEPT,))} / {_share(each[name], BELOW_QUARANTINE)}" for each in singles
        )
        lines.append(f"{name + mark:40}" + "".join(f"{each:>16}" for each in cells))
    return "\n".join(lines)


def by_recipe(recipes: Iterable[tuple[Recipe, int, int]]) -> str:
    """The recipes that were sent unchanged with all fakes."""
    lines = ["accepted  sent  recipe, sent unchanged with every fake"]
    lines += [f"{arrived:8}{sent:6}  {' '.join(recipe)}" for recipe, arrived, sent in recipes]
    return "\n".join(lines)


def _share(answers: Sequence[Answer], verdicts: Iterable[str]) -> str:
    if not answers:
        return "-"
    return f"{100 * sum(each.verdict in verdicts for each in answers) / len(answers):.0f}"


def write_arrived(
    out: Path, drafts: Iterable[Draft], hunts: Mapping[str, Sequence[Hunt]], tools: Toolbox
) -> None:
    """Write the variants that arrived as cases, OUT/MODE/NAME.eml, with the recipe in the sidecar."""
    named = {each.name: each for each in drafts}
    for mode, some in hunts.items():
        folder = out / mode
        folder.mkdir(parents=True, exist_ok=True)
        for each in some:
            if each.recipe is None:
                continue
            raw, facts = written(tools.applied(each.recipe, named[each.fake]), tools.registry)
            told = {**facts, "expect": "tag", "recipe": each.recipe, "tries": each.tries}
            (folder / f"{each.fake}.eml").write_bytes(raw)
            (folder / f"{each.fake}.json").write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
