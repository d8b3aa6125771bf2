"""Facts of domains that are thrown away after use: random letters, and suffixes that are mostly registered for that."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from sekisho.bounded_cache import remembered
from sekisho.domains import has_known_suffix, is_public_suffix, registrable
from sekisho.words import Vocabulary

CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5,}")
ONE_SOUND = re.compile(r"ght|tch|sch|[cpst]h")  # `northbridge` is two words and not letters at random
# The end of a syllable and the beginning of the next: in a coda the sound falls, in an onset it rises. Where two words
# meet (`formsprout`, `handstring`), such a run can be spoken, however long it is.
SEAM = re.compile(r"[lr]?[mn]?(?:ck|[bcdfgkpstxz])?[stz]?(?:(?:s?[ckpt]|[bdfgstw])?[lrnmwh]?|[hjqvz])")
COUNTRY_LETTERS = 2  # of a country's top-level domain (ISO 3166)
MAX_INITIALS_LETTERS = 4  # a part of so few letters needs no vowel
INITIALS = re.compile(
    r"\A[bcdfghjklmnpqrstvwxz]{2,4}(?=[bcdfghjklmnpqrstvwxz]{1,2}[aeiouy])"
)  # `hdfcbank` is the bank HDFC
MIN_RANDOM_CHARS = 5  # of a label; a shorter one is initials
MIN_DIGITS = 3
MIN_PASSING_SIGNS = 2  # of a domain that is thrown away after use, more often than not
MIN_SURE_SIGNS = 3
MAX_WORD_LETTERS = 12
VOWELS = frozenset("aeiouy")
MIN_VOWEL_SHARE = 0.2
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
DIGITS_INSIDE = re.compile(r"[a-z]\d+[a-z]|\d[a-z]+\d|\d{4,}")
DIGIT_FOR_WORD = re.compile(r"(?<=[a-z]{3})[24](?=[a-z]{3})")  # `park4night` is park for night


def unusual_suffix(domain: str, words: Vocabulary) -> bool:
    """True for a top-level domain that is mostly registered to be thrown away. `domain` is in ASCII lower case."""
    return domain.rpartition(".")[2] in words.domains.suspicious_suffixes


def passing_signs(host: str, words: Vocabulary) -> int:
    """How many signs the registered domain of a host shows that it is thrown away after use: random letters of several
    kinds, digits, and the suffix. `host` is in ASCII lower case.

    One sign is everyday (`expressvpn`, `4you`, a shop below `.shop`), two have one in a hundred genuine domains, three
    one in three hundred. None has a domain below a suffix that only organisations get.
    """
    label = (registrable(host) or host).partition(".")[0]
    if is_of_an_organisation(host, words):
        return 0
    letters = 0 if label.startswith("xn--") else _random_signs(label, words.domains.rare_pairs)
    return letters + unusual_suffix(host, words)


def is_of_an_organisation(host: str, words: Vocabulary) -> bool:
    """True for a domain below a suffix that only organisations get. `host` is in ASCII lower case."""
    return (registrable(host) or host).partition(".")[2] in words.domains.organisations_suffixes


@lru_cache(maxsize=8192)  # hosts repeat, and a label has 63 letters at most
def _random_signs(label: str, rare: frozenset[str]) -> int:
    """The signs of random letters in a registered label: no syllables, digits among the letters, pairs that no language
    has. Short parts (`dhl-news`) are initials and words, and a year (`expo2026`) is no sign."""
    parts = [part for part in label.split("-") if len(part) > MAX_INITIALS_LETTERS or not part.isalpha()]
    parts = [YEAR.sub("", part) for part in parts]
    plain = "".join(parts)
    if len(plain) < MIN_RANDOM_CHARS:
        return 0
    few = sum(letter in VOWELS for letter in plain) < MIN_VOWEL_SHARE * len(plain)
    run = any(_is_unspeakable(INITIALS.sub("", ONE_SOUND.sub("t", part))) for part in parts)
    mixed = any(DIGITS_INSIDE.search(DIGIT_FOR_WORD.sub("o", part, count=1)) for part in parts)
    digits = sum(letter.isdigit() for letter in plain) >= MIN_DIGITS
    pairs = max(_rare_pairs(part, rare) for part in parts)
    return (few or run) + mixed + digits + min(pairs, 2)


def _is_unspeakable(letters: str) -> bool:
    """True if so many consonants stand together as no end and beginning of two words give."""
    return any(SEAM.fullmatch(run) is None for run in CONSONANTS.findall(letters))


def _rare_pairs(part: str, rare: frozenset[str]) -> int:
    """How many pairs of neighbours no language has. A long part is several words, whose seams are no pairs."""
    if len(part) > MAX_WORD_LETTERS:
        return 0
    return sum(f"{one}{two}" in rare for one, two in pairwise(part))


def is_foreign(domain: str, words: Vocabulary) -> bool:
    """True for a domain under another country's suffix than Japan's, if that country does not sell it to all the world.
    `domain` is in ASCII lower case."""
    suffix = domain.rpartition(".")[2]
    return (
        len(suffix) == COUNTRY_LETTERS and suffix != "jp" and suffix not in words.domains.worldwide_suffixes
    )


def is_surely_thrown_away(domain: str, words: Vocabulary) -> bool:
    """True for random letters of several kinds, and for a name of nothing but words that calm a reader. `domain` is in
    ASCII lower case."""
    return passing_signs(domain, words) >= MIN_SURE_SIGNS or is_made_of(domain, words.domains.service_words)


def is_made_of(domain: str, words: frozenset[str]) -> bool:
    """True for a registered label of two or more of the words, with hyphens between them: `kaiin-kakunin-anzen`."""
    pieces = (registrable(domain) or domain).partition(".")[0].split("-")
    return len(pieces) > 1 and words.issuperset(pieces)


def cannot_exist(domain: str, words: Vocabulary) -> bool:
    """True for a name without a dot or under a suffix that no list has. Names that networks use inside (RFC 6762, RFC
    8375, RFC 9476) and that are reserved for examples (RFC 2606) can."""
    suffix = domain.rpartition(".")[2]
    return suffix not in words.domains.reserved_suffixes and (
        "." not in domain or not has_known_suffix(domain)
    )


@remembered(8192)
def host_inside(host: str) -> str | None:
    """The name of another host in the labels before the registrable domain: `bank.co.jp` of `bank.co.jp.login.example`,
    `shop-com` of `shop-com.login.example`, and `bank-co-jp` also as the registrable label. None if there is none.

    Readers stop at the first suffix that they know. `net` and `org` are labels of departments as well, and a country's
    letters those of its branch (`psn.jp.example.com`).
    """
    base = registrable(host)
    if base is None:
        return None
    before = host.removesuffix(base).split(".")[:-1]
    for end in range(len(before), 1, -1):
        if before[end - 1] == "com" or (end > 2 and is_public_suffix(".".join(before[end - 2 : end]))):
            return ".".join(before[:end])
    written = ((label, label.split("-")) for label in (*before, base.partition(".")[0]))
    for label, pieces in written:
        if len(pieces) > 2 and is_public_suffix(".".join(pieces[-2:])):
            return label
        if len(pieces) > 1 and pieces[-1] == "com" and label in before:
            return label
    return None


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
        _is_unspeakable(ONE_SOUND.sub("t", plain))
        or bool(DIGITS_INSIDE.search(DIGIT_FOR_WORD.sub("o", plain, count=1)))
        or vowels == 0
        or vowels / len(plain) < 0.16
    )
