"""The edits of an action, made on the bytes of a message, with the meaning that they have for a milter. Every other
byte stays as it was.

An edit names a field by its number among those of its name, as it is after the edits before. From that follows its
number in the message as it came, without a look at it. So one pass over the header makes all edits.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sekisho.judging.replies import header_name, header_value, present_name
from sekisho.message.headers import as_delivered
from sekisho.message.spans import spans
from sekisho.verdict import AddHeader, ChangeHeader, Edit


@dataclass(slots=True)
class _Added:
    """A new field with its line end. `key`: its name in lower case."""

    key: bytes
    data: bytes


@dataclass(slots=True)
class _Changes:
    """What becomes of the header. `top`: the fields that are put before it. `made`: what stands in the place of fields
    of the message, by name in lower case and number; nothing for one that is deleted. `gone`: the numbers of those, in
    order."""

    top: list[_Added] = field(default_factory=list)
    made: dict[bytes, dict[int, bytes]] = field(default_factory=dict)
    gone: dict[bytes, list[int]] = field(default_factory=dict)

    def take(self, change: AddHeader | ChangeHeader) -> None:
        """One more edit. Raises UnwritableError."""
        if isinstance(change, AddHeader):
            name = header_name(change.name)
            self.top.insert(0, _Added(name.lower().encode(), _written(name, change.value)))
            return
        name = present_name(change.name)
        key = name.lower().encode()
        data = _written(name, change.value) if change.value else b""
        ours = [each for each in self.top if each.key == key]
        if change.index > len(ours):
            self._change(key, change.index - len(ours), data)
        elif change.index > 0 and data:
            ours[change.index - 1].data = data
        elif change.index > 0:
            self.top = [each for each in self.top if each is not ours[change.index - 1]]

    def _change(self, key: bytes, number: int, data: bytes) -> None:
        """`number` counts the fields that are left."""
        gone = self.gone.setdefault(key, [])
        for each in gone:  # deletions are told from the last to the first, so that this ends at once
            if each > number:
                break
            number += 1
        if not data:
            insort(gone, number)
        self.made.setdefault(key, {})[number] = data

    def pieces(self, raw: bytes) -> Iterator[bytes]:
        """The message, edited."""
        yield from (each.data for each in self.top)
        left = sum(map(len, self.made.values()))
        seen = dict.fromkeys(self.made, 0)
        position = 0
        for start, end, name, _ in spans(raw) if left else ():
            key = name.rstrip().lower()
            if key not in seen:
                continue
            seen[key] += 1
            if (data := self.made[key].get(seen[key])) is not None:
                yield raw[position:start]
                yield data
                position = end
                left -= 1
                if not left:
                    break
        yield raw[position:]


def edited(raw: bytes, edits: Iterable[Edit]) -> bytes:
    """The message with its header edited; recipients are not its part. Raises UnwritableError."""
    changes = _Changes()
    for each in edits:
        if isinstance(each, (AddHeader, ChangeHeader)):
            changes.take(each)
    if not (changes.top or changes.made):
        return raw
    raw = as_delivered(raw)
    if next(spans(raw), None) is None and raw[:1] not in b"\r\n":
        # Without any field of its own, the beginning of the message must not continue ours.
        raw = b"\r\n" + raw
    return b"".join(changes.pieces(raw))


def _written(name: str, value: str) -> bytes:
    return f"{name}: {header_value(value)}\n".replace("\n", "\r\n").encode("ascii")
