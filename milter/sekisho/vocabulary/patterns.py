"""Makes regular expressions of words: where an entry of a list begins and ends in a text, and what stands around it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

MATCHES_NOTHING = r"(?!)"
FIRST_JAPANESE = "\u3000"  # from this character on stand the scripts without spaces between words
LETTER = re.compile(r"\\.|.", re.DOTALL)  # of a pattern, escaped or not
HOST = r"@[\w.-]+"  # of an address


def _edges(entry: str) -> tuple[str, str]:
    """The patterns before and behind an entry: the edge of a word, unless a star says that the word may go on. An entry
    that begins or ends with Japanese, which has no spaces between words, or with no letter, has no edge there."""
    text = entry.strip("*")
    begins = r"\b" if _parts_words(text[0]) and not entry.startswith("*") else ""
    ends = r"\b" if _parts_words(text[-1]) and not entry.endswith("*") else ""
    return begins, ends


def _parts_words(char: str) -> bool:
    """True for letters of scripts that have spaces between words."""
    return char.isalnum() and char < FIRST_JAPANESE


def literally(entry: str) -> str:
    """The letters of an entry as a pattern."""
    return re.escape(entry.strip("*"))


def spaces_optional(entry: str) -> str:
    """The entry as a pattern in which spaces may be missing: `account holder` is also written `accountholder`."""
    return literally(entry).replace(r"\ ", " ?")


def one_of(entries: Iterable[str], pattern: Callable[[str], str] = literally) -> str:
    """The entries as one group of a pattern; without entries it matches nothing. Entries with the same edges share
    them, so that an edge is tested once and not for each entry."""
    groups: dict[tuple[str, str], list[str]] = {}
    for entry in entries:
        groups.setdefault(_edges(entry), []).append(pattern(entry))
    choices = (f"{begins}{_branches(texts)}{ends}" for (begins, ends), texts in groups.items())
    every = [text for texts in groups.values() for text in texts]
    return f"(?:{_first_of(every)}(?:{'|'.join(choices)}))" if every else f"(?:{MATCHES_NOTHING})"


def plain(texts: Iterable[str]) -> str:
    """The patterns as alternatives, the longer ones first."""
    return f"(?:{'|'.join(sorted(texts, key=len, reverse=True)) or MATCHES_NOTHING})"


def in_any_case(texts: Iterable[str]) -> str:
    """The same for a pattern that ignores case: nearly every place of a text is left after a look at its first letter,
    which such a pattern would compare with each of the alternatives."""
    every = list(texts)
    return f"(?:{_first_of(every)}{_branches(every)})" if every else f"(?:{MATCHES_NOTHING})"


def _first_of(texts: Iterable[str]) -> str:
    """A look ahead at the first letters of patterns."""
    return f"(?=[{''.join(sorted({_letters(text)[0] for text in texts}))}])"


def _branches(texts: Iterable[str]) -> str:
    """The patterns as alternatives, the longer ones first, in branches by their first letter."""
    branches: dict[str, list[str]] = {}
    for text in sorted(texts, key=len, reverse=True):
        first, *rest = _letters(text)
        branches.setdefault(first, []).append("".join(rest))
    return f"(?:{'|'.join(first + _either(rests) for first, rests in branches.items())})"


def _either(rests: list[str]) -> str:
    return rests[0] if len(rests) == 1 else f"(?:{'|'.join(rests)})"


def _letters(text: str) -> list[str]:
    """The letters of a pattern, each as a pattern."""
    return LETTER.findall(text)


def anywhere(entries: Iterable[str]) -> re.Pattern[str]:
    """Finds an entry anywhere in a text, in any case."""
    return re.compile(one_of(entries), re.IGNORECASE)


def among_japanese(entries: Iterable[str]) -> re.Pattern[str]:
    """The same in texts that run Latin words and Japanese together: `LINE` is a word in `LINEの`."""
    begins, ends = (rf"(?{side}[^\W{FIRST_JAPANESE}-\U0010ffff])" for side in ("<!", "!"))
    groups: dict[tuple[str, str], list[str]] = {}
    for entry in entries:
        edges = _edges(entry)
        groups.setdefault((edges[0] and begins, edges[1] and ends), []).append(literally(entry))
    every = [text for texts in groups.values() for text in texts]
    choices = (f"{before}{_branches(texts)}{behind}" for (before, behind), texts in groups.items())
    whole = f"{_first_of(every)}(?:{'|'.join(choices)})" if every else MATCHES_NOTHING
    return re.compile(whole, re.IGNORECASE)


def pages(entries: Iterable[str]) -> re.Pattern[str]:
    """Finds a host and the beginning of a path in a URL in small letters. A name may stand before the host."""
    return re.compile(rf"(?<![\w-]){plain(map(re.escape, entries))}")


def pieces(entries: Iterable[str]) -> re.Pattern[str]:
    """Finds an entry anywhere in a text that is in small letters, also within a word."""
    return re.compile(plain(map(re.escape, entries)))


def quotations(words: Iterable[str], lines: Iterable[str], fields: Iterable[str]) -> re.Pattern[str]:
    """Finds the beginning of quoted mail: a line that begins with dashes and one of `lines`, or that is one of them; a
    line with one of `words` that ends with a colon; a line that begins with one of `fields` and a colon and has an
    address; or a line that begins with `>` (the group `line`)."""
    above, blanks = one_of(lines), r"[^\S\n]{0,9}"
    return re.compile(
        rf"^(?:(?P<line>>[^\n]*)|[-_=*#]{{2,80}}{blanks}{above}[^\n]*|{blanks}{above}:?{blanks}$"
        rf"|{one_of(fields)} ?[:：][^\n]{{0,200}}@|[^\n]{{0,200}}{one_of(words)}[^\n]{{0,100}}[:：]{blanks}$)",
        re.IGNORECASE | re.MULTILINE,
    )


def assurances(before: Iterable[str], entries: Iterable[str], behind: Iterable[str]) -> re.Pattern[str]:
    """Finds an entry that a word before or behind it denies, in a text that is in small letters."""
    named = plain(map(re.escape, entries))
    begins, ends = plain(map(re.escape, before)), plain(map(re.escape, behind))
    return re.compile(rf"\b{begins} {named}|{named}{ends}")


def hints(words: Iterable[str], lines: Iterable[str], fields: Iterable[str]) -> tuple[str, ...]:
    """What stands in every text, in lower case and behind a line end, in which `quotations` finds something."""
    plain_words = [entry.strip("*").lower() for entry in (*words, *lines)]
    return (
        "\n>",
        *plain_words,
        *(f"\n{entry.lower()}{colon}" for entry in fields for colon in (":", " :", "：")),
    )


def before_name(entries: Iterable[str]) -> re.Pattern[str]:
    """Finds an entry at the end of the text before a name. Punctuation and digits may stand between."""
    return re.compile(rf"{in_any_case(map(re.escape, entries))}[\W\d_]{{0,14}}\Z", re.IGNORECASE)


def after_name(entries: Iterable[str], companies: Iterable[str]) -> re.Pattern[str]:
    """Matches an entry at the beginning of the text behind a name. A trade mark sign, a closing bracket or a hyphen may
    stand between. A slash or a comma separates the name from the entry (`Facebook / Twitter / Support`), but a company
    form may follow a comma."""
    close = r"[)\]'\"’”」』）】\-]?[^\S\n]?"
    return re.compile(
        rf"\A[^\S\n]{{0,3}}[®™]?[^\S\n]{{0,3}}(?:{close}{one_of(entries)}|,?\s?{one_of(companies)})",
        re.IGNORECASE,
    )


def introduction(entries: Iterable[str]) -> re.Pattern[str]:
    """Matches the rest of a sentence behind a name with which its writer introduces itself. Behind で, を, に or も the
    name is no part of the writer's: ヤフオクで購入した森と申します."""
    return re.compile(
        rf"\A(?!\s?[でをにも](?!ございます))[^\n。、]{{0,20}}{one_of(entries)}|\Aの[^\n。、]{{1,10}}です[。\s]"
    )


def thanks(entries: Iterable[str]) -> re.Pattern[str]:
    """Matches what stands behind a name, or a host of that name, or what it is a part of (…プライム会員), for whose use
    a text thanks."""
    return re.compile(
        rf"\A(?:\.[a-z.]{{2,8}})?[^\S\n]?[ァ-ヺー一-鿿A-Za-z]{{0,10}}を[ごお][^\n。、]{{1,8}}{one_of(entries)}"
    )


def below_name(entries: Iterable[str]) -> re.Pattern[str]:
    """Matches an entry at the beginning of the line below a name. In its own line only a trade mark sign may follow the
    name."""
    return re.compile(
        rf"\A[^\S\n]*+(?:[®™][^\S\n]*+)?\n\s{{0,4}}{one_of(entries)}",
        re.IGNORECASE,
    )


def greeting(entries: Iterable[str]) -> re.Pattern[str]:
    """Matches a greeting at the beginning of a line, up to the name that follows."""
    return re.compile(rf"\W{{0,3}}{in_any_case(map(re.escape, entries))}[ ,:\t]{{1,3}}", re.IGNORECASE)


def readers(entries: Iterable[str], adjectives: Iterable[str]) -> re.Pattern[str]:
    """Matches a reader without a name: `our most valued customer`, `my dear friend`, `PayPal user`."""
    return re.compile(
        rf"(?:(?:our|my) )?(?:most )?(?:{one_of(adjectives)} )?(?:[\w.-]{{2,20}} )?{one_of(entries, spaces_optional)}",
        re.IGNORECASE,
    )


def titles(entries: Iterable[str]) -> re.Pattern[str]:
    """Finds a title of a person, up to the name that follows."""
    return re.compile(rf"(?<!\w){one_of(entries)}\.?[ \t]{{1,3}}", re.IGNORECASE)


def impersonal(beginnings: Iterable[str], lines: Iterable[str]) -> re.Pattern[str]:
    """Matches a line that begins with one of `beginnings`, or that is one of `lines`, before which a service may be
    named (`楽天の会員様`)."""
    return re.compile(
        rf"\W{{0,3}}{one_of(beginnings)}|(?:[\w・]{{1,20}}(?:の|\s)?)?{one_of(lines)}(?:各位|へ)?\W{{0,3}}\Z",
        re.IGNORECASE,
    )


def sentences(marks: Iterable[str], endings: Iterable[str]) -> re.Pattern[str]:
    """Finds one of `marks` anywhere, or one of `endings` at the end."""
    return re.compile(rf"{plain(map(re.escape, marks))}|{plain(map(re.escape, endings))}\Z")


def nobody(words: Iterable[str], endings: Iterable[str]) -> re.Pattern[str]:
    """Finds one of `words` anywhere, or one of `endings` or the host of an address at the end."""
    return re.compile(rf"(?:{one_of(endings)}|{HOST})\Z|{one_of(words)}")
