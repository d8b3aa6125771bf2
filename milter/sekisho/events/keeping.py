"""Events of what is kept: store, quarantine, retention, lists, and the memories beside the store."""

from __future__ import annotations

from logging import CRITICAL, ERROR, INFO, WARNING

from sekisho.events.declaration import Event, integer, text

_REASON = text("reason", "why, for people")
_PATH = text("path", "the file")

STORE_GONE = Event(
    "store_gone",
    ERROR,
    "at the start: the database was there and is gone or empty, so a new, empty one is made",
    (_PATH,),
)
STORE_REFUSED = Event(
    "store_refused",
    CRITICAL,
    "the store cannot be used until somebody mends it; nothing can be quarantined",
    (_REASON,),
)
STORE_DOWN = Event(
    "store_down", ERROR, "the store does not answer; it is tried again until it does", (_REASON,)
)
STORE_MOVED = Event(
    "store_moved", ERROR, "the files of the store were removed, replaced or cut while it was open", (_REASON,)
)
STORE_OPEN = Event("store_open", WARNING, "the store is open again")
STORE_SAVED = Event(
    "store_saved", WARNING, "what was in the log of a database that was moved is in the database now, or lost"
)

QUARANTINE_OPERATION = Event(
    "quarantine_operation",
    INFO,
    "something was done to the quarantine (a hold has the line of its message)",
    (
        text(
            "who",
            "the user; `maintenance` is the daemon itself (`keeper` in rows that an earlier version wrote)",
        ),
        text("operation", "what, as in `sekisho_quarantine_operations_total`"),
        text("result", "how it ended, as there"),
        text("id", "of the message", always=False),
        integer("copy", "number of one recipient's copy", always=False),
        text("reason", "of a release, or the label", always=False),
        text("at", "when it was done; the line may come seconds later", always=False),
    ),
)
LIST_OPERATION = Event(
    "list_operation",
    INFO,
    "somebody changed a list; the entry, which may be an address, is in the audit only",
    (
        text("who", "the user"),
        text("operation", "`list_add` or `list_remove`"),
        text("list", "allow or block"),
        text("at", "when it was done; the line may come seconds later", always=False),
    ),
)
RETENTION_PAUSED = Event(
    "retention_paused",
    ERROR,
    "the clock cannot be trusted, so nothing expires",
    (_REASON, text("mend", "what to type when the clock is right")),
)
RETENTION_RESUMED = Event("retention_resumed", INFO, "the clock can be trusted again")
QUARANTINE_CROWDED = Event(
    "quarantine_crowded",
    WARNING,
    "the quarantine is fuller than allowed, and nothing in it is old enough to expire early",
    (_REASON,),
)

LIST_CHANGED = Event(
    "list_changed",
    INFO,
    "a worker now uses the lists made at run time; changes within a second may be applied together",
    (integer("version", "of the lists"), integer("worker", "its process id")),
)
LISTS_DROPPED = Event(
    "lists_dropped",
    WARNING,
    "the entries of another store hold no more, since `store.url` names this one now",
    (text("store", "the other store"), integer("entries", "how many there were")),
)
LISTS_STALE = Event(
    "lists_stale",
    ERROR,
    "changed lists cannot be read or passed on; those in force stay",
    (text("path", "the file, if it is about one", always=False),),
    fails=True,
)
LISTS_LOST = Event(
    "lists_lost",
    ERROR,
    "at the start: the lists made at run time cannot be read, and do not hold",
    (_PATH, _REASON),
)
LIST_ENTRY_REFUSED = Event(
    "list_entry_refused",
    ERROR,
    "an entry of the lists made at run time is wrong, and does not hold",
    (_PATH, text("list", "allow or block"), _REASON),
)

MEMORY_FAILED = Event(
    "memory_failed",
    ERROR,
    "a file beside the store cannot be used; `text` says which, and what does not work meanwhile",
    (text("path", "the file", always=False),),
    fails=True,
)
SECRET_REPLACED = Event(
    "secret_replaced",
    ERROR,
    "the secret of the roll-out was damaged and is made anew: a roll-out covers other messages now",
    (_REASON,),
)
