"""The named identity: the one organisation that a reader takes the sender for, and why.

The sender's name comes first. Where it says an organisation, that is the identity; where it is a plain name of its own,
the text only talks about others. Where it is empty, an address, an office or a headline (お客様サポート,
重要なお知らせ), the one organisation that the message speaks as is the sender. Where it mentions a brand beside other
words, the rest of the message tells whether it is an office of the brand, or somebody who speaks for it: a person's
name beside the brand's is no other sender where the message is about access or money. A firm whose own name stands
there, too (`Your Amazon bill, by Cloudpenny`), is one, unless it threatens.

A name that is mentioned becomes a claim here, if something agrees with it. `impersonation` holds the identity beside
the proofs.

It cannot see an organisation that is in no brand file, unless the sender's name says it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sekisho.checks.facts.automatic import is_automatic, wants_nothing
from sekisho.checks.facts.names import behind, is_nameless, is_short_form, rest_of_name
from sekisho.checks.facts.other_identity import says_another
from sekisho.checks.facts.passed_on import true_sender
from sekisho.checks.facts.sender import BEARS_NAME
from sekisho.checks.facts.senders_name import (
    NameStanding,
    knows_words,
    name_standing,
    outer_lines,
    says_domain,
)
from sekisho.checks.facts.ways_out import leads_out
from sekisho.checks.facts.wishes import (
    VALUABLE_THEMES,
    asks_about_an_account,
    headlines,
    is_about_access_or_money,
    threatens,
    wants_something,
)
from sekisho.evidence import NOTHING, Claim, Evidence, NamedIdentity, Place, Strength, Why
from sekisho.known import Mention
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

FIRST_LETTERS, LAST_LETTERS = re.compile(r"\w+"), re.compile(r"(?<!\w)\w++\Z")
# Behind a name that comes first: the organisation, and then who writes for it. People say it behind their own names.
HEADS = re.compile(r"\s?(?:[-–—|｜:：/／・]|より|から)")
MAX_MENTIONED = 1  # organisations beside the one that a text speaks as; with more, it may be a list
MAX_PERSONS_WORDS = 1  # beside the brand's name: a family name
OPENING, CLOSING = ("(", "（", "[", "［"), (")", "）", "]", "］")
SPEAKING = frozenset({Place.SUBJECT, Place.CALENDAR, Place.IMAGE, Place.LOCAL_PART, Place.REPLY_TO})
# Where a message mentions somebody, and may speak of others.
MENTIONING = frozenset({Place.SUBJECT, Place.BODY, Place.IMAGE, Place.ATTACHMENT, Place.CALENDAR})


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """The identity, if there is one, and the claim that it makes of a mention in the sender's name."""
    shown = [claim for claim in seen.claims if claim.where is Place.DISPLAY_NAME and claim.brand]
    strong = [claim for claim in shown if claim.strength is Strength.STRONG]
    name = _name(message)
    if strong:
        return Evidence(identity=_of_a_claim(strong[0], (Why.NAMED,), context))
    if shown:
        return _of_mentions(shown, message, seen, context)
    if name and not is_nameless(name, context.vocabulary):
        return _of_a_plain_name(name, message, seen, context)
    identity = _of_the_text(message, seen, context)
    return Evidence(identity=identity) if identity is not None else NOTHING


def _name(message: Message) -> str:
    """The sender's name; empty if it is none, or its own address."""
    mailbox = message.author.mailbox
    if mailbox is None:
        return message.author.text.strip()
    name = mailbox.name.strip()
    return "" if name.strip("<>'\"").lower() == mailbox.address.lower() else name


def _of_a_claim(claim: Claim, reasons: tuple[Why, ...], context: Context) -> NamedIdentity:
    name = context.registry.name(claim.brand) if claim.brand else claim.text
    return NamedIdentity(claim.brand, name, claim.where, reasons)


def _of_mentions(shown: list[Claim], message: Message, seen: Evidence, context: Context) -> Evidence:
    """A name with a brand and other words in it: an office of the brand if the rest of the message agrees, else a name
    of its own."""
    for claim in shown:
        mentions = context.registry.mentions(claim.text)
        mention = next((each for each in mentions if each.brand == claim.brand), None)
        why = _why_strong(claim, mention, message, seen, context) if mention is not None else None
        if why is not None:
            strong = Claim(claim.brand, claim.where, claim.text)
            return Evidence(claims=(strong,), identity=_of_a_claim(strong, (Why.NAMED, why), context))
    own = NamedIdentity(None, _name(message), Place.DISPLAY_NAME, (Why.NAMED,))
    return Evidence(identity=own)


def _why_strong(
    claim: Claim, mention: Mention, message: Message, seen: Evidence, context: Context
) -> Why | None:
    """Why a brand that the sender's name mentions is its sender; None if it is not. A dealer writes of what it sells;
    of the reader's account at the brand, which it does not have, only somebody in the brand's place writes."""
    brand = mention.brand
    known = name_standing(rest_of_name(claim.text, (mention,)), message, seen, context)
    of_account = asks_about_an_account(message, seen)
    is_a_firms = known is NameStanding.PROVEN and not of_account and not _signs(brand, seen, context)
    if is_a_firms or _may_bear_it(brand, message, seen, context):
        return None
    alone = known is not NameStanding.PROVEN and _is_no_others(brand, message, seen, context)
    if _is_others_name(claim.text, mention, context):
        presses = of_account or threatens(seen)
        return Why.NO_OTHER if alone and (presses or _signs(brand, seen, context)) else None
    own = known is not NameStanding.UNKNOWN and not threatens(seen) and not of_account
    why = _why_agreed(mention, claim.text, own, message, seen, context)
    return Why.NO_OTHER if why is None and alone else why


def _why_agreed(
    mention: Mention, name: str, own: bool, message: Message, seen: Evidence, context: Context
) -> Why | None:
    """What agrees with a brand in the sender's name. `own`: the other words there are a firm's, which threatens with
    nothing."""
    brand, words = mention.brand, context.vocabulary
    rest, agrees = rest_of_name(name, (mention,)), _agrees(brand, seen, context)
    if not own and agrees and is_about_access_or_money(message, seen):
        return Why.AGREES
    speaks = _speaks_of(brand, seen, context)
    if not own and _is_headed_by_it(message, seen) and (speaks or threatens(seen)):
        return Why.BESIDE
    if _is_of_a_person(name, mention, words):
        return Why.AGREES if agrees and _signs(brand, seen, context) else None
    told = speaks or wants_something(message, seen)
    if agrees and _is_set_apart(name, mention, words):
        heads = HEADS.match(name, mention.end) is not None and mention.start == 0
        if (heads and wants_something(message, seen)) or not knows_words(words.names.proper(rest), message):
            return Why.AGREES
    if told and _speaks_for(name, mention, words):
        return Why.GO_BETWEEN
    office = words.names.office_words.search(rest) or (
        None if own else words.names.headline_words.search(rest)
    )
    if agrees and (office is not None or len(words.names.proper(rest)) <= MAX_PERSONS_WORDS):
        return Why.AGREES
    return Why.OFFICE if told and office is not None else None


def _is_headed_by_it(message: Message, seen: Evidence) -> bool:
    """True if the message is about access or money from its subject on, and wants something."""
    return wants_something(message, seen) and any(cue.name in VALUABLE_THEMES for cue in headlines(seen))


def _is_no_others(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if the message wants access or money, or speaks as the brand and wants something, speaks as no other brand
    (or names none, if it speaks as nobody), has a way out that is not the brand's, and tells of no other sender."""
    agrees, spoken = _agrees(brand, seen, context), tuple(_spoken(seen))
    if not (is_about_access_or_money(message, seen) or (agrees and wants_something(message, seen))):
        return False
    affiliates = context.registry.affiliates(brand)
    if any(each.brand not in affiliates for each in (spoken if agrees else _mentioned(seen, context))):
        return False
    return leads_out(brand, message, seen, context) and not says_another(brand, message, context)


def _may_bear_it(brand: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if anybody bears the brand's name: whoever runs its program, or builds it into the own name; and for a
    sender that an alias service tells, or whose domain has the name."""
    registry = context.registry
    return (
        registry.built_in(brand)
        or registry.self_hosted(brand)
        or true_sender(message, seen, context) is not None
        or registry.kinship(message.author.domain or "", brand) in BEARS_NAME
    )


def _is_others_name(name: str, mention: Mention, context: Context) -> bool:
    """True for the name of a dealer, an agency, a campaign, and for one that the brand's is a part of."""
    rest = rest_of_name(name, (mention,))
    if context.vocabulary.names.delegate_words.search(rest) is not None:
        return True
    return _runs_on(name, mention.start, mention.end, context.vocabulary)


def _is_of_a_person(name: str, mention: Mention, words: Vocabulary) -> bool:
    """True for a brand in brackets behind another name: 田中 一郎(楽天カード). People show so where they work."""
    before, after = name[: mention.start].rstrip(), name[mention.end :].strip()
    return before.endswith(OPENING) and after in CLOSING and bool(words.names.proper(before))


def _is_set_apart(name: str, mention: Mention, words: Vocabulary) -> bool:
    """True if what else is in a name stands on one side of the brand, behind a mark, a blank or a particle: `Ann -
    PostFinance`, PayPay銀行より 担当 石井. An office on the other side makes no difference."""
    before, after = name[: mention.start], name[mention.end :]
    sides = [
        (bool(words.names.proper(before)), before[-1:]),
        (bool(words.names.proper(after)), behind(name, mention.end)[:1]),
    ]
    told = [seam for proper, seam in sides if proper]
    return len(told) == 1 and not told[0].isalnum()


def _speaks_for(name: str, mention: Mention, words: Vocabulary) -> bool:
    """True for `Ann from …` with the brand at the end."""
    before, after = name[: mention.start], name[mention.end :]
    return not words.names.proper(after) and words.names.speaking_for.search(f" {before}") is not None


def _signs(brand: str, seen: Evidence, context: Context) -> bool:
    """True if the text says that the brand writes, by more than a line of its own."""
    affiliates = context.registry.affiliates(brand)
    return any(
        claim.brand in affiliates and claim.where is Place.SIGNATURE and claim.strength is Strength.STRONG
        for claim in seen.hints
    )


def _runs_on(name: str, start: int, end: int, words: Vocabulary) -> bool:
    """True if further letters make another name of the brand's: ソフトバンクホークス is a team. Those of an office
    (静岡銀行インターネット支店) do not."""
    before, after = LAST_LETTERS.search(name[:start]), FIRST_LETTERS.match(behind(name, end))
    return any(run is not None and bool(words.names.proper(run[0])) for run in (before, after))


def _agrees(brand: str, seen: Evidence, context: Context) -> bool:
    """True if subject, text or pictures speak as the brand."""
    affiliates = context.registry.affiliates(brand)
    return any(claim.brand in affiliates for claim in _spoken(seen))


def _speaks_of(brand: str, seen: Evidence, context: Context) -> bool:
    affiliates = context.registry.affiliates(brand)
    return any(claim.brand in affiliates and claim.where in MENTIONING for claim in seen.claims)


def _spoken(seen: Evidence) -> Iterator[Claim]:
    """Where the message speaks in a name, beside the sender's name."""
    yield from seen.hints
    yield from (
        claim
        for claim in seen.claims
        if claim.brand and claim.where in SPEAKING and claim.strength is Strength.STRONG
    )


def _of_a_plain_name(name: str, message: Message, seen: Evidence, context: Context) -> Evidence:
    """A name of its own. Two are none: an ordinary word that is a brand's name, too, where the text speaks as that
    brand; and that of an office that nothing else in the message knows, where the text asks for something and speaks as
    only a brand does. Without that it may be a newsletter that names who pays for it."""
    plain = " ".join(context.vocabulary.names.proper(name))
    for claim in _spoken(seen):
        if claim.brand and any(_is_its_name(each, claim, context) for each in (name, plain)):
            claimed = Claim(claim.brand, Place.DISPLAY_NAME, name)
            reasons = (Why.NAMED, Why.AGREES)
            return Evidence(claims=(claimed,), identity=_of_a_claim(claimed, reasons, context))
    asks = any(cue.aspect in ("action", "pressure") for cue in seen.cues)
    if asks and _is_an_office_of_nobody(name, message, context):
        speaker = _speaker(seen, context)
        if speaker is not None:
            return Evidence(identity=_of_a_claim(speaker, (Why.NAMELESS, Why.SPEAKS), context))
    return Evidence(identity=NamedIdentity(None, name, Place.DISPLAY_NAME, (Why.NAMED,)))


def _is_its_name(name: str, claim: Claim, context: Context) -> bool:
    """True for a name of the claimed brand, and for a short form of the name that the text speaks in."""
    return context.registry.bears(name, claim.brand or "") or is_short_form(
        name, claim.text, context.vocabulary
    )


def _is_an_office_of_nobody(name: str, message: Message, context: Context) -> bool:
    """True for the name of an office or a notice that the message never says again, nor its address: a Japanese office
    is named by its matter (ポイント交換センター), which its text is about in other words."""
    words = context.vocabulary
    if words.names.office_words.search(name) is None and words.names.headline_words.search(name) is None:
        return False
    if words.names.delegate_words.search(name) is not None:
        return False
    return not knows_words(words.names.distinctive(name), message)


def _of_the_text(message: Message, seen: Evidence, context: Context) -> NamedIdentity | None:
    """The one organisation that a message without a sender's name speaks as, or the only one that it names. A program
    that returns mail speaks as nobody."""
    if _is_a_programs(message, seen) and wants_nothing(message, seen.cues):
        return None
    speaker = _speaker(seen, context)
    if speaker is not None:
        return _of_a_claim(speaker, (Why.NAMELESS, Why.SPEAKS), context)
    spoken, mentioned = tuple(_spoken(seen)), tuple(_mentioned(seen, context))
    others = {min(context.registry.affiliates(each.brand or "")) for each in mentioned}
    told = spoken if len(others) <= MAX_MENTIONED else (*spoken, *mentioned)
    leading = _leading(told or mentioned, context)
    if leading is None or _names_another(message, seen, context) or (spoken and leading not in spoken):
        return None
    return _of_a_claim(leading, (Why.NAMELESS, Why.SPEAKS if spoken else Why.ALONE), context)


def _is_a_programs(message: Message, seen: Evidence) -> bool:
    """True for automatic mail, and for mail of an empty author (`From: <>`) that leads nowhere: some gateways return
    mail so."""
    return is_automatic(message) or (message.author.text.strip(" <>") == "" and not seen.destinations)


def _mentioned(seen: Evidence, context: Context) -> Iterator[Claim]:
    """What the message mentions, but for networks, stores and ways to pay, which everybody mentions."""
    badge = context.vocabulary.voices.badge_words.fullmatch
    return (each for each in seen.claims if each.brand and each.where in MENTIONING and not badge(each.text))


def _leading(claims: Iterable[Claim], context: Context) -> Claim | None:
    """The first claim of the organisation that speaks in more places than any other; None if two speak alike."""
    by_organisation: dict[str, list[Claim]] = {}
    for claim in claims:
        by_organisation.setdefault(min(context.registry.affiliates(claim.brand or "")), []).append(claim)
    ranked = sorted(by_organisation.values(), key=_weight, reverse=True)
    if not ranked or (len(ranked) > 1 and _weight(ranked[0]) == _weight(ranked[1])):
        return None
    return ranked[0][0]


def _weight(claims: list[Claim]) -> tuple[int, int]:
    """How plainly an organisation speaks: in how many places as only it does, and in how many at all."""
    strong = sum(claim.strength is Strength.STRONG for claim in claims)
    return strong, len(claims)


def _speaker(seen: Evidence, context: Context) -> Claim | None:
    """The first claim of the organisation that speaks in most places, if it speaks somewhere as only the owner of a
    name does."""
    leading = _leading(_spoken(seen), context)
    if leading is None:
        return None
    affiliates = context.registry.affiliates(leading.brand or "")
    owns = any(each.brand in affiliates and each.strength is Strength.STRONG for each in _spoken(seen))
    return leading if owns else None


def _names_another(message: Message, seen: Evidence, context: Context) -> bool:
    """True if a line at the beginning or at the end of the text has the name of another organisation, or the message
    writes the name of the author's domain as a word."""
    if says_domain(message, context.vocabulary):
        return True
    names = [each.text.lower() for each in (*seen.claims, *seen.hints) if each.brand]
    find, proper = context.vocabulary.names.organisation_words.search, context.vocabulary.names.proper
    return any(
        find(line) is not None and not any(name in line.lower() for name in names) and bool(proper(line))
        for line in outer_lines(message)
    )
