"""Address extensions: `help+news@example.jp` is delivered to the mailbox `help@example.jp`.

Postfix looks up the whole address first, then the address without its extension (split_addr.c). Its option
`recipient_delimiter` is a set of characters. The extension begins at the first of them in the local part.
"""

from __future__ import annotations

import re

NEVER_SPLIT = frozenset({"postmaster", "mailer-daemon", "double-bounce"})
"""Local parts that Postfix never splits."""


def without_extension(local: str, delimiters: str) -> str:
    """The local part of the mailbox: `help` for `help+news`. The given text if it has no extension.

    `local` comes without quotes. `delimiters` is the set of characters, "" for none. If the set holds a hyphen,
    `owner-list` and `list-request` stay whole, as in Postfix with `owner_request_special = yes` (the default).
    """
    cut = len(local)
    for each in delimiters:
        if 0 <= (found := local.find(each)) < cut:
            cut = found
    return local if cut in (0, len(local)) or _is_whole(local.lower(), delimiters) else local[:cut]


def unquoted(local: str) -> str:
    """A local part without quotes and escapes: `"he\\lp"` is `help` (RFC 5322 section 3.2.4)."""
    if len(local) < 2 or not (local.startswith('"') and local.endswith('"')):
        return local
    return re.sub(r"\\(.)", r"\1", local[1:-1], flags=re.DOTALL)


def _is_whole(name: str, delimiters: str) -> bool:
    if name in NEVER_SPLIT:
        return True
    requests = len(name) > len("-request") and name.endswith("-request")
    return "-" in delimiters and (name.startswith("owner-") or requests)
