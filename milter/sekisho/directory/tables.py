"""Answers of the site's tables, kept for a time, and what holds while a table fails.

A table that failed is not asked again for some seconds, so that a directory that hangs delays one message and not
each. Meanwhile the last answer holds, if it is not too old; else the answer is unknown.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from threading import Lock
from typing import NamedTuple

from sekisho.directory.options import DirectoryOptions
from sekisho.directory.postmap import TableError, TableTimeoutError, askable, query
from sekisho.events import watching
from sekisho.ports import Clock

LOG = logging.getLogger("sekisho.directory")
RETRY_SECONDS = 10.0
MAX_ANSWERS = 20_000  # that a process keeps, of each use
MAX_KEYS = 6_000  # of one question; its time ends before in most cases
KEYS_AT_ONCE = 250  # that one process of postmap is asked for


class TableUse(StrEnum):
    """What a table is used for: an option of `[directory]`."""

    DOMAINS = "domains"
    ALIASES = "aliases"
    PEOPLE = "people"
    GROUPS = "groups"


class TableOutcome(StrEnum):
    """Where the answer to a key came from."""

    KEPT = "kept"  # asked a short time ago
    ASKED = "asked"
    STALE = "stale"  # the table fails, and an old answer holds
    UNKNOWN = "unknown"  # the table fails, and there is no answer


class TableAnswers(NamedTuple):
    """The values of the keys that the tables have. `unknown`: the keys of which that could not be found out."""

    values: Mapping[str, str]
    unknown: frozenset[str] = frozenset()


class TimeLeft:
    """The seconds that one message may still wait for tables."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class _Answer(NamedTuple):
    value: str | None
    at: float


Counted = Callable[[str, str, int], None]
"""Is told of a use, an outcome and how many keys had it. Never raises."""


def _ignore(use: str, outcome: str, keys: int) -> None:
    pass


class Tables:
    """The tables of one process. Safe to use from several threads."""

    def __init__(self, options: DirectoryOptions, clock: Clock, counted: Counted = _ignore) -> None:
        self._options = options
        self._clock = clock
        self._counted = counted
        self._lock = Lock()
        self._kept: dict[TableUse, OrderedDict[str, _Answer]] = {use: OrderedDict() for use in TableUse}
        self._failed: dict[str, tuple[float, int]] = {}  # until when it is not asked, and how often it failed

    def has(self, use: TableUse) -> bool:
        """True if a table is named for this use."""
        return bool(self._tables(use))

    def find(self, use: TableUse, keys: Iterable[str], left: TimeLeft) -> TableAnswers:
        """The values of the keys, which are asked in their order. It waits no longer than what is `left`, and takes the
        time from that."""
        if not self.has(use):
            return TableAnswers({})
        wanted = tuple(dict.fromkeys(filter(askable, keys)))
        now = self._clock.monotonic()
        values = self._fresh(use, wanted, now)
        missing = [key for key in wanted if key not in values]
        self._count(use, TableOutcome.KEPT, len(wanted) - len(missing))
        for begin in range(0, min(len(missing), MAX_KEYS), KEYS_AT_ONCE):
            some = missing[begin : min(begin + KEYS_AT_ONCE, MAX_KEYS)]
            asked = self._ask(use, some, left, answered=begin > 0)
            if asked is None:
                break
            self._keep(use, some, asked, self._clock.monotonic())
            values |= {key: asked.get(key) for key in some}
            self._count(use, TableOutcome.ASKED, len(some))
        return self._with_stale(use, wanted, values, now)

    def _tables(self, use: TableUse) -> tuple[str, ...]:
        tables: tuple[str, ...] = getattr(self._options, use.value)
        return tables

    def _fresh(self, use: TableUse, keys: Iterable[str], now: float) -> dict[str, str | None]:
        return self._younger(use, keys, now - self._options.cache_seconds)

    def _younger(self, use: TableUse, keys: Iterable[str], since: float) -> dict[str, str | None]:
        found, kept = {}, self._kept[use]
        with self._lock:
            for key in keys:
                if (answer := kept.get(key)) is not None and answer.at >= since:
                    kept.move_to_end(key)
                    found[key] = answer.value
        return found

    def _keep(self, use: TableUse, keys: Iterable[str], asked: Mapping[str, str], now: float) -> None:
        kept = self._kept[use]
        with self._lock:
            for key in keys:
                kept[key] = _Answer(asked.get(key), now)
                kept.move_to_end(key)
            while len(kept) > MAX_ANSWERS:
                kept.popitem(last=False)

    def _with_stale(
        self, use: TableUse, wanted: tuple[str, ...], values: dict[str, str | None], now: float
    ) -> TableAnswers:
        lost = [key for key in wanted if key not in values]
        old = self._younger(use, lost, now - self._options.stale_seconds) if lost else {}
        self._count(use, TableOutcome.STALE, len(old))
        self._count(use, TableOutcome.UNKNOWN, len(lost) - len(old))
        both = {**values, **old}
        found = {key: both[key] for key in wanted if key in both}
        return TableAnswers(
            {key: value for key, value in found.items() if value is not None},
            frozenset(key for key in lost if key not in old),
        )

    def _ask(
        self, use: TableUse, keys: list[str], left: TimeLeft, *, answered: bool
    ) -> dict[str, str] | None:
        """The values that the tables have, the first table first; None if one of them fails, or no time is left.

        `answered`: they have just answered other keys of this message. If the time is over then, the message has too
        many recipients, and the table is not to blame: no sender can turn off a table for the mail of others."""
        found: dict[str, str] = {}
        for table in self._tables(use):
            rest = [key for key in keys if key not in found]
            if not rest:
                break
            begun = self._clock.monotonic()
            if left.seconds <= 0 or self._failed.get(table, (0.0, 0))[0] > begun:
                return None
            try:
                found |= query(table, rest, left.seconds, self._options.postfix_directory)
            except TableTimeoutError as error:
                if not answered:
                    self._fails(table, use, str(error))
                return None
            except TableError as error:
                self._fails(table, use, str(error))
                return None
            finally:
                left.seconds -= self._clock.monotonic() - begun
            self._works(table, use)
        return found

    def _fails(self, table: str, use: TableUse, reason: str) -> None:
        with self._lock:
            times = self._failed.get(table, (0.0, 0))[1] + 1
            self._failed[table] = self._clock.monotonic() + RETRY_SECONDS, times
        if times == 1:
            watching.DIRECTORY_FAILED.write(LOG, use=use, table=table, reason=reason)

    def _works(self, table: str, use: TableUse) -> None:
        if table in self._failed:
            with self._lock:
                _, times = self._failed.pop(table, (0.0, 0))
            if times:
                watching.DIRECTORY_WORKS_AGAIN.write(LOG, use=use, table=table, failures=times)

    def _count(self, use: TableUse, outcome: TableOutcome, keys: int) -> None:
        if keys:
            self._counted(use, outcome, keys)
