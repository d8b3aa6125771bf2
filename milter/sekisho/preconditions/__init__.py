"""What `serve` needs before it can serve, examined without any change, and the account that it runs as.

`serve` and `config check` call the same function, so `config check` never says ok if `serve` would fail.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
