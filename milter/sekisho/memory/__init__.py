"""What is remembered of earlier mail for when DNS or the store fails: policies that were met, messages that were
deferred, and messages that the store may have kept.

Small tables of one size in files beside the store, shared by all processes and kept over restarts. Losing one
costs protection during an outage and nothing else. `secret` keeps the site's secret in the same place.
"""

from sekisho.memory import secret
from sekisho.memory.deferrals import Deferrals
from sekisho.memory.policies import PolicyNotes
from sekisho.memory.table import TimeTable
from sekisho.memory.unknown_commits import UnknownCommits

__all__ = ["Deferrals", "PolicyNotes", "TimeTable", "UnknownCommits", "secret"]
