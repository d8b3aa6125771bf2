"""Sends held mail to its recipients.

`Releaser(store, options, own, host, privacy).release(entry, request)` passes copies to the MTA, one transaction each,
and records each state in the store. After a crash at any moment a copy is held, released or uncertain. It is never
lost, and never sent twice unless a person asks for it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
