"""Finds what would let a message pass, with the same checks and the same policy.

There are two ways. The claim could be true: the same message, from a confirmed domain of the claimed brand and with an
aligned pass, is judged again. Or some findings could be missing: the policy judges the others. Neither way says that
the message is good. If an entry of the block list decides, that entry is named instead.

This module judges nothing itself: the caller passes the functions that judge again (`Rejudge`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.header import Header
from typing import Any, NamedTuple

from sekisho.brands import Brand, BrandIndex
from sekisho.explain.document import MAX_DOMAINS, MAX_TEXT_CHARS, writing_domains
from sekisho.message import Message
from sekisho.policy import COMBINATIONS, covers
from sekisho.ports import Recorded
from sekisho.text import printable
from sekisho.verdict import Disposition, Verdict

MAX_BRANDS = 3  # for which the message is judged again
_FROM = re.compile(rb"^from[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*", re.IGNORECASE | re.MULTILINE)


class Weighed(NamedTuple):
    """The result of a judgement: the strictest verdict, and the points by finding id."""

    verdict: Verdict
    weights: Mapping[str, float]

    @property
    def passes(self) -> bool:
        """True if all recipients get the message unchanged."""
        return self.verdict.disposition is Disposition.ACCEPT


@dataclass(frozen=True, slots=True)
class Rejudge:
    """The functions that judge the same message again.

    `as_sent(raw, sender, recorded)`: by all checks, as if these bytes (None: its own) had come from that envelope
    sender with these authentication results. `without(ids)`: by the policy alone, without the findings with these ids.
    """

    as_sent: Callable[[bytes | None, str, Recorded], Weighed]
    without: Callable[[Collection[str]], Weighed]


def ways_to_pass(
    message: Message, judged: Weighed, accused: Iterable[str], registry: BrandIndex, again: Rejudge
) -> list[dict[str, Any]]:
    """The ways to pass as JSON values, each with the verdict and the score (points) to which it leads; empty for a
    message that passes. `accused` are the ids of the brands that the message poses as."""
    if judged.passes:
        return []
    known = (registry.get(brand) for brand in accused)
    posed = [brand for brand in known if brand is not None and writing_domains(brand)]
    found = [_as_brand(message, judged, brand, registry, again) for brand in posed[:MAX_BRANDS]]
    decided_by = judged.verdict.decided_by
    if (without := _without(judged, again)) is not None:
        found.append(without)
    elif decided_by.startswith("block "):
        found.append({"way": "list", "entry": printable(decided_by.removeprefix("block "), MAX_TEXT_CHARS)})
    return found


def _as_brand(
    message: Message, judged: Weighed, brand: Brand, registry: BrandIndex, again: Rejudge
) -> dict[str, Any]:
    """The way in which the brand has written the message, with proof: which findings would be `left`, and which would
    be `new`, since another author may contradict what did not contradict this one."""
    own = writing_domains(brand)
    author = message.author.domain or ""
    already = registry.owner(author) in registry.affiliates(brand.id)
    domain = author if already else own[0]
    recorded = Recorded(spf="pass", spf_domain=domain, dkim="pass", dkim_domain=domain, dmarc="pass")
    then = again.as_sent(None if already else written_from(message, domain), f"mail@{domain}", recorded)
    counted = [name for name, points in then.weights.items() if points > 0]
    return {
        "way": "proof",
        "brand": brand.id,
        "domains": list(dict.fromkeys((domain, *own)))[:MAX_DOMAINS],
        **_outcome(then),
        "left": [name for name in counted if name in judged.weights],
        "new": [name for name in counted if name not in judged.weights],
    }


def written_from(message: Message, domain: str) -> bytes:
    """The message with a single From field: the same display name, with an address of the domain."""
    name = message.author.name
    shown = Header(name.encode("utf-8", "replace").decode(), "utf-8").encode() if name else ""
    field = f"From: {shown} <mail@{domain}>\r\n".encode("ascii", "replace")
    head, body = message.raw[: message.body_start], message.raw[message.body_start :]
    return field + _FROM.sub(b"", head) + body


def _without(judged: Weighed, again: Rejudge) -> dict[str, Any] | None:
    """The fewest findings without which the message passes, the heaviest first; None if there are none."""
    gone: list[str] = []
    then = judged
    while not then.passes:
        heaviest = next(_decisive(then), None)
        if heaviest is None:
            return None
        gone.append(heaviest)
        then = again.without(gone)
    for name in reversed(gone[:-1]):
        rest = [each for each in gone if each != name]
        if (fewer := again.without(rest)).passes:
            gone, then = rest, fewer
    return {"way": "without", "findings": gone, **_outcome(then)}


def _decisive(judged: Weighed) -> Iterator[str]:
    """The findings that the verdict depends on, the heaviest first: those of the combination that decided, or all."""
    decided_by = judged.verdict.decided_by
    row = next((each for each in COMBINATIONS if each.name == decided_by), None)
    wanted = (*row.all_of, *row.any_of) if row else ()
    weights = judged.weights
    for name in sorted(weights, key=lambda name: -weights[name]):
        if any(covers(each, name) for each in wanted) if row else weights[name] > 0:
            yield name


def _outcome(judged: Weighed) -> dict[str, Any]:
    return {"verdict": judged.verdict.disposition.word, "score": judged.verdict.score}
