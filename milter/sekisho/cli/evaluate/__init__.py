"""`sekisho evaluate`: the results printed. The package `evaluation` computes them."""

from sekisho.cli.evaluate.run import Report, judged, run
from sekisho.cli.evaluate.tables import View, parse_views

__all__ = ["Report", "View", "judged", "parse_views", "run"]
