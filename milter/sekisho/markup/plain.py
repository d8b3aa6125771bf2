"""Links that a mail program makes of plain text: `http://`, `https://` and `www.`.

One linear scan. Japanese text stands beside a URL without a space, so a URL ends at kana, kanji and Japanese
punctuation, unless its host itself begins with such a letter and has a dot. Full-width forms
(`ｈｔｔｐｓ：／／ｅｘａｍｐｌｅ．ｃｏｍ`) are found and returned in ASCII, as several programs open them.

Cannot see: `hxxp`, bare domains without `www.`, URLs broken over lines.
"""

from __future__ import annotations

import re

_TAIL = "!-;=?-~"  # printable ASCII without < and >
_FOREIGN = "\\u00a1-\\u00aa\\u00ac-\\u00ba\\u00bc-\\u1fff"  # letters of other scripts, look-alikes above all
_WIDE = "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff05\uff06\uff0d\uff0e\uff0f\uff1a\uff1d\uff1f\uff3f"
# Any case, written out letter by letter: a text is searched for the first one far faster than for any word.
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
LENGTH = 4096
"""Characters of one URL that are kept."""


def text_links(text: str, most: int = 2000) -> tuple[str, ...]:
    """The URLs in a plain text, in order, repeated ones once, at most `most`.

    A `www.` name comes back with `http://` before it, as programs open it.
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
    """Only those that can match: most texts hold no URL, and substring search is far faster."""
    patterns = [_PLAIN] if "://" in text or "www." in text or "WWW." in text else []
    if not text.isascii() and any(hint in text for hint in _FULL_HINTS):
        patterns.append(_FULL)
    return patterns


def _tidy(url: str) -> str:
    """Without the punctuation of the sentence around it; "" if no host is left."""
    url = url[:LENGTH].translate(_NARROW) if not url.isascii() else url[:LENGTH]
    cut = _CUT.search(url)
    if cut:
        url = url[: cut.start()]
    url = _unwrapped(url)
    if url[:4].lower() == "www.":
        url = "http://" + url
    return url if "." in url.partition("://")[2][:255] or "://[" in url else ""


def _unwrapped(url: str) -> str:
    """Closing brackets belong to the URL only when it opened them. A few rounds: a URL has few endings."""
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
