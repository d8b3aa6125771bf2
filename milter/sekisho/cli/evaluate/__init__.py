"""`sekisho evaluate`: every case under a folder, and what the two errors are.

Two errors count: a fake delivered and a genuine mail held. Each file is judged alone and its checks are run once, so
order and `--jobs` change nothing. What a finding is worth is asked of the policy: the same stored findings without that
one. `run` judges, `measure` counts, `tables` shows.
"""

from sekisho.cli.evaluate.run import Asked, judged, run
from sekisho.cli.evaluate.tables import View, parse_views

__all__ = ["Asked", "View", "judged", "parse_views", "run"]
