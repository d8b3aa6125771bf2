"""What a person does with held mail.

Each method that changes something, or shows the bytes of a message, writes to the audit who did it. It does so first,
or in the same transaction, so nothing is done that the audit does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sekisho.held import EVERYTHING, Entry, Operation, OperationName, OperationResult, State, Wanted
from sekisho.policy.lists import Groups
from sekisho.ports import DamagedError, ErasedError, HeldMail
from sekisho.release import Releaser, ReleaseRequest, ReleaseResult
from sekisho.review.abuse_report import Reporter, abuse_report
from sekisho.review.naming import NoSuchEntryError, shown_id, whole_id
from sekisho.runtime_changes.lists import checked_entry
from sekisho.store.lists import Changed, ListStore
from sekisho.text import printable

MAX_ADDRESS_CHARS = 320
MAX_NAMED = 10  # recipients in an error text
DEFAULT_PAGE_ENTRIES = 50


class NoSuchRecipientError(Exception):
    """An entry is not held for a recipient that was named. The text names both, and whom it is held for."""


class AgesUnknownError(Exception):
    """The clock cannot be believed, so the ages of entries are unknown. The text says why."""


class NoAuthorError(Exception):
    """A message does not have exactly one author address, so no author can be allowed."""


class MailLabel(StrEnum):
    """What a person says that a message is."""

    PHISH = "phish"
    HAM = "ham"


@dataclass(frozen=True, slots=True)
class Closed:
    """How many copies of an entry were closed. If none was: the states that the copies are in."""

    entry: str
    copies: int
    states: tuple[State, ...] = ()


@dataclass(frozen=True, slots=True)
class Review:
    """The service for held mail. Built by `compose`. Every method raises StoreUnavailable.

    `uncertain_after`: a copy that has been `sending` for longer becomes `uncertain`. `doubt` gives the reason why the
    ages of entries are unknown, or an empty text.
    """

    store: HeldMail
    releaser: Releaser
    uncertain_after: timedelta
    doubt: Callable[[], str]

    def list(
        self,
        who: str,
        wanted: Wanted = EVERYTHING,
        limit: int = DEFAULT_PAGE_ENTRIES,
        before: str | None = None,
    ) -> tuple[Entry, ...]:
        """The wanted entries, newest first, at most `limit`. `before` is the last id of the previous page, which may
        be gone by now. Raises NoSuchEntryError for what is no id."""
        self._give_up(who)
        return self.store.list(wanted, limit, None if before is None else whole_id(self.store, before))

    def show(self, record: str) -> Entry:
        """The entry with its document. A person may have typed the id, or its beginning. Raises NoSuchEntryError."""
        entry = self.store.get(whole_id(self.store, record))
        if entry is None:
            raise NoSuchEntryError(f"{shown_id(record)}: no such entry")
        return entry

    def source(self, entry: Entry, who: str, note: str = "") -> bytes:
        """The message as the milter saw it. Raises DamagedError or ErasedError."""
        self.store.audit(Operation(OperationName.VIEW, OperationResult.OK, who, entry.id, note=note))
        return self.store.content(entry.id)

    def release(self, records: Sequence[str], request: ReleaseRequest) -> tuple[ReleaseResult, ...]:
        """Send the copies that `request` means to the MTA. There is at least one answer for each entry; an answer
        without a recipient says why nothing was sent.

        Raises NoSuchEntryError or NoSuchRecipientError before anything is sent. Raises UnclearRequestError; copies sent
        before that stay sent.
        """
        self._give_up(request.who)
        found = self._shown_for(records, request.recipients)
        return tuple(done for entry in found for done in self._released(entry, request))

    def delete(
        self, records: Sequence[str], who: str, recipients: Sequence[str] = (), *, uncertain: bool = False
    ) -> tuple[Closed, ...]:
        """Close the held copies without delivering them; with `recipients`, only theirs. `uncertain`: also copies that
        the MTA may have. Raises NoSuchEntryError or NoSuchRecipientError before anything is closed."""
        self._give_up(who)
        named = {each.lower() for each in recipients}
        states = (State.HELD, State.UNCERTAIN) if uncertain else (State.HELD,)
        found = self._shown_for(records, recipients)
        return tuple(self._closed(entry, named, states, who) for entry in found)

    def purgeable(self, age: timedelta, states: Sequence[State], limit: int) -> tuple[int, tuple[Entry, ...]]:
        """How many entries `purge` would remove, and the oldest of them, at most `limit`. Raises AgesUnknownError."""
        self._refuse_doubt()
        return self.store.purgeable(states, age, limit)

    def purge(self, age: timedelta, states: Sequence[State], who: str) -> int:
        """Remove entries with content and record, if all their copies have been in one of the states for `age`. Returns
        how many were removed. Raises AgesUnknownError."""
        self._refuse_doubt()
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
        """Allow the author of an entry from now on, for the mail of `scope` (empty: of the whole site); with
        `authenticated` only if the author's domain is proven. The entry itself stays as it is.

        Raises NoSuchEntryError, NoAuthorError, EntryError for a scope that is not valid, DamagedError or ErasedError.
        """
        from sekisho.message import read  # noqa: PLC0415 - it brings the parsers: to list and show mail needs none

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

    def history(self, record: str | None = None, limit: int = DEFAULT_PAGE_ENTRIES) -> tuple[Operation, ...]:
        """Who did what to an entry, which may be gone by now, or to all, newest first, at most `limit`. Raises
        NoSuchEntryError for what is no id."""
        known = None if record is None else whole_id(self.store, record, audited=True)
        return self.store.operations(known, limit)

    def _refuse_doubt(self) -> None:
        """Raises AgesUnknownError if the clock cannot be believed."""
        if doubt := self.doubt():
            raise AgesUnknownError(doubt)

    def _shown_for(self, records: Sequence[str], recipients: Collection[str]) -> Sequence[Entry]:
        """The entries. Raises NoSuchEntryError, and NoSuchRecipientError if a recipient has a copy of none of them."""
        found = [self.show(record) for record in records]
        held = {copy.recipient.address.lower() for entry in found for copy in entry.copies}
        for each in recipients:
            if each.lower() not in held:
                whom = ", ".join(
                    printable(address, MAX_ADDRESS_CHARS) for address in sorted(held)[:MAX_NAMED]
                )
                raise NoSuchRecipientError(
                    f"no copy is for {printable(each, MAX_ADDRESS_CHARS)}; they are for {whom}"
                )
        return found

    def _give_up(self, who: str) -> None:
        """A process that died while it released leaves copies `sending`. They become `uncertain` before anything is
        shown or done that depends on the states of copies."""
        self.store.give_up(self.uncertain_after, who)

    def _released(self, entry: Entry, request: ReleaseRequest) -> tuple[ReleaseResult, ...]:
        """The answers for the copies of one entry. If there is no copy to send, one answer says so."""
        try:
            done = self.releaser.release(entry, request)
        except (DamagedError, ErasedError) as error:
            return (ReleaseResult(entry.id, "", State.HELD, str(error)),)
        if done:
            return done
        states = sorted({copy.state for copy in entry.copies})
        state = states[0] if len(states) == 1 else State.HELD
        return (ReleaseResult(entry.id, "", state, f"no copy to send (they are {', '.join(states)})"),)

    def _closed(self, entry: Entry, named: set[str], states: Sequence[State], who: str) -> Closed:
        meant = [copy for copy in entry.copies if not named or copy.recipient.address.lower() in named]
        numbers = [copy.number for copy in meant]
        done = Operation(OperationName.DELETE, OperationResult.OK, who, entry.id)
        closed = sum(
            self.store.move(entry.id, State.DELETED, only=state, copies=numbers, done=done)
            for state in states
        )
        return Closed(entry.id, closed, () if closed else tuple(sorted({copy.state for copy in meant})))
