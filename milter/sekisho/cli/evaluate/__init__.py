"""`sekisho evaluate`, printed. What is counted stands in `evaluation`."""

from sekisho.cli.evaluate.run import judged, run
from sekisho.cli.evaluate.tables import View, parse_views

__all__ = ["View", "judged", "parse_views", "run"]
