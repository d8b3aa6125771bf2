"""Everything put together, once, for the daemon, the command line, the tests and the benchmarks alike."""

from __future__ import annotations

import logging
import socket
from dataclasses import dataclass
from pathlib import Path

from sekisho import journal as journals
from sekisho import log
from sekisho import metrics as meters
from sekisho.brands import BrandFileError, BrandIndex, load_brands
from sekisho.checks import dkim, spf
from sekisho.checks.table import KINDS
from sekisho.clock import SystemClock
from sekisho.config import Config, ConfigError
from sekisho.message import Envelope, Headers
from sekisho.pipeline import Judged, Observer, Pipeline
from sekisho.policy import Lists, RuleBook
from sekisho.ports import Clock, Context, Providers, QuarantineStore, Registry, Resolver
from sekisho.providers import load_providers
from sekisho.resolver import Budget, DnsResolver
from sekisho.store import Quarantine
from sekisho.verdict import Action, Disposition

LOG = logging.getLogger("sekisho.compose")


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is read from files before any process is forked: shared, never changed."""

    registry: Registry
    providers: Providers


@dataclass(frozen=True, slots=True)
class Ports:
    """The world as one process reaches it. What is None is not there: no DNS, no store."""

    clock: Clock
    knowledge: Knowledge
    resolver: Resolver | None = None
    quarantine: QuarantineStore | None = None
    observers: tuple[Observer, ...] = ()


def knowledge(config: Config) -> Knowledge:
    """Brands and providers. Raises ConfigError with every error of every file."""
    errors: list[str] = []
    registry: Registry | None = None
    providers: Providers | None = None
    try:
        registry = BrandIndex(load_brands(config.brands))
    except BrandFileError as error:
        errors += error.errors
    try:
        providers = load_providers()
    except BrandFileError as error:
        errors += error.errors
    if errors or registry is None or providers is None:
        raise ConfigError(tuple(errors))
    return Knowledge(registry, providers)


def verify(config: Config) -> None:
    """Everything the configuration names can be loaded. Raises ConfigError with all that is wrong."""
    known = knowledge(config)
    ids = {kind.id for kind in KINDS}
    unknown = sorted(set(config.policy.points) - ids)
    if unknown:
        raise ConfigError(tuple(f"policy.points.{name}: there is no such finding" for name in unknown))
    pipeline(config, Ports(SystemClock(), known))


def offline(config: Config) -> Ports:
    """Ports without DNS, store, log and metrics: for single files."""
    return Ports(SystemClock(), knowledge(config))


def resolver(config: Config) -> DnsResolver:
    """The real DNS as configured."""
    return DnsResolver(config.dns, SystemClock())


def pipeline(config: Config, ports: Ports) -> Pipeline:
    """The one way through, on the given ports."""
    name = config.authserv_id or socket.getfqdn()

    def context() -> Context:
        deadline = ports.clock.monotonic() + config.wire.soft_deadline
        budgeted = ports.resolver and Budget(ports.resolver, config.dns.budget, ports.clock)
        return Context(
            clock=ports.clock,
            registry=ports.knowledge.registry,
            providers=ports.knowledge.providers,
            resolver=budgeted,
            deadline=deadline,
            authserv_id=name,
            sealers=frozenset(config.arc.sealers),
        )

    return Pipeline(
        clock=ports.clock,
        context=context,
        rules=RuleBook.of(config.mode, config.policy, config.recipients),
        lists=Lists.of(config.lists),
        block=Disposition[config.lists.block_action.upper()],
        authserv_id=name,
        observers=ports.observers,
        quarantine=ports.quarantine,
        points=config.policy.points,
        limits=config.limits,
        shadow_headers=config.policy.shadow_headers,
    )
