"""What a lure file says: the words of one language for what a mail is about, how it presses, and what it asks for.

    language = "en"

    [theme]
    delivery = ["package|parcel|shipment + failed|on hold|customs", "redelivery"]

    [pressure]
    deadline = ["within + hours|days"]

    [action]
    login = ["log in|sign in + here|below|to"]

Every entry is a phrase. Its parts are joined by ` + ` and stand near each other, in any order; a part is a choice of
spellings between `|`. Spellings are compared as a hurried reader sees them (see `text.skeleton`): width, case, kana,
spaces, inserted symbols, look-alike letters and simplified kanji need no entry of their own. A Latin spelling is the
beginning of a word: `suspen` is suspended and suspension, and not unsuspended; with a full stop it is a whole word:
`sum.` is not summer.

No phrase decides anything: genuine mail is about the same matters in the same words. See the check that reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from sekisho.text import is_kanji, skeleton

Theme = Literal[
    "account",
    "withdrawal",
    "payment",
    "unpaid",
    "card_use",
    "points",
    "refund",
    "delivery",
    "tax",
    "identity",
    "security",
    "mailbox",
    "free_period",
    "prize",
    "sextortion",
    "bargain",
    "business",
    "invoice",
    "fund",
    "romance",
]
Pressure = Literal["pressure", "deadline"]
AskedAction = Literal[
    "login", "confirm", "pay", "card", "open", "answer", "channel", "call", "stop", "gift_cards", "coins"
]  # fmt: skip
THEMES: tuple[str, ...] = get_args(Theme)
PRESSURES: tuple[str, ...] = get_args(Pressure)
ACTIONS: tuple[str, ...] = get_args(AskedAction)


@dataclass(frozen=True, slots=True)
class Spelling:
    """One way to write a part of a phrase, as a skeleton. `whole`: it must end where a word ends."""

    key: str
    whole: bool


def parts(phrase: str) -> tuple[tuple[Spelling, ...], ...]:
    """The spellings of each part of a phrase."""
    return tuple(tuple(map(_spelling, part.split("|"))) for part in phrase.split(" + "))


def _spelling(text: str) -> Spelling:
    return Spelling(skeleton(text), text.endswith("."))


def _phrase(phrase: str) -> str:
    for spelling in chain.from_iterable(parts(phrase)):
        if len(spelling.key) < 2 and not any(map(is_kanji, spelling.key)):
            raise ValueError(f"{phrase!r} has a spelling that leaves too little to compare")
        if "+" in spelling.key:
            raise ValueError(f"{phrase!r} has a plus without a space on either side")
    return phrase


def _once(phrases: tuple[str, ...]) -> tuple[str, ...]:
    known = set()
    for phrase in phrases:
        if (same := parts(phrase)) in known:
            raise ValueError(f"{phrase!r} stands there twice")
        known.add(same)
    return phrases


Phrase = Annotated[str, StringConstraints(min_length=2, max_length=400), AfterValidator(_phrase)]
Phrases = Annotated[tuple[Phrase, ...], Field(strict=False), AfterValidator(_once)]


class Lures(BaseModel):
    """One language's vocabulary."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
    theme: dict[Theme, Phrases] = {}
    pressure: dict[Pressure, Phrases] = {}
    action: dict[AskedAction, Phrases] = {}
