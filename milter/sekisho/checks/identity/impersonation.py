"""The claim names one organisation and the proof names another, or nobody.

This is the sentence that sekisho exists for. A claim is met when a proven domain belongs to the claimed brand or to a
brand of its organisation; an unconfirmed domain neither meets nor contradicts it, and an author address of the brand's
own is for `own_domain`. A sender at a domain that no brand file has may be the brand all the same (`facts.unlisted`):
that is a finding of its own and weighs less. Unknown authentication is no evidence in either direction: then only the
author's own domain is compared with the claim. A message that leads its reader nowhere but to the brand itself is of no
use to an impostor: it is a relayed notice, and a mention.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import MappingProxyType

from sekisho.checks.facts.links import is_page, leads_to_brand
from sekisho.checks.facts.passed_on import true_sender
from sekisho.checks.facts.payload import asks_for_more, has_payload, is_file
from sekisho.checks.facts.relayed import is_relayed, reports_on
from sekisho.checks.facts.sender import home_domains, is_open_tenancy, organisation
from sekisho.checks.facts.unlisted import may_be_the_brand
from sekisho.checks.facts.unmet import may_be_home, told_of, unmet_claims
from sekisho.checks.facts.ways_out import may_lead_away
from sekisho.checks.facts.wishes import presses_for_access_or_money, wants_something
from sekisho.evidence import (
    NOTHING,
    Claim,
    Evidence,
    Finding,
    FindingKind,
    Role,
    Signal,
    Strength,
    Why,
)
from sekisho.known import Kinship
from sekisho.message import Message
from sekisho.ports import Context

DISPLAY_NAME = FindingKind(
    "brand.display_name",
    6,
    "The display name says {brand_name}, but the sender is {author}, which is not {brand_name}'s. {verify_en}",
    "表示名は「{brand_name}」ですが、差出人 {author} は {brand_name} のものではありません。{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
WEAK_NAME = FindingKind(
    "brand.name_mentioned",
    1.5,
    "The display name mentions {brand_name}, but the sender is {author}.",
    "表示名に「{brand_name}」とありますが、差出人は {author} です。",
    role=Role.MENTION,
)
LOCAL_PART = FindingKind(
    "brand.local_part",
    4,
    "The part before the @ imitates {brand_name}'s domain: {author}.",
    "@ より前の部分が {brand_name} のドメインを装っています({author})。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
LOCAL_NAME = FindingKind(
    "brand.local_name",
    1.5,
    "The part before the @ carries {brand_name}'s name, but the domain is not {brand_name}'s: {author}.",
    "@ より前に「{brand_name}」とありますが、ドメインは {brand_name} のものではありません({author})。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
SIGNED = FindingKind(
    "brand.signed",
    2.5,
    "The text is written as {brand_name}'s, but the sender {author} is not {brand_name}. {verify_en}",
    "本文は {brand_name} として書かれていますが、差出人 {author} は {brand_name} ではありません。{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
SPEAKS_AS = FindingKind(
    "brand.speaks_as",
    6,
    "The sender's name does not say who it is, the message speaks as {brand_name}, and the sender is {author}, which "
    "is not {brand_name}'s. {verify_en}",
    "差出人の表示名は誰かを示さず、メールは {brand_name} として書かれていますが、差出人 {author} は {brand_name} の"
    "ものではありません。{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
ONLY_NAME = FindingKind(
    "brand.only_name",
    3,
    "The sender's name does not say who it is, and the only organisation that the message names is {brand_name}. The "
    "sender is {author}, which is not {brand_name}'s. {verify_en}",
    "差出人の表示名は誰かを示さず、メールに出てくる組織は {brand_name} だけですが、差出人 {author} は {brand_name} の"
    "ものではありません。{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
HEADED = FindingKind(
    "brand.headed",
    2.0,
    "The subject is headed with {brand_name}'s name, but the sender {author} is not {brand_name}.",
    "件名の先頭に「{brand_name}」とありますが、差出人 {author} は {brand_name} ではありません。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
SUBJECT = FindingKind(
    "brand.subject",
    1,
    "The subject speaks of {brand_name}, and the sender {author} is not {brand_name}.",
    "件名に「{brand_name}」とありますが、差出人 {author} は {brand_name} ではありません。",
    role=Role.MENTION,
)
CONTENT = FindingKind(
    "brand.content",
    0,
    "The text speaks of {brand_name}, and the sender {author} is not {brand_name}.",
    "本文に「{brand_name}」とありますが、差出人 {author} は {brand_name} ではありません。",
    role=Role.MENTION,
)
TOPIC = FindingKind(
    "brand.topic",
    1,
    "The text is about {brand_name}, and the sender {author} is not {brand_name}.",
    "本文は {brand_name} についてのものですが、差出人 {author} は {brand_name} ではありません。",
    role=Role.MENTION,
)
PICTURED = FindingKind(
    "brand.pictured",
    2,
    "The message is a picture of {brand_name}, and the sender {author} is not {brand_name}.",
    "本文は {brand_name} の画像ですが、差出人 {author} は {brand_name} ではありません。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
INVITES = FindingKind(
    "brand.invites",
    3,
    "An invitation comes in the name of {brand_name}, and the sender {author} is not {brand_name}. {verify_en}",
    "{brand_name} を名乗る予定の招待ですが、差出人 {author} は {brand_name} ではありません。{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
AWAY = FindingKind(
    "brand.leads_away",
    1.5,
    "The message is about {brand_name}, and its links lead to {host}, never to {brand_name}.",
    "本文は {brand_name} についてのものですが、リンクは {host} に向かい、{brand_name} には向かいません。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES, Signal.LEADS_AWAY}),
)
UNLISTED = FindingKind(
    "brand.unlisted_domain",
    3,
    "The message speaks as {brand_name} from {author}, which is not known to be {brand_name}'s. Nothing shows that the "
    "sender is somebody else. {verify_en}",
    "{brand_name} を名乗るメールが {author} から送られています。{brand_name} のアドレスとして登録されていませんが、"
    "偽物と断定できる点も見つかりません。{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
UNLISTED_ASKS = FindingKind(
    "brand.unlisted_asks",
    2,
    "From an address that is not known to be {brand_name}'s, it asks for a log-in, a payment or an answer elsewhere, "
    "or sends a file.",
    "{brand_name} のものとして登録されていないアドレスから、ログイン、支払い、別の宛先への連絡などを求めているか、"
    "ファイルを添付しています。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
OPEN_TENANCY = FindingKind(
    "brand.open_tenancy",
    2,
    "The sender ({author}) uses a service at which anybody can open an account under any name.",
    "差出人({author})が使うサービスでは、だれでも任意の名前でアカウントを開設できます。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
NAMESAKE = FindingKind(
    "brand.namesake_domain",
    2.5,
    "The message speaks as {brand_name} from {author}. The domain has the brand's name and is not known to be "
    "{brand_name}'s. {verify_en}",
    "{brand_name} を名乗るメールが {author} から送られています。ドメイン名はブランド名と一致しますが、"
    "{brand_name} のものとしては登録されていません。{verify_ja}",
    role=Role.IDENTITY,
)
NAMESAKE_ASKS = FindingKind(
    "brand.namesake_asks",
    3,
    "From a domain that is not known to be {brand_name}'s, it presses for a log-in or a payment, or sends a file.",
    "{brand_name} のものとして登録されていないドメインから、ログインや支払いを急がせているか、"
    "ファイルを添付しています。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
STRANGER = FindingKind(
    "proof.somebody_else",
    2,
    "The message is proven to come from {domain}, not from {brand_name}.",
    "このメールは {brand_name} ではなく {domain} から送られたことが確認されています。",
    role=Role.IDENTITY,
)

KINDS = (
    DISPLAY_NAME,
    WEAK_NAME,
    LOCAL_PART,
    LOCAL_NAME,
    SIGNED,
    SPEAKS_AS,
    ONLY_NAME,
    HEADED,
    SUBJECT,
    CONTENT,
    TOPIC,
    PICTURED,
    INVITES,
    AWAY,
    UNLISTED,
    UNLISTED_ASKS,
    OPEN_TENANCY,
    NAMESAKE,
    NAMESAKE_ASKS,
    STRANGER,
)

# The finding for a claim that the author does not meet, by its place and strength.
UNMET = MappingProxyType(
    {
        ("display_name", Strength.STRONG): DISPLAY_NAME,
        ("display_name", Strength.WEAK): WEAK_NAME,
        ("reply_to", Strength.WEAK): WEAK_NAME,
        ("local_part", Strength.STRONG): LOCAL_PART,
        ("local_part", Strength.WEAK): LOCAL_NAME,
        ("signature", Strength.STRONG): SIGNED,
        ("subject", Strength.STRONG): HEADED,
        ("subject", Strength.WEAK): SUBJECT,
        ("body", Strength.WEAK): CONTENT,
        ("body", Strength.STRONG): TOPIC,
        ("image", Strength.STRONG): PICTURED,
        ("image", Strength.WEAK): CONTENT,
        ("attachment", Strength.WEAK): CONTENT,
        ("calendar", Strength.STRONG): INVITES,
        ("calendar", Strength.WEAK): SUBJECT,
    }
)
# Where a message speaks for its sender. Pictures do not: a footer has the icons of social networks.
SPEAKING_PLACES = frozenset({"display_name", "signature", "subject", "calendar"})
# The findings that a sender is told to be the brand.
SPEAKERS = frozenset({DISPLAY_NAME, SPEAKS_AS})
DEMANDS = ("login", "confirm", "pay", "card", "gift_cards", "coins", "channel")


@dataclass(frozen=True, slots=True)
class CheckInput:
    """What the check is given."""

    message: Message
    seen: Evidence
    context: Context

    @property
    def author(self) -> str:
        """The author's domain, or empty."""
        return self.message.author.domain or ""


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Compare every claim with the proofs; a kind of finding once for each brand."""
    given = CheckInput(message, seen, context)
    found: dict[tuple[str, str | None], Finding] = {}
    for brand, claims in unmet_claims(message, seen, context).items():
        if not may_be_home(given.author, brand, context):
            for finding in _elsewhere(brand, claims, given):
                found.setdefault((finding.kind.id, finding.brand), finding)
    return Evidence(findings=tuple(found.values())) if found else NOTHING


def _elsewhere(brand: str, claims: list[Claim], given: CheckInput) -> Iterator[Finding]:
    """The author is, by its own domain, not the brand."""
    kinds = [UNMET[claim.where, claim.strength] for claim in claims]
    if _initials_speak(kinds, given):
        kinds.insert(0, DISPLAY_NAME)
    if (kind := _of_the_identity(brand, given)) is not None:
        kinds.insert(0, kind)
    if not SPEAKERS.isdisjoint(kinds) and may_be_the_brand(brand, given.message, given.seen, given.context):
        yield from _unlisted(brand, given)
        return
    relayed = is_relayed(brand, given.message, given.seen, given.context)
    if relayed or _written_for(brand, given):
        kinds = [WEAK_NAME if kind is DISPLAY_NAME else CONTENT for kind in kinds]
    for kind in kinds:
        yield _found(kind, brand, given)
    if (host := _away(brand, claims, given)) is not None:
        yield _found(AWAY, brand, given, host=host)
    stranger = next((proof.domain for proof in given.seen.proofs if proof.aligned), None)
    if stranger is not None and not SPEAKERS.isdisjoint(kinds):
        yield _found(STRANGER, brand, given, domain=stranger)


def _of_the_identity(brand: str, given: CheckInput) -> FindingKind | None:
    """The finding that the brand is who a message speaks as whose sender's name says nobody."""
    identity = given.seen.identity
    if identity is None or identity.brand != brand or Why.NAMELESS not in identity.reasons:
        return None
    if given.context.registry.kinship(given.author, brand) is Kinship.NAME:
        return None
    if reports_on(brand, given.message, given.seen, given.context):
        return None
    return SPEAKS_AS if Why.SPEAKS in identity.reasons else ONLY_NAME


def _written_for(brand: str, given: CheckInput) -> bool:
    """True if an alias service tells that the brand wrote to its customer."""
    sender = true_sender(given.message, given.seen, given.context)
    return sender is not None and may_be_home(sender, brand, given.context)


def _initials_speak(kinds: list[FindingKind], given: CheckInput) -> bool:
    """True if the address alone names the brand, and the text speaks as the brand or wants something of its reader.
    `dhl@` without a display name may be a person's initials, but no person writes DHL's letters."""
    if LOCAL_NAME not in kinds or DISPLAY_NAME in kinds or given.message.author.name.strip():
        return False
    return SIGNED in kinds or HEADED in kinds or wants_something(given.message, given.seen)


def _unlisted(brand: str, given: CheckInput) -> Iterator[Finding]:
    """The author's domain is in no brand file and may be the brand's."""
    message, seen = given.message, given.seen
    if given.context.registry.kinship(given.author, brand) is Kinship.NAME:
        yield _found(NAMESAKE, brand, given)
        if presses_for_access_or_money(message, seen) or any(map(is_file, message.parts)):
            yield _found(NAMESAKE_ASKS, brand, given)
        return
    yield _found(UNLISTED, brand, given)
    if is_open_tenancy(message, seen, given.context):
        yield _found(OPEN_TENANCY, brand, given)
    elif seen.has_cue("action", *DEMANDS) or has_payload(
        message, seen, (), calls=asks_for_more(seen), least=0
    ):
        yield _found(UNLISTED_ASKS, brand, given)


def _away(brand: str, claims: list[Claim], given: CheckInput) -> str | None:
    """The host of the first link of a page about this brand, if no link leads to the brand or home to its sender.

    None where the message may lead away, and where the sender is not known to be unproven and leads to itself: it may
    speak of others (`a service of PayPal`).
    """
    speaks = any(claim.where in SPEAKING_PLACES or claim.strength is Strength.STRONG for claim in claims)
    pictured = any(link.kind == "qr" for link in given.message.links)
    if not speaks or not (pictured or is_page(given.message)):
        return None
    found = given.seen.destinations
    home = _home(given)
    if not found or any(each.domain in home for each in found):
        return None
    if may_lead_away(given.message, given.seen, home, given.context):
        return None
    if any(leads_to_brand((each,), brand, given.context) for each in found):
        return None
    return found[0].host


def _home(given: CheckInput) -> frozenset[str]:
    """Where a sender may lead that speaks of others: to itself and to those that are proven. A sender that is not
    authenticated has no home, unless it hired a platform that does not sign for it: then its own domain is home."""
    if not given.seen.unauthenticated:
        return home_domains(given.message, given.seen)
    return frozenset({organisation(given.author)} if given.seen.has_signal(Signal.HIRED_PLATFORM) else ())


def _found(kind: FindingKind, brand: str, given: CheckInput, **facts: str) -> Finding:
    """The finding with what every sentence here may name."""
    return kind.found(brand=brand, **told_of(brand, given.message, given.context), **facts)
