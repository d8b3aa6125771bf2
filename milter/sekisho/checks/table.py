"""The ordered table of checks. A new check is a module and a row here.

Order matters where a check reads what an earlier one found: results, then proofs, then where the message leads, then
claims, then the contradictions between them. And what is cheap and tells most comes before what is expensive: whatever
a message's pictures cost, who sent it and who it says it is from has been looked at before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sekisho.checks import (
    ahead,
    arc,
    attachments,
    author,
    claims,
    contradiction,
    destinations,
    detours,
    disguise,
    display_name,
    dkim,
    dmarc,
    forged,
    indirect,
    iprev,
    links,
    lookalike,
    lure,
    organisation,
    origin,
    pages,
    promises,
    proof,
    recipient,
    recorded,
    replay,
    responders,
    site,
    spf,
    strict,
    structure,
    traces,
    writing,
)
from sekisho.evidence import Evidence, FindingKind, Result, Word
from sekisho.message import Message
from sekisho.ports import Context


@dataclass(frozen=True, slots=True)
class Check:
    """One row: what it is called in stages and metrics, the function, what it may find, and the authentication results
    that a message gets instead of its own if it could not be run. `pictured`: it and those after it read what the
    message's pictures hold, which are looked into at that moment."""

    name: str
    run: Callable[[Message, Evidence, Context], Evidence]
    kinds: tuple[FindingKind, ...] = ()
    owed: Callable[[Message], tuple[Result, ...]] = lambda message: ()
    pictured: bool = False

    def unknown(self, reason: str, message: Message) -> Evidence:
        """The evidence of a check that could not be run: a temperror for each result that it owes."""
        return Evidence(results=self.owed(message), degraded=(reason,))


def _temperror(method: str) -> Callable[[Message], tuple[Result, ...]]:
    """What a check owes that gives one result."""
    result = Result(method, Word.TEMPERROR, reason="not evaluated")
    return lambda message: (result,)


AUTHENTICATION: tuple[Check, ...] = (
    Check("ahead", ahead.check),
    Check("recorded", recorded.check),
    Check("iprev", iprev.check, iprev.KINDS, _temperror("iprev")),
    Check("spf", spf.check, spf.KINDS, spf.owed),
    Check("dkim", dkim.check, dkim.KINDS, dkim.owed),
    Check("arc", arc.check, arc.KINDS, _temperror("arc")),
    Check("dmarc", dmarc.check, dmarc.KINDS, _temperror("dmarc")),
    Check("proof", proof.check, proof.KINDS),
    Check("indirect", indirect.check, indirect.KINDS),
    Check("forged", forged.check, forged.KINDS),
    Check("replay", replay.check, replay.KINDS),
)
IDENTITY: tuple[Check, ...] = (
    Check("author", author.check, author.KINDS),
    Check("destinations", destinations.check, pictured=True),
    Check("claims", claims.check),
    Check("contradiction", contradiction.check, contradiction.KINDS),
    Check("display_name", display_name.check, display_name.KINDS),
    Check("lookalike", lookalike.check, lookalike.KINDS),
    Check("site", site.check, site.KINDS),
    Check("strict", strict.check, strict.KINDS),
    Check("responders", responders.check, responders.KINDS),
    Check("origin", origin.check, origin.KINDS),
    Check("organisation", organisation.check, organisation.KINDS),
)
CONTENT: tuple[Check, ...] = (
    Check("structure", structure.check, structure.KINDS),
    Check("writing", writing.check, writing.KINDS),
    Check("traces", traces.check, traces.KINDS),
    Check("links", links.check, links.KINDS),
    Check("detours", detours.check, detours.KINDS),
    Check("pages", pages.check, pages.KINDS),
    Check("attachments", attachments.check, attachments.KINDS),
    Check("disguise", disguise.check, disguise.KINDS),
)
LURES: tuple[Check, ...] = (
    Check("promises", promises.check, promises.KINDS),
    Check("recipient", recipient.check, recipient.KINDS),
    Check("lure", lure.check, lure.KINDS),
)

CHECKS: tuple[Check, ...] = AUTHENTICATION + IDENTITY + CONTENT + LURES

KINDS: tuple[FindingKind, ...] = tuple(kind for check in CHECKS for kind in check.kinds)
