"""Names in running text that speak of nobody: words of the language, and the addresses of people.

A display name is written to be taken for somebody; a letter of three pages is not. From `MIN_PROSE_CHARS` on, an
ordinary word in small letters (`our target customers`, `a stellar account`) is the word, and a name within an address
at which anybody may have a mailbox (`bob@comcast.net`) tells the mail provider.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from sekisho.brands.model import Brand

MIN_PROSE_CHARS = 80  # of a text
MAX_HOST_CHARS = 64  # of the domain of an address that are looked at

_LAST_AT = re.compile(r"[\w+-]@[A-Za-z0-9.-]*\Z")
_HOST = re.compile(r"[A-Za-z0-9.-]+")


def is_plain_word(name: str, written: str) -> bool:
    """True for a name with a capital that is written all in small letters."""
    return name[:1].isupper() and written.isascii() and written.islower()


def mailboxes(brands: Iterable[Brand]) -> frozenset[str]:
    """The domains that customers of a brand write from."""
    return frozenset(
        domain for brand in brands for domain, entry in brand.domains.items() if "mailbox" in entry.flags
    )


def in_mailbox(text: str, at: int, known: Container[str]) -> bool:
    """True if the place is the domain of an address at one of the `known` domains or below it."""
    before = text[max(0, at - MAX_HOST_CHARS) : at]
    found = _LAST_AT.search(before)
    if found is None:
        return False
    start = at - len(before) + found.start() + 2
    host = _HOST.match(text[start : start + MAX_HOST_CHARS])
    labels = host[0].lower().rstrip(".").split(".") if host else []
    return any(".".join(labels[rest:]) in known for rest in range(len(labels)))
