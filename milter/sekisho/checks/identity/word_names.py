"""A word of the language as the sender's name, where the message shows that the brand of that name is meant.

`Phantom`, `Chase` and みずほ are brands, and also words or names of people. Alone in the display name they claim
nothing. The rest of the message tells: it names the brand in a way that only the brand is named (`Phantom Wallet`,
みずほ銀行), it leads to a host of the brand, it repeats the word beside one that belongs to the brand's trade, or it
signs as an office of that name. Then the display name says the brand. A sender whose own domain has the word in its
name is called so itself, and a program that anybody runs (`WordPress`) writes under its own name everywhere.

It cannot see a brand whose message names nothing but the word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.checks.facts.sender import BEARS_NAME
from sekisho.checks.facts.voices import Voice, stands_alone, voice
from sekisho.checks.facts.wishes import wants_something
from sekisho.evidence import NOTHING, Claim, Evidence, Place
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

MAX_READ_CHARS = 3_000  # of the text
MIN_NAMED = 2  # times that the word stands in subject and text, which also name the brand or lead to it
MIN_REPEATED = 3  # times that it stands there, where a word of the brand's trade stands there, too
TEXTS = frozenset({Place.SIGNATURE, Place.SUBJECT, Place.BODY})


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """A strong claim for each brand that the display name means."""
    name = message.author.name.strip()
    if not name or not seen.destinations:
        return NOTHING
    brands = context.registry.word_brands("".join(context.vocabulary.names.distinctive(name)) or name)
    found = tuple(_claims(name, brands, message, seen, context)) if brands else ()
    return Evidence(claims=found) if found else NOTHING


def _claims(
    name: str, brands: tuple[str, ...], message: Message, seen: Evidence, context: Context
) -> Iterator[Claim]:
    """The claims on those brands that the message means."""
    claimed = {claim.brand for claim in seen.claims if claim.where is Place.DISPLAY_NAME}
    for brand in brands:
        if brand in claimed or context.registry.self_hosted(brand):
            continue
        if context.registry.kinship(message.author.domain or "", brand) in BEARS_NAME:
            continue
        if _means(brand, name, message, seen, context):
            yield Claim(brand, Place.DISPLAY_NAME, name)


def _means(brand: str, name: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if subject, text or links show that the word is the brand's name."""
    said = _said(message, name)
    words = context.vocabulary.names.distinctive(name) or (name.lower(),)
    times = min(map(said.lower().count, words))
    if times >= MIN_NAMED and (_is_named(brand, seen, context) or _leads(brand, seen, context)):
        return True
    trade = context.registry.is_of_trade(said, brand)
    if trade and times >= MIN_REPEATED:
        return True
    return (trade or wants_something(message, seen)) and _is_signed(name, message, context.vocabulary)


def _is_signed(name: str, message: Message, words: Vocabulary) -> bool:
    """True if the text speaks as an organisation of that name: `The Chase Team`, or a line of the name and its office.
    People sign with their names alone."""
    text = message.text[:MAX_READ_CHARS]
    return any(
        voice(text, each.start(), each.end(), words) is Voice.WRITERS
        or (_has_office(text, each, words) and stands_alone(text, each.start(), each.end(), words))
        for each in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)
    )


def _has_office(text: str, name: re.Match[str], words: Vocabulary) -> bool:
    """True if the word of an office stands behind the name, in its line."""
    return words.names.office_words.search(text[name.end() :].partition("\n")[0]) is not None


def _said(message: Message, name: str) -> str:
    """The lines of subject and text, each once: a text and its page say the same. Lines of the name alone are left out,
    since people who are called みずほ or Chase sign so."""
    lines = (message.subject, *message.text[:MAX_READ_CHARS].split("\n"))
    told = dict.fromkeys(line.strip() for line in lines)
    return "\n".join(line for line in told if line.lower() != name.lower())


def _is_named(brand: str, seen: Evidence, context: Context) -> bool:
    """True if subject or text name the brand or another of its organisation."""
    organisation = context.registry.affiliates(brand)
    return any(claim.where in TEXTS and claim.brand in organisation for claim in seen.claims)


def _leads(brand: str, seen: Evidence, context: Context) -> bool:
    """True if a link leads to the brand."""
    return any(context.registry.could_own(each.host, brand) for each in seen.destinations)
