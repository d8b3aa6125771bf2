"""A row of the matrix, what it is given, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.faults.account import Account
from lab.faults.site import Site
from lab.place import LabError, a_place, wait_until

PATIENCE = 90.0
"""Seconds that a condition may take when nothing else is said. The machine may be busy: a limit is no measurement."""


class Untried(Exception):
    """The row cannot be tried on this machine; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Row:
    """`name` as in ROWS, the fault in words, what must be seen, and the function that tries it.

    `weight` is the share of the messages that the row sends, compared with the others.
    """

    name: str
    fault: str
    must: str
    run: Callable[[Trial], None]
    weight: float = 1.0


ROWS: dict[str, Row] = {}
"""All rows, in the order of `lab.faults.rows`."""


def row(
    name: str, fault: str, must: str, weight: float = 1.0
) -> Callable[[Callable[[Trial], None]], Callable[[Trial], None]]:
    """Put the function into the matrix."""

    def add(run: Callable[[Trial], None]) -> Callable[[Trial], None]:
        assert name not in ROWS, f"two rows are called {name}"
        ROWS[name] = Row(name, fault, must, run, weight)
        return run

    return add


@dataclass
class Trial:
    """One run of one row. `place` is a directory of its own, `size` the number of messages to send."""

    place: Path
    size: int
    accounts: list[Account] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _sites: int = 0

    def site(
        self,
        settings: Mapping[str, Any] | None = None,
        *,
        postfix: Mapping[str, str] | None = None,
        milter: Callable[[Site], str] | None = None,
        environment: Mapping[str, str] | None = None,
        wrap: tuple[str, ...] = (),
        hook: str = "",
        processes: int = 50,
    ) -> Site:
        """A Postfix, a daemon, a name server and a sink, not started yet (`with` starts them).

        `settings` are configuration groups of the daemon, `postfix` parameters of main.cf; `milter` makes the entry of
        `smtpd_milters` where it is not the plain one. `environment` is added to the daemon's, `wrap` stands before its
        command (which must become that command by exec, so that its process id is the supervisor's). `hook` is the text
        of a program that every Python process of the daemon runs first; `processes` is Postfix's limit of smtpd.
        """
        self._sites += 1
        place = self.place / str(self._sites)
        place.mkdir(mode=0o755)
        return Site(place, settings or {}, postfix or {}, milter, environment or {}, wrap, hook, processes)

    def see(self, what: str, good: object, saw: object = "") -> bool:
        """Note whether what must be seen was seen; `saw` says what was seen instead."""
        text = f"{what}: {saw}" if saw != "" else what
        if good:
            self.seen.append(text)
        else:
            self.faults.append(f"NOT {text}")
        return bool(good)

    def wait(
        self,
        what: str,
        condition: Callable[[], bool],
        seconds: float = PATIENCE,
        saw: Callable[[], object] = lambda: "",
    ) -> bool:
        """See that the condition comes true within so many seconds. One that cannot be asked is not true yet."""

        def holds() -> bool:
            try:
                return condition()
            except OSError:
                return False

        try:
            wait_until(holds, what, seconds)
        except LabError:
            return self.see(f"{what} within {seconds:g} s", False, saw())
        return self.see(what, True)

    def note(self, text: str) -> None:
        """A figure or a remark for the table; no condition."""
        self.seen.append(text)

    def balance(self, site: Site, *, unjudged: bool = False, given_up: bool = False) -> Account:
        """Wait until all mail has come to rest, and see that the ledger is balanced.

        `unjudged`: Postfix was told to let mail pass without us. `given_up`: the sender may have heard 4xx to the end.
        """
        account = site.settle()
        self.accounts.append(account)
        self.see("0 lost", not account.lost, account.words(account.lost))
        self.see("0 doubled", not account.doubled, account.words(account.doubled))
        if not unjudged:
            self.see("0 unjudged", not account.unjudged, account.words(account.unjudged))
        if not given_up:
            self.see("nobody gave up", not account.given_up, account.words(account.given_up))
        return account


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a row. `untried` is the reason, empty where it was tried."""

    row: Row
    seconds: float
    accounts: tuple[Account, ...] = ()
    seen: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    untried: str = ""

    @property
    def good(self) -> bool:
        return not self.faults


def run_row(each: Row, size: int) -> Outcome:
    """Run one row in a place of its own."""
    begun = time.monotonic()
    untried = ""
    with a_place() as place:
        trial = Trial(place, max(1, round(size * each.weight)))
        try:
            each.run(trial)
        except Untried as reason:
            untried = str(reason)
        except Exception as error:  # a row that breaks is a row that failed, and the others go on
            trial.faults.append(f"{type(error).__name__}: {error}")
    return Outcome(
        each,
        time.monotonic() - begun,
        tuple(trial.accounts),
        tuple(trial.seen),
        tuple(trial.faults),
        untried,
    )
