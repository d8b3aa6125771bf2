"""What a person does with held mail.

Each method that changes something, or shows the bytes of a message, writes to the audit who did it. It does so first,
or in the same transaction: what cannot be remembered is not done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sekisho.held import Entry, Operation, OperationName, OperationResult, State
from sekisho.message import read
from sekisho.policy.lists import Groups
from sekisho.ports import DamagedError, ErasedError, HeldMail
from sekisho.release import Done, Releaser, Wish
from sekisho.review.abuse_report import Reporter, abuse_report
from sekisho.runtime_changes.lists import checked_entry
from sekisho.store.lists import Changed, ListStore
from sekisho.text import printable

MAX_ID = 60  # characters of an id that is not ours
PAGE = 50  # entries that are listed unless told otherwise


class NoSuchEntryError(Exception):
    """No entry has that id; the text says which."""


class AgesUnknownError(Exception):
    """The clock cannot be believed, so nobody knows how old anything is; the text says why."""


class NoAuthorError(Exception):
    """A message does not have exactly one author address, so there is nothing to allow."""


class MailLabel(StrEnum):
    """What a person says that a message is."""

    PHISH = "phish"
    HAM = "ham"


@dataclass(frozen=True, slots=True)
class Closed:
    """How many copies of an entry were closed."""

    entry: str
    copies: int


@dataclass(frozen=True, slots=True)
class Review:
    """Held mail for one person after the other. Built by `compose`. Every method raises StoreUnavailable.

    `uncertain_after`: a copy that has been `sending` for longer is `uncertain`. `doubt` says why the ages of entries
    cannot be believed, or nothing.
    """

    store: HeldMail
    releaser: Releaser
    uncertain_after: timedelta
    doubt: Callable[[], str]

    def list(
        self, who: str, state: State | None = None, limit: int = PAGE, before: str | None = None
    ) -> tuple[Entry, ...]:
        """Entries with a copy in that state (any if None), newest first, at most `limit`; `before` is the last id of
        the page before."""
        self._give_up(who)
        return self.store.list(state, limit, before)

    def show(self, record: str) -> Entry:
        """One entry with its document. The id may be typed by hand. Raises NoSuchEntryError."""
        entry = self.store.get(record)
        if entry is None:
            raise NoSuchEntryError(f"{printable(record, MAX_ID)}: no such entry")
        return entry

    def source(self, entry: Entry, who: str, note: str = "") -> bytes:
        """The message as the milter saw it. Raises DamagedError or ErasedError."""
        self.store.audit(Operation(OperationName.VIEW, OperationResult.OK, who, entry.id, note=note))
        return self.store.content(entry.id)

    def release(self, records: Sequence[str], wish: Wish) -> tuple[Done, ...]:
        """Hand the copies that are meant to the MTA. Of each entry there is at least one answer; one without a
        recipient says why nothing was sent.

        Raises NoSuchEntryError before anything is sent, and UnclearWishError; what was sent before that stays sent.
        """
        self._give_up(wish.who)
        found = [self.show(record) for record in records]
        return tuple(done for entry in found for done in self._released(entry, wish))

    def delete(
        self, records: Sequence[str], who: str, recipients: Sequence[str] = (), *, uncertain: bool = False
    ) -> tuple[Closed, ...]:
        """Close the held copies, of these recipients if any are named, without delivering them. `uncertain`: also
        those that the MTA may have. Raises NoSuchEntryError before anything is closed."""
        self._give_up(who)
        named = {each.lower() for each in recipients}
        states = (State.HELD, State.UNCERTAIN) if uncertain else (State.HELD,)
        found = [self.show(record) for record in records]
        return tuple(Closed(entry.id, self._closed(entry, named, states, who)) for entry in found)

    def purge(self, age: timedelta, states: Sequence[State], who: str) -> int:
        """Remove entries all of whose copies have been in those states for so long, with content and record. Returns
        how many. Raises AgesUnknownError."""
        if doubt := self.doubt():
            raise AgesUnknownError(doubt)
        note = f"{', '.join(states)} for {age}"
        return self.store.purge(
            states, age, Operation(OperationName.PURGE, OperationResult.OK, who, note=note)
        )

    def allow(
        self,
        record: str,
        who: str,
        lists: ListStore,
        groups: Groups,
        *,
        scope: str = "",
        authenticated: bool = True,
    ) -> Changed:
        """Allow the author of an entry from now on, for the mail of `scope` (the whole site if empty); with
        `authenticated` only while its domain is proven. The entry itself stays as it is.

        Raises NoSuchEntryError, NoAuthorError, EntryError for a scope that is none, DamagedError or ErasedError.
        """
        entry = self.show(record)
        author = read(self.store.content(entry.id), entry.envelope).author
        if author.mailbox is None or author.problems:
            raise NoAuthorError(f"{entry.id}: does not have exactly one author address")
        facts = {
            "entry": author.mailbox.address,
            "scope": scope,
            "author": who,
            "comment": f"from {entry.id}",
            "authenticated": authenticated,
        }
        return lists.add([("allow", checked_entry("allow", facts, groups))])

    def label(self, record: str, label: MailLabel, who: str) -> None:
        """Say what a message is; the newest label holds. Raises NoSuchEntryError."""
        self.store.audit(
            Operation(OperationName.LABEL, OperationResult.OK, who, self.show(record).id, reason=label.value)
        )

    def abuse_report(
        self, record: str, who: str, reporter: Reporter, to: Sequence[str], now: datetime
    ) -> bytes:
        """The report of abuse about an entry (RFC 5965) for these addresses, ready to be sent; nothing is sent here.

        Raises NoSuchEntryError, DamagedError or ErasedError.
        """
        entry = self.show(record)
        raw = self.source(entry, who, note=f"abuse report for {', '.join(to)}")
        return abuse_report(entry, raw, reporter, to, now)

    def history(self, record: str | None = None, limit: int = PAGE) -> tuple[Operation, ...]:
        """Who did what to an entry, or to all, newest first, at most `limit`."""
        return self.store.operations(record, limit)

    def _give_up(self, who: str) -> None:
        """A process that died while it released leaves copies `sending`. They become `uncertain` before anything is
        shown or done that depends on the states of copies."""
        self.store.give_up(self.uncertain_after, who)

    def _released(self, entry: Entry, wish: Wish) -> tuple[Done, ...]:
        """The copies of one entry; that there is none to send is an answer too."""
        try:
            done = self.releaser.release(entry, wish)
        except (DamagedError, ErasedError) as error:
            return (Done(entry.id, "", State.HELD, str(error)),)
        if done:
            return done
        states = sorted({copy.state for copy in entry.copies})
        state = states[0] if len(states) == 1 else State.HELD
        return (Done(entry.id, "", state, f"no copy to send (they are {', '.join(states)})"),)

    def _closed(self, entry: Entry, named: set[str], states: Sequence[State], who: str) -> int:
        numbers = [
            copy.number for copy in entry.copies if not named or copy.recipient.address.lower() in named
        ]
        done = Operation(OperationName.DELETE, OperationResult.OK, who, entry.id)
        return sum(
            self.store.move(entry.id, State.DELETED, only=state, copies=numbers, done=done)
            for state in states
        )
