"""Facts of demands by their form: something is at stake, there is a time by when, and it says what happens otherwise.

Themes and actions (`facts.wishes`) are found by phrases that are known, and every writer finds others. The form is
always the same, and its words are few: a noun of what can be lost, a time beside a word such as `until`, a condition
such as `otherwise` with a consequence behind it.

It cannot tell a demand of a stranger from one of somebody who has a right to it: genuine reminders have this form.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sekisho.checks.facts.wishes import VALUABLE_ACTIONS, threatens
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.words import DemandWords, Vocabulary

MAX_SCANNED_CHARS = 2_000  # of a text; a demand comes to its point
HEAD_CHARS = 300  # of it, where it says what is at stake, if its subject does not
BEFORE_CHARS = 16  # before a word of a deadline, where the time may stand
BEHIND_CHARS = 28  # behind it
CONSEQUENCE_CHARS = 120  # behind a condition
CLAUSE_CHARS = 60  # before a condition: `we will close it unless …`
SPAN = re.compile(
    r"[\d一二三四五六七八九十] ?-?(?:h\b|hrs?\b|時|日|分|月|小时|天|/\d|:\d)|\d\.? ?(?:de )?[a-zéû]{3,9}\b",
    re.IGNORECASE,
)


class Demand(NamedTuple):
    """How a message demands something: whether it sets a time, and whether it says what happens otherwise."""

    deadline: bool
    otherwise: bool


def demand_of(message: Message, words: Vocabulary) -> Demand | None:
    """How the subject and the beginning of the text demand something; None if nothing is at stake or nothing
    presses."""
    text = f"{message.subject}\n{message.text[:MAX_SCANNED_CHARS]}"
    if words.demands.stakes.search(text, 0, len(message.subject) + HEAD_CHARS) is None:
        return None
    due, otherwise = _sets_a_time(text, words.demands), _says_otherwise(text, words.demands)
    if not otherwise and words.demands.stakes.search(message.subject) is not None:
        timed = due or SPAN.search(text) is not None or words.demands.days.search(text) is not None
        otherwise = timed and words.demands.consequences.search(text) is not None
    return Demand(due, otherwise) if due or otherwise else None


def insists(demand: Demand, message: Message, seen: Evidence, words: Vocabulary) -> bool:
    """True if a demand says what happens otherwise, or asks in so many words for access or money that its subject is
    about. A time alone is none: shops have last days."""
    if demand.otherwise or threatens(seen):
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
    return any(
        words.consequences.search(
            text, max(0, condition.start() - CLAUSE_CHARS), condition.end() + CONSEQUENCE_CHARS
        )
        for condition in words.otherwise.finditer(text)
    )
