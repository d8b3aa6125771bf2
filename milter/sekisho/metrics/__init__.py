"""The metrics of all processes, and the port that serves them. Only this room imports prometheus_client.

Call `metrics.open(directory, …)` before the fork, count in any process after it, and call `serve` in the maintenance
process.
"""

from sekisho.metrics.meter import Metrics, open
from sekisho.metrics.options import MetricsOptions
from sekisho.metrics.server import MetricsServer, PageSources, serve
from sekisho.metrics.table import ROWS

__all__ = [
    "ROWS",
    "Metrics",
    "MetricsOptions",
    "MetricsServer",
    "PageSources",
    "open",
    "serve",
]
