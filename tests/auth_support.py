"""What the tests of authentication share: small real implementations of the ports, and messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sekisho import providers, vocabulary
from sekisho.auth.lookup import Lookup
from sekisho.checks.identity import destinations
from sekisho.dns_answer import Answer, Found
from sekisho.evidence import NOTHING, Evidence
from sekisho.known import PASS_ON, BrandPolicy, Forwarding, Kinship, Lookalike, Mention, Reading
from sekisho.message import Client, Envelope, Limits, Message, Recipient, read
from sekisho.ports import Context, Recorded, Resolver
from sekisho.vocabulary import LurePhrases

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WORDS = vocabulary.load()
NAME_WORDS = replace(WORDS.brands, phrases=LurePhrases())
"""What stands beside names of brands, without the phrases of lures."""
REDIRECT_PAGES = providers.load().redirect_pages


@dataclass
class FixedClock:
    """A clock that stands still until it is told otherwise."""

    seconds: float = 1000.0

    def now(self) -> datetime:
        return NOW

    def monotonic(self) -> float:
        return self.seconds


@dataclass(frozen=True)
class Owners:
    """A registry that knows only who owns what."""

    owners: Mapping[str, str] = field(default_factory=dict)

    def owner(self, domain: str) -> str | None:
        return self.owners.get(domain)

    def could_own(self, domain: str, brand: str) -> bool:
        return self.owners.get(domain) == brand

    def read(self, text: str, after: str = "") -> Reading:
        return Reading(self.mentions(text))

    def mentions(self, text: str) -> tuple[Mention, ...]:
        return ()

    def word_brands(self, text: str) -> tuple[str, ...]:
        return ()

    def is_of_trade(self, text: str, brand: str) -> bool:
        return False

    def affiliates(self, brand: str) -> frozenset[str]:
        return frozenset({brand})

    def knows_senders(self, brand: str) -> bool:
        return brand in self.owners.values()

    def kinship(self, domain: str, brand: str) -> Kinship | None:
        return None

    def lookalike(self, domain: str) -> Lookalike | None:
        return None

    def verify_at(self, brand: str) -> tuple[str, str]:
        return "", ""

    def carries_others(self, brand: str) -> bool:
        return False

    def telephones(self, brand: str) -> tuple[str, ...]:
        return ()

    def brand_policies(self, brand: str) -> tuple[BrandPolicy, ...]:
        return ()

    def strict(self, domain: str) -> bool:
        return False

    def sends_for(self, domain: str, brand: str) -> str | None:
        return None

    def bears(self, text: str, brand: str) -> bool:
        return text.lower() == brand

    def built_in(self, brand: str) -> bool:
        return False

    def self_hosted(self, brand: str) -> bool:
        return False

    def name(self, brand: str) -> str:
        return brand


@dataclass(frozen=True)
class Kinds:
    """Providers by domain."""

    kinds: Mapping[str, str] = field(default_factory=dict)

    def kind(self, domain: str) -> str | None:
        return self.kinds.get(domain)

    def forwarding(self, domain: str) -> Forwarding | None:
        return Forwarding(domain) if self.kind(domain) in PASS_ON else None

    def redirect_pages(self, domain: str) -> tuple[str, ...]:
        return REDIRECT_PAGES(domain)


@dataclass
class Asked:
    """A resolver that remembers what it was asked."""

    resolver: Resolver
    asked: list[tuple[str, str]] = field(default_factory=list)
    warmed: list[tuple[str, str]] = field(default_factory=list)

    def lookup(self, name: str, rtype: str, deadline: float) -> Answer:
        self.asked.append((name, rtype))
        return self.resolver.lookup(name, rtype, deadline)

    def warm(self, name: str, rtype: str) -> None:
        self.warmed.append((name, rtype))


@dataclass(frozen=True)
class Asking:
    """A resolver made of a look-up."""

    look_up: Lookup

    def lookup(self, name: str, rtype: str, deadline: float) -> Answer:
        return self.look_up(name, rtype)

    def warm(self, name: str, rtype: str) -> None:
        """Nothing to begin."""


def lookup_in(resolver: Resolver) -> Lookup:
    """A resolver as the libraries of authentication ask it."""
    return lambda name, rtype: resolver.lookup(name, rtype, 0.0)


def context(
    resolver: Resolver | None = None,
    *,
    recorded: Recorded | None = None,
    owners: Mapping[str, str] | None = None,
    kinds: Mapping[str, str] | None = None,
    sealers: frozenset[str] = frozenset(),
) -> Context:
    """A context with plenty of time."""
    return Context(
        clock=FixedClock(),
        registry=Owners(owners or {}),
        providers=Kinds(kinds or {}),
        vocabulary=WORDS.checks,
        resolver=resolver,
        deadline=1020.0,
        authserv_id="mx.example.jp",
        recorded=recorded,
        sealers=sealers,
    )


def envelope(
    sender: str | None = "news@example.jp", address: str | None = "192.0.2.1", **client: str
) -> Envelope:
    """An envelope from a client at a documentation address."""
    return Envelope(sender=sender, client=Client(address=address, **client), arrived=NOW)


def message(
    raw: bytes = b"From: A <a@example.jp>\r\nSubject: s\r\n\r\nbody\r\n", at: Envelope | None = None
) -> Message:
    """A message read by the real reader."""
    return read(raw, at or envelope(), Limits())


def letter(
    subject: str,
    text: str = "",
    *,
    author: str = "Admin <admin@stranger.test>",
    rcpt: tuple[str, ...] = ("hanako@example.jp",),
    sender: str | None = "bounce@stranger.test",
    media: str = "text/plain",
) -> Message:
    """A message of a stranger's to these recipients."""
    head = f"From: {author}\r\nSubject: {subject}\r\nContent-Type: {media}; charset=utf-8\r\n\r\n"
    return message((head + text).encode(), replace(envelope(sender), recipients=tuple(map(Recipient, rcpt))))


def led(read: Message, at: Context) -> Evidence:
    """The evidence that every check of a message finds: where the message leads."""
    return destinations.check(read, NOTHING, at)


def txt(name: str, value: str) -> dict[str, object]:
    """One TXT record of a case."""
    return {"name": name, "type": "TXT", "value": value}


ABSENT = Answer(Found.NXDOMAIN)
