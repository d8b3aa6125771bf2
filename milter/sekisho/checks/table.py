"""The ordered table of checks. A new check is a module and a row here.

Order matters where a check reads what an earlier one found: results, then proofs, then where the message leads, then
claims, then the contradictions between them. And what is cheap and tells most comes before what is expensive: whatever
a message's pictures cost, who sent it and who it says it is from has been looked at before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from sekisho.checks.authentication import (
    arc,
    dkim,
    dmarc,
    earlier,
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
    inner_messages,
    link_tricks,
    links,
    obfuscation,
    opened_pages,
    pages,
    structure,
    text_style,
)
from sekisho.checks.identity import (
    author,
    borrowed_voice,
    brand_policies,
    callback,
    claims,
    destinations,
    display_name,
    impersonation,
    inside,
    lone_document,
    lookalike,
    media_claims,
    named,
    own_domain,
    own_office,
    recipient,
    reply_to,
    sender_domain,
    shared_note,
    site,
    staff_office,
    strict,
    two_strangers,
    unknown_organisation,
    word_names,
)
from sekisho.checks.lure import (
    anothers_domain,
    authority,
    favours,
    gifts,
    lure,
    messenger_offers,
    new_account,
    nobody,
    payload,
    private_office,
    secrets,
    sender_doubts,
    stranger,
)
from sekisho.evidence import Evidence, FindingKind, Role
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.results import AuthResult, MethodResult

Owed = Callable[[Message], tuple[MethodResult, ...]]
"""The authentication results that a message gets instead of its own."""


def _nothing(message: Message) -> tuple[MethodResult, ...]:
    return ()


def _temperror(method: str) -> Owed:
    """What a check owes that gives one result."""
    result = MethodResult(method, AuthResult.TEMPERROR, reason="not evaluated")
    return lambda message: (result,)


@dataclass(frozen=True, slots=True)
class Check:
    """One row: what it is called in stages and metrics, the function, and what it may find.

    `owed` gives the results that a message gets if the check could not be run. `pictured`: this check and those after
    it read what the message's pictures hold; the pictures are searched right before it.
    """

    name: str
    run: Callable[[Message, Evidence, Context], Evidence]
    kinds: tuple[FindingKind, ...] = ()
    owed: Owed = _nothing
    pictured: bool = False

    @classmethod
    def of(cls, module: ModuleType, *, owed: Owed = _nothing, pictured: bool = False) -> Check:
        """The check that a module is: it has the module's name, its function `check`, and its `KINDS` if it has any."""
        name = module.__name__.rpartition(".")[2]
        return cls(name, module.check, getattr(module, "KINDS", ()), owed, pictured)

    def unknown(self, reason: str, message: Message) -> Evidence:
        """The evidence of a check that could not be run: a temperror for each result that it owes."""
        return Evidence(results=self.owed(message), degraded=(reason,))


AUTHENTICATION: tuple[Check, ...] = (
    Check.of(prefetch),
    Check.of(recorded),
    Check.of(iprev, owed=_temperror("iprev")),
    Check.of(spf, owed=spf.owed),
    Check.of(dkim, owed=dkim.owed),
    Check.of(arc, owed=_temperror("arc")),
    Check.of(earlier),
    Check.of(dmarc, owed=_temperror("dmarc")),
    Check.of(proof),
    Check.of(indirect),
    Check.of(forged),
    Check.of(replay),
)
IDENTITY: tuple[Check, ...] = (
    Check.of(author),
    Check.of(destinations, pictured=True),
    Check.of(claims),
    Check.of(media_claims),
    Check.of(word_names),
    Check.of(named),
    Check.of(impersonation),
    Check.of(borrowed_voice),
    Check.of(own_domain),
    Check.of(display_name),
    Check.of(lookalike),
    Check.of(site),
    Check.of(strict),
    Check.of(reply_to),
    Check.of(callback),
    Check.of(lone_document),
    Check.of(sender_domain),
    Check.of(unknown_organisation),
    Check.of(two_strangers),
)
CONTENT: tuple[Check, ...] = (
    Check.of(structure),
    Check.of(inner_messages),
    Check.of(text_style),
    Check.of(headers),
    Check.of(links),
    Check.of(link_tricks),
    Check.of(pages),
    Check.of(attachments),
    Check.of(opened_pages),
    Check.of(obfuscation),
)
LURES: tuple[Check, ...] = (
    Check.of(brand_policies),
    Check.of(recipient),
    Check.of(nobody),
    Check.of(stranger),
    Check.of(anothers_domain),
    Check.of(authority),
    Check.of(own_office),
    Check.of(staff_office),
    Check.of(shared_note),
    Check.of(inside),
    Check.of(new_account),
    Check.of(favours),
    Check.of(messenger_offers),
    Check.of(private_office),
    Check.of(secrets),
    Check.of(gifts),
    Check.of(sender_doubts),
    Check.of(lure),
    Check.of(payload),
)

CHECKS: tuple[Check, ...] = AUTHENTICATION + IDENTITY + CONTENT + LURES

KINDS: tuple[FindingKind, ...] = tuple(kind for check in CHECKS for kind in check.kinds)

CONTRADICTING: frozenset[str] = frozenset(kind.id for kind in KINDS if kind.role is not Role.SUPPORT)
"""The ids of findings that say that the sender is not who it says it is; the others support them."""
