"""The links that a mail program finds in plain text: `http://`, `https://` and `www.`.

One linear scan. In Japanese text no space stands before or after a URL. So a URL ends at kana, kanji and Japanese
punctuation, unless its host begins with such a letter and has a dot. Full-width URLs
(`ｈｔｔｐｓ：／／ｅｘａｍｐｌｅ．ｃｏｍ`) are found and given in ASCII, since several programs open them.

It cannot see `hxxp`, bare domains without `www.`, or URLs that are broken over lines.
"""

from __future__ import annotations

import re

_TAIL = "!-;=?-~"  # printable ASCII without < and >
_FOREIGN = "\\u00a1-\\u00aa\\u00ac-\\u00ba\\u00bc-\\u1fff"  # letters of other scripts, for lookalikes
_WIDE = "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff05\uff06\uff0d\uff0e\uff0f\uff1a\uff1d\uff1f\uff3f"
# Both cases are written out, letter by letter: a search for a first letter is far faster than a case-insensitive one.
_PLAIN = re.compile(
    rf"[HhWw](?:(?<=[Hh])[Tt][Tt][Pp][Ss\u017f]?://|(?<=[Ww])(?<![A-Za-z0-9@._/-].)[Ww][Ww]\.)"
    rf"(?:[{_TAIL}{_FOREIGN}]+|[\w.-]{{1,250}}\.[\w-]{{1,63}}(?:[:/?#][{_TAIL}]*)?|[{_WIDE}]+)",
)
_FULL = re.compile(
    rf"(?:[hｈ][tｔ]{{2}}[pｐ][sｓ]?(?::／／|：[／/]{{2}})|ｈｔｔｐｓ?://|ｗｗｗ[．.])[{_TAIL}{_WIDE}]+",
    re.IGNORECASE,
)
_FULL_HINTS = ("／／", "：//", "ｗｗｗ", "ｈｔｔｐ", "ＨＴＴＰ", "ＷＷＷ")
_NARROW = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_CUT = re.compile(r"[\"`<>\\^{}|]")
_ENDINGS = ".,;:!?'*_~"
MAX_URL_CHARS = 4096
"""Characters of one URL that are kept."""


def text_links(text: str, most: int = 2000) -> tuple[str, ...]:
    """The URLs in a plain text, in order, repeated ones once, at most `most` of them.

    `www.example.jp` is given as `http://www.example.jp`, which is what programs open.
    """
    found: dict[str, None] = {}
    for pattern in _patterns(text):
        for match in pattern.finditer(text):
            url = _tidy(match.group())
            if url:
                found[url] = None
            if len(found) >= most:
                return tuple(found)
    return tuple(found)


def _patterns(text: str) -> list[re.Pattern[str]]:
    """The patterns that can match. Most texts hold no URL, and a substring search is far faster than a pattern."""
    patterns = [_PLAIN] if "://" in text or "www." in text or "WWW." in text else []
    if not text.isascii() and any(hint in text for hint in _FULL_HINTS):
        patterns.append(_FULL)
    return patterns


def _tidy(url: str) -> str:
    """The URL without the punctuation of the sentence around it; "" if no host is left."""
    url = url[:MAX_URL_CHARS].translate(_NARROW) if not url.isascii() else url[:MAX_URL_CHARS]
    cut = _CUT.search(url)
    if cut:
        url = url[: cut.start()]
    url = _unwrapped(url)
    if url[:4].lower() == "www.":
        url = "http://" + url
    return url if "." in url.partition("://")[2][:255] or "://[" in url else ""


def _unwrapped(url: str) -> str:
    """The URL without final punctuation and without closing brackets that it does not open. Four rounds are enough."""
    for _ in range(4):
        shorter = url.rstrip(_ENDINGS)
        for opening, closing in ("()", "[]"):
            extra = shorter.count(closing) - shorter.count(opening)
            ending = len(shorter) - len(shorter.rstrip(closing))
            if extra > 0 and ending:
                shorter = shorter[: -min(extra, ending)]
        if shorter == url:
            break
        url = shorter
    return url
