"""Was a signed message sent again, to others than its author wrote to? (RFC 6376 section 8.6)

A signature holds wherever the message goes: anybody who has one signed mail can send it to everybody. Blind copies,
lists and forwarding look the same, so four things must be true: the author's signature holds, the client is provably
not the author's, no known forwarder passed the message on, and no recipient is in a domain that To or Cc names. For a
fresh message that is a finding without points. Forwarding takes minutes, so a signature of more than a day ago has
points. Where an old signature covers neither To nor Cc, it does not matter whom they name: they can be written anew.

It cannot see a replay within the hour, nor one to recipients that the author named.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sekisho.address import split_path
from sekisho.auth import dkim
from sekisho.auth.signatures import Signature
from sekisho.checks.facts.sender import organisation
from sekisho.domains import together
from sekisho.evidence import NOTHING, Evidence, FindingKind
from sekisho.message import Message, mailboxes
from sekisho.message.trace import moment, unfolded
from sekisho.ports import Context
from sekisho.results import AuthResult

OTHERS = FindingKind(
    "dkim.other_recipients",
    0,
    "{domain} signed this for others ({named}), and somebody else sent it here.",
    "{domain} が別の宛先({named})のために署名したメールが、第三者から届きました。",
)
REPLAYED = FindingKind(
    "dkim.replayed",
    2,
    "{domain} signed this for others ({named}) {days} days ago, and somebody else sends it again.",
    "{domain} が {days} 日前に別の宛先({named})のために署名したメールを、第三者が再び送っています。",
)
KINDS = (OTHERS, REPLAYED)

MAX_FORWARDING_SECONDS = 86_400  # no forwarder keeps a message for longer
DAY_SECONDS = 86_400
SHARED_DOMAINS = (
    "mailbox",
    "carrier",
)  # where two addresses of one domain have nothing to do with each other


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One finding at most; none where another receiver verified the signatures."""
    own = context.own(message.envelope.client)
    if own or context.resolver is None or seen.has("indirect.proven") or not _sent_by_others(message, seen):
        return NOTHING
    signed = list(_signatures(message, seen))
    if not signed or not message.envelope.recipients:
        return NOTHING
    named = _named(message, context)
    bound = any({b"to", b"cc"} & set(each.names) for each in signed)
    reached = not named.isdisjoint(_recipients(message, context))
    age = _age(signed[0], message, context)
    if reached and (bound or age <= MAX_FORWARDING_SECONDS):
        return NOTHING
    kind = REPLAYED if age > MAX_FORWARDING_SECONDS else OTHERS
    others = ", ".join(sorted(named)) or "-"
    found = kind.found(domain=signed[0].domain, named=others, days=round(age / DAY_SECONDS))
    return Evidence(findings=(found,))


def _sent_by_others(message: Message, seen: Evidence) -> bool:
    """True if the client is known not to be the author's. SPF does not prove the author then; and it fails, finds no
    record, or is about another organisation, whatever it says of that one."""
    if any(proof.aligned and proof.method == "spf" for proof in seen.proofs):
        return False
    author = message.author.domain or ""
    return any(
        result.result in (AuthResult.NONE, AuthResult.FAIL, AuthResult.SOFTFAIL)
        or (result.domain is not None and not together(result.domain, author))
        for result in seen.of("spf")
    )


def _signatures(message: Message, seen: Evidence) -> Iterator[Signature]:
    """The signatures of domains that are proven to be the author's."""
    proven = {proof.domain for proof in seen.proofs if proof.aligned and proof.method == "dkim"}
    if proven:
        readable = dkim.readable(message.headers, message.author.domain)
        yield from (signature for signature in readable if signature.domain in proven)


def _named(message: Message, context: Context) -> set[str]:
    """The readers that To and Cc name, as `_reader` compares them."""
    return {
        _reader(box.local, box.domain, context)
        for name in ("to", "cc")
        for box in mailboxes(message.headers, name)
        if box.domain
    }


def _recipients(message: Message, context: Context) -> Iterator[str]:
    for recipient in message.envelope.recipients:
        if (domain := recipient.domain) is not None:
            yield _reader(split_path(recipient.address).local, domain, context)


def _reader(local: str, domain: str, context: Context) -> str:
    """The organisation that reads an address, or the address itself at a provider of mailboxes."""
    if context.providers.kind(domain) in SHARED_DOMAINS:
        return f"{local.lower()}@{domain}"
    return organisation(domain)


def _age(signature: Signature, message: Message, context: Context) -> float:
    """Seconds since the signature was made, by its `t=` or by the Date that it covers; 0 if neither says so."""
    now: datetime = message.envelope.arrived or context.clock.now()
    if signature.signed_at is not None:
        return now.timestamp() - signature.signed_at
    fields = message.headers.all("date") if b"date" in signature.names else ()
    dated = moment(unfolded(fields[0])) if fields else None
    return (now - dated).total_seconds() if dated else 0.0
