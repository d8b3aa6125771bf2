"""Cases through the daemon's own assembly, without its store, log and metrics."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from sekisho import compose, report
from sekisho.brands import BrandIndex
from sekisho.cli.cases import Case
from sekisho.clock import FixedClock
from sekisho.compose import Knowledge
from sekisho.config import Config
from sekisho.evidence import Evidence
from sekisho.judgement import Examined, Judged
from sekisho.pipeline import Pipeline
from sekisho.ports import Context, Recorded, Resolver
from sekisho.resolver import CaseResolver

ALL = "all"  # in the place of a brand's id: every brand


class UnknownBrandError(Exception):
    """No brand has that id; the text is the id."""


@dataclass(frozen=True, slots=True)
class Court:
    """The pipeline as single cases meet it. `real` is real DNS, for messages that come without a case file."""

    config: Config
    knowledge: Knowledge
    pipeline: Pipeline
    real: Resolver | None = None

    @classmethod
    def of(cls, config: Config, *, ask_dns: bool = False, without: Collection[str] = ()) -> Court:
        """`without` names brands that are taken out of the registry, or all of them.

        Raises ConfigError if brands or lists are bad, UnknownBrandError for an id that is not in the registry.
        """
        ports = compose.offline(config)
        known = replace(ports.knowledge, registry=reduced(ports.knowledge.registry, without))
        pipeline = compose.pipeline(config, replace(ports, knowledge=known))
        return cls(config, known, pipeline, compose.resolver(config) if ask_dns else None)

    def examine(self, case: Case, recorded: Recorded | None = None) -> Examined:
        """What the checks find. With `recorded`, as if another receiver had found that, and DNS were silent."""
        context = self._context(case)
        if recorded is not None:
            context = replace(context, resolver=None, recorded=recorded)
        return self.pipeline.examine(case.raw, case.envelope, context)

    def judge(self, examined: Examined, left_out: Collection[str] = ()) -> Judged:
        """What the policy makes of it, as if the findings `left_out` (ids) had not been made."""
        if left_out:
            examined = replace(examined, evidence=lessened(examined.evidence, left_out))
        return self.pipeline.judge(examined)

    def _context(self, case: Case) -> Context:
        """The case's DNS, else what it recorded, else real DNS if asked for and the case has no sidecar."""
        context = self.pipeline.context()
        resolver: Resolver | None = None
        if case.dns is not None:
            resolver = CaseResolver(case.dns)
        elif case.recorded is None and not case.facts and self.real is not None:
            resolver = compose.budgeted(self.config, self.real)
        clock = FixedClock(case.now) if case.now else context.clock
        return replace(context, resolver=resolver, recorded=case.recorded, clock=clock)


def judge(config: Config, *, ask_dns: bool) -> Callable[[Case], dict[str, Any]]:
    """A function from a case to the contract's object. Raises ConfigError if brands or lists are bad."""
    court = Court.of(config, ask_dns=ask_dns)
    return lambda case: document(court.judge(court.examine(case)))


def document(judged: Judged) -> dict[str, Any]:
    """The contract's object for one message, without `file`."""
    return report.judgement(judged.evidence, judged.weights, judged.action, judged.stages)


def lessened(evidence: Evidence, left_out: Collection[str]) -> Evidence:
    """The evidence without the findings of these ids."""
    kept = tuple(each for each in evidence.findings if each.kind.id not in left_out)
    return replace(evidence, findings=kept)


def reduced(registry: BrandIndex, without: Collection[str]) -> BrandIndex:
    """The registry without these brands. Raises UnknownBrandError."""
    if not without:
        return registry
    if ALL in without:
        return registry.only(())
    for each in without:
        if registry.get(each) is None:
            raise UnknownBrandError(each)
    return registry.only(brand for brand in registry.brands if brand.id not in without)
