"""Did somebody pass the message on? Then broken authentication says little about who wrote it.

Indirect is not what a mail says of itself, since anybody can type a List-Id or copy a signature: a configured
forwarder must have sent it (by address, or by a domain that is proven), or a domain that is not the author's must be
proven *and* the message must show, in that domain's name, how it was passed on: a List-Id (RFC 2919), an
envelope sender rewritten by SRS, or a signature of the author that broke on the way and whose key exists.

The finding has no points. The policy table takes the points of authentication findings back for it; what is
known of the author's identity stays as it is. It cannot see what a forwarder changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType

from sekisho.domains import registrable, to_ascii
from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind, Proof, Word
from sekisho.message import Message
from sekisho.message.trace import unfolded
from sekisho.ports import Context

PROVEN = FindingKind(
    "indirect.proven",
    0,
    "The message was passed on by {by}: authentication that broke on the way counts for little.",
    "このメールは {by} によって転送されたもので、途中で失われた認証は重く見ません。",
)
KINDS = (PROVEN,)

LIST_ID = re.compile(r"<?([A-Za-z0-9._-]{1,253})>?\s*$")
SRS = re.compile(r"srs[01][=+-]", re.IGNORECASE)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One finding at most."""
    finding = indirect(seen, message, context)
    return NOTHING if finding is None else Evidence(findings=(finding,))


def indirect(evidence: Evidence, message: Message, context: Context) -> Finding | None:
    """The finding, if the message provably came by way of somebody else."""
    by = _configured(evidence, message, context) or _shown(evidence, message, context)
    return None if by is None else Finding(PROVEN, MappingProxyType({"by": by}))


def _configured(evidence: Evidence, message: Message, context: Context) -> str | None:
    client = message.envelope.client
    names = [proof.domain for proof in evidence.proofs]
    names += [result.domain for result in evidence.of("iprev") if result.word is Word.PASS and result.domain]
    if context.trust is not None and (found := context.trust.forwards(client, names)) is not None:
        return found
    return next((proof.domain for proof in _others(evidence) if _is_forwarder(proof, context)), None)


def _is_forwarder(proof: Proof, context: Context) -> bool:
    return context.providers.kind(proof.domain) == "forwarder"


def _others(evidence: Evidence) -> Iterator[Proof]:
    """The proofs of somebody who is not the author."""
    return (proof for proof in evidence.proofs if not proof.aligned)


def _shown(evidence: Evidence, message: Message, context: Context) -> str | None:
    """The domain that is proven and that the message names as the one it came by way of."""
    proven = {
        registrable(proof.domain): proof.domain for proof in _others(evidence) if proof.scope == "domain"
    }
    if not proven:
        return None
    proven.pop(registrable(message.author.domain or ""), None)
    for name in (*_lists(message), *_rewriters(message)):
        if (base := registrable(name)) is not None and base in proven:
            return proven[base]
    return next(iter(proven.values()), None) if _broken_on_the_way(evidence, message) else None


def _lists(message: Message) -> Iterator[str]:
    for field in message.headers.all("list-id")[:2]:
        match = LIST_ID.search(unfolded(field))
        if match is not None and (name := to_ascii(match[1])) is not None:
            yield name


def _rewriters(message: Message) -> Iterator[str]:
    local, _, domain = (message.envelope.sender or "").rpartition("@")
    if SRS.match(local) and (name := to_ascii(domain)) is not None:
        yield name


def _broken_on_the_way(evidence: Evidence, message: Message) -> bool:
    """True for a signature in the author's name that does not hold, although its key is there."""
    own = registrable(message.author.domain or "")
    return own is not None and any(
        result.word is Word.FAIL
        and registrable(result.domain or "") == own
        and ("key", "found") in result.properties
        for result in evidence.of("dkim")
    )
