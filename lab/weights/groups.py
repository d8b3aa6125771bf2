"""Mails that are not independent: those of one thread, of one campaign, or made from one template.

Each mail has keys. Mails that share a key are in one group, also through other mails of the group. A group is never
split between learning and judging, and counts less than the same number of independent mails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from sekisho.domains import registrable
from sekisho.message import Message
from sekisho.text import fold

REPLY = re.compile(r"\A(?:\s|re:|fwd?:|aw:|wg:|\[[^\[\]]{0,80}\])+", re.IGNORECASE)
MESSAGE_ID = re.compile(r"<[^<>\s]{3,300}>")
TOKEN = re.compile(r"[A-Za-z0-9_-]+")
THREAD = ("message-id", "in-reply-to", "references")
MIN_SUBJECT_CHARS = 4  # a shorter subject ties no mails together
DAYS = 7


def grouped(keys: Iterable[Iterable[str]]) -> list[int]:
    """A group number for each mail. Mails that share a key, directly or through others, have the same number."""
    first: dict[str, int] = {}
    parents: list[int] = []
    for number, some in enumerate(keys):
        parents.append(number)
        for key in some:
            low, high = sorted((_root(parents, first.setdefault(key, number)), _root(parents, number)))
            parents[high] = low
    return [_root(parents, number) for number in range(len(parents))]


def _root(parents: list[int], number: int) -> int:
    while parents[number] != number:
        parents[number] = number = parents[parents[number]]
    return number


def keys_of(
    message: Message, brand: str | None, when: datetime | None, template: str | None
) -> Iterator[str]:
    """The keys of a mail: its thread, its author's domain or its week together with its subject, and its template."""
    for name in THREAD:
        for field in message.headers.all(name)[:1]:
            yield from MESSAGE_ID.findall(field.value.decode("ascii", "replace"))
    if template:
        yield f"template {template}"
    subject = skeleton(message.subject)
    if len(subject) < MIN_SUBJECT_CHARS:
        return
    if domain := message.author.domain:
        yield f"author {registrable(domain) or domain} {subject}"
    if when is not None:
        yield f"week {when.toordinal() // DAYS} {brand or ''} {subject}"


def skeleton(subject: str) -> str:
    """A subject without what differs within a campaign: reply marks, list names, numbers and serials."""
    return fold(TOKEN.sub(_without_number, REPLY.sub("", subject, count=1)))


def _without_number(word: re.Match[str]) -> str:
    return "" if any(map(str.isdigit, word[0])) else word[0]
