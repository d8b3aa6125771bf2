"""Metrics of all processes together, and the port they are read from. The only room with prometheus_client.

`metrics.open(directory, …)` before the fork, counting in any process after it, `serve` in the maintenance process.
"""

from sekisho.metrics.meter import Metrics, open
from sekisho.metrics.options import MetricsOptions
from sekisho.metrics.server import MetricsServer, Questions, serve
from sekisho.metrics.table import ROWS

__all__ = [
    "ROWS",
    "Metrics",
    "MetricsOptions",
    "MetricsServer",
    "Questions",
    "open",
    "serve",
]
