"""Events of what watches: readiness, metrics, guard, switch, observers, and the log itself."""

from __future__ import annotations

from logging import CRITICAL, ERROR, INFO, WARNING

from sekisho.events.declaration import NOTICE, Event, flag, integer, number, text, texts
from sekisho.processes import ReadyReason

_CALL = text("call", "which of its calls")
_FAILURES = integer("failures", "how often it failed in a row")
_OBSERVER = text("observer", "`journal`, `metrics`, `guard` or `recorder`")
_TASK = text("task", "its name")
_REASON = text("reason", "why, for people")

NOT_READY = Event(
    "not_ready",
    ERROR,
    "the reasons of `/readyz` have changed",
    (texts("reasons", "all of them", ReadyReason),),
)
READY_AGAIN = Event("ready_again", WARNING, "there is no reason of `/readyz` any more")
READINESS_UNKNOWN = Event("readiness_unknown", ERROR, "readiness cannot be looked at", (), fails=True)

GAUGES_STALE = Event("gauges_stale", WARNING, "metrics could not be refreshed for a page", (), fails=True)
PAGE_FAILED = Event("page_failed", WARNING, "a page of the metrics port could not be made", (), fails=True)
STATE_UNKNOWN = Event(
    "state_unknown", WARNING, "the metrics port could not find out our health", (), fails=True
)
METRICS_PORT_FAILED = Event(
    "metrics_port_failed",
    ERROR,
    "the metrics port cannot be opened, or fails; it is tried again",
    (text("listen", "address and port", always=False), text("reason", "why, for people", always=False)),
    fails=True,
)
METRICS_UNWRITABLE = Event(
    "metrics_unwritable",
    ERROR,
    "the files of the metrics cannot be written; figures are kept in memory until they can",
    (_REASON,),
)
METRICS_WRITABLE = Event("metrics_writable", WARNING, "the files of the metrics are written again")
FIGURES_LOST = Event(
    "figures_lost",
    WARNING,
    "the figures of a process are left out: its file cannot be read",
    (text("path", "the file"),),
)

OBSERVER_FAILED = Event(
    "observer_failed",
    ERROR,
    "the first failure of an observer; no reply changes by it",
    (_OBSERVER, _CALL),
    fails=True,
)
OBSERVER_WORKS_AGAIN = Event(
    "observer_works_again",
    WARNING,
    "the first success of an observer after failures",
    (_OBSERVER, _CALL, _FAILURES),
)
TASK_FAILED = Event(
    "task_failed",
    ERROR,
    "the first failure of a periodic task of the maintenance process",
    (_TASK, _CALL),
    fails=True,
)
TASK_WORKS_AGAIN = Event(
    "task_works_again", WARNING, "the first success of a task after failures", (_TASK, _CALL, _FAILURES)
)

DIRECTORY_FAILED = Event(
    "directory_failed",
    ERROR,
    "the first failure of a table of `[directory]`; older answers hold for `directory.stale_seconds`, then the "
    "configuration alone",
    (
        text("use", "the option that names the table: `domains`, `aliases`, `people` or `groups`"),
        text("table", "the table"),
        _REASON,
    ),
)
DIRECTORY_WORKS_AGAIN = Event(
    "directory_works_again",
    WARNING,
    "the first answer of a table after failures",
    (text("use", "the option that names the table"), text("table", "the table"), _FAILURES),
)

PAUSED = Event(
    "paused",
    WARNING,
    "an operator used `sekisho pause`",
    (
        text("who", "the user"),
        text("at", "when; the line may come seconds later", always=False),
        text("what", "until when"),
    ),
)
RESUMED = Event(
    "resumed",
    WARNING,
    "an operator used `sekisho resume`",
    (
        text("who", "the user"),
        text("at", "when; the line may come seconds later", always=False),
        text("what", "what was ended"),
    ),
)
SWITCH_CHANGED = Event(
    "switch_changed",
    WARNING,
    "the daemon follows a pause, a resume or the guard, whoever caused it",
    (
        text("what", "`paused` (mail is accepted and only counted) or `tagging` (mail is tagged at most)"),
        flag("on", "it begins (or gets another end), or has ended"),
        text("until", "the end, for people", always=False),
    ),
)
GUARD_TRIPPED = Event(
    "guard_tripped",
    CRITICAL,
    "the share of severe verdicts of many senders jumped: mail is tagged at most from now on",
    (
        number("share", "of severe verdicts in the window, from 0 to 1"),
        number("long_run", "the same in the long run"),
        number("window_minutes", "length of the window"),
        text("finding", "the weightiest of the last severe verdict", always=False),
        number(
            "minutes", "how long mail is tagged at most; without it, until `sekisho resume`", always=False
        ),
    ),
)
SWITCH_UNREADABLE = Event(
    "switch_unreadable",
    ERROR,
    "the file of the switch cannot be read; what was last read from it holds",
    (text("path", "the file"), _REASON),
)

LOG_LINES_DROPPED = Event(
    "log_lines_dropped",
    WARNING,
    "lines of a process were lost at this place",
    (integer("lines", "how many"), integer("pid", "of which process")),
)
LOG_MOVED = Event(
    "log_moved",
    INFO,
    "a reload changed the log: this is the last line in the old target, and the first in the new one",
    (text("old", "the target before"), text("new", "the target from now on")),
)
SENTENCE = Event(
    NOTICE,
    WARNING,
    "a library says something, under the key `text`; the level is the library's",
    (),
    fails=True,
)
