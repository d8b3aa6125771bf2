"""A row of the matrix, what it gets, and its result."""

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
"""Seconds that a condition may take by default. The machine may be busy, so the limit is generous."""


class Untried(Exception):
    """The row cannot be run on this machine. The text says what is missing."""


@dataclass(frozen=True, slots=True)
class Row:
    """A fault: `name` is its key in ROWS; then the fault and what must be seen, as texts, and the function that runs
    it.

    `weight` is the number of messages that the row sends, relative to other rows.
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
    """A decorator that puts a function into the matrix. `weight` is relative to other rows."""

    def add(run: Callable[[Trial], None]) -> Callable[[Trial], None]:
        assert name not in ROWS, f"two rows are called {name}"
        ROWS[name] = Row(name, fault, must, run, weight)
        return run

    return add


@dataclass
class Trial:
    """One run of one row. `place` is its directory, `size` the number of messages to send."""

    place: Path
    size: int
    accounts: list[Account] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    _sites: int = 0

    def site(  # noqa: PLR0913 - each is a part that a row may change
        self,
        settings: Mapping[str, Any] | None = None,
        *,
        postfix: Mapping[str, str] | None = None,
        milter: Callable[[Site], str] | None = None,
        environment: Mapping[str, str] | None = None,
        wrap: tuple[str, ...] = (),
        hook: str = "",
        processes: int = 50,
        door: str = "",
    ) -> Site:
        """A Postfix, a daemon, a name server and a sink, not started yet (`with` starts them).

        `settings` are groups of the daemon's configuration, `postfix` are parameters of main.cf. `milter` makes another
        entry of `smtpd_milters` than the usual one. `environment` is added to the daemon's. `wrap` is put before its
        command, and must become that command by exec, so that its process id is the supervisor's. `hook` is the text of
        a program that every Python process of the daemon runs first. `processes` is Postfix's limit of smtpd processes.
        With a `door` (a position of `lab.smtp_door`) the daemon is the SMTP door.
        """
        self._sites += 1
        place = self.place / str(self._sites)
        place.mkdir(mode=0o755)
        return Site(
            place, settings or {}, postfix or {}, milter, environment or {}, wrap, hook, processes, door
        )

    def see(self, what: str, good: object, saw: object = "") -> bool:
        """Record whether something that must be true is true. `saw` says what was seen instead."""
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
        """Record whether a condition becomes true within so many seconds. While it raises an error, it is not true."""

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
        """A figure or a remark for the table. It is no condition."""
        self.seen.append(text)

    def balance(self, site: Site, *, unjudged: bool = False, given_up: bool = False) -> Account:
        """Wait until no mail is under way, and record whether the ledger is balanced.

        `unjudged`: Postfix may accept mail without us. `given_up`: the sender may get 4xx until it gives up.
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
    """The result of a row. `untried` is the reason if it could not be run, else empty."""

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
    """Run one row, with `size` messages, in a directory of its own."""
    begun = time.monotonic()
    untried = ""
    with a_place() as place:
        trial = Trial(place, max(1, round(size * each.weight)))
        try:
            each.run(trial)
        except Untried as reason:
            untried = str(reason)
        except Exception as error:  # a row that raises has failed; the others go on
            trial.faults.append(f"{type(error).__name__}: {error}")
    return Outcome(
        each,
        time.monotonic() - begun,
        tuple(trial.accounts),
        tuple(trial.seen),
        tuple(trial.faults),
        untried,
    )
