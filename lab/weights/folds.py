"""What is held out: later mail, one source, or one brand. Groups are never split.

No mail that a fold learns from shares a campaign or a thread with a mail that it judges.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lab.weights.gather import Mail, merged_sources

LATER, SOURCE, BRAND = "later mail", "one source", "one brand"
BLOCKS = 4  # of time; the first is only learned from
FREQUENT = 10  # fakes; brands with fewer are held out in batches
BATCHES = 8


@dataclass(frozen=True, slots=True)
class Fold:
    """Learn from `train`, judge `test`."""

    scheme: str
    name: str
    train: tuple[Mail, ...]
    test: tuple[Mail, ...]


def folds(mails: Sequence[Mail]) -> Iterator[Fold]:
    """Every fold of every scheme, if fakes and genuine mail remain to learn from."""
    for fold in (*by_time(mails), *by_source(mails), *by_brand(mails)):
        if {mail.label for mail in fold.train} == {"phish", "ham"}:
            yield fold


def by_time(mails: Sequence[Mail]) -> Iterator[Fold]:
    """Each quarter of the fakes and of the genuine mail but the first, learned from what came before. Mail without a
    date is only learned from."""
    blocks = [_quarters([mail for mail in mails if mail.label == label]) for label in ("phish", "ham")]
    undated = {number for number, mail in enumerate(mails) if mail.time is None}
    places = {id(mail): number for number, mail in enumerate(mails)}
    for number in range(1, BLOCKS):
        test = {places[id(mail)] for each in blocks for mail in each[number]}
        past = {places[id(mail)] for each in blocks for block in each[:number] for mail in block}
        yield _fold(mails, LATER, f"quarter {number + 1}", test, past | undated)


def _quarters(mails: Sequence[Mail]) -> list[list[Mail]]:
    dated = sorted((mail for mail in mails if mail.time is not None), key=lambda mail: mail.time or 0.0)
    cuts = [len(dated) * number // BLOCKS for number in range(BLOCKS + 1)]
    return [dated[start:end] for start, end in pairwise(cuts)]


def by_source(mails: Sequence[Mail]) -> Iterator[Fold]:
    sources = merged_sources(mails)
    for name in sorted(set(sources)):
        yield _fold(mails, SOURCE, name, {n for n, source in enumerate(sources) if source == name})


def by_brand(mails: Sequence[Mail]) -> Iterator[Fold]:
    """The mail that names a brand, for each brand that fakes name often; the other brands in batches."""
    often = Counter(mail.brand for mail in mails if mail.label == "phish" and mail.brand)
    brands = sorted({mail.brand for mail in mails if mail.brand})
    rest = [brand for brand in brands if often[brand] < FREQUENT]
    batches = {brand: f"other brands {n % BATCHES + 1}" for n, brand in enumerate(rest)}
    names = [None if mail.brand is None else batches.get(mail.brand, mail.brand) for mail in mails]
    for name in sorted({each for each in names if each}):
        yield _fold(mails, BRAND, name, {n for n, each in enumerate(names) if each == name})


def _fold(
    mails: Sequence[Mail], scheme: str, name: str, test: Collection[int], known: Collection[int] | None = None
) -> Fold:
    """A fold that learns from no group of `test`; `known`, if given, limits what it may learn from."""
    judged = {mails[number].group for number in test}
    train = (
        mail
        for number, mail in enumerate(mails)
        if mail.group not in judged and (known is None or number in known)
    )
    return Fold(scheme, name, tuple(train), tuple(mails[number] for number in sorted(test)))
