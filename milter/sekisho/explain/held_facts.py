"""What a held message is: the lines above its explanation, in English and Japanese, in the order in which a person
asks: what it is, who wrote it, whom it waits for, and then how it came."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sekisho.explain.sections import Bilingual
from sekisho.held import Entry, State
from sekisho.text import printable

MAX_FACT_CHARS = 300
STATES: Mapping[State, Bilingual] = MappingProxyType(
    {
        State.HELD: Bilingual("held", "保留中"),
        State.RELEASED: Bilingual("released", "解放済み"),
        State.SENDING: Bilingual("sending", "送信中"),
        State.UNCERTAIN: Bilingual("uncertain", "結果不明"),
        State.DELETED: Bilingual("deleted", "削除済み"),
        State.EXPIRED: Bilingual("expired", "期限切れ"),
    }
)


def held_facts(entry: Entry) -> tuple[tuple[Bilingual, Bilingual], ...]:
    """Label and text of each line. All text of a message is printable; times are those of this machine."""
    client = entry.envelope.client
    reached = f"{client.name or 'unknown'} [{client.address or '?'}], HELO {client.helo or '?'}"
    erased = Bilingual("(erased)", "（消去済み）") if entry.erased else None
    return (
        (Bilingual("subject", "件名"), erased or _same(entry.subject)),
        (Bilingual("author", "差出人"), erased or _same(entry.author)),
        (Bilingual("for", "宛先"), _copies(entry)),
        (Bilingual("held", "保留日時"), _same(f"{entry.held_at.astimezone():%Y-%m-%d %H:%M:%S %z}")),
        (Bilingual("MAIL FROM", "MAIL FROM"), _same(entry.envelope.sender or "")),
        (Bilingual("client", "接続元"), _same(reached)),
        (Bilingual("queue id", "キュー ID"), _same(entry.envelope.queue_id or "")),
    )


def _copies(entry: Entry) -> Bilingual:
    addresses = [printable(each.recipient.address, MAX_FACT_CHARS) for each in entry.copies]
    states = [STATES[each.state] for each in entry.copies]
    return Bilingual(
        ", ".join(f"{address} ({state.en})" for address, state in zip(addresses, states, strict=True)),
        "、".join(f"{address}（{state.ja}）" for address, state in zip(addresses, states, strict=True)),
    )


def _same(text: str) -> Bilingual:
    return Bilingual.same(printable(text, MAX_FACT_CHARS))
