"""Facts of demands by their form: something is at stake, there is a time by when, and it says what happens otherwise.

Themes and actions (`facts.wishes`) are found by phrases that are known, and every writer finds others. The form is
always the same, and its words are few: a noun of what can be lost, a time beside a word such as `until`, a condition
such as `otherwise` with a consequence behind it. Two of the three are enough.

It cannot tell a demand of a stranger from one of somebody who has a right to it: genuine reminders have this form. It
believes a message that lets its reader off ("If you did not ask for this, ignore it").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from sekisho.checks.facts.once import once
from sekisho.checks.facts.texts import SENTENCE_END, texts_of_parts
from sekisho.checks.facts.wishes import VALUABLE_ACTIONS, threatens
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.words import DemandWords, Vocabulary

MAX_SCANNED_CHARS = 2_000  # of a text, and of a subject; a demand comes to its point
HEAD_CHARS = 300  # of it, where it says what is at stake, if its subject does not
BEFORE_CHARS = 16  # before a word of a deadline, where the time may stand
BEHIND_CHARS = 28  # behind it
CONSEQUENCE_CHARS = 120  # behind a condition
CLAUSE_CHARS = 60  # before a condition: `we will close it unless …`
MIN_SAID = 2  # of what is at stake, by when, and what happens otherwise
SPOKEN = re.compile(
    r"「[^「」\n]{6,80}」|“[^“”\n]{12,160}”"
)  # whoever warns of demands repeats their words so
OR = re.compile(r"[ ,](?:or|oder|ou|o|of)\b", re.IGNORECASE)
SPAN = re.compile(
    r"[\d一二三四五六七八九十] ?-?(?:h\b|hrs?\b|[ap]\.?m\b|時|日|分|月|小时|天|시|일|분|월|/\d|:\d)"
    r"|\d\.? ?(?:de )?[a-zéû]{3,9}\b",
    re.IGNORECASE,
)


class Demand(NamedTuple):
    """How a message demands something: whether it says what is at stake, by when, and what happens otherwise; `implied`
    if it has a consequence without a condition."""

    staked: bool
    deadline: bool
    otherwise: bool
    implied: bool

    @property
    def is_full(self) -> bool:
        """True if all three are said."""
        return self.staked and self.deadline and self.otherwise


@once
def demand_of(message: Message, vocabulary: Vocabulary) -> Demand | None:
    """How the subject and the beginning of a text demand something; None if they do not, or let their reader off.

    Two of three must be said: what is at stake, by when, and what happens otherwise. Each list of words has gaps, since
    whatever can be lost can be at stake.
    """
    subject, words = SPOKEN.sub(" ", message.subject[:MAX_SCANNED_CHARS]), vocabulary.demands
    texts = {"".join(text[:MAX_SCANNED_CHARS].split()): text for text in texts_of_parts(message) or ("",)}
    found = (_demand_in(subject, text, words) for text in texts.values())  # a page often repeats a text
    return max((each for each in found if each is not None), key=sum, default=None)


def _demand_in(subject: str, part: str, words: DemandWords) -> Demand | None:
    text = f"{subject}\n{SPOKEN.sub(' ', part[:MAX_SCANNED_CHARS])}"
    staked = words.stakes.search(text, 0, len(subject) + HEAD_CHARS) is not None
    due = _sets_a_time(text, words)
    if not (staked or due):
        return None
    otherwise = _says_otherwise(text, words)
    timed = due or SPAN.search(text) is not None or words.days.search(text) is not None
    implied = timed and words.stakes.search(subject) is not None and _says_a_consequence(text, words)
    if staked + due + (otherwise or implied) < MIN_SAID or _lets_off(text, words):
        return None
    return Demand(staked, due, otherwise, implied)


def pressing_demand(message: Message, seen: Evidence, words: Vocabulary) -> Demand | None:
    """The demand of a message that insists on it; None if there is none, or if it only sets a time."""
    demand = demand_of(message, words)
    return demand if demand is not None and insists(demand, message, seen, words) else None


def presses(text: str, vocabulary: Vocabulary) -> bool:
    """True if a text sets a time by when, or says what happens otherwise, whatever it is about."""
    text = SPOKEN.sub(" ", text[:MAX_SCANNED_CHARS])
    return _sets_a_time(text, vocabulary.demands) or _says_otherwise(text, vocabulary.demands)


def insists(demand: Demand, message: Message, seen: Evidence, words: Vocabulary) -> bool:
    """True if a demand says what happens otherwise, or asks in so many words for access or money that its subject is
    about. A time alone is none: shops have last days."""
    if demand.otherwise or demand.implied or threatens(seen):
        return True
    return words.demands.stakes.search(message.subject) is not None and seen.has_cue(
        "action", *VALUABLE_ACTIONS
    )


def _sets_a_time(text: str, words: DemandWords) -> bool:
    for due in words.due.finditer(text):
        beside = text[max(0, due.start() - BEFORE_CHARS) : due.end() + BEHIND_CHARS]
        if SPAN.search(beside) or words.days.search(beside):
            return True
    return False


def _says_otherwise(text: str, words: DemandWords) -> bool:
    """True if a condition that the reader does not obey has a consequence beside it."""
    return any(_is_serious(text, start, end, words) for start, end in _conditions(text, words)) or any(
        _says_or(sentence, words) for sentence in SENTENCE_END.split(text)
    )


def _conditions(text: str, words: DemandWords) -> Iterator[tuple[int, int]]:
    """Where a text says what the reader does not do: `otherwise`, or `if` with a negation behind it."""
    yield from (found.span() for found in words.otherwise.finditer(text))
    for condition in words.conditions.finditer(text):
        clause = SENTENCE_END.split(text[condition.end() : condition.end() + CLAUSE_CHARS])[0]
        if (denied := words.negations.search(clause)) is not None:
            yield condition.start(), condition.end() + denied.end()


def _is_serious(text: str, start: int, end: int, words: DemandWords) -> bool:
    """True if a consequence stands before or behind a condition. That a link or a code expires is none."""
    if words.consequences.search(text, max(0, start - CLAUSE_CHARS), start) is not None:
        return True
    follows = words.consequences.search(text, end, end + CONSEQUENCE_CHARS)
    return follows is not None and words.means.search(text, end, follows.start()) is None


def _says_a_consequence(text: str, words: DemandWords) -> bool:
    """True if something is lost, and not a link or a code alone."""
    return any(
        words.means.search(text, max(0, found.start() - BEHIND_CHARS), found.start()) is None
        for found in words.consequences.finditer(text)
    )


def _says_or(sentence: str, words: DemandWords) -> bool:
    """True for `Pay by Friday or the item is destroyed`: a time before the word, and a consequence behind it."""
    return any(
        words.consequences.search(sentence, either.end(), either.end() + CLAUSE_CHARS) is not None
        and _sets_a_time(sentence[: either.start()], words)
        for either in OR.finditer(sentence[:CONSEQUENCE_CHARS])
    )


def _lets_off(text: str, words: DemandWords) -> bool:
    """True if a sentence tells a reader who did not ask for this to ignore it."""
    for dismissal in words.dismissals.finditer(text):
        before = text[max(0, dismissal.start() - CONSEQUENCE_CHARS) : dismissal.start()]
        if words.negations.search(SENTENCE_END.split(before)[-1]) is not None:
            return True
    return False
