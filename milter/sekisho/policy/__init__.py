"""Findings become a verdict here and nowhere else.

`table` is the policy as data, `decide` interprets it, `rules` holds what differs between recipients and `lists` the
block and allow entries.
"""

from sekisho.policy.decide import decide, weigh
from sekisho.policy.lists import ListOptions, Lists
from sekisho.policy.rules import PolicyOptions, RecipientOptions, RuleBook, Rules, recipient_faults
from sekisho.policy.table import COMBINATIONS, TAKE_BACKS, Combination, TakeBack

__all__ = [
    "COMBINATIONS",
    "TAKE_BACKS",
    "Combination",
    "ListOptions",
    "Lists",
    "PolicyOptions",
    "RecipientOptions",
    "RuleBook",
    "Rules",
    "TakeBack",
    "decide",
    "recipient_faults",
    "weigh",
]
