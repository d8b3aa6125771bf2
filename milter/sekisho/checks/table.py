"""The ordered table of checks. A new check is a module and a row here.

Order matters where a check reads what an earlier one found: results, then proofs, then where the message leads, then
claims, then the contradictions between them. And what is cheap and tells most comes before what is expensive: whatever
a message's pictures cost, who sent it and who it says it is from has been looked at before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sekisho.checks.authentication import (
    arc,
    dkim,
    dmarc,
    forged,
    indirect,
    iprev,
    prefetch,
    proof,
    recorded,
    replay,
    spf,
)
from sekisho.checks.content import (
    attachments,
    headers,
    link_tricks,
    links,
    obfuscation,
    pages,
    structure,
    text_style,
)
from sekisho.checks.identity import (
    author,
    brand_policies,
    claims,
    destinations,
    display_name,
    impersonation,
    lookalike,
    recipient,
    reply_to,
    sender_domain,
    site,
    strict,
    unknown_organisation,
)
from sekisho.checks.lure import lure
from sekisho.evidence import Evidence, FindingKind
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.results import AuthResult, MethodResult


@dataclass(frozen=True, slots=True)
class Check:
    """One row: what it is called in stages and metrics, the function, what it may find, and the authentication results
    that a message gets instead of its own if it could not be run. `pictured`: it and those after it read what the
    message's pictures hold, which are looked into at that moment."""

    name: str
    run: Callable[[Message, Evidence, Context], Evidence]
    kinds: tuple[FindingKind, ...] = ()
    owed: Callable[[Message], tuple[MethodResult, ...]] = lambda message: ()
    pictured: bool = False

    def unknown(self, reason: str, message: Message) -> Evidence:
        """The evidence of a check that could not be run: a temperror for each result that it owes."""
        return Evidence(results=self.owed(message), degraded=(reason,))


def _temperror(method: str) -> Callable[[Message], tuple[MethodResult, ...]]:
    """What a check owes that gives one result."""
    result = MethodResult(method, AuthResult.TEMPERROR, reason="not evaluated")
    return lambda message: (result,)


AUTHENTICATION: tuple[Check, ...] = (
    Check("prefetch", prefetch.check),
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
    Check("impersonation", impersonation.check, impersonation.KINDS),
    Check("display_name", display_name.check, display_name.KINDS),
    Check("lookalike", lookalike.check, lookalike.KINDS),
    Check("site", site.check, site.KINDS),
    Check("strict", strict.check, strict.KINDS),
    Check("reply_to", reply_to.check, reply_to.KINDS),
    Check("sender_domain", sender_domain.check, sender_domain.KINDS),
    Check("unknown_organisation", unknown_organisation.check, unknown_organisation.KINDS),
)
CONTENT: tuple[Check, ...] = (
    Check("structure", structure.check, structure.KINDS),
    Check("text_style", text_style.check, text_style.KINDS),
    Check("headers", headers.check, headers.KINDS),
    Check("links", links.check, links.KINDS),
    Check("link_tricks", link_tricks.check, link_tricks.KINDS),
    Check("pages", pages.check, pages.KINDS),
    Check("attachments", attachments.check, attachments.KINDS),
    Check("obfuscation", obfuscation.check, obfuscation.KINDS),
)
LURES: tuple[Check, ...] = (
    Check("brand_policies", brand_policies.check, brand_policies.KINDS),
    Check("recipient", recipient.check, recipient.KINDS),
    Check("lure", lure.check, lure.KINDS),
)

CHECKS: tuple[Check, ...] = AUTHENTICATION + IDENTITY + CONTENT + LURES

KINDS: tuple[FindingKind, ...] = tuple(kind for check in CHECKS for kind in check.kinds)
