"""Facts of domains that are thrown away after use: random letters, and suffixes that are mostly registered for that."""

from __future__ import annotations

import re

from sekisho.bounded_cache import remembered
from sekisho.domains import registrable
from sekisho.words import Vocabulary

CONSONANTS = re.compile(r"[bcdfghjklmnpqrstvwxz]{5,}")
ONE_SOUND = re.compile(r"ght|tch|sch|[cpst]h")  # `northbridge` is two words and not letters at random
MAX_INITIALS_LETTERS = 4  # a part of so few letters needs no vowel
DIGITS_INSIDE = re.compile(r"[a-z]\d+[a-z]|\d[a-z]+\d|\d{4,}")
DIGIT_FOR_WORD = re.compile(r"(?<=[a-z]{3})[24](?=[a-z]{3})")  # `park4night` is park for night


def unusual_suffix(domain: str, words: Vocabulary) -> bool:
    """True for a top-level domain that is mostly registered to be thrown away. `domain` is in ASCII lower case."""
    return domain.rpartition(".")[2] in words.suspicious_suffixes


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
        bool(CONSONANTS.search(ONE_SOUND.sub("t", plain)))
        or bool(DIGITS_INSIDE.search(DIGIT_FOR_WORD.sub("o", plain, count=1)))
        or vowels == 0
        or vowels / len(plain) < 0.16
    )
