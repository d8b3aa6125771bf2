"""Everything put together, once, for the daemon, the command line, the tests and the benchmarks alike."""

from __future__ import annotations

import hmac
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from sekisho import brands, charsets, domains, explain, memory, providers, vocabulary
from sekisho.action import Output
from sekisho.brands import BrandFileError, BrandIndex
from sekisho.clock import SystemClock, uptime
from sekisho.config import Config, ConfigError
from sekisho.config import load as read
from sekisho.decoder import Decoder
from sekisho.memory import PolicyNotes
from sekisho.observers import Isolation, Observers
from sekisho.pipeline import Pipeline
from sekisho.policy import Decision, Lists, RecipientRules
from sekisho.ports import (
    Clock,
    Context,
    Deferrals,
    Guard,
    KnownPolicies,
    Observer,
    Providers,
    QuarantineStore,
    Resolver,
)
from sekisho.privacy import Privacy
from sekisho.private_files import SecretError, read_secret
from sekisho.providers import ProviderFileError
from sekisho.qrcodes import NO_READER, Reader
from sekisho.release import Releaser
from sekisho.resolver import Budget, DnsResolver
from sekisho.review import Review
from sekisho.site import Site, SiteFileError
from sekisho.store.database import missing_driver, state_directory
from sekisho.store.lists import InForce, Snapshot, snapshot
from sekisho.store.quarantine import Quarantine
from sekisho.trust import Trust
from sekisho.verdict import Disposition
from sekisho.vocabulary import LoadedWords, VocabularyFileError
from sekisho.words import Vocabulary

LOG = logging.getLogger("sekisho.compose")
STRANGERS_SHARE = 0.5
"""The part of `dns.budget` that a message may spend on domains of strangers (signatures, envelope sender, ARC). The
rest is kept for the author's domain."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is read from files before any process is forked: shared, never changed."""

    registry: BrandIndex
    providers: Providers
    vocabulary: Vocabulary
    site: Site = field(default_factory=Site)
    lists: Snapshot = field(default_factory=Snapshot)


@dataclass(frozen=True, slots=True)
class Ports:
    """The world as one process reaches it. What is None is not there: no DNS, no store."""

    clock: Clock
    knowledge: Knowledge
    resolver: Resolver | None = None
    quarantine: QuarantineStore | None = None
    observers: tuple[Observer, ...] = ()
    guard: Guard | None = None
    isolation: Isolation = field(default_factory=Isolation)
    lists: InForce | None = None
    policies: KnownPolicies | None = None
    deferrals: Deferrals | None = None
    pictures: Reader = NO_READER
    rollout_key: bytes = b""


def knowledge(config: Config) -> Knowledge:
    """Words, brands, providers and the tables of the leaves. Raises ConfigError with every error of every file."""
    errors: list[str] = []
    try:
        words = vocabulary.load(config.vocabulary.overlay)
    except VocabularyFileError as error:
        errors += error.faults
        words = LoadedWords()
    try:
        listed = brands.load(overlay=config.brands.overlay)
    except BrandFileError as error:
        errors += error.faults
    try:
        shared = providers.load(overlay=vocabulary.providers_file(config.vocabulary.overlay))
    except ProviderFileError as error:
        errors += error.faults
    try:
        site = Site.of(config.site, words.brands)
    except SiteFileError as error:
        errors.append(str(error))
    if errors:
        raise ConfigError(tuple(errors))
    domains.preload()
    charsets.preload()
    registry = BrandIndex(listed, words.brands)
    return Knowledge(registry, shared, words.checks, site, snapshot.read(config.store))


def load(path: Path | None) -> tuple[Config, Knowledge]:
    """The configuration and all that it names. Raises ConfigError with everything wrong in any file."""
    try:
        config = read(path)
    except ConfigError as error:
        raise ConfigError(error.errors + _named_faults(error.rest)) from error
    if fault := missing_driver(config.store):
        raise ConfigError((fault, *_named_faults(config)))
    return config, knowledge(config)


def _named_faults(rest: Config | None) -> tuple[str, ...]:
    try:
        if rest is not None:
            knowledge(rest)
    except ConfigError as error:
        return error.errors
    return ()


def switch_file(config: Config) -> Path:
    """Where the kill switch and the guard's tallies are."""
    return state_directory(config.store) / "guard"


def policy_file(config: Config) -> Path:
    """Where the domains are whose DMARC policy was met."""
    return state_directory(config.store) / "policies"


def deferral_file(config: Config) -> Path:
    """Where the messages are that were deferred while DNS failed."""
    return state_directory(config.store) / "deferred"


def failure_file(config: Config) -> Path:
    """Where the digests of messages that we failed on are, if the configuration names no other place."""
    return state_directory(config.store) / "failed"


def policies(config: Config, clock: Clock) -> PolicyNotes | None:
    """The policies that were met, for one process; None, and a line in the log, if their file cannot be used."""
    try:
        return PolicyNotes(policy_file(config), clock)
    except OSError as error:
        LOG.error("%s: policies that are met are not noted: %s", policy_file(config), error)
        return None


def deferrals(config: Config, clock: Clock) -> memory.Deferrals | None:
    """The messages that were deferred, for one process. None if none is to be deferred or, with a line in the log, if
    that cannot be remembered."""
    if not config.policy.defer_unknown:
        return None
    try:
        return memory.Deferrals(deferral_file(config), clock)
    except OSError as error:
        LOG.error("%s: no message is deferred: %s", deferral_file(config), error)
        return None


def unknown_file(config: Config) -> Path:
    """Where the messages are that the store may have kept although it reported an error."""
    return state_directory(config.store) / "unknown"


def unknown_commits(config: Config, store: QuarantineStore, clock: Clock) -> QuarantineStore:
    """The store with a memory of what it may have kept. Without, and with a line in the log, if that file cannot be
    used."""
    try:
        return memory.UnknownCommits(store, unknown_file(config), clock)
    except OSError as error:
        LOG.error("%s: what the store may have kept is not remembered: %s", unknown_file(config), error)
        return store


def make_memory(config: Config, clock: Clock) -> None:
    """Make the files of what is remembered, or begin damaged ones anew: before the fork, so that no two processes do
    it at once."""
    for made in (policies(config, clock), deferrals(config, clock)):
        if made is not None:
            made.close()
    with suppress(OSError):  # each worker says so
        memory.UnknownCommits.prepare(unknown_file(config))


def secret_file(config: Config) -> Path:
    """Where the site's secret is, if the configuration names no key file."""
    return state_directory(config.store) / "secret"


def make_rollout_key(config: Config) -> bytes:
    """The secret by which is drawn which mail a roll-out reaches; what it is made from is made if it is not there.
    Empty, and nothing is made, where nothing is drawn.

    It comes from `journal.key_file` if that is set, which nodes that share a configuration can share, else from a file
    of this machine. Raises OSError or SecretError."""
    if not draws(config):
        return b""
    if config.journal.key_file is not None:
        return _for_rollout(read_secret(config.journal.key_file))
    return _for_rollout(memory.secret.make(secret_file(config)))


def draws(config: Config) -> bool:
    """True if a roll-out reaches only a share of the mail."""
    shares = (config.policy.rollout, *(each.rollout for each in config.recipients.values()))
    return any(share is not None and share < 100 for share in shares)


def rollout_key(config: Config) -> bytes:
    """The same for a command, which makes nothing. Empty where nothing is drawn. Empty too, with a line in the log,
    where the secret cannot be read: the command then draws otherwise than the daemon."""
    if not draws(config):
        return b""
    try:
        return _for_rollout(read_secret(config.journal.key_file or secret_file(config)))
    except SecretError as error:
        LOG.warning("the share of policy.rollout is drawn without the daemon's secret: %s", error)
        return b""


def _for_rollout(secret: bytes) -> bytes:
    """A key of its own: pseudonyms are made from the same secret."""
    return hmac.digest(secret, b"sekisho rollout", "sha256")


def offline(config: Config) -> Ports:
    """Ports without DNS, store, log and metrics: for single files."""
    clock = SystemClock()
    return Ports(clock, knowledge(config), pictures=Decoder(clock), rollout_key=rollout_key(config))


def resolver(config: Config) -> DnsResolver:
    """The real DNS as configured."""
    return DnsResolver(config.dns, SystemClock())


def budgeted(config: Config, shared: Resolver) -> Budget:
    """A resolver for one message: how long it may wait for DNS in total is bounded."""
    return Budget(shared, config.dns.budget, SystemClock())


def own_name(config: Config) -> str:
    """The authserv-id: as configured, else this host's name."""
    return config.authserv_id or socket.getfqdn()


def review(config: Config, quarantine: Quarantine) -> Review:
    """What a person does with held mail, on an opened store."""
    privacy = _audit_privacy(config)
    return Review(
        quarantine,
        Releaser(quarantine, config.release, own_name(config), privacy),
        timedelta(minutes=config.release.uncertain_after_minutes),
        lambda: quarantine.retention(config.retention, uptime()).paused,
    )


def _audit_privacy(config: Config) -> Privacy:
    """What the audit may keep of addresses. A key file that cannot be read stops no release: then the pseudonyms are of
    no use to anybody, which is what they are for."""
    clock = SystemClock()
    try:
        return Privacy(config.journal, clock)
    except SecretError:
        return Privacy(config.journal.model_copy(update={"key_file": None}), clock)


def lists(config: Config, held: Snapshot) -> InForce:
    """The lists of the configuration with those made at run time over them, as `held` has them."""
    build = partial(Lists.of, config.lists, config.groups, delimiters=config.policy.recipient_delimiter)
    return InForce(config.store, build, held)


def pipeline(config: Config, ports: Ports) -> Pipeline:
    """The one way through, on the given ports."""
    trust = Trust.of(config.trust)
    name = own_name(config)
    return Pipeline(
        clock=ports.clock,
        context=_contexts(config, ports, trust, name),
        lists=ports.lists or lists(config, ports.knowledge.lists),
        decision=_decision(config, ports),
        output=_output(config, ports, name),
        observers=Observers(ports.observers, ports.guard, ports.isolation),
        guard=ports.guard,
        trust=trust,
        limits=config.limits,
    )


def _decision(config: Config, ports: Ports) -> Decision:
    return Decision(
        RecipientRules.of(config.mode, config.policy, config.recipients, config.groups),
        block=Disposition[config.lists.block_action.upper()],
        points=config.policy.points,
        rollout_key=ports.rollout_key,
    )


def _output(config: Config, ports: Ports, name: str) -> Output:
    """`name` is our authserv-id."""
    return Output(
        name,
        explain.stored_document,
        quarantine=ports.quarantine,
        deferrals=ports.deferrals,
        defer_seconds=config.policy.defer_unknown * 60,
        shadow_headers=config.policy.shadow_headers,
        hold=config.store.hold,
    )


def _contexts(config: Config, ports: Ports, trust: Trust, name: str) -> Callable[[], Context]:
    """Makes the context of each message; `name` is our authserv-id."""
    sealers = frozenset(config.arc.sealers)

    def context() -> Context:
        resolver = ports.resolver and budgeted(config, ports.resolver)
        return Context(
            clock=ports.clock,
            registry=ports.knowledge.registry,
            providers=ports.knowledge.providers,
            vocabulary=ports.knowledge.vocabulary,
            resolver=resolver,
            pictures=ports.pictures,
            deadline=ports.clock.monotonic() + config.wire.soft_deadline,
            authserv_id=name,
            sealers=sealers,
            trust=trust,
            site=ports.knowledge.site,
            policies=ports.policies,
            recipient_delimiter=config.policy.recipient_delimiter,
            strangers=resolver and Budget(resolver, config.dns.budget * STRANGERS_SHARE, ports.clock),
        )

    return context
