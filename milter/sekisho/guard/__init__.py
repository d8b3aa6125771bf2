"""The kill switch, and the circuit breaker that watches what sekisho does to a site's mail.

Every process reads one small file before each message, so `sekisho pause` holds from the next message on, without a
reload. `Switch` is that file; `Watch` is what a worker asks and reports to (`ports.Guard`).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
