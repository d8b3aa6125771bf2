"""The kill switch, and the circuit breaker that watches what sekisho does to a site's mail.

Every process reads one small file before each message, so `sekisho pause` holds from the next message on, without a
reload. `Switch` is that file; `Watch` is what a worker asks and reports to (`ports.Guard`).
"""

from sekisho.guard.options import GuardOptions
from sekisho.guard.switch import Switch, SwitchError
from sekisho.guard.telling import SWITCHED, SwitchOperation, moment, switched, told
from sekisho.guard.watch import Watch

__all__ = [
    "SWITCHED",
    "GuardOptions",
    "Switch",
    "SwitchError",
    "SwitchOperation",
    "Watch",
    "moment",
    "switched",
    "told",
]
