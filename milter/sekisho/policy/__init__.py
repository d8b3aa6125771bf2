"""Turns findings into a verdict. No other room does.

`table` is the policy as data, `decide` interprets it, `rules` and `recipient_rules` hold what differs between
recipients, `lists`, `entries` and `breadth` the block and allow lists. `outcomes` puts them together: one judgement of
a message.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
