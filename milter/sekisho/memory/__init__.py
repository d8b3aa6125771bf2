"""What is remembered of earlier mail, for the time when DNS or the store fails: DMARC policies that were seen,
messages that were deferred, and messages that the store may have kept.

Each is a small table of fixed size in a file beside the store. All processes share it, and it outlives restarts.
If a table is lost, protection during an outage is weaker; nothing else is lost. `secret` keeps the site's secret in
the same directory.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
