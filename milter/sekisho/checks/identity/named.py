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
from sekisho.checks.facts.names import is_nameless, is_short_form, is_told, related
from sekisho.checks.facts.passed_on import true_sender
from sekisho.checks.facts.sender import BEARS_NAME, organisation
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
FROM = re.compile(r"\A(?:より|から)")  # behind the name of the sender
WRITTEN_WORDS = re.compile(r"(?<![\w@./-])\w+(?![\w@/-]|\.\w)")  # of a text, and not of a host or an address
MAX_PERSONS_WORDS = 1  # beside the brand's name: a family name
OPENING, CLOSING = ("(", "（", "[", "［"), (")", "）", "]", "］")
SPEAKING = frozenset({Place.SUBJECT, Place.CALENDAR, Place.IMAGE, Place.LOCAL_PART, Place.REPLY_TO})
# Where a message mentions somebody, and may speak of others.
MENTIONING = frozenset({Place.SUBJECT, Place.BODY, Place.IMAGE, Place.ATTACHMENT, Place.CALENDAR})
MAX_LINE_CHARS = 80  # of a line in which an organisation says its name
MIN_LABEL_LETTERS = 4  # of a registered label that is a name
MAX_SCANNED_CHARS = 20_000  # of a text in which it is looked for
MAX_LINES = 12  # at the beginning of a text and at its end in which it is looked for


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """The identity, if there is one, and the claim that it makes of a mention in the sender's name."""
    shown = [claim for claim in seen.claims if claim.where is Place.DISPLAY_NAME and claim.brand]
    strong = [claim for claim in shown if claim.strength is Strength.STRONG]
    name = _name(message)
    if strong:
        return Evidence(identity=_of_a_claim(strong[0], (Why.NAMED,), context))
    if shown:
        return _of_mentions(shown, message, seen, context)
    if name and not _says_nobody(name, context.vocabulary):
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


def _says_nobody(name: str, words: Vocabulary) -> bool:
    """True for an office or a notice, also with the field that it is about: `Service Remboursement`."""
    return is_nameless(name, words) or (
        words.names.office_words.search(name) is not None and not words.names.distinctive(name)
    )


def _of_a_claim(claim: Claim, reasons: tuple[Why, ...], context: Context) -> NamedIdentity:
    name = context.registry.name(claim.brand) if claim.brand else claim.text
    return NamedIdentity(claim.brand, name, claim.where, reasons)


def _of_mentions(shown: list[Claim], message: Message, seen: Evidence, context: Context) -> Evidence:
    """A name with a brand and other words in it: an office of the brand if the rest of the message agrees, else a name
    of its own."""
    for claim in shown:
        why = _why_strong(claim, message, seen, context)
        if why is not None:
            strong = Claim(claim.brand, claim.where, claim.text)
            return Evidence(claims=(strong,), identity=_of_a_claim(strong, (Why.NAMED, why), context))
    own = NamedIdentity(None, _name(message), Place.DISPLAY_NAME, (Why.NAMED,))
    return Evidence(identity=own)


def _why_strong(claim: Claim, message: Message, seen: Evidence, context: Context) -> Why | None:
    """Why a brand that the sender's name mentions is its sender; None if it is not."""
    brand, words = claim.brand or "", context.vocabulary
    mention = next((each for each in context.registry.mentions(claim.text) if each.brand == brand), None)
    if mention is None or _is_others_name(claim.text, mention, message, seen, context):
        return None
    rest = f"{claim.text[: mention.start]} {FROM.sub(' ', claim.text[mention.end :])}"
    agrees = _agrees(brand, seen, context)
    serves = not threatens(seen) and not asks_about_an_account(message, seen)
    own = serves and _has_own_name(rest, message, context)
    if not own and agrees and is_about_access_or_money(message, seen):
        return Why.AGREES
    speaks = _speaks_of(brand, seen, context)
    if not own and _is_headed_by_it(message, seen) and (speaks or threatens(seen)):
        return Why.BESIDE
    if _is_of_a_person(claim.text, mention, words):
        return Why.AGREES if agrees and _signs(brand, seen, context) else None
    told = speaks or wants_something(message, seen)
    if agrees and _is_set_apart(claim.text, mention, words):
        heads = HEADS.match(claim.text, mention.end) is not None and mention.start == 0
        if (heads and wants_something(message, seen)) or not is_told(words.names.proper(rest), message):
            return Why.AGREES
    if told and _speaks_for(claim.text, mention, words):
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


def _has_own_name(rest: str, message: Message, context: Context) -> bool:
    """True if what else stands in the sender's name is a name of its own, which the author's domain has, too, or a line
    of the text that says a company: `Your Amazon bill, by Cloudpenny` from cloudpenny.example. The name of another
    brand is none."""
    words, domain = context.vocabulary, message.author.domain or ""
    proper = words.names.proper(rest)
    if not proper:
        return False
    if "".join(proper).isascii() and related(proper, (domain,)):
        return context.registry.owner(domain) is None
    find = words.names.contact_words.search
    return any(
        find(line) is not None and all(word in line.lower() for word in proper)
        for line in _outer_lines(message)
    )


def _outer_lines(message: Message) -> Iterator[str]:
    """The short lines at the beginning of the text and at its end, each once."""
    lines = [line.strip() for line in message.text.split("\n") if line.strip()]
    outer = dict.fromkeys((*lines[:MAX_LINES], *lines[-MAX_LINES:]))
    return (line for line in outer if len(line) <= MAX_LINE_CHARS)


def _is_others_name(name: str, mention: Mention, message: Message, seen: Evidence, context: Context) -> bool:
    """True if others bear the brand's name with right: dealers, agencies, campaigns, whoever runs its program, a sender
    that an alias service tells, a name that the brand's is a part of, like that of its domain, and a firm that says its
    own name beside the brand's (`Microsoft 365 Support - Netzwerk Schulze`). A dealer writes of what it sells; of the
    reader's account at the brand, which it does not have, only somebody in the brand's place writes."""
    registry, brand = context.registry, mention.brand
    if registry.built_in(brand) or registry.self_hosted(brand):
        return True
    if true_sender(message, seen, context) is not None:
        return True
    if registry.kinship(message.author.domain or "", brand) in BEARS_NAME:
        return True
    rest = f"{name[: mention.start]} {name[mention.end :]}"
    if context.vocabulary.names.delegate_words.search(rest) is not None:
        return True
    dealer = _is_own_name(rest, message, seen, context) and not asks_about_an_account(message, seen)
    if dealer and not _signs(brand, seen, context):
        return True
    return _runs_on(name, mention.start, mention.end, context.vocabulary)


def _is_own_name(rest: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if the words beside the brand's name are the sender's: it is proven, its domain carries them, and the text
    says them to the reader, too. In the mail of a platform (`… (Dropbox)`) they are not the writer's."""
    domain = message.author.domain or ""
    if not seen.authenticated or _is_shared(domain, context):
        return False
    words = context.vocabulary.names.distinctive(context.vocabulary.names.office_words.sub(" ", rest))
    own = {word for word in words if word.isascii() and related((word,), (organisation(domain),))}
    if not own:
        return False
    lines = (
        line.lower() for line in message.text[:MAX_SCANNED_CHARS].split("\n") if len(line) <= MAX_LINE_CHARS
    )
    told = (set(WRITTEN_WORDS.findall(line)) for line in lines)
    return any(map(own.issubset, told))


def _is_shared(domain: str, context: Context) -> bool:
    """True for a domain in which others than its owner write, as far as we know: a provider's or a known brand's."""
    return context.providers.kind(domain) is not None or context.registry.owner(domain) is not None


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
        (bool(words.names.proper(after)), FROM.sub(" ", after)[:1]),
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
    before, after = LAST_LETTERS.search(name[:start]), FIRST_LETTERS.match(FROM.sub(" ", name[end:]))
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
    """True for the name of an office or a notice of which no further word stands in the message or its address."""
    words = context.vocabulary
    if words.names.office_words.search(name) is None and words.names.headline_words.search(name) is None:
        return False
    if words.names.delegate_words.search(name) is not None:
        return False
    return not is_told(words.names.proper(name), message)


def _of_the_text(message: Message, seen: Evidence, context: Context) -> NamedIdentity | None:
    """The one organisation that a message without a sender's name speaks as, or the only one that it names. A program
    that returns mail speaks as nobody."""
    if _is_a_programs(message, seen) and wants_nothing(message, seen.cues):
        return None
    speaker = _speaker(seen, context)
    if speaker is not None:
        return _of_a_claim(speaker, (Why.NAMELESS, Why.SPEAKS), context)
    spoken = tuple(_spoken(seen))
    mentioned = (*spoken, *_mentioned(seen, context))
    leading = _leading(mentioned, context)
    if leading is None or _names_another(message, seen, context):
        return None
    if spoken:
        return _of_a_claim(leading, (Why.NAMELESS, Why.SPEAKS), context) if leading in spoken else None
    return _of_a_claim(leading, (Why.NAMELESS, Why.ALONE), context)


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
    if _says_domain(message):
        return True
    names = [each.text.lower() for each in (*seen.claims, *seen.hints) if each.brand]
    find, proper = context.vocabulary.names.organisation_words.search, context.vocabulary.names.proper
    return any(
        find(line) is not None and not any(name in line.lower() for name in names) and bool(proper(line))
        for line in _outer_lines(message)
    )


def _says_domain(message: Message) -> bool:
    """True if subject or text name the author's domain by its registered label, apart from addresses and hosts."""
    label = organisation(message.author.domain or "").partition(".")[0]
    if len(label) < MIN_LABEL_LETTERS:
        return False
    words = f"{message.subject}\n{message.text[:MAX_SCANNED_CHARS]}"
    name = re.escape(label).replace(r"\-", "[ -]?")
    return re.search(rf"(?<![\w@./-]){name}(?![\w@./-])", words, re.IGNORECASE) is not None
