"""Builds what judges mail: the pipeline, what it knows, and its files beside the store."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sekisho import brands, charsets, domains, explain, forwarders, providers, vocabulary
from sekisho.action import Output
from sekisho.brands import BrandFileError, BrandIndex
from sekisho.clock import SystemClock
from sekisho.compose.reviewing import own_fields, own_host, own_name
from sekisho.compose.state import rollout_key
from sekisho.config import Config, ConfigError
from sekisho.config import load as read
from sekisho.decoder import Decoder
from sekisho.directory import TableDirectory, Tables, missing, named
from sekisho.directory.tables import Counted
from sekisho.dns_answer import Answer
from sekisho.forwarders import ForwarderFileError, Forwarders
from sekisho.observers import Isolation, Observers
from sekisho.pipeline import Pipeline
from sekisho.policy import Decision, Lists, RecipientRules
from sekisho.ports import (
    Clock,
    Context,
    Deferrals,
    Directory,
    Guard,
    KnownPolicies,
    Observer,
    Providers,
    QuarantineStore,
    Resolver,
)
from sekisho.providers import ProviderFileError
from sekisho.qrcodes import NO_READER, Reader
from sekisho.resolver import Budget, DnsResolver
from sekisho.site import Site, SiteFileError
from sekisho.store.database import missing_driver
from sekisho.store.lists import InForce, Snapshot, snapshot
from sekisho.trust import Trust
from sekisho.verdict import MILTER, Disposition, MtaAbilities
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
    directory: Directory | None = None
    mta: MtaAbilities = MILTER


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
        faults = _missing(error.rest, path) if error.rest else ()
        raise ConfigError((*error.errors, *faults, *_named_faults(error.rest))) from error
    if faults := _missing(config, path):
        raise ConfigError((*faults, *_named_faults(config)))
    return config, knowledge(config)


def _missing(config: Config, path: Path | None) -> tuple[str, ...]:
    """What is not installed that the store and the tables of the directory need. `path` is the file that names the
    tables."""
    driver, options = missing_driver(config.store), config.directory
    tables = (f"{path}: {fault}" for fault in missing(named(options), options.postfix_directory))
    return (*((driver,) if driver else ()), *tables)


def directory(config: Config, clock: Clock, counted: Counted | None = None) -> TableDirectory | None:
    """The site's tables, for one process; None if no table is named."""
    options = config.directory
    if not options.used:
        return None
    tables = Tables(options, clock, counted) if counted is not None else Tables(options, clock)
    return TableDirectory(options, tables, config.policy.recipient_delimiter)


def _named_faults(rest: Config | None) -> tuple[str, ...]:
    try:
        if rest is not None:
            knowledge(rest)
    except ConfigError as error:
        return error.errors
    return ()


def offline(config: Config, *, registry: Path | None = None, lists: bool = True) -> Ports:
    """Ports without DNS, store, log and metrics, to judge single files. The site's tables are asked as the daemon asks
    them: what they say belongs to the configuration, like the lists. `registry` and `lists` as in `knowledge`."""
    clock = SystemClock()
    known = knowledge(config, registry=registry, lists=lists)
    return Ports(
        clock,
        known,
        pictures=Decoder(clock),
        rollout_key=rollout_key(config),
        directory=directory(config, clock),
    )


def resolver(config: Config) -> DnsResolver:
    """A resolver that asks the DNS servers of the configuration."""
    return DnsResolver(config.dns, SystemClock())


def budgeted(config: Config, shared: Resolver, asked: dict[tuple[str, str], Answer] | None = None) -> Budget:
    """A resolver for one message, which waits for DNS no longer than `dns.budget` seconds in total. `asked` gets its
    answers."""
    return Budget(shared, config.dns.budget, SystemClock(), asked)


def lists(config: Config, held: Snapshot) -> InForce:
    """The lists of the configuration together with the entries made at run time (`held`)."""
    build = partial(Lists.of, config.lists, config.groups, delimiters=config.policy.recipient_delimiter)
    return InForce(config.store, build, held)


def pipeline(config: Config, ports: Ports) -> Pipeline:
    """The pipeline that every message passes, on the given ports."""
    trust = Trust.of(config.trust)
    return Pipeline(
        clock=ports.clock,
        context=_contexts(config, ports, trust),
        lists=ports.lists or lists(config, ports.knowledge.lists),
        decision=_decision(config, ports),
        output=_output(config, ports),
        observers=Observers(ports.observers, ports.guard, ports.isolation),
        guard=ports.guard,
        directory=ports.directory,
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


def _output(config: Config, ports: Ports) -> Output:
    return Output(
        own_fields(config),
        explain.held_document,
        quarantine=ports.quarantine,
        deferrals=ports.deferrals,
        defer_seconds=config.policy.defer_unknown * 60,
        shadow_headers=config.policy.shadow_headers,
        hold=config.store.hold,
        mta=ports.mta,
    )


def sealers(config: Config, known: Knowledge, name: str) -> frozenset[str]:
    """Whose ARC seal is believed: the shipped and the configured sealers, and ourselves, whose key nobody else has: the
    site's domains, and the organisation of `name`, our host, unless others share it."""
    shipped = known.sealers if config.arc.shipped_sealers else frozenset()
    own = domains.registrable(name)
    ours = {own} if own is not None and known.providers.kind(own) is None else set()
    return shipped | ours | {*config.arc.sealers, *config.site.domains}


def _contexts(config: Config, ports: Ports, trust: Trust) -> Callable[[], Context]:
    """A function that makes the context of a message."""
    believed = sealers(config, ports.knowledge, own_host(config))
    name = own_name(config)

    def context() -> Context:
        asked: dict[tuple[str, str], Answer] = {}
        resolver = ports.resolver and budgeted(config, ports.resolver, asked)
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
            earlier_filters=config.trust.earlier_filters,
            believe_earlier=config.trust.believe_earlier,
            strangers=resolver and Budget(resolver, config.dns.budget * STRANGERS_SHARE, ports.clock, asked),
            asked=None if resolver is None else asked,
        )

    return context
