"""The stages of processing a message, and the parts that can fail: names in metrics, in `stages_ms` and in the log.

The checks are stages, too, each by its own name (`checks.table`).
"""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """The stages whose time is measured for each message, besides the checks."""

    PARSE = "parse"
    DIRECTORY = "directory"  # what the site's tables say of the recipients
    IMAGES = "images"
    POLICY = "policy"
    ACTION = "action"  # with the quarantine's disk write


class Failure(StrEnum):
    """The parts that can fail, besides the checks: label values of `sekisho_errors_total`.

    The first five are also reasons why a message gets a fallback instead of a verdict.
    """

    PROCESS = "process"  # parser or pipeline crashed on a message
    DEADLINE = "deadline"  # a message was not judged in time
    OVERLOAD = "overload"  # it waited too long for a thread, or no separate process could judge it
    EDIT = "edit"  # an edit of the message could not be made
    WIRE = "wire"  # a call of libmilter
    AGAIN = "again"  # a message that failed before came again
    IMAGES = "images"  # the search of pictures crashed
    STORE = "store"  # the quarantine could not keep a message
    MAINTENANCE = "maintenance"  # a periodic task
    GAUGES = "gauges"  # the figures for a scrape

    __hash__ = str.__hash__  # that of Enum is Python code, which needs memory where there is none
