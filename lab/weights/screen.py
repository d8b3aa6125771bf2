"""Finds findings that tell collections apart, and not fakes from genuine mail. They get no weight.

A finding is one of these if one of three signs is statistically significant; rare findings are not examined:

- all fakes that have it come from one source, although other sources have enough fakes
- compared with some sources of genuine mail it is more common on fakes, and compared with others it is rarer
- it is never more common on fakes

It also finds findings whose points may not rise, because hardly any genuine mail here could have them: its client or
authentication was not recorded, or it has no page and no link. What is unknown about a collection does not make it
innocent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lab.weights.gather import KNOWLEDGE, SMALL, Mail, merged_sources
from sekisho.evaluation.measure import LABELS, wilson

CHANCE = 0.01
ONE_SOURCE = "fakes of one source only"
TURNS = "for and against guilt, by source"
INNOCENT = "commoner on genuine mail"
WITNESSES = 3  # points may rise if the genuine mail of so many sources could have the finding


@dataclass(frozen=True, slots=True)
class Tally:
    """How many mails there are of a label (and source), and how many of them have the finding."""

    found: int
    total: int

    def above(self, other: Tally) -> bool:
        """True if the finding is clearly more common here: the 95 % intervals do not overlap."""
        return wilson(self.found, self.total)[0] > wilson(other.found, other.total)[1]


def apart(mails: Sequence[Mail], names: Sequence[str]) -> dict[str, str]:
    """The findings of `names` that get no weight, and why."""
    sources = merged_sources(mails)
    sizes = Counter((mail.label, source) for mail, source in zip(mails, sources, strict=True))
    found = Counter(
        (name, mail.label, source) for mail, source in zip(mails, sources, strict=True) for name in mail.found
    )
    groups = _groups(mails)
    reasons = {}
    for name in names:
        tallies = {key: Tally(found[(name, *key)], total) for key, total in sizes.items()}
        reason = next(_reasons(tallies, groups.get(name, {}), groups[""]), None)
        if reason is not None:
            reasons[name] = reason
    return reasons


def _groups(mails: Sequence[Mail]) -> dict[str, dict[str, int]]:
    """How many campaigns of fakes each source has, by finding; the key "" stands for all mail."""
    seen: dict[str, dict[str, set[int]]] = {"": {}}
    for mail in mails:
        if mail.label == "phish":
            for name in ("", *mail.found):
                seen.setdefault(name, {}).setdefault(mail.source, set()).add(mail.group)
    return {name: {source: len(some) for source, some in sources.items()} for name, sources in seen.items()}


def _reasons(
    tallies: Mapping[tuple[str, str], Tally], shown: Mapping[str, int], all_groups: Mapping[str, int]
) -> Iterator[str]:
    if len(shown) == 1:
        [(source, number)] = shown.items()
        if (all_groups[source] / sum(all_groups.values())) ** number < CHANCE:
            yield ONE_SOURCE
    fake, genuine = (_sum(tallies, label) for label in LABELS)
    towards = [fake.above(each) for (label, _), each in tallies.items() if label == "ham"]
    towards += [each.above(genuine) for (label, _), each in tallies.items() if label == "phish"]
    against = [each.above(fake) for (label, _), each in tallies.items() if label == "ham"]
    against += [genuine.above(each) for (label, _), each in tallies.items() if label == "phish"]
    if any(against):
        yield TURNS if any(towards) else INNOCENT


def _sum(tallies: Mapping[tuple[str, str], Tally], label: str) -> Tally:
    some = [each for (its, _), each in tallies.items() if its == label]
    return Tally(sum(each.found for each in some), sum(each.total for each in some))


def unwitnessed(mails: Sequence[Mail], names: Sequence[str]) -> frozenset[str]:
    """The findings that the genuine mail of fewer than `WITNESSES` sources could have."""
    genuine = Counter(
        (source, frozenset(mail.circumstances))
        for mail, source in zip(mails, merged_sources(mails), strict=True)
        if mail.label == "ham"
    )
    needs = _needs(mails)
    return frozenset(name for name in names if _witnesses(genuine, needs[name]) < WITNESSES)


def _needs(mails: Sequence[Mail]) -> dict[str, frozenset[str]]:
    """What a finding needs: a page or links, if every mail with the finding has them; client or authentication, if
    without them it was never made."""
    needs: dict[str, frozenset[str]] = {}
    for mail in mails:
        shape = frozenset(mail.circumstances) - frozenset(KNOWLEDGE)
        for name in mail.found:
            lost = {each for each, some in zip(KNOWLEDGE, mail.lost, strict=True) if name in some}
            needs[name] = needs.get(name, shape | lost) & (shape | lost)
    return needs


def _witnesses(genuine: Mapping[tuple[str, frozenset[str]], int], needed: frozenset[str]) -> int:
    able: Counter[str] = Counter()
    for (source, circumstances), number in genuine.items():
        if needed <= circumstances:
            able[source] += number
    return sum(number >= SMALL for number in able.values())
