from .account import Account, daemon_account
from .serving import checked, faults

__all__ = ["Account", "checked", "daemon_account", "faults"]
