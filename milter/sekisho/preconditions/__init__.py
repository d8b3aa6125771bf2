"""What `serve` needs before it can serve, examined without any change, and the account that it runs as.

`serve` and `config check` call the same function, so `config check` never says ok if `serve` would fail.
"""

from sekisho.preconditions.account import Account, daemon_account
from sekisho.preconditions.serving import checked, faults

__all__ = ["Account", "checked", "daemon_account", "faults"]
