"""Findings become a verdict here and nowhere else.

`table` is the policy as data, `decide` interprets it, `rules` and `book` hold what differs between recipients, `lists`
and `entries` the block and allow lists.
"""

from sekisho.policy.decide import decide, unjudged, weigh
from sekisho.policy.entries import ListEntry, reasons
from sekisho.policy.lists import ListOptions, Lists, Sender, list_faults
from sekisho.policy.recipient_rules import RecipientRules, group_faults, recipient_faults
from sekisho.policy.rules import PolicyOptions, RecipientOptions, Rules
from sekisho.policy.table import COMBINATIONS, OVERRIDES, Combination, Override, covers, family_of

__all__ = [
    "COMBINATIONS",
    "OVERRIDES",
    "Combination",
    "ListEntry",
    "ListOptions",
    "Lists",
    "Override",
    "PolicyOptions",
    "RecipientOptions",
    "RecipientRules",
    "Rules",
    "Sender",
    "covers",
    "decide",
    "family_of",
    "group_faults",
    "list_faults",
    "reasons",
    "recipient_faults",
    "unjudged",
    "weigh",
]
