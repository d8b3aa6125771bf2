from . import secret as secret
from .deferrals import Deferrals
from .policies import PolicyNotes
from .table import TimeTable
from .unknown_commits import UnknownCommits

__all__ = ["Deferrals", "PolicyNotes", "TimeTable", "UnknownCommits", "secret"]
