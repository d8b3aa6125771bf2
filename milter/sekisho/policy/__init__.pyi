from .breadth import configured_doubts, list_doubts
from .decide import stack_shares, weigh
from .entries import ListEntry, reasons
from .lists import ListOptions, Lists, list_faults
from .outcomes import Decision
from .recipient_rules import RecipientRules, group_faults, recipient_faults
from .rules import PolicyOptions, RecipientOptions, Rules
from .table import (
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
    "family_of",
    "group_faults",
    "list_doubts",
    "list_faults",
    "reasons",
    "recipient_faults",
    "stack_shares",
    "weigh",
]
