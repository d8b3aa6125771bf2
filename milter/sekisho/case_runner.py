"""Runs cases through the daemon's own pipeline, without store, log and metrics."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

from sekisho import compose
from sekisho.basis import Basis
from sekisho.brands import BrandIndex
from sekisho.cases import Case
from sekisho.clock import FixedClock
from sekisho.compose import Knowledge
from sekisho.config import Config
from sekisho.directory import TriedTable, named, tried
from sekisho.evidence import Evidence
from sekisho.explain import (
    Rejudge,
    Weighed,
    accused,
    describe_brands,
    judgement_document,
    ways_to_pass,
)
from sekisho.judgement import Examined, Judged
from sekisho.pipeline import Pipeline
from sekisho.ports import Context, Recorded, Resolver
from sekisho.resolver import CaseResolver

ALL_BRANDS = "all"  # in the place of a brand's id


class UnknownBrandError(Exception):
    """The registry has no brand with that id. The text is the id."""


@dataclass(frozen=True, slots=True)
class CaseRunner:
    """The pipeline for single cases. `real` asks real DNS, for messages without a case file. `tables` are those of the
    configuration, and whether they answer here: a case does not hold what they say."""

    basis: Basis
    knowledge: Knowledge
    pipeline: Pipeline
    real: Resolver | None = None
    tables: tuple[TriedTable, ...] = ()

    @classmethod
    def of(cls, basis: Basis, *, ask_dns: bool = False, without: Collection[str] = ()) -> CaseRunner:
        """A runner of the basis. `without` are the ids of brands that are removed from the registry, or `all`.

        Raises ConfigError if brands or lists are bad, UnknownBrandError for an id that is not in the registry.
        """
        config = basis.config
        ports = compose.offline(config, registry=basis.registry, lists=basis.lists)
        known = replace(ports.knowledge, registry=reduced(ports.knowledge.registry, without))
        pipeline = compose.pipeline(config, replace(ports, knowledge=known))
        tables = tuple(tried(each, config.directory) for each in named(config.directory))
        return cls(basis, known, pipeline, compose.resolver(config) if ask_dns else None, tables)

    @property
    def judged_with(self) -> str | dict[str, Any]:
        """The value of `judged_with` in the JSON of the commands (`Basis.judged_with`)."""
        return self.basis.judged_with(self.knowledge.lists.version, self.tables)

    def examine(self, case: Case, recorded: Recorded | None = None) -> Examined:
        """What the checks find. With `recorded` they use these authentication results of another receiver, and no
        DNS."""
        context = self._context(case)
        if recorded is not None:
            context = replace(context, resolver=None, recorded=recorded)
        return self.pipeline.examine(case.raw, case.envelope, context)

    def judge(self, examined: Examined, left_out: Collection[str] = ()) -> Judged:
        """The judgement of the policy, as if the findings `left_out` (ids) had not been made."""
        if left_out:
            examined = replace(examined, evidence=lessened(examined.evidence, left_out))
        return self.pipeline.judge(examined)

    def explain(self, case: Case) -> dict[str, Any]:
        """The object of `sekisho check --format json` without `file`, with descriptions of the brands (`brands`) and
        with what would let the message pass (`passes_if`)."""
        examined = self.examine(case)
        judged = self.judge(examined)
        document = document_of(judged)
        registry = self.knowledge.registry
        named = [each["brand"] for each in (*document["findings"], *document["claims"], *document["proofs"])]
        posed = accused(document["findings"])
        again = Rejudge(
            as_sent=lambda raw, sender, recorded: _weighed(
                self.judge(self.examine(sent_by(case, raw, sender), recorded))
            ),
            without=lambda ids: _weighed(self.judge(examined, ids)),
        )
        ways = ways_to_pass(examined.message, _weighed(judged), posed, registry, again)
        return {**document, "brands": describe_brands(registry, named), "passes_if": ways}

    def _context(self, case: Case) -> Context:
        """The context of the case. It uses the case's DNS, else its recorded results, else real DNS if that is asked
        for and the case has no sidecar."""
        context = self.pipeline.context()
        resolver: Resolver | None = None
        if case.dns is not None:
            resolver = CaseResolver(case.dns)
        elif case.recorded is None and not case.facts and self.real is not None:
            resolver = compose.budgeted(self.basis.config, self.real)
        clock = FixedClock(case.now) if case.now else context.clock
        return replace(context, resolver=resolver, recorded=case.recorded, clock=clock)


def judge(config: Config, *, ask_dns: bool) -> Callable[[Case], dict[str, Any]]:
    """A function that judges a case with the configuration, as on this machine, and gives `document_of` it. Raises
    ConfigError if brands or lists are bad."""
    runner = CaseRunner.of(Basis(config), ask_dns=ask_dns)
    return lambda case: document_of(runner.judge(runner.examine(case)))


def document_of(judged: Judged) -> dict[str, Any]:
    """The object of `sekisho check --format json` for one message, without `file`."""
    return judgement_document(judged.evidence, judged.weights, judged.action, judged.stages)


def lessened(evidence: Evidence, left_out: Collection[str]) -> Evidence:
    """The evidence without the findings with these ids."""
    kept = tuple(each for each in evidence.findings if each.kind.id not in left_out)
    return replace(evidence, findings=kept)


def reduced(registry: BrandIndex, without: Collection[str]) -> BrandIndex:
    """The registry without the brands with these ids. Raises UnknownBrandError."""
    if not without:
        return registry
    for each in without:
        if each != ALL_BRANDS and registry.get(each) is None:
            raise UnknownBrandError(each)
    if ALL_BRANDS in without:
        return registry.only(())
    return registry.only(brand for brand in registry.brands if brand.id not in without)


def sent_by(case: Case, raw: bytes | None, sender: str) -> Case:
    """The case with other bytes (None: its own) and another envelope sender."""
    envelope = replace(case.envelope, sender=sender, raw_sender=sender)
    return replace(case, raw=case.raw if raw is None else raw, envelope=envelope)


def _weighed(judged: Judged) -> Weighed:
    verdict = judged.action.strictest
    assert verdict is not None, "a message is judged by the default rules if it has no recipients"
    return Weighed(verdict, judged.weights)
