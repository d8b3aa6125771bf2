"""Address extensions: `help+news@example.jp` is a name for the mailbox `help@example.jp`.

Postfix looks an address up whole, and then without its extension (split_addr.c). What splits the two is
`recipient_delimiter`, a set of characters: the first of any of them in the local part.
"""

from __future__ import annotations

import re

RESERVED = frozenset({"postmaster", "mailer-daemon", "double-bounce"})
"""Local parts that are never split."""


def without_extension(local: str, delimiters: str) -> str:
    """A local part (without quotes) as that of its mailbox; itself where it has no extension.

    `delimiters` is the set of characters, "" for none. As in Postfix with `owner_request_special = yes` (the default),
    a set that holds a hyphen leaves `owner-list` and `list-request` whole.
    """
    cut = len(local)
    for each in delimiters:
        if 0 <= (found := local.find(each)) < cut:
            cut = found
    return local if cut in (0, len(local)) or _is_whole(local.lower(), delimiters) else local[:cut]


def unquoted(local: str) -> str:
    """A local part as it is meant: `"he\\lp"` is `help` (RFC 5322 section 3.2.4)."""
    if len(local) < 2 or not (local.startswith('"') and local.endswith('"')):
        return local
    return re.sub(r"\\(.)", r"\1", local[1:-1], flags=re.DOTALL)


def _is_whole(name: str, delimiters: str) -> bool:
    if name in RESERVED:
        return True
    requests = len(name) > len("-request") and name.endswith("-request")
    return "-" in delimiters and (name.startswith("owner-") or requests)
