"""What is remembered of earlier mail for when DNS fails: policies that were met, and messages that were deferred.

Small tables of one size in files beside the store, shared by all processes and kept over restarts. Losing one
costs protection during an outage and nothing else.
"""

from sekisho.memory.deferrals import Deferrals
from sekisho.memory.policies import PolicyNotes
from sekisho.memory.table import TimeTable

__all__ = ["Deferrals", "PolicyNotes", "TimeTable"]
