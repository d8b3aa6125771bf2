"""Recognises names in running text that do not mean the brand: ordinary words, and addresses of people.

A display name says who writes, a long text usually does not. In a text longer than `MIN_PROSE_CHARS`, an ordinary word
in small letters (`our target customers`, `a stellar account`) is just that word, and a name in the address of a
mailbox provider's customer (`bob@comcast.net`) is just the provider's name.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from sekisho.brands.model import Brand

MIN_PROSE_CHARS = 80  # of a text
MAX_HOST_CHARS = 64  # of the domain of an address; the rest is not examined

_LAST_AT = re.compile(r"[\w+-]@[A-Za-z0-9.-]*\Z")
_HOST = re.compile(r"[A-Za-z0-9.-]+")


def is_plain_word(name: str, written: str) -> bool:
    """True if a name that has a capital is `written` in small letters only."""
    return name[:1].isupper() and written.isascii() and written.islower()


def mailboxes(brands: Iterable[Brand]) -> frozenset[str]:
    """The domains that customers of a brand write from."""
    return frozenset(
        domain for brand in brands for domain, entry in brand.domains.items() if "mailbox" in entry.flags
    )


def in_mailbox(text: str, at: int, known: Container[str]) -> bool:
    """True if index `at` of the text is in the domain of an address, and that domain is one of the `known` ones or
    below one."""
    before = text[max(0, at - MAX_HOST_CHARS) : at]
    found = _LAST_AT.search(before)
    if found is None:
        return False
    start = at - len(before) + found.start() + 2
    host = _HOST.match(text[start : start + MAX_HOST_CHARS])
    labels = host[0].lower().rstrip(".").split(".") if host else []
    return any(".".join(labels[rest:]) in known for rest in range(len(labels)))
