from .meter import Metrics, open
from .options import MetricsOptions
from .server import MetricsServer, PageSources, serve
from .table import ROWS

__all__ = [
    "ROWS",
    "Metrics",
    "MetricsOptions",
    "MetricsServer",
    "PageSources",
    "open",
    "serve",
]
