from .options import GuardOptions
from .switch import Switch, SwitchError
from .telling import SWITCHED, SwitchOperation, moment, switched, told
from .watch import Watch

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
