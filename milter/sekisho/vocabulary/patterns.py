"""From words to patterns: where an entry of a list begins and ends in a text, and what stands around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

NEVER = r"(?!)"
JAPANESE = "\u3000"  # from here on stand the letters of languages that run their words together
HOST = r"@[\w.-]+"  # of an address


def _edges(entry: str) -> tuple[str, str]:
    """What must stand before and behind an entry: the edge of a word, unless a star says that the word goes on. What is
    not written with letters, and Japanese, which runs its words together, begin and end anywhere."""
    text = entry.strip("*")
    begins = r"\b" if _parts_words(text[0]) and not entry.startswith("*") else ""
    ends = r"\b" if _parts_words(text[-1]) and not entry.endswith("*") else ""
    return begins, ends


def _parts_words(char: str) -> bool:
    """True for letters of scripts that set words apart."""
    return char.isalnum() and char < JAPANESE


def literally(entry: str) -> str:
    """The letters of an entry as a pattern."""
    return re.escape(entry.strip("*"))


def spaces_optional(entry: str) -> str:
    """`account holder` is also written `accountholder`."""
    return literally(entry).replace(r"\ ", " ?")


def one_of(entries: Iterable[str], pattern: Callable[[str], str] = literally) -> str:
    """The entries as one group of a pattern; no entry matches nothing. Entries with the same edges stand together, so
    that an edge is looked for once and not once an entry."""
    groups: dict[tuple[str, str], list[str]] = {}
    for entry in entries:
        groups.setdefault(_edges(entry), []).append(pattern(entry))
    choices = (f"{begins}{plain(texts)}{ends}" for (begins, ends), texts in groups.items())
    return f"(?:{'|'.join(choices) or NEVER})"


def plain(texts: Iterable[str]) -> str:
    """Patterns as a choice, the longer ones first."""
    return f"(?:{'|'.join(sorted(texts, key=len, reverse=True)) or NEVER})"


def anywhere(entries: Iterable[str]) -> re.Pattern[str]:
    """To be searched in a text."""
    return re.compile(one_of(entries), re.IGNORECASE)


def pieces(entries: Iterable[str]) -> re.Pattern[str]:
    """To be searched in small letters, wherever it stands."""
    return re.compile(plain(map(re.escape, entries)))


def quotation(entries: Iterable[str]) -> re.Pattern[str]:
    """A line that a mail program writes above what is answered, a line of its header, or an answered line."""
    return re.compile(
        rf"^.{{0,200}}{one_of(entries)}\s?[:：]|^(?:from|差出人)\s?[:：].{{0,200}}@|^>",
        re.IGNORECASE | re.MULTILINE,
    )


def before_name(entries: Iterable[str]) -> re.Pattern[str]:
    """Punctuation and digits may stand between the words and the name."""
    return re.compile(rf"{plain(map(re.escape, entries))}[\W\d_]{{0,10}}\Z", re.IGNORECASE)


def after_name(entries: Iterable[str], companies: Iterable[str]) -> re.Pattern[str]:
    """A mark of registration, a closing bracket or a hyphen may stand between; behind a bar or a comma stands something
    else (`Facebook / Twitter / Support`), unless it is the form of a company."""
    close = r"[)\]'\"’”」』）】\-]?[^\S\n]?"
    return re.compile(
        rf"\A[^\S\n]{{0,3}}[®™]?[^\S\n]{{0,3}}(?:{close}{one_of(entries)}|,?\s?{one_of(companies)})",
        re.IGNORECASE,
    )


def below_name(entries: Iterable[str]) -> re.Pattern[str]:
    """Nothing but a mark of registration stands behind the name in its own line."""
    return re.compile(
        rf"\A[^\S\n]*+(?:[®™][^\S\n]*+)?\n\s{{0,4}}{one_of(entries)}",
        re.IGNORECASE,
    )


def greeting(entries: Iterable[str]) -> re.Pattern[str]:
    """The first word of a line, up to the name that follows."""
    return re.compile(rf"\W{{0,3}}{plain(map(re.escape, entries))}[ ,:\t]{{1,3}}", re.IGNORECASE)


def readers(entries: Iterable[str], adjectives: Iterable[str]) -> re.Pattern[str]:
    """`our most valued customer`, `my dear friend`, `PayPal user`."""
    return re.compile(
        rf"(?:(?:our|my) )?(?:most )?(?:{one_of(adjectives)} )?(?:[\w.-]{{2,20}} )?{one_of(entries, spaces_optional)}",
        re.IGNORECASE,
    )


def impersonal(beginnings: Iterable[str], lines: Iterable[str]) -> re.Pattern[str]:
    """A line that begins with one, or is nothing but the other; a service may be named (`楽天の会員様`)."""
    return re.compile(
        rf"\W{{0,3}}{one_of(beginnings)}|(?:[\w・]{{1,20}}(?:の|\s)?)?{one_of(lines)}(?:各位|へ)?\W{{0,3}}\Z",
        re.IGNORECASE,
    )


def nobody(words: Iterable[str], endings: Iterable[str]) -> re.Pattern[str]:
    """Words wherever they stand; endings, and the host of an address, at the end."""
    return re.compile(rf"(?:{one_of(endings)}|{HOST})\Z|{one_of(words)}")
