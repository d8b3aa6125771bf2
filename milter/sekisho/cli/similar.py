"""Ids that a person may have meant: what is typed wrongly must not look like an empty result."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

import click

from sekisho.cli import output
from sekisho.config import Config

MAX_NAMED = 3


def nearest(typed: str, known: Iterable[str], otherwise: str, meant: Sequence[str] = ()) -> str:
    """The end of an error about an unknown id: those that are `meant` or like it, else where all of them are
    listed."""
    ids = sorted(known)
    near = list(meant) or [each for each in ids if typed and typed.lower() in each][:MAX_NAMED]
    near = near or difflib.get_close_matches(typed.lower(), ids, MAX_NAMED)
    return f"did you mean {' or '.join(near)}?" if near else otherwise


def refuse_unknown(config: Config, brand: str | None, finding: str | None) -> None:
    """Raises UsageError for a brand or a finding that does not exist. Held mail may have one that an earlier version
    knew: call it if nothing was found."""
    if brand is not None:
        from sekisho import compose  # noqa: PLC0415 - it brings all brands: a list that found mail does without

        brands = {each.id for each in compose.knowledge(config).registry.brands}
        if brand not in brands:
            hint = nearest(brand, brands, "`sekisho brands list` shows all")
            raise click.UsageError(f"--brand: there is no brand {output.shown(brand)!r}; {hint}")
    if finding is not None:
        from sekisho.checks.table import KINDS  # noqa: PLC0415 - it brings all checks

        findings = {each.id for each in KINDS}
        if finding not in findings:
            hint = nearest(finding, findings, "docs/checks.md has all")
            raise click.UsageError(f"--finding: there is no finding {output.shown(finding)!r}; {hint}")
