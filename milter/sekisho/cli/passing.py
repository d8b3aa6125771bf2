"""What would have to be true for a message to pass: computed, by the same checks and the same policy.

Two ways lead out of a verdict. The claim could be true: then the same message, written from a confirmed domain of the
claimed brand and proven by an aligned pass, is examined again. Or some findings would have to go: then the policy is
asked about the others. Neither says that the message is good; a list entry that decides is named instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from email.header import Header
from typing import Any

from sekisho.brands import Brand, BrandIndex
from sekisho.cli.cases import Case
from sekisho.cli.judge import Court
from sekisho.judgement import Examined, Judged
from sekisho.message import Message
from sekisho.policy import COMBINATIONS
from sekisho.policy.table import covers
from sekisho.ports import Recorded
from sekisho.text import printable
from sekisho.verdict import Disposition, Verdict

BRANDS = 3  # that are tried
DOMAINS = 5  # that are named of a brand
FROM = re.compile(rb"^from[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE | re.MULTILINE)


def ways(
    court: Court, case: Case, examined: Examined, judged: Judged, accused: Iterable[str]
) -> list[dict[str, Any]]:
    """Each way with the verdict that it leads to; none for a message that passes. `accused` are the ids of the brands
    that it poses as."""
    verdict = strictest(judged)
    if verdict.disposition is Disposition.ACCEPT:
        return []
    known = (court.knowledge.registry.get(brand) for brand in accused)
    posed = [brand for brand in known if brand is not None and domains_of(brand)]
    found = [_as_brand(court, case, examined, brand) for brand in posed[:BRANDS]]
    if (without := _without(court, examined, judged)) is not None:
        found.append(without)
    elif verdict.decided_by.startswith("block "):
        found.append({"way": "list", "entry": printable(verdict.decided_by.removeprefix("block "), 300)})
    return found


def strictest(judged: Judged) -> Verdict:
    verdict = judged.action.strictest
    assert verdict is not None, "a message is judged by the default rules if it has no recipients"
    return verdict


def domains_of(brand: Brand) -> tuple[str, ...]:
    """The confirmed domains that the brand writes from; names below one of them are not told apart."""
    writing = [name for name, entry in brand.domains.items() if entry.proves and "mail" in entry.use]
    return tuple(name for name in writing if not any(name.endswith(f".{other}") for other in writing))


def described(registry: BrandIndex, brands: Iterable[str | None]) -> dict[str, dict[str, Any]]:
    """What a reader is told of these brands: name, domains, where to verify."""
    known = {brand.id: brand for each in brands if each and (brand := registry.get(each)) is not None}
    return {
        brand.id: {
            "name": brand.names[0],
            "domains": list(domains_of(brand)[:DOMAINS]),
            "verify_en": brand.verify.en if brand.verify else "",
            "verify_ja": brand.verify.ja if brand.verify else "",
            "url": (brand.verify and brand.verify.url) or "",
        }
        for brand in known.values()
    }


def _as_brand(court: Court, case: Case, examined: Examined, brand: Brand) -> dict[str, Any]:
    """The same message as if the brand had written it, and as if that were proven."""
    own = domains_of(brand)
    author = examined.message.author.domain or ""
    already = court.knowledge.registry.owner(author) in court.knowledge.registry.affiliates(brand.id)
    domain = author if already else own[0]
    raw = case.raw if already else written_from(examined.message, domain)
    envelope = replace(case.envelope, sender=f"mail@{domain}", raw_sender=f"mail@{domain}")
    recorded = Recorded(spf="pass", spf_domain=domain, dkim="pass", dkim_domain=domain, dmarc="pass")
    then = court.judge(court.examine(replace(case, raw=raw, envelope=envelope), recorded))
    return {
        "way": "proof",
        "brand": brand.id,
        "domains": list(dict.fromkeys((domain, *own)))[:DOMAINS],
        **_outcome(then),
        "left": [name for name, points in then.weights.items() if points > 0],
    }


def written_from(message: Message, domain: str) -> bytes:
    """The message with one From field: the name as it was, at an address of the domain."""
    name = message.author.name
    shown = Header(name.encode("utf-8", "replace").decode(), "utf-8").encode() if name else ""
    field = f"From: {shown} <mail@{domain}>\r\n".encode("ascii", "replace")
    head, body = message.raw[: message.body_start], message.raw[message.body_start :]
    return field + FROM.sub(b"", head) + body


def _without(court: Court, examined: Examined, judged: Judged) -> dict[str, Any] | None:
    """The findings that would have to go, the heaviest first and none that could stay; None if nothing helps."""
    gone: list[str] = []
    then = judged
    while not _passes(then):
        heaviest = next(_decisive(then), None)
        if heaviest is None:
            return None
        gone.append(heaviest)
        then = court.judge(examined, gone)
    for name in reversed(gone[:-1]):
        rest = [each for each in gone if each != name]
        if _passes(fewer := court.judge(examined, rest)):
            gone, then = rest, fewer
    return {"way": "without", "findings": gone, **_outcome(then)}


def _passes(judged: Judged) -> bool:
    return strictest(judged).disposition is Disposition.ACCEPT


def _decisive(judged: Judged) -> Iterator[str]:
    """What the verdict rests on, the heaviest first: the findings of the combination that decided, or all."""
    decided_by = strictest(judged).decided_by
    row = next((each for each in COMBINATIONS if each.name == decided_by), None)
    wanted = (*row.all_of, *row.any_of) if row else ()
    weights = judged.weights
    for name in sorted(weights, key=lambda name: -weights[name]):
        if any(covers(each, name) for each in wanted) if row else weights[name] > 0:
            yield name


def _outcome(judged: Judged) -> dict[str, Any]:
    verdict = strictest(judged)
    return {"verdict": verdict.disposition.word, "score": verdict.score}
