"""Turns findings into a verdict. No other room does.

`table` is the policy as data, `decide` interprets it, `rules` and `recipient_rules` hold what differs between
recipients, `lists`, `entries` and `breadth` the block and allow lists. `outcomes` puts them together: one judgement of
a message.
"""

from sekisho.policy.breadth import configured_doubts, list_doubts
from sekisho.policy.decide import decide, stack_shares, weigh
from sekisho.policy.entries import ListEntry, reasons
from sekisho.policy.lists import ListOptions, Lists, list_faults
from sekisho.policy.outcomes import Decision
from sekisho.policy.recipient_rules import RecipientRules, group_faults, recipient_faults
from sekisho.policy.rules import PolicyOptions, RecipientOptions, Rules
from sekisho.policy.table import (
    COMBINATIONS,
    OVERRIDES,
    STACKS,
    Combination,
    Override,
    Stack,
    covers,
    family_of,
)

__all__ = [
    "COMBINATIONS",
    "OVERRIDES",
    "STACKS",
    "Combination",
    "Decision",
    "ListEntry",
    "ListOptions",
    "Lists",
    "Override",
    "PolicyOptions",
    "RecipientOptions",
    "RecipientRules",
    "Rules",
    "Stack",
    "configured_doubts",
    "covers",
    "decide",
    "family_of",
    "group_faults",
    "list_doubts",
    "list_faults",
    "reasons",
    "recipient_faults",
    "stack_shares",
    "weigh",
]
