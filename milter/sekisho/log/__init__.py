"""The log: one line per record. Nothing in a message can break, forge or hide a line, and logging never blocks.

Call `setup` before the first fork, and `start` in each process that may have threads. `lines` makes the line, and
`handler` is the bounded queue between the line and its target: `target` (standard error, a file), `syslog` or
`journald`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
