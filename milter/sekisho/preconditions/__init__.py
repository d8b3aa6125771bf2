"""What `serve` needs before it can serve, looked at without leaving anything behind, and the account it runs as.

`serve` and `config check` ask the same function, so that the second never says ok where the first ends.
"""

from sekisho.preconditions.account import Account, daemon_account
from sekisho.preconditions.serving import checked, faults

__all__ = ["Account", "checked", "daemon_account", "faults"]
