"""The author's domain: whether anything proves it, and whether it looks like one that is thrown away after use.

Weak evidence that strengthens other evidence. Nothing is found where nothing is known.
"""

from __future__ import annotations

import re

from sekisho.bounded_cache import remembered
from sekisho.domains import registrable
from sekisho.evidence import NOTHING, Evidence, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context

UNPROVEN = FindingKind(
    "auth.unproven",
    1.5,
    "Nothing proves that {domain} sent this message.",
    "{domain} から送られたという証明がありません。",
)
RANDOM = FindingKind(
    "origin.random_domain",
    1.3,
    "The author's domain {domain} looks like random letters.",
    "差出人のドメイン {domain} は意味のない文字の並びに見えます。",
    signals=frozenset({Signal.DISPOSABLE_DOMAIN}),
)
UNUSUAL_SUFFIX = FindingKind(
    "origin.unusual_suffix",
    1.4,
    "The author's domain {domain} is of a kind that is mostly registered to be thrown away.",
    "差出人のドメイン {domain} は使い捨てによく使われる種類のものです。",
    signals=frozenset({Signal.DISPOSABLE_DOMAIN}),
)

KINDS = (UNPROVEN, RANDOM, UNUSUAL_SUFFIX)

CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5,}")
ONE_SOUND = re.compile(r"ght|tch|sch|[cpst]h")  # `northbridge` is two words and not letters at random
MAX_INITIALS_LETTERS = 4  # a part of so few letters needs no vowel
DIGITS_INSIDE = re.compile(r"[a-z]\d+[a-z]|\d[a-z]+\d|\d{4,}")


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding of each kind."""
    domain = message.author.domain
    if domain is None:
        return NOTHING
    found = []
    if seen.unauthenticated:
        found.append(UNPROVEN)
    if random_looking(domain):
        found.append(RANDOM)
    if domain.rpartition(".")[2] in context.vocabulary.suspicious_suffixes:
        found.append(UNUSUAL_SUFFIX)
    if not found:
        return NOTHING
    return Evidence(findings=tuple(kind.found(domain=domain) for kind in found))


@remembered(8192)
def random_looking(domain: str) -> bool:
    """True for a registrable label without a syllable: five consonants in a row, digits inside, no vowel. Short parts
    (`dhl-news`) are initials and words."""
    label = (registrable(domain) or domain).split(".")[0]
    plain = "".join(
        part for part in label.split("-") if len(part) > MAX_INITIALS_LETTERS or not part.isalpha()
    )
    if label.startswith("xn--") or len(plain) < 5:
        return False
    vowels = sum(letter in "aeiouy" for letter in plain)
    return (
        bool(CONSONANTS.search(ONE_SOUND.sub("t", plain)) or DIGITS_INSIDE.search(plain))
        or vowels == 0
        or vowels / len(plain) < 0.16
    )
