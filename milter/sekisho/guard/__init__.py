"""The kill switch, and the watch over what we do to a site's mail.

Every process reads one small file before each message, so a word on the command line holds for the next message
without a reload: `Switch` is that file, `Watch` is what a worker asks and tells (`ports.Guard`).
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
