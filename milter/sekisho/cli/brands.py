"""`sekisho brands`: the registry as the checks see it, and what is wrong or risky in its files.

A file that cannot be loaded stops each of these commands, as it stops the daemon: all faults of all files are printed
and the exit status is 2. `lint` reports what can be loaded and should still be corrected, with exit status 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from sekisho import compose
from sekisho.brands import Brand, BrandIndex
from sekisho.brands.lint import lint as flaws_of
from sekisho.brands.model import DomainEntry, Policy
from sekisho.cli import output
from sekisho.cli.similar import nearest
from sekisho.config import Config
from sekisho.package_data import shipped

LISTED = ("id", "name", "organisation", "confirmed domains")
DOMAINS = ("domain", "worth", "confidence", "used for", "sources")
MAX_LISTED = 5  # domains of a brand in the list of all brands


def lint(config: Config, style: str) -> int:
    """Print every flaw. Returns the exit status: 1 if there is one."""
    known = compose.knowledge(config)
    flaws = flaws_of(known.registry.brands, known.providers.kind)
    rows = [
        {
            "file": str(_file(config, flaw.brand)),
            "brand": flaw.brand,
            "code": flaw.code,
            "value": flaw.value,
            "reason": flaw.reason,
        }
        for flaw in flaws
    ]
    if style == "json":
        output.write_json(rows)
        return 1 if rows else 0
    for row in rows:
        value = f" {row['value']!r}" if row["value"] else ""
        output.say(f"{row['file']}: {row['code']}:{value} {row['reason']}")
    output.say(
        f"{len(known.registry.brands)} brands, {len(rows) or 'no'} flaw{'s' if len(rows) != 1 else ''}"
    )
    return 1 if rows else 0


def list_brands(config: Config, style: str) -> None:
    """Print every enabled brand, sorted by id."""
    brands = compose.knowledge(config).registry.brands
    if style == "json":
        output.write_json([_summary(brand) for brand in brands])
        return
    rows = [(brand.id, brand.names[0], brand.organisation or "", _few(_confirmed(brand))) for brand in brands]
    output.write_rows(LISTED, [tuple(map(output.shown, row)) for row in rows], 2, (1, 2, 3))


def show(config: Config, wanted: str, style: str) -> None:
    """Print one brand as its file describes it. Raises UsageError for an unknown one; the text names similar ids."""
    registry = compose.knowledge(config).registry
    brand = _find(registry, wanted)
    file = _file(config, brand.id)
    if style == "json":
        output.write_json({**_summary(brand), **brand.model_dump(mode="json"), "file": str(file)})
        return
    console = output.console()
    console.print(Text.assemble((brand.names[0], "bold"), f"  {brand.id}"))
    for label, value in _lines(registry, brand, file):
        if value:
            console.print(Text.assemble((f"{label:<14}", "dim"), value), soft_wrap=True)
    _print_domains(brand.domains)


def _summary(brand: Brand) -> dict[str, Any]:
    return {
        "id": brand.id,
        "name": brand.names[0],
        "organisation": brand.organisation,
        "confirmed_domains": _confirmed(brand),
    }


def _confirmed(brand: Brand) -> list[str]:
    """The domains that prove the brand when they are authenticated."""
    return [domain for domain, entry in brand.domains.items() if entry.proves]


def _few(domains: list[str]) -> str:
    """The first domains, and how many more there are."""
    more = len(domains) - MAX_LISTED
    return ", ".join(domains[:MAX_LISTED]) + (f" and {more} more" if more > 0 else "")


def _find(registry: BrandIndex, wanted: str) -> Brand:
    """The brand with that id, else the only brand with that name. Raises UsageError."""
    if brand := registry.get(wanted):
        return brand
    named = {mention.brand for mention in registry.mentions(wanted) if mention.alone >= 1}
    if len(named) == 1 and (brand := registry.get(*named)):
        return brand
    ids = [brand.id for brand in registry.brands]
    hint = nearest(wanted, ids, "`sekisho brands list` shows all", sorted(named))
    raise click.UsageError(f"there is no brand {wanted!r}; {hint}")


def _file(config: Config, brand: str) -> Path:
    """The file that describes the brand: the site's own one if there is one, else the shipped one."""
    own = config.brands.overlay / f"{brand}.toml" if config.brands.overlay else None
    return own if own is not None and own.is_file() else shipped("brands") / f"{brand}.toml"


def _lines(registry: BrandIndex, brand: Brand, file: Path) -> Iterator[tuple[str, str]]:
    """Label and text of each line but those of the domains; a text may be empty."""
    related = sorted(registry.affiliates(brand.id) - {brand.id})
    yield "file", str(file)
    yield "organisation", (brand.organisation or "") + (f" (with {', '.join(related)})" if related else "")
    yield "sector", " ".join(filter(None, (brand.sector, brand.country)))
    yield "flags", ", ".join(brand.flags)
    yield "names", "、".join(brand.names)
    yield "also", "、".join(brand.aliases)
    yield "as a word", "、".join(brand.ordinary)
    yield "only beside", _beside(brand.needs_companion, brand.companions)
    yield from (("promises", _promise(policy)) for policy in brand.policies)
    if brand.verify is not None:
        yield "to verify", " ".join(filter(None, (brand.verify.url, brand.verify.en, brand.verify.ja)))
    yield "call", ", ".join(brand.telephones)
    yield "report to", ", ".join(brand.report_to)
    yield "lures", "、".join(brand.lures)
    yield "unrelated", ", ".join(brand.unrelated)
    yield "sent by", ", ".join(brand.senders)
    yield "sources", ", ".join(brand.sources)


def _beside(names: Iterable[str], companions: Iterable[str]) -> str:
    listed = "、".join(names)
    return f"{listed} (with {'、'.join(companions)})" if listed else ""


def _promise(policy: Policy) -> str:
    notice = "" if policy.notice == "all" else f" in {policy.notice} notices"
    return policy.kind.replace("_", " ") + notice + (f", since {policy.since}" if policy.since else "")


def _print_domains(domains: Mapping[str, DomainEntry]) -> None:
    if not domains:
        output.say("no domain is known")
        return
    rows = [
        (domain, _worth(entry), entry.confidence, ", ".join(entry.use), ", ".join(entry.sources))
        for domain, entry in domains.items()
    ]
    output.write_rows(DOMAINS, [tuple(map(output.shown, row)) for row in rows], 3, (3, 4))


def _worth(entry: DomainEntry) -> str:
    strict = ", strict" if entry.strict else ""
    if entry.proves:
        return f"proves the brand{strict}"
    return f"{'proves a customer' if 'mailbox' in entry.flags else 'not confirmed'}{strict}"
