"""Facts of names: whether a name says who somebody is, what a domain has to do with it, and which brand it is like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from sekisho.checks.facts.voices import places_of
from sekisho.evidence import Claim, Evidence, Place, Strength
from sekisho.known import Lookalike, Mention
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

MIN_INITIALS = 3  # letters of a name that is made of the first letters of another
MIN_SHORT_FORM_LETTERS, MIN_SHORT_FORM_SIGNS = 4, 3  # of a short form, in Latin and in other letters
MAX_SHORT_LABEL_LETTERS = 5  # a registered label this short is one edit away from many others by chance
FROM = re.compile(r"\A(?:より|から)")  # behind the name of the sender


def is_nameless(name: str, words: Vocabulary) -> bool:
    """True for a name that says what the sender does and not who it is: `Customer Support`, 重要なお知らせ. No name at
    all is none of these (`says_nobody`)."""
    return bool(name.strip()) and not words.names.proper(name)


def words_of_mailbox(local: str) -> str:
    """The local part of an address as words: `hr desk` of `hr_desk`."""
    return local.replace(".", " ").replace("_", " ")


def says_nobody(message: Message, words: Vocabulary) -> bool:
    """True if the sender's name does not say who it is: there is none, it is nameless, or it is an address. Then the
    reader takes the sender's domain for its name."""
    name = message.author.name.strip()
    return not name or "@" in name or is_nameless(name, words)


def shows_a_brand(seen: Evidence) -> bool:
    """True if the sender's name has that of a registered brand: `impersonation` speaks of it."""
    return any(claim.brand and claim.where is Place.DISPLAY_NAME for claim in seen.claims)


def rest_of_name(name: str, mentions: Iterable[Mention]) -> str:
    """What a name says beside the brands that it mentions: they are cut out wherever they stand, with the particle
    behind one that tells who writes (より)."""
    rest = list(name)
    for mention in mentions:
        for start, end in {(mention.start, mention.end), *places_of(name, mention)}:
            rest[start:end] = " " * (end - start)
            if (particle := FROM.match(name[end:])) is not None:
                rest[end : end + particle.end()] = " " * particle.end()
    return "".join(rest)


def behind(name: str, end: int) -> str:
    """The text behind a name that ends at this index. The particle that tells who writes (より) is a blank."""
    return FROM.sub(" ", name[end:])


def is_short_form(name: str, full: str, words: Vocabulary) -> bool:
    """True if a name is the beginning of a longer one with nothing but words of offices and fields behind (三井住友 of
    三井住友カード), or its initials (`BoA` of Bank of America)."""
    short, long = name.strip().lower(), full.strip().lower()
    initials = "".join(word[0] for word in long.split())
    if len(initials) >= MIN_INITIALS and short == initials:
        return True
    least = MIN_SHORT_FORM_LETTERS if short.isascii() else MIN_SHORT_FORM_SIGNS
    rest = long[len(short) :]
    runs_on = short.isascii() and rest[:1].isalnum()
    return len(short) >= least and long.startswith(short) and not runs_on and not words.names.proper(rest)


def related(words: tuple[str, ...], domains: Iterable[str]) -> bool:
    """True if a domain has to do with the name: a word of it, all of it, or its initials."""
    joined = "".join(words)
    if not joined.isascii():  # domains are seldom written in the letters of such a name
        return True
    initials = "".join(word[0] for word in words)
    for domain in domains:
        plain = domain.replace("-", "")
        label = domain.split(".")[0].replace("-", "")
        if any(len(word) >= 3 and word in plain for word in words):
            return True
        if (len(label) >= 3 and (label in joined or joined in label)) or (
            len(initials) > 1 and initials in label
        ):
            return True
    return False


def imitated(domain: str, seen: Evidence, context: Context) -> Lookalike | None:
    """The brand that a domain of this message is like, unless that may be chance; None if it is like none.

    Of several brands that it is one edit away from: the one that the message names, else one whose name is long.
    """
    lookalike = context.registry.lookalike(domain)
    if lookalike is None or lookalike.how != "edit":
        return lookalike
    near = (lookalike, *lookalike.rivals)
    named = {claim.brand for claim in seen.claims}
    claimed = (each for each in near if not named.isdisjoint(context.registry.affiliates(each.brand)))
    return next(
        chain(claimed, (each for each in near if len(_label(each.of)) > MAX_SHORT_LABEL_LETTERS)), None
    )


def _label(domain: str) -> str:
    return domain.partition(".")[0].replace("-", "")


def mentioned(text: str, where: Place, context: Context) -> Iterator[Claim]:
    """A weak claim for each brand that a text names."""
    for mention in best_mentions(context.registry.mentions(text)):
        yield Claim(mention.brand, where, mention.name, Strength.WEAK)


def best_mentions(mentions: tuple[Mention, ...]) -> Iterator[Mention]:
    """The most telling mention of each brand."""
    best: dict[str, Mention] = {}
    for mention in mentions:
        if mention.brand not in best or mention.alone > best[mention.brand].alone:
            best[mention.brand] = mention
    yield from best.values()
