"""Facts of mail programs, by the names in `X-Mailer` and `User-Agent`.

A name tells that a person wrote the mail in front of a screen, that a script or a mass mailer sent it, that the program
was given up years ago, or that it does not exist. The names are data (`config/vocabulary/mailers.toml`).
"""

from __future__ import annotations

import re

from sekisho.words import Vocabulary

MAX_NAME_CHARS = 200  # of a program's name that are read
GRACE_YEARS = 3  # for which old machines keep a program that was given up

# One or two made-up words and a bare number, as no program signs: `Qgeszx 4`.
INVENTED = re.compile(r"[A-Z][a-z]{1,11}(?: [A-Z][a-z]{1,11})? \d{1,2}(?:\.\d{1,2})?")


def personal(name: str, words: Vocabulary) -> bool:
    """True for a program with which people write their own mail."""
    return words.mailers.personal_mailers.search(_compared(name)) is not None


def bulk(name: str, words: Vocabulary) -> bool:
    """True for a script or a mass mailer."""
    return words.mailers.bulk_mailers.search(_compared(name)) is not None


def retired(name: str, year: int, words: Vocabulary) -> bool:
    """True for a program that had been given up for years in that year."""
    compared = _compared(name)
    return any(each in compared and year >= end + GRACE_YEARS for each, end in words.mailers.retired_mailers)


def invented(name: str, words: Vocabulary) -> bool:
    """True for a name of random words. A name that says what the program does is believed."""
    if INVENTED.fullmatch(name) is None or personal(name, words) or bulk(name, words):
        return False
    return words.mailers.mailer_words.search(_compared(name)) is None


def _compared(name: str) -> str:
    return name[:MAX_NAME_CHARS].lower()
