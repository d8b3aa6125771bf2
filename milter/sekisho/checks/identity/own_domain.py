"""The author's address is a brand's own, and nothing proves that the brand sent it.

That is an impersonation whatever policy the domain publishes: a spoof shows the reader the true address. Two things
explain such mail from the brand itself. People of a company write to lists, which change what was signed: they write
under their own names and claim nothing. And some brands let a platform send for them without setting up
authentication: that is believed as far as the message can serve nobody but the brand. What a forwarder breaks,
`indirect` and `arc` know.

It cannot see who the person is that writes from a brand's domain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.checks.facts.automatic import makers
from sekisho.checks.facts.links import SIGNING_PLACES, is_digest, is_page, leads_to_brand
from sekisho.checks.facts.names import is_nameless
from sekisho.checks.facts.payload import serves_only
from sekisho.checks.facts.sender import lets_others_send, organisation
from sekisho.checks.facts.unmet import may_be_home, told_of, unmet_claims
from sekisho.checks.facts.ways_out import serves_brand
from sekisho.checks.facts.wishes import wants_something
from sekisho.evidence import (
    AUTHOR_METHODS,
    NOTHING,
    Claim,
    Evidence,
    Finding,
    FindingKind,
    Place,
    ProofScope,
    Role,
    Signal,
    Strength,
    Why,
)
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.results import AuthResult

OWN_DOMAIN = FindingKind(
    "brand.own_domain_unproven",
    8,
    "The author address is {brand_name}'s ({author}), but nothing proves that {brand_name} sent it. {verify_en}",
    "差出人は {brand_name} のアドレス({author})ですが、{brand_name} が送ったという証明がありません。{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
POSSIBLE_DOMAIN = FindingKind(
    "brand.possible_domain_unproven",
    4,
    "The message speaks as {brand_name} from a domain that may be {brand_name}'s ({author}), and nothing proves it.",
    "{brand_name} のものと思われるアドレス({author})から {brand_name} として送られていますが、証明がありません。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
OWN_DOMAIN_PERSON = FindingKind(
    "brand.own_domain_person",
    3,
    "The author writes from {brand_name}'s domain ({author}) without proof, and claims nothing in its name.",
    "差出人は {brand_name} のアドレス({author})ですが証明がありません。本文は {brand_name} を名乗っていません。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
OWN_DOMAIN_HIRED = FindingKind(
    "brand.own_domain_hired",
    2,
    "The author address is {brand_name}'s ({author}), without proof. A sending platform may have sent it for "
    "{brand_name}: it leads nowhere else.",
    "差出人は {brand_name} のアドレス({author})ですが証明がありません。{brand_name} 以外へ誘導する点はなく、"
    "配信サービスが代わりに送ったものとみられます。",
    role=Role.IDENTITY,
)
OWN_DOMAIN_SHARED = FindingKind(
    "brand.own_domain_shared",
    4,
    "The author address is {brand_name}'s ({author}), and all that vouches for it is a sending range that others "
    "share. {verify_en}",
    "差出人は {brand_name} のアドレス({author})ですが、裏付けは他者も共用する送信サーバーだけです。{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
OWN_DOMAIN_AWAY = FindingKind(
    "brand.own_domain_leads_away",
    3,
    "The author address is {brand_name}'s ({author}), not proven, and every link leads elsewhere: {host}.",
    "差出人は {brand_name} のアドレス({author})ですが証明がなく、リンクはすべて別の組織({host})に向かいます。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
OWN_DOMAIN_CUSTOMER = FindingKind(
    "brand.own_domain_customer",
    5,
    "The message speaks as {brand_name} from the mailbox of one of its customers ({author}). {verify_en}",
    "{brand_name} を名乗っていますが、差出人 {author} は {brand_name} の利用者のメールアドレスです。{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)

KINDS = (
    OWN_DOMAIN,
    OWN_DOMAIN_PERSON,
    OWN_DOMAIN_HIRED,
    OWN_DOMAIN_SHARED,
    POSSIBLE_DOMAIN,
    OWN_DOMAIN_AWAY,
    OWN_DOMAIN_CUSTOMER,
)

# A mailbox that no customer of a provider gets.
NO_REPLY = re.compile(r"(?:no|do[-_.]?not)[-_.]?reply", re.IGNORECASE)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Findings for the brands whose own domain the author's may be."""
    found: dict[tuple[str, str | None], Finding] = {}
    for brand, claims in unmet_claims(message, seen, context).items():
        if may_be_home(message.author.domain or "", brand, context):
            for finding in _against(brand, claims, message, seen, context):
                found.setdefault((finding.kind.id, finding.brand), finding)
    return Evidence(findings=tuple(found.values())) if found else NOTHING


def _against(
    brand: str, claims: list[Claim], message: Message, seen: Evidence, context: Context
) -> Iterator[Finding]:
    told = told_of(brand, message, context)
    places = {claim.where for claim in claims}
    confirmed = Place.AUTHOR_DOMAIN in places
    nameless = not message.author.name.strip()
    if seen.unauthenticated:
        kind = _of_its_own(claims, message, context) if confirmed else _of_a_possible(places)
        if kind is not None:
            yield _excused(kind, brand, message, seen, context).found(brand=brand, **told)
    elif (
        confirmed and seen.author_scopes == {ProofScope.SHARED} and (Place.DISPLAY_NAME in places or nameless)
    ):
        yield OWN_DOMAIN_SHARED.found(brand=brand, **told)
    elif _is_a_customer(brand, message, seen, context):
        yield OWN_DOMAIN_CUSTOMER.found(brand=brand, **told)
    if confirmed and _looked_at(seen) and (host := _astray(brand, message, seen, context)) is not None:
        yield OWN_DOMAIN_AWAY.found(brand=brand, **told, host=host)


def _is_a_customer(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if the message speaks as the brand from a mailbox that is proven to be a customer's. Some people call
    themselves after their provider, so it must also want something, or its text speak as the brand."""
    mailbox, identity, registry = message.author.mailbox, seen.identity, context.registry
    if mailbox is None or identity is None or seen.author_scopes != {ProofScope.MAILBOX}:
        return False
    if identity.brand != brand or Why.ALONE in identity.reasons or _is_reserved(mailbox.local, context):
        return False
    if serves_brand(brand, message, seen, context):
        return False
    speaks = any(hint.brand in registry.affiliates(brand) for hint in seen.hints)
    return organisation(mailbox.domain or "") == mailbox.domain and (speaks or wants_something(message, seen))


def _is_reserved(local: str, context: Context) -> bool:
    """True for a mailbox that a provider keeps for itself: one word of an office (`customer`, `info`), or no-reply."""
    if NO_REPLY.fullmatch(local) is not None:
        return True
    return local.isalpha() and not context.vocabulary.names.proper(local)


def _of_its_own(claims: list[Claim], message: Message, context: Context) -> FindingKind:
    """The finding for an address of a confirmed domain: a lighter one for somebody who writes under a name of its own,
    and at most mentions the brand."""
    name = message.author.name
    if not name.strip() or is_nameless(name, context.vocabulary):
        return OWN_DOMAIN
    others = (claim for claim in claims if claim.where is not Place.AUTHOR_DOMAIN)
    speaks = any(each.where is not Place.BODY or each.strength is Strength.STRONG for each in others)
    return OWN_DOMAIN if speaks else OWN_DOMAIN_PERSON


def _of_a_possible(places: set[Place]) -> FindingKind | None:
    """The finding for an address of a domain that may be the brand's, if the message is signed or named so."""
    return None if places.isdisjoint(SIGNING_PLACES) else POSSIBLE_DOMAIN


def _excused(
    kind: FindingKind, brand: str, message: Message, seen: Evidence, context: Context
) -> FindingKind:
    """The finding, or a lighter one where a hired platform explains it and the message serves nobody but the brand."""
    hired = seen.has_signal(Signal.HIRED_PLATFORM) or _may_be_hired(seen)
    return OWN_DOMAIN_HIRED if hired and serves_only(brand, message, seen, context) else kind


def _may_be_hired(seen: Evidence) -> bool:
    """True if one organisation that is no list's platform signed and sent the message, and the author's domain lets
    others send. A platform that nobody knows looks so, and so does an impostor with a domain: what it sends must serve
    the brand alone."""
    ways = {
        (organisation(proof.domain), proof.method)
        for proof in seen.proofs
        if proof.scope is ProofScope.DOMAIN
    }
    both = any((name, "spf") in ways and (name, "dkim") in ways for name, _ in ways)
    return both and lets_others_send(seen) and not seen.has_signal(Signal.UNNAMED_SERVER)


def _looked_at(seen: Evidence) -> bool:
    """True if something is known of the authentication, and nothing but a shared platform proves the author."""
    known = any(
        result.result is not AuthResult.UNKNOWN for result in seen.results if result.method in AUTHOR_METHODS
    )
    return known and not seen.author_scopes - {ProofScope.SHARED}


def _astray(brand: str, message: Message, seen: Evidence, context: Context) -> str | None:
    """The host of the first link of a page, if no link leads to the brand or through a platform that counts clicks for
    its customers."""
    found = seen.destinations
    if not found or not is_page(message) or is_digest(seen) or makers(message, seen, seen.cues, context):
        return None
    platforms = {context.providers.kind(each.host) for each in found} & {"esp", "redirect"}
    if platforms or any(leads_to_brand((each,), brand, context) for each in found):
        return None
    return found[0].host
