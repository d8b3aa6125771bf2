"""How the judgement reaches the world: Protocols only, and the Context made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from sekisho.dns_answer import Answer
from sekisho.domains import may_align
from sekisho.held import EVERYTHING, Entry, Operation, State, Wanted
from sekisho.judgement import Judged
from sekisho.known import BrandPolicy, Forwarding, Kinship, Lookalike, Mention, Reading
from sekisho.message import Client, Message
from sekisho.qrcodes import NO_READER, Reader
from sekisho.verdict import Outcome
from sekisho.words import Vocabulary


class Resolver(Protocol):
    """DNS. Never raises for anything that is on the wire."""

    def lookup(self, name: str, rtype: str, deadline: float) -> Answer:
        """The records of one type at a name. `deadline` is in seconds, on the clock's monotonic scale; an answer that
        is not there by then is `TEMPERROR`."""

    def warm(self, name: str, rtype: str) -> None:
        """Begin a look-up whose answer will be asked for soon. Never waits, never raises."""


class Uptime(NamedTuple):
    """How long the machine has been up (seconds, sleep included), and which start that was."""

    boot: str
    seconds: float


class Clock(Protocol):
    """What time it is. A case from a file has a clock that stands at the moment when it arrived."""

    def now(self) -> datetime:
        """The wall clock, aware, UTC."""

    def monotonic(self) -> float:
        """Seconds on a scale that never jumps."""


class Registry(Protocol):
    """The brands. Pure: same input, same answer."""

    def read(self, text: str, after: str = "") -> Reading:
        """The brand names in a text as `mentions` has them, and the cues of lures. `after` is what a reader meets next:
        a name that is also a word may find its companion there."""

    def mentions(self, text: str) -> tuple[Mention, ...]:
        """The brand names in a text, longest first where they overlap, folded as Japanese readers read."""

    def word_brands(self, text: str) -> tuple[str, ...]:
        """The brands of which the text is a name that counts only beside a companion, since it is also a word."""

    def is_of_trade(self, text: str, brand: str) -> bool:
        """True if a word of the brand's trade, which is a companion of its names, stands in the text."""

    def owner(self, domain: str) -> str | None:
        """The brand that owns the domain's registrable domain, by a confirmed entry only."""

    def could_own(self, domain: str, brand: str) -> bool:
        """True if any entry, confirmed or not, gives the domain to the brand or its organisation."""

    def affiliates(self, brand: str) -> frozenset[str]:
        """The ids of the brands of one organisation, the brand included: they share proof."""

    def knows_senders(self, brand: str) -> bool:
        """True if a domain is known to be the brand's or an affiliate's, or a reserved suffix (`go.jp`) that it writes
        from. If none is, a domain that the registry does not list may be the brand's own."""

    def lookalike(self, domain: str) -> Lookalike | None:
        """The brand that a domain imitates, if it is not the brand's own."""

    def kinship(self, domain: str, brand: str) -> Kinship | None:
        """How the name of a domain is related to the names of the brand and its affiliates; None: not at all."""

    def verify_at(self, brand: str) -> tuple[str, str]:
        """Where a recipient can check a message, as a sentence in English and one in Japanese; or empty."""

    def carries_others(self, brand: str) -> bool:
        """True if mail that is proven to be the brand's carries what its customers write: notes, titles, file names."""

    def telephones(self, brand: str) -> tuple[str, ...]:
        """The brand's own telephone numbers, as far as its file names any (`+1-888-221-1161`)."""

    def brand_policies(self, brand: str) -> tuple[BrandPolicy, ...]:
        """What the brand says of its own mail."""

    def strict(self, domain: str) -> bool:
        """True if all mail of the domain is known to be authenticated, by an entry for it or for a name above it."""

    def sends_for(self, domain: str, brand: str) -> str | None:
        """The entry by which the brand, or one of its organisation, names the domain or a name above it among the
        platforms that send on its behalf; None if it does not."""

    def bears(self, text: str, brand: str) -> bool:
        """True if a text is a name of the brand, also one that is an ordinary word and counts only beside others."""

    def built_in(self, brand: str) -> bool:
        """True if dealers, agencies or branches build the name of the brand into their own with right."""

    def self_hosted(self, brand: str) -> bool:
        """True for a program that anybody runs on a server of their own, and that writes under its own name there."""

    def name(self, brand: str) -> str:
        """The brand's first name, for sentences; the id itself if unknown."""


class Providers(Protocol):
    """Domains that belong to many: a proof of them names no organisation."""

    def kind(self, domain: str) -> str | None:
        """`mailbox`, `alias`, `carrier`, `esp`, `on_behalf`, `tenancy`, `cloud`, `shortener`, `redirect`, `forwarder`,
        `social`, or None."""

    def forwarding(self, domain: str) -> Forwarding | None:
        """What the service of a domain does to the mail that it passes on; None for what is not known to pass mail on.
        Mailbox providers are among these services: a proof of their domain does not say that they passed mail on."""

    def redirect_pages(self, domain: str) -> tuple[str, ...]:
        """What the paths begin with under which a registrable domain, whatever its kind, leads on to others."""


class KnownPolicies(Protocol):
    """DMARC policies that were met in earlier mail. For when DNS does not answer."""

    def age(self, domain: str) -> float | None:
        """Seconds since the domain was last seen to ask for quarantine or reject; None if it was not, or too long
        ago. Never raises."""


class Deferrals(Protocol):
    """Which messages were deferred before, and since when."""

    def defers(self, key: bytes, seconds: float) -> bool:
        """True while the message of this key may be deferred: until `seconds` after it was first asked about. False
        where that cannot be remembered, since a deferral without memory has no end. Never raises."""


class Trust(Protocol):
    """Whom the site trusts. Pure."""

    def own(self, client: Client) -> bool:
        """True for our own networks and for users that logged in."""

    def forwards(self, client: Client, domains: Iterable[str]) -> str | None:
        """The configured forwarder that sent the message: the client, or one of the proven `domains`."""


class Site(Protocol):
    """Who we are ourselves. Pure."""

    def owns(self, domain: str) -> bool:
        """True for our own domains and the names below them."""

    def guards(self, domain: str) -> bool:
        """True for those of our own domains whose imitations `lookalike` finds."""

    def may_send(self, client: Client, signers: Iterable[str]) -> bool:
        """True for those who send in our name: by their address, or by one of the valid signatures."""

    def lookalike(self, domain: str) -> Lookalike | None:
        """What of ours a stranger's domain is made to look like."""

    def named(self, shown: str) -> str | None:
        """The name of ours that a display name shows, as it stands there."""

    def excepts(self, address: str) -> bool:
        """True for an address of others that may look like ours or show our names."""

    def person(self, shown: str, address: str) -> str | None:
        """The person of ours whose name a display name shows, if the address is not that person's."""


class Introduced(Protocol):
    """One message as the site's directory knows it."""

    @property
    def message(self) -> Message:
        """The message; its recipients have their groups and targets."""

    @property
    def site(self) -> Site | None:
        """The site with the domains and people that the directory knows."""

    @property
    def unknown(self) -> bool:
        """True if a table failed so far whose answer was needed, and no older answer was at hand."""


class Directory(Protocol):
    """What the site keeps in tables of its own: domains, aliases, people and groups."""

    def introduce(self, message: Message, site: Site | None) -> Introduced:
        """The message with what the tables say. It waits for a bounded time. Never raises."""


class Stance(StrEnum):
    """How far we act at all: as the policy says, tagging at most, or not."""

    OPEN = "open"
    TAGGING = "tagging"
    PAUSED = "paused"


class Severe(NamedTuple):
    """A message that is quarantined or rejected by its points: the client's network (/24, IPv6 /32), the author's
    organisational domain, and the finding that weighs most. Empty: not known."""

    network: str
    organisation: str
    finding: str


class Observer(Protocol):
    """Is told of every judgement and of every crash: journal, metrics, guard, memory. What it raises stays its own."""

    def judged(self, judged: Judged) -> None:
        """A message was judged, and the action is about to be carried out."""

    def crashed(self, stage: str, error: Exception) -> None:
        """A check crashed (its name), or the search of pictures (`images`), or the store is not available (`store`)."""


class Guard(Protocol):
    """The kill switch, and the watch over what we do to a site's mail."""

    def stance(self) -> Stance:
        """Asked once for each message."""

    def judged(self, judged: Judged) -> None:
        """A message was judged. Never waits."""


class QuarantineStore(Protocol):
    """Where the judgement keeps what it withholds."""

    def hold(self, message: Message, document: Mapping[str, Any], outcomes: Sequence[Outcome]) -> str:
        """Keep the bytes durably for the recipients of `outcomes`, with what explains them; returns the record id.

        Raises StoreUnavailable, in which case nothing was kept; or CommitUnknown.
        """


class QuarantineReader(Protocol):
    """What is held. Every method raises StoreUnavailable."""

    def list(
        self, wanted: Wanted = EVERYTHING, limit: int = 50, before: str | None = None
    ) -> tuple[Entry, ...]:
        """The wanted entries, newest first, at most `limit`; `before` is the last id of the page before."""

    def beginning_with(self, prefix: str, limit: int, *, audited: bool = False) -> tuple[str, ...]:
        """The ids of entries that begin so, in order, at most `limit`; with `audited` also of entries that are gone and
        of which the audit still tells."""

    def get(self, record: str) -> Entry | None:
        """One entry, or None. The id may be typed by hand."""

    def find(self, *, queue_id: str | None = None, message_key: str | None = None) -> tuple[Entry, ...]:
        """The entries of a Postfix queue id or of a fingerprint of the Message-ID, oldest first, at most a page."""

    def content(self, record: str) -> bytes:
        """The message as the milter saw it. Raises KeyError (no such entry), DamagedError or ErasedError."""

    def purgeable(
        self, states: Sequence[State], older_than: timedelta, limit: int
    ) -> tuple[int, tuple[Entry, ...]]:
        """How many entries `purge` would remove, and the oldest of them, at most `limit`."""

    def operations(self, record: str | None = None, limit: int = 50) -> tuple[Operation, ...]:
        """What was done to an entry, or to all, newest first, at most `limit`."""


class QuarantineWriter(Protocol):
    """What is done to held mail. Every method raises StoreUnavailable, and then nothing was changed."""

    def move(
        self,
        record: str,
        to: State,
        *,
        only: State = State.HELD,
        copies: Sequence[int] | None = None,
        done: Operation | None = None,
    ) -> int:
        """Put the copies of an entry (all, or those numbers) that are in state `only` into another, with `done` in the
        audit. Returns how many there were, so that of two who try the same one learns that it is late."""

    def give_up(self, older_than: timedelta, who: str) -> int:
        """Copies that have been `sending` for longer become `uncertain`: what was sending them is gone. Returns how
        many."""

    def purge(self, states: Sequence[State], older_than: timedelta, done: Operation) -> int:
        """Remove entries all of whose copies have been in those states for so long. Returns how many."""

    def audit(self, done: Operation) -> None:
        """Remember what was done, or is about to be."""


class HeldMail(QuarantineReader, QuarantineWriter, Protocol):
    """Both sides of the quarantine, for what looks at an entry and then changes it."""


class StoreUnavailable(Exception):
    """The store could not make the message durable. Nothing was kept, unless it is a CommitUnknown."""


class UnfinishedError(Exception):
    """The judgement ran out of time, and what it did not look at could have stopped a message that claims to be from
    somebody known. Nothing was done about the message."""


class CommitUnknown(StoreUnavailable):
    """The store failed in a commit that it may have carried out. Only the same message again finds out: the entry
    that stands absorbs it."""


class DamagedError(Exception):
    """The stored bytes are not those that were held."""


class ErasedError(Exception):
    """The content was let go of: the entry is only a record."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Authentication results that another receiver recorded, as a case hands them in (contract, `auth`).

    Words as RFC 8601; None is unknown, not `none`.
    """

    spf: str | None = None
    spf_domain: str | None = None
    dkim: str | None = None
    dkim_domain: str | None = None
    dmarc: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What one message's checks may ask. `resolver` is None when authentication cannot be known;
    `recorded` then may hold what somebody else found. `pictures` looks for codes in them. `strangers` is the same
    resolver with less time. `deadline` bounds the checks together."""

    clock: Clock
    registry: Registry
    providers: Providers
    vocabulary: Vocabulary
    resolver: Resolver | None
    deadline: float
    authserv_id: str
    recorded: Recorded | None = None
    sealers: frozenset[str] = frozenset()
    trust: Trust | None = None
    site: Site | None = None
    policies: KnownPolicies | None = None
    pictures: Reader = NO_READER
    strangers: Resolver | None = None
    recipient_delimiter: str = ""
    """The characters that begin an address extension (`help+news@`)."""
    asked: Mapping[tuple[str, str], Answer] | None = None
    """What DNS has answered so far, by name and type; it grows with each look-up. None: nobody keeps it."""
    earlier_filters: tuple[str, ...] = ()
    """The authserv-ids of filters before us at the same MTA; `believe_earlier`: their passes count like our own."""
    believe_earlier: bool = False

    def lookup(self, name: str, rtype: str) -> Answer:
        """Ask DNS within this message's budget."""
        assert self.resolver is not None, "checks that need DNS return early without it"
        return self.resolver.lookup(name, rtype, self.deadline)

    def lookup_stranger(self, name: str, rtype: str) -> Answer:
        """The same for what the sender chose: a share of the budget at most, so that the rest is the author's."""
        resolver = self.strangers or self.resolver
        assert resolver is not None, "checks that need DNS return early without it"
        return resolver.lookup(name, rtype, self.deadline)

    def lookup_for(self, domain: str | None, author: str | None) -> Callable[[str, str], Answer]:
        """How to ask for what a domain publishes: one that cannot be of the author's organisation is a stranger's."""
        known = domain is not None and author is not None and may_align(domain, author)
        return self.lookup if known else self.lookup_stranger

    def own(self, client: Client) -> bool:
        """True for our own networks and for users that logged in; nobody's where nothing is said of trust."""
        return self.trust is not None and self.trust.own(client)

    def expired(self) -> bool:
        """True when the soft deadline has passed and what is left must be skipped, visibly."""
        return self.clock.monotonic() >= self.deadline
