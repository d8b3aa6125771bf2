"""Does a reader still see the brand, the lure and a way out? A variant in which nobody does is no success.

The rendered message is looked at: display name, subject, and the text as our own reader shows it. Alternative texts of
pictures do not count. What an operator has disguised is read as it is meant; what it has reworded says what it said.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from lab.attack.draft import Draft, Line, Says
from lab.attack.operators import Toolbox
from sekisho.message import Message
from sekisho.ports import Providers
from sekisho.text import invisibles

OPEN_KINDS = frozenset({"shortener", "redirect", "esp"})
"""Hosts of a known owner that lead wherever their customers want."""
OPEN_PAGES = ("sites.google.com/", "docs.google.com/", "storage.googleapis.com/")
ADDRESS = re.compile(r"\S*(?:://|@)\S*")  # of a page or a mailbox: it is no name
FOLLOWED = frozenset({"a", "area", "text", "form"})


def is_legible(message: Message, draft: Draft, tools: Toolbox, providers: Providers, *, hard: bool) -> bool:
    """True if the reader sees all three. `hard`: the display name must be a name of the brand, and nothing else."""
    text = _read(f"{message.subject}\n{message.text}", tools)
    if hard and _letters(message.author.name, tools) not in {_letters(each, tools) for each in draft.names}:
        return False
    if not any(
        _holds(f"{message.author.name}\n{message.subject}\n{message.text}", each, tools)
        for each in draft.names
    ):
        return False
    seen = [each for each in (draft.subject, *draft.lines) if each.text and _read(each.text, tools) in text]
    told = frozenset[Says]().union(*(each.says for each in seen))
    if not {Says.LURE, Says.DEMAND} <= told:
        return False
    return _leads_out(message, tools, providers) or _answers(message, seen, tools)


def _leads_out(message: Message, tools: Toolbox, providers: Providers) -> bool:
    """True for a link to a host that belongs to nobody known, or that leads wherever its customers want."""
    for link in message.links:
        if link.kind not in FOLLOWED:
            continue
        if link.target.startswith("mailto:") and tools.registry.owner(link.target.rpartition("@")[2]) is None:
            return True
        if link.host is None:
            continue
        if tools.registry.owner(link.host) is None or providers.kind(link.host) in OPEN_KINDS:
            return True
        if link.target.partition("://")[2].startswith(OPEN_PAGES):
            return True
    return False


def _answers(message: Message, seen: list[Line], tools: Toolbox) -> bool:
    """True if a line that is seen asks for an answer, a call, a payment or a look into a file, and that is possible."""
    told = frozenset[Says]().union(*(each.says for each in seen))
    answered = [each.address.rpartition("@")[2] for each in message.reply_to] or [message.author.domain or ""]
    if Says.REPLY in told and any(tools.registry.owner(each) is None for each in answered):
        return True
    if Says.FILE in told and any(part.disposition == "attachment" for part in message.parts):
        return True
    if Says.TYPE in told and tools.registry.owner(message.author.domain or "") is None:
        return True  # what the reader is told to type is the author's host
    return not told.isdisjoint({Says.CALL, Says.CHAT, Says.PAY})


def _holds(text: str, name: str, tools: Toolbox) -> bool:
    """True if the text has the name; a name in Latin letters as a word of its own."""
    text = ADDRESS.sub(" ", text)
    told, wanted = normalize("NFKC", tools.undisguised(text)).casefold(), normalize("NFKC", name).casefold()
    if not wanted.isascii():
        return _read(name, tools) in _read(text, tools)
    return re.search(rf"(?<![a-z0-9]){re.escape(wanted)}(?![a-z0-9])", told) is not None


def _letters(text: str, tools: Toolbox) -> str:
    """What a reader reads as a name: without the signs around and between its letters."""
    return re.sub(r"[\W_]+", "", _read(text, tools))


def _read(text: str, tools: Toolbox) -> str:
    return _folded(tools.undisguised(text))


def _folded(text: str) -> str:
    """The text without blanks, width, case and what shows nothing."""
    shown = normalize("NFKC", text).casefold()
    return re.sub(r"\s+", "", "".join(each for each in shown if not invisibles(each)))
