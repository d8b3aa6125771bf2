"""Did a known forwarder pass the message on? Then broken authentication says little about its author.

What a mail says of itself does not count. Anybody can type a List-Id, rewrite an envelope sender, sign with a domain of
its own or copy a signature that no longer holds. A forwarder or mailing list that is known must have sent the message:
one that the site has configured, or one that is shipped (`config/providers.toml`), by its address, by the confirmed
name of the client, or by a domain that is proven; or a system of the recipient's own organisation, as a ticket system
that keeps the customer's address. ARC chains are for `arc`.

The finding has no points. For it, the policy table takes back the points of authentication findings, and a brand's own
address without proof is marked and not held. What else is known of the author's identity stays as it is.

It cannot see what a forwarder changed.
"""

from __future__ import annotations

from sekisho.checks.facts.sender import organisation
from sekisho.evidence import NOTHING, Evidence, FindingKind, ProofScope
from sekisho.known import PASS_ON
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.results import AuthResult

PROVEN = FindingKind(
    "indirect.proven",
    0,
    "The message was passed on by {by}: authentication that broke on the way counts for little.",
    "このメールは {by} によって転送されたもので、途中で失われた認証は重く見ません。",
)
KINDS = (PROVEN,)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One finding, if the message provably came by way of a known forwarder or list."""
    host = next((each.domain for each in seen.of("iprev") if each.result is AuthResult.PASS), None)
    by = (
        _configured(message, seen, host, context)
        or _shipped(seen, host, context)
        or _readers_own(message, seen, context)
    )
    return NOTHING if by is None else Evidence(findings=(PROVEN.found(by=by),))


def _configured(message: Message, seen: Evidence, host: str | None, context: Context) -> str | None:
    names = [*(proof.domain for proof in seen.proofs), *([host] if host else [])]
    return None if context.trust is None else context.trust.forwards(message.envelope.client, names)


def _shipped(seen: Evidence, host: str | None, context: Context) -> str | None:
    """The forwarder that is proven beside the author, or that the client belongs to by its confirmed name (`host`)."""
    names = [proof.domain for proof in seen.proofs if not proof.aligned]
    names += [host] if host else []
    providers = context.providers
    return next(
        (each for each in names if providers.kind(each) in PASS_ON and providers.forwarding(each)), None
    )


def _readers_own(message: Message, seen: Evidence, context: Context) -> str | None:
    """The organisation of all recipients, if it is proven beside the author, by more than what others pass as well."""
    recipients = message.envelope.recipients
    readers = {organisation(each.domain) if each.domain else "" for each in recipients}
    if len(readers) != 1:
        return None
    own = readers.pop()
    proven = {
        organisation(proof.domain)
        for proof in seen.proofs
        if proof.scope is ProofScope.DOMAIN and not proof.aligned
    }
    return own if own in proven and context.providers.kind(own) is None else None
