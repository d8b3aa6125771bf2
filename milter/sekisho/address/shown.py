"""Addresses and hosts in free text, as the reader of a display name or a subject sees them.

The text is folded first: full-width letters, `＠` and dots become ASCII, invisible characters are removed. In Japanese
text a name ends where ASCII ends (`連絡先はinfo@example.jpまで`). Latin, Greek and Cyrillic letters are part of a name,
so that lookalike domains are found. `setup.exe` looks like a host, too: the caller checks the public suffix list.
"""

from __future__ import annotations

import re
from unicodedata import normalize

MAX_SCANNED_CHARS = 8192
MAX_FOUND = 32

_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
# Every character that folding turns into an @ or a dot. A text without them holds neither addresses nor hosts.
_AT = re.compile("[@\ufe6b\uff20]")
_DOT = re.compile(
    "[.\u2024-\u2026\u2488-\u249b\u3002\u33c2\u33c7\u33d8\ufe12\ufe19\ufe30\ufe52\uff0e\uff61\U0001f100]"
)
_SPACED_AT = re.compile(r"(?<=\S)[ \t]{0,4}@[ \t]{0,4}(?=\S)")
_LOCAL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}\Z")
_ASCII_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63}){1,12}")
_ANY_NAME = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,12}")
_LETTER = "a-z0-9_\u00c0-\u052f-"
# A dot before a name belongs to it only after a letter: `…example.jp` shows the host `example.jp`.
_HOST = re.compile(
    rf"(?<![@{_LETTER}])(?<![{_LETTER}]\.)[{_LETTER}]{{1,63}}(?:\.[{_LETTER}]{{1,63}}){{1,12}}(?![@{_LETTER}])"
)
_EDGE = ".'`"
_LAST_LABEL = re.compile(r"(?:[a-z]{2,24}|xn--[a-z0-9-]{1,59})\Z")


def addresses_in(text: str) -> tuple[str, ...]:
    """The strings in a text that look like addresses: in order, folded to lower case, at most 32. Linear."""
    if not _AT.search(text):
        return ()
    folded = _folded(text)
    found: dict[str, None] = {}
    at = folded.find("@")
    while at >= 0 and len(found) < MAX_FOUND:
        local = _LOCAL.search(folded[max(0, at - 64) : at])
        name = _ASCII_NAME.match(folded, at + 1) or _ANY_NAME.match(folded, at + 1)
        user = local[0].lstrip(_EDGE) if local else ""
        if user and name:
            found[f"{user}@{name[0]}"] = None
        at = folded.find("@", at + 1)
    return tuple(found)


def hosts_in(text: str) -> tuple[str, ...]:
    """The strings in a text that look like hosts and are not part of an address.

    Their labels are joined by dots, and the last label is of letters or an A-label. In order, folded to lower case, at
    most 32. Linear.
    """
    if not _DOT.search(text):
        return ()
    folded = _folded(text)
    found: dict[str, None] = {}
    for match in _HOST.finditer(folded):
        if _LAST_LABEL.search(match[0]) and not match[0].startswith("-"):
            found[match[0]] = None
            if len(found) >= MAX_FOUND:
                break
    return tuple(found)


def _folded(text: str) -> str:
    """The text in the form that is searched: plain, no blanks around an @."""
    plain = _plain(text)
    return _SPACED_AT.sub("@", plain) if "@" in plain else plain


def _plain(text: str) -> str:
    text = text[:MAX_SCANNED_CHARS]
    if text.isascii():
        return text.lower()
    # NFKC maps every dot lookalike but the ideographic full stop.
    return _INVISIBLE.sub("", normalize("NFKC", text)).replace("\u3002", ".").lower()
