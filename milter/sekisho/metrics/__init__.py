"""The metrics of all processes, and the port that serves them. Only this room imports prometheus_client.

Call `metrics.open(directory, …)` before the fork, count in any process after it, and call `serve` in the maintenance
process.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
