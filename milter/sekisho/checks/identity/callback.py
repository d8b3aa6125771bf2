"""A charge that nobody made, and a telephone number to undo it: the reader is to call, and is robbed on the telephone.

Such mail needs no link. It comes from free mailboxes, in the name of a brand or of no one, or as a note in the mail of
a platform that anybody uses: a money request, an invoice, a shared file, an invitation. The platform is proven, and
what its customers write is theirs. So a brand that is named there beside such a call is a claim of the customer.

Genuine mail tells of charges, too, and has telephone numbers. What counts is the call that is to undo the charge. A
small seller with a free mailbox says who it is, in the name or in the address. A person who writes about a brand signs
as a person. A brand that is proven has its own number.

It cannot see a number in a picture or in a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sekisho.checks.facts.calls import AskedCall, asked_call
from sekisho.checks.facts.names import is_nameless, related, rest_of_name, says_nobody
from sekisho.checks.facts.sender import home_domains
from sekisho.checks.facts.unmet import told_of
from sekisho.checks.facts.wishes import hurries, is_about_access_or_money
from sekisho.evidence import NOTHING, Claim, Evidence, Finding, FindingKind, Place, Role, Signal, Strength
from sekisho.known import TENANCY
from sekisho.message import Message
from sekisho.ports import Context

BRAND = FindingKind(
    "brand.callback",
    4,
    "In the name of {brand_name} it tells of a charge and asks to call {number} about it, and the sender {author} is "
    "not {brand_name}. {verify_en}",
    "{brand_name} の名で請求を告げ、{number} への電話を求めていますが、差出人 {author} は {brand_name} では"
    "ありません。{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
NOTE = FindingKind(
    "callback.platform_note",
    5,
    "It comes through {platform}, where anybody writes what others read, tells of a charge and asks to call {number} "
    "about it, which is not known to be {platform}'s.",
    "だれでも文面を書ける {platform} を通じて請求を告げ、{platform} のものと確認できない番号 {number} への電話を"
    "求めています。",
)
MAILBOX = FindingKind(
    "callback.from_mailbox",
    4,
    "It tells of a charge and asks to call {number} about it, from a free mailbox of {domain} and in nobody's name.",
    "{domain} のフリーメールから、名を示さずに請求を告げ、{number} への電話を求めています。",
)
ANSWERED = FindingKind(
    "brand.note_answered",
    4,
    "It comes through {platform} in the name of {brand_name}, and answers go to a private mailbox: {other}. "
    "{verify_en}",
    "{platform} を通じて {brand_name} を名乗っていますが、返信先はフリーメール({other})です。{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
NOT_ORDERED = FindingKind(
    "callback.not_ordered",
    1,
    "The call is for whoever did not order it.",
    "心当たりのない人に電話を求めています。",
)
SPEAKS = FindingKind(
    "brand.note_speaks",
    4,
    "Through {platform} somebody who calls itself {brand_name} writes of an account or a payment. {verify_en}",
    "{platform} を通じて、{brand_name} を名乗る者がアカウントや支払いについて書いています。{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
LEADS = FindingKind(
    "brand.note_leads_away",
    5,
    "A note in {platform}'s mail names {brand_name}, presses for a log-in or for crypto-currency, and leads to {host}. "
    "{verify_en}",
    "{platform} のメールの文面が {brand_name} を挙げてログインや暗号資産を急いで求め、{host} へ誘導しています。"
    "{verify_ja}",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES, Signal.LEADS_AWAY}),
)
KINDS = (BRAND, NOTE, MAILBOX, NOT_ORDERED, ANSWERED, SPEAKS, LEADS)

TAKEN = ("login", "card", "coins")
SIGNING_PLACES = frozenset({Place.DISPLAY_NAME, Place.SIGNATURE, Place.LOCAL_PART})
NOT_DIGITS = re.compile(r"\D+")
NOT_LETTERS = re.compile(r"[\W\d_]+")
MIN_SAME_DIGITS = 9  # at the end of two numbers that are one, with and without the country


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """What a platform's customer or the owner of a free mailbox asks for."""
    author = message.author.domain or ""
    platform = _platform(seen, context)
    private = context.providers.kind(author) in ("mailbox", TENANCY)
    if platform is None and not private:
        return NOTHING
    found: list[Finding] = []
    if (call := asked_call(message, context.vocabulary.calls)) is not None:
        found += _called(call, platform, message, seen, context)
    if platform is not None:
        found += _noted(platform, message, seen, context)
    return Evidence(findings=tuple(found)) if found else NOTHING


def _platform(seen: Evidence, context: Context) -> str | None:
    """The brand whose proven mail this is, if that carries what its customers write."""
    brands = (proof.brand for proof in seen.proofs if proof.brand and proof.aligned)
    return next((brand for brand in brands if context.registry.carries_others(brand)), None)


def _called(
    call: AskedCall, platform: str | None, message: Message, seen: Evidence, context: Context
) -> Iterator[Finding]:
    named = _named(platform, message, seen, context)
    if any(_is_of(call.number, brand, context) for brand in (*named, platform) if brand):
        return
    speaking = [brand for brand, speaks in named.items() if speaks or call.denied or platform is None]
    if speaking:
        told = told_of(speaking[0], message, context)
        yield BRAND.found(brand=speaking[0], **told, number=call.number)
    user = platform is not None and not speaking and _is_person(platform, message, context)
    if platform is not None and (call.denied or (named and not user)):
        yield NOTE.found(platform=context.registry.name(platform), number=call.number)
    if platform is None and says_nobody(message, context.vocabulary):
        yield MAILBOX.found(domain=message.author.domain or "", number=call.number)
    if call.denied:
        yield NOT_ORDERED.found()


def _named(platform: str | None, message: Message, seen: Evidence, context: Context) -> dict[str, bool]:
    """The brands, other than the platform, that the charge may be in the name of, and whether a place speaks as each;
    those first. A person with a name of its own that tells of a brand does not speak as the brand."""
    own = context.registry.affiliates(platform) if platform else frozenset()
    found: dict[str, bool] = {}
    for claim in seen.claims:
        if claim.brand and claim.brand not in own:
            found[claim.brand] = found.get(claim.brand, False) or _speaks(claim)
    if platform is None and not says_nobody(message, context.vocabulary):
        found = {brand: True for brand, speaks in found.items() if speaks}
    return dict(sorted(found.items(), key=lambda each: not each[1]))


def _speaks(claim: Claim) -> bool:
    """True for a place in which a message says who writes."""
    headed = claim.where is Place.SUBJECT and claim.strength is Strength.STRONG
    return headed or claim.where in SIGNING_PLACES


def _is_of(number: str, brand: str, context: Context) -> bool:
    """True for a number that the brand's file names."""
    digits = NOT_DIGITS.sub("", number)[-MIN_SAME_DIGITS:]
    known = (NOT_DIGITS.sub("", each) for each in context.registry.telephones(brand))
    return len(digits) == MIN_SAME_DIGITS and any(each.endswith(digits) for each in known)


def _noted(platform: str, message: Message, seen: Evidence, context: Context) -> Iterator[Finding]:
    """What a note does without a call: it speaks as a brand in the sender's name, has answers sent to a private
    mailbox, or leads to a stranger. An office without a name (`security-alert-team`) speaks as the platform."""
    named = _named(platform, message, seen, context)
    about = is_about_access_or_money(message, seen)
    if not (named or (about and is_nameless(message.author.name, context.vocabulary))):
        return
    shown = {claim.brand for claim in seen.claims if claim.where is Place.DISPLAY_NAME}
    brand = next((brand for brand in named if brand in shown), None)
    told = {"platform": context.registry.name(platform)}
    if brand is not None:
        name = message.author.name
        words = context.vocabulary.names.distinctive(rest_of_name(name, context.registry.mentions(name)))
        of_brand = told_of(brand, message, context)
        if not words and about:
            yield SPEAKS.found(brand=brand, **of_brand, **told)
        if (other := _answers(message, words, context)) is not None:
            yield ANSWERED.found(brand=brand, **of_brand, **told, other=other)
    told_by_person = not about and _is_person(platform, message, context)
    host = None if told_by_person else _stranger(message, seen, (platform, *named), context)
    if host is not None:
        first = next(iter(named), platform)
        yield LEADS.found(brand=first, **told_of(first, message, context), **told, host=host)


def _is_person(platform: str, message: Message, context: Context) -> bool:
    """True for a name that is neither an office nor the platform's: a user of it writes, perhaps about a defect."""
    own, words = context.registry.affiliates(platform), context.vocabulary
    shown = {mention.brand for mention in context.registry.mentions(message.author.name)}
    name = words.names.go_between_words.split(message.author.name, maxsplit=1)[0]  # `HR Department via Zoom`
    return own.isdisjoint(shown) and not is_nameless(name, words)


def _answers(message: Message, words: tuple[str, ...], context: Context) -> str | None:
    """The private mailbox that gets the answers, unless it has one of the `words` of the sender's name: Emily Norton
    answers at `emily.norton@`."""
    mailboxes = (each for each in message.reply_to if context.providers.kind(each.domain or "") == "mailbox")
    other = next(mailboxes, None)
    if other is None or (words and related(words, (NOT_LETTERS.sub("", other.local.lower()),))):
        return None
    return other.address


def _stranger(message: Message, seen: Evidence, known: Iterable[str], context: Context) -> str | None:
    """The host of the first link that leads to nobody known, in a note that presses for a log-in or for coins."""
    if not hurries(seen) or not seen.has_cue("action", *TAKEN):
        return None
    home = home_domains(message, seen)
    return next(
        (
            each.host
            for each in seen.destinations
            if each.domain not in home
            and context.providers.kind(each.host) not in ("social", "redirect")
            and context.registry.owner(each.host) is None
            and not any(context.registry.could_own(each.host, brand) for brand in known)
        ),
        None,
    )
