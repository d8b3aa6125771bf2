"""Cases through the daemon's own assembly, without its store, log and metrics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sekisho import compose, report
from sekisho.cli.cases import Case
from sekisho.clock import FixedClock
from sekisho.config import Config
from sekisho.ports import Context, Resolver
from sekisho.resolver import CaseResolver


def judge(config: Config, *, ask_dns: bool) -> Callable[[Case], dict[str, Any]]:
    """A function from a case to the contract's object. Raises ConfigError if brands or lists are bad."""
    pipeline = compose.pipeline(config, compose.offline(config))
    real = compose.resolver(config) if ask_dns else None

    def one(case: Case) -> dict[str, Any]:
        context = _context(pipeline.context(), case, real and compose.budgeted(config, real))
        judged = pipeline.judge(pipeline.examine(case.raw, case.envelope, context))
        return report.judgement(judged.evidence, judged.weights, judged.action, judged.stages)

    return one


def _context(context: Context, case: Case, real: Resolver | None) -> Context:
    """The case's DNS, else what it recorded, else real DNS if asked for and the case has no sidecar."""
    resolver: Resolver | None = None
    if case.dns is not None:
        resolver = CaseResolver(case.dns)
    elif case.recorded is None and not case.facts:
        resolver = real
    clock = FixedClock(case.now) if case.now else context.clock
    return replace(context, resolver=resolver, recorded=case.recorded, clock=clock)
