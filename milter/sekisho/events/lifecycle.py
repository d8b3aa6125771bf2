"""Events of the daemon and its processes: start, reload, stop, death."""

from __future__ import annotations

from logging import ERROR, INFO, WARNING

from sekisho.events.declaration import Event, integer, number, text, texts
from sekisho.processes import RestartCause

_PID = integer("pid", "its process id")
_REASON = text("reason", "why, for people")
_HOW = text("how", "how it ended: `signal 9` or `status 70`")
_CAUSE = text("cause", "why it is replaced, as in `sekisho_worker_restarts_total`", RestartCause)
_DIGEST = text("digest", "SHA-256 of the message; the line of a message has the beginning of it")
_WORKERS = integer("workers", "how many workers take connections")
_WAITING = texts("needs_restart", "options whose new value waits for a restart of the daemon", always=False)

STARTED = Event(
    "started",
    INFO,
    "the daemon has started: all workers take connections",
    (
        text("version", "of sekisho"),
        integer("schema", "version of the schema of these lines"),
        _WORKERS,
        text("mode", "`enforce` or `shadow`, for the site"),
        text("socket", "where the MTA reaches the daemon"),
    ),
)
RELOADED = Event(
    "reloaded",
    INFO,
    "a new configuration is in force for new connections: all workers of the new generation are ready",
    (
        text("version", "of sekisho"),
        integer("generation", "number of the configuration; that of the start is 1"),
        _WORKERS,
        text("mode", "`enforce` or `shadow`, for the site"),
        _WAITING,
    ),
)
RELOAD_FAILED = Event(
    "reload_failed",
    ERROR,
    "a new configuration could not be taken up; the old one stays in force",
    (
        text("reason", "the first fault, with file and key; `config_fault` has each of them"),
        number("retry_seconds", "after this time it is tried again by itself", always=False),
    ),
)
CONFIG_FAULT = Event(
    "config_fault",
    ERROR,
    "one fault of a configuration that a reload could not take up; `reload_failed` follows",
    (text("reason", "the fault, with file and key"),),
    fails=True,
)
RELOAD_WAITS = Event(
    "reload_waits",
    WARNING,
    "a reload waits, because sessions of the configuration before the present one are open",
    (integer("workers", "how many workers still have such sessions"),),
)
RESTART_NEEDED = Event(
    "restart_needed",
    WARNING,
    "a reload has read a change that only a restart can put in force",
    (texts("options", "the changed options"),),
)
START_FAILED = Event(
    "start_failed",
    ERROR,
    "the daemon could not start and ends; it is no fault of the configuration, so another start may succeed",
    (_REASON,),
)
SOCKET_AWAITED = Event(
    "socket_awaited", WARNING, "another process has the milter socket; the start waits for it", (_REASON,)
)
SOCKET_LEFT = Event(
    "socket_left", WARNING, "the file of the milter socket could not be removed at the end", (_REASON,)
)
STOPPING = Event(
    "stopping",
    INFO,
    "the daemon was told to stop: it takes no more connections, and open sessions may end",
    (number("patience_seconds", "how long they may take"),),
)
STOPPED = Event(
    "stopped",
    INFO,
    "all processes have ended, and the daemon ends",
    (
        integer("status", "exit status"),
        number("seconds", "how long that took"),
    ),
)

WORKER_READY = Event("worker_ready", INFO, "a worker takes connections", (_PID,))
WORKER_ENDED = Event(
    "worker_ended", INFO, "a worker ended as it was told to: after a reload or at the end", (_PID, _HOW)
)
WORKER_DIED = Event(
    "worker_died",
    ERROR,
    "a worker ended that should not; another takes its place, or the reload fails if it was a new one",
    (_PID, _CAUSE, _HOW, integer("messages", "how many messages it had in progress; they come again")),
)
WORKER_STUCK = Event(
    "worker_stuck",
    ERROR,
    "a worker, or a process that judges one message, is killed: a message takes too long, it shows no sign of life, "
    "or it does not get ready",
    (
        _PID,
        _CAUSE,
        texts("digests", "the messages that take too long", always=False),
        integer("others", "how many other messages it had in progress; they come again"),
    ),
)
WORKER_LATE = Event(
    "worker_late",
    WARNING,
    "the time for open sessions of an old worker is over",
    (integer("sessions", "how many are open"), text("then", "what happens with them")),
)
WORKER_FAILED = Event("worker_failed", ERROR, "something failed in a worker's control thread", (), fails=True)
PROCESS_FAILED = Event("process_failed", ERROR, "a process of ours ends by an error", (), fails=True)
FORK_REFUSED = Event(
    "fork_refused", ERROR, "the machine has no process for us now; it is tried again", (_REASON,)
)

MAINTENANCE_DIED = Event(
    "maintenance_died",
    ERROR,
    "the maintenance process ended that should not; another takes its place",
    (_PID, _CAUSE, _HOW, integer("deaths", "how many there were since the start")),
)
MAINTENANCE_STUCK = Event(
    "maintenance_stuck",
    ERROR,
    "the maintenance process is killed: it shows no sign of life, or does not get ready",
    (_PID, _CAUSE),
)
MAINTENANCE_DOWN = Event(
    "maintenance_down",
    ERROR,
    "the maintenance process dies again and again: no metrics, no health, no retention until it lives",
)
MAINTENANCE_BACK = Event("maintenance_back", WARNING, "the maintenance process lives again")

MESSAGES_SUSPECTED = Event(
    "messages_suspected",
    ERROR,
    "a worker died with messages in progress; each is judged in a process of its own when it comes again",
    (_PID, _HOW, texts("digests", "SHA-256 of each")),
)
MESSAGE_KILLED = Event(
    "message_killed",
    ERROR,
    "a message ended the process that judged it alone; it is not judged again",
    (_DIGEST, _HOW),
)
TRIAL_REFUSED = Event(
    "trial_refused", ERROR, "there is no process to judge a suspected message; it is tried again", (_REASON,)
)
SYSTEMD_UNREACHABLE = Event(
    "systemd_unreachable", WARNING, "systemd could not be told", (text("told", "what"), _REASON)
)
