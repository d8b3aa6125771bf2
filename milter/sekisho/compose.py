"""Builds the program from its parts. The daemon, the command line, the tests and the benchmarks all use it."""

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

from sekisho import brands, charsets, domains, explain, forwarders, memory, providers, vocabulary
from sekisho.action import Output
from sekisho.brands import BrandFileError, BrandIndex
from sekisho.clock import SystemClock, uptime
from sekisho.config import Config, ConfigError
from sekisho.config import load as read
from sekisho.decoder import Decoder
from sekisho.events import keeping
from sekisho.forwarders import ForwarderFileError, Forwarders
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
"""Of `dns.budget`: what a message may spend on domains that its sender chose (signatures, envelope sender, ARC). The
rest is kept for the author's domain."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is read from files before any process is forked. All processes share it, and it never changes."""

    registry: BrandIndex
    providers: Providers
    vocabulary: Vocabulary
    site: Site = field(default_factory=Site)
    lists: Snapshot = field(default_factory=Snapshot)
    sealers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Ports:
    """What one process uses of the outside world: clock, DNS, store … `None` where there is none."""

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


def knowledge(config: Config, *, registry: Path | None = None, lists: bool = True) -> Knowledge:
    """Loads words, brands, providers, the site and the lists. Raises ConfigError with every error of every file.

    `registry` is a folder of brand files in the place of the shipped ones. Without `lists`, the lists that were made at
    run time are left out.
    """
    errors: list[str] = []
    try:
        words = vocabulary.load(config.vocabulary.overlay)
    except VocabularyFileError as error:
        errors += error.faults
        words = LoadedWords()
    try:
        listed = brands.load(registry, config.brands.overlay)
    except BrandFileError as error:
        errors += error.faults
    try:
        passing = forwarders.load()
    except ForwarderFileError as error:
        errors += error.faults
        passing = Forwarders()
    try:
        services = passing.services if config.trust.shipped_forwarders else None
        shared = providers.load(
            overlay=vocabulary.providers_file(config.vocabulary.overlay), services=services
        )
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
    held = snapshot.read(config.store) if lists else Snapshot()
    index = BrandIndex(listed, words.brands)
    return Knowledge(index, shared, words.checks, site, held, passing.sealers)


def load(path: Path | None) -> tuple[Config, Knowledge]:
    """The configuration and the files that it names. Raises ConfigError with everything that is wrong in any file."""
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
    """The file of the kill switch and of the guard's counts."""
    return state_directory(config.store) / "guard"


def policy_file(config: Config) -> Path:
    """The file of the domains whose DMARC policy was seen."""
    return state_directory(config.store) / "policies"


def deferral_file(config: Config) -> Path:
    """The file of the messages that were deferred while DNS failed."""
    return state_directory(config.store) / "deferred"


def failure_file(config: Config) -> Path:
    """The default file of the digests of messages whose judgement failed."""
    return state_directory(config.store) / "failed"


def policies(config: Config, clock: Clock) -> PolicyNotes | None:
    """The memory of the DMARC policies that were seen, opened for one process. None, and a line in the log, if its file
    cannot be used."""
    try:
        return PolicyNotes(policy_file(config), clock)
    except OSError as error:
        keeping.MEMORY_FAILED.failed(
            LOG, error, "DMARC policies that are seen are not noted", path=policy_file(config)
        )
        return None


def deferrals(config: Config, clock: Clock) -> memory.Deferrals | None:
    """The memory of the messages that were deferred, opened for one process. None if the policy defers none and, with a
    line in the log, if its file cannot be used."""
    if not config.policy.defer_unknown:
        return None
    try:
        return memory.Deferrals(deferral_file(config), clock)
    except OSError as error:
        keeping.MEMORY_FAILED.failed(LOG, error, "no message is deferred", path=deferral_file(config))
        return None


def unknown_file(config: Config) -> Path:
    """The file of the messages that the store may hold although it reported an error."""
    return state_directory(config.store) / "unknown"


def unknown_commits(config: Config, store: QuarantineStore, clock: Clock) -> QuarantineStore:
    """The store with a memory of the messages that it may hold although it reported an error. Without that memory, and
    with a line in the log, if its file cannot be used."""
    try:
        return memory.UnknownCommits(store, unknown_file(config), clock)
    except OSError as error:
        keeping.MEMORY_FAILED.failed(
            LOG, error, "what the store may have kept is not remembered", path=unknown_file(config)
        )
        return store


def make_memory(config: Config, clock: Clock) -> None:
    """Create the files of the memories, or replace damaged ones. It is called before the fork, so that no two processes
    do it at once."""
    for made in (policies(config, clock), deferrals(config, clock)):
        if made is not None:
            made.close()
    with suppress(OSError):  # each worker logs it
        memory.UnknownCommits.prepare(unknown_file(config))


def secret_file(config: Config) -> Path:
    """The file of the site's secret, if the configuration names no key file."""
    return state_directory(config.store) / "secret"


def make_rollout_key(config: Config) -> bytes:
    """The secret that decides which messages a roll-out reaches. Empty if no roll-out reaches only a share of the mail.

    It is derived from `journal.key_file` if that is set, which nodes with one configuration can share, else from the
    secret file of this machine, which is created if there is none. Raises OSError or SecretError."""
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
    """The same secret for a command, which creates no file. If the secret cannot be read it is empty, with a line in
    the log: a roll-out then reaches other messages than in the daemon."""
    if not draws(config):
        return b""
    try:
        return _for_rollout(read_secret(config.journal.key_file or secret_file(config)))
    except SecretError as error:
        keeping.MEMORY_FAILED.failed(LOG, error, "policy.rollout is applied without the daemon's secret")
        return b""


def _for_rollout(secret: bytes) -> bytes:
    """The key of the roll-out. It is derived, since the pseudonyms of the journal use the same secret."""
    return hmac.digest(secret, b"sekisho rollout", "sha256")


def offline(config: Config, *, registry: Path | None = None, lists: bool = True) -> Ports:
    """Ports without DNS, store, log and metrics, to judge single files. `registry` and `lists` as in `knowledge`."""
    clock = SystemClock()
    known = knowledge(config, registry=registry, lists=lists)
    return Ports(clock, known, pictures=Decoder(clock), rollout_key=rollout_key(config))


def resolver(config: Config) -> DnsResolver:
    """A resolver that asks the DNS servers of the configuration."""
    return DnsResolver(config.dns, SystemClock())


def budgeted(config: Config, shared: Resolver) -> Budget:
    """A resolver for one message, which waits for DNS no longer than `dns.budget` seconds in total."""
    return Budget(shared, config.dns.budget, SystemClock())


def own_name(config: Config) -> str:
    """The authserv-id: as configured, else this host's name."""
    return config.authserv_id or socket.getfqdn()


def review(config: Config, quarantine: Quarantine) -> Review:
    """The service for held mail, on an opened store."""
    privacy = _audit_privacy(config)
    return Review(
        quarantine,
        Releaser(quarantine, config.release, own_name(config), privacy),
        timedelta(minutes=config.release.uncertain_after_minutes),
        lambda: quarantine.retention(config.retention, uptime()).paused,
    )


def _audit_privacy(config: Config) -> Privacy:
    """What the audit may keep of addresses. A key file that cannot be read stops no release: the pseudonyms are then
    made with a random key, and nobody can resolve them."""
    clock = SystemClock()
    try:
        return Privacy(config.journal, clock)
    except SecretError:
        return Privacy(config.journal.model_copy(update={"key_file": None}), clock)


def lists(config: Config, held: Snapshot) -> InForce:
    """The lists of the configuration together with the entries made at run time (`held`)."""
    build = partial(Lists.of, config.lists, config.groups, delimiters=config.policy.recipient_delimiter)
    return InForce(config.store, build, held)


def pipeline(config: Config, ports: Ports) -> Pipeline:
    """The pipeline that every message passes, on the given ports."""
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


def sealers(config: Config, known: Knowledge, name: str) -> frozenset[str]:
    """Whose ARC seal is believed: the shipped and the configured sealers, and ourselves, whose key nobody else has: the
    site's domains, and the organisation of `name`, our authserv-id, unless others share it."""
    shipped = known.sealers if config.arc.shipped_sealers else frozenset()
    own = domains.registrable(name)
    ours = {own} if own is not None and known.providers.kind(own) is None else set()
    return shipped | ours | {*config.arc.sealers, *config.site.domains}


def _contexts(config: Config, ports: Ports, trust: Trust, name: str) -> Callable[[], Context]:
    """A function that makes the context of a message; `name` is our authserv-id."""
    believed = sealers(config, ports.knowledge, name)

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
            sealers=believed,
            trust=trust,
            site=ports.knowledge.site,
            policies=ports.policies,
            recipient_delimiter=config.policy.recipient_delimiter,
            strangers=resolver and Budget(resolver, config.dns.budget * STRANGERS_SHARE, ports.clock),
        )

    return context
