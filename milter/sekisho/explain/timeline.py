"""What happened to one message, step by step, in words: for `sekisho trace`.

A step comes from a line of the log, from an entry of the quarantine or from a line of its audit. The log names findings
by their ids only. Their sentences are those of the held message, if it is held; else those of the declaration, with an
ellipsis in the place of each fact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sekisho.events.table import EVENTS
from sekisho.evidence import FindingKind
from sekisho.explain.held_facts import STATES
from sekisho.explain.operations import operation_details, operation_words
from sekisho.explain.sections import Bilingual
from sekisho.held import Entry, Operation, State
from sekisho.text import ELLIPSIS, printable
from sekisho.verdict import BY_POINTS

MAX_FACT_CHARS = 300
NAMES = ("id", "queue_id", "message_key")
"""The keys of the names of a message: all its lines have them."""
_NOT_TOLD = frozenset({*NAMES, "time", "event", "level", "logger", "schema", "digest"})
_MEANINGS: Mapping[str, str] = MappingProxyType({each.name: each.when for each in EVENTS})
_DONE: Mapping[str, Bilingual] = MappingProxyType(
    {
        "accept": Bilingual("accepted", "受け入れ"),
        "tag": Bilingual("tagged", "タグ付け"),
        "quarantine": Bilingual("held", "隔離"),
        "reject": Bilingual("rejected", "拒否"),
        "tempfail": Bilingual("deferred", "一時拒否"),
    }
)


@dataclass(frozen=True, slots=True)
class Reason:
    """A finding: its points, its id and its sentence."""

    points: str
    id: str
    words: Bilingual


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened, in a few words; lines that say more; the findings behind a verdict, the weightiest first."""

    what: Bilingual
    lines: tuple[Bilingual, ...] = ()
    reasons: tuple[Reason, ...] = ()


Sentences = Mapping[str, Bilingual]
"""The sentence of each finding, by its id."""


def declared(kinds: Iterable[FindingKind]) -> Sentences:
    """The sentences of findings whose facts are not known."""
    facts: defaultdict[str, str] = defaultdict(lambda: ELLIPSIS)
    return {kind.id: Bilingual(kind.en.format_map(facts), kind.ja.format_map(facts)) for kind in kinds}


def told_of(entry: Entry) -> Sentences:
    """The sentences of a held message."""
    findings = entry.document.get("findings", ())
    return {each["id"]: Bilingual(each["reason_en"], each["reason_ja"]) for each in findings}


def judged(line: Mapping[str, Any], sentences: Sentences) -> Happened:
    """A message was judged: the event `message` of the log. `sentences` are those of its findings."""
    verdict, score = _text(line.get("verdict")), _text(line.get("score"))
    if not verdict:
        return Happened(Bilingual("came, and was not judged", "受信（判定なし）"), tuple(_came(line)))
    by = _text(line.get("decided_by"))
    decided = Bilingual.same("") if by == BY_POINTS else Bilingual(f", decided by {by}", f"、決定: {by}")
    what = Bilingual(
        f"judged: {verdict}, {score} points{decided.en}", f"判定: {verdict}、{score} 点{decided.ja}"
    )
    return Happened(what, (*_outcomes(line), *_came(line)), tuple(_reasons(line, sentences)))


def kept(entry: Entry) -> Happened:
    """A message was put into the quarantine. Each copy is there with its state of today."""
    repeats = (
        (Bilingual(f"sent again {entry.repeats} times", f"再送 {entry.repeats} 回"),) if entry.repeats else ()
    )
    copies = (_copy(entry, number) for number in range(len(entry.copies)))
    return Happened(Bilingual("kept in the quarantine", "隔離して保管"), (*copies, *repeats))


def done(operation: Operation, address: str = "") -> Happened:
    """A person or the daemon did something with the held message, or with the copy for `address`."""
    words = operation_words(operation.operation, operation.result, operation.note)
    who = printable(operation.who, MAX_FACT_CHARS)
    lines = [
        address,
        printable(operation_details(operation.operation, operation.reason, operation.note), MAX_FACT_CHARS),
    ]
    what = Bilingual(f"{words.en}, by {who}", f"{words.ja}（{who}）")
    return Happened(what, tuple(Bilingual.same(each) for each in lines if each))


def logged(line: Mapping[str, Any]) -> Happened:
    """Any other event, with the English sentence of its declaration."""
    event = _text(line.get("event"))
    said = _text(line.get("text")) or _MEANINGS.get(event, "")
    facts = (f"{key}: {_text(value)}" for key, value in line.items() if key not in _NOT_TOLD | {"text"})
    return Happened(
        Bilingual.same(f"{event}: {said}" if said else event), tuple(Bilingual.same(each) for each in facts)
    )


def _copy(entry: Entry, number: int) -> Bilingual:
    """A copy with its state, and since when it is in it if that is not when it was held."""
    copy = entry.copies[number]
    address, state = printable(copy.recipient.address, MAX_FACT_CHARS), STATES[copy.state]
    if copy.state is State.HELD:
        return Bilingual(f"{address}: {state.en}", f"{address}: {state.ja}")
    since = f"{copy.changed.astimezone():%Y-%m-%d %H:%M:%S}"
    return Bilingual(f"{address}: {state.en} since {since}", f"{address}: {since} から{state.ja}")


def _outcomes(line: Mapping[str, Any]) -> Iterator[Bilingual]:
    """`quarantine>accept:2` in words, one line each."""
    shadow = line.get("mode") == "shadow"
    for each in _values(line.get("outcomes")):
        words, _, number = each.rpartition(":")
        decided, _, applied = words.partition(">")
        if decided not in _DONE or applied not in _DONE:
            continue
        act, instead = _DONE[applied], _DONE[decided]
        why = (
            Bilingual("in shadow", "shadow のため")
            if shadow
            else Bilingual("by max_action", "max_action のため")
        )
        rest = (
            Bilingual.same("")
            if decided == applied
            else Bilingual(f" ({why.en}; would be {instead.en})", f"（{why.ja}。本来は{instead.ja}）")
        )
        copies = Bilingual(f"{number} recipient{'' if number == '1' else 's'}", f"受信者 {number} 件")
        yield Bilingual(f"{act.en} for {copies.en}{rest.en}", f"{copies.ja}: {act.ja}{rest.ja}")


def _came(line: Mapping[str, Any]) -> Iterator[Bilingual]:
    """From where it came, what Postfix was told, and what could not be known."""
    if client := _text(line.get("client")):
        yield Bilingual(f"from {client}", f"接続元: {client}")
    if reply := _text(line.get("reply")):
        yield Bilingual(f"Postfix was told: {reply}", f"Postfix への応答: {reply}")
    if unknown := ", ".join(_values(line.get("degraded"))):
        yield Bilingual(f"could not be known: {unknown}", f"確認できなかったもの: {unknown}")


def _reasons(line: Mapping[str, Any], sentences: Sentences) -> Iterator[Reason]:
    for each in _values(line.get("findings")):
        name, _, points = each.rpartition(":")
        if name:
            sign = "" if points.startswith("-") else "+"
            yield Reason(f"{sign}{points}", name, sentences.get(name, Bilingual.same("")))


def _values(value: object) -> list[str]:
    """The values of a field with several: an array in JSON, joined by commas in logfmt."""
    found = value if isinstance(value, list) else str(value or "").split(",")
    return [printable(str(each), MAX_FACT_CHARS) for each in found if each]


def _text(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_values(value))
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else printable(str(value), MAX_FACT_CHARS)
