"""What the message wants of its reader, where there is reason to doubt the sender.

A lure is a combination: what the mail is about, how it presses, what it asks for, and where that leads. Genuine mail is
about the same matters in the same words, so nothing here speaks without a doubt about the sender (`sender_doubts`), and
nothing at all about a proven sender that leads its readers home. The words are data (`config/lures`), found by `claims`
in its one pass over the text.

It cannot see a lure in a picture, nor one from a proven stranger whose links lead to itself.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.checks.facts.wishes import headlines
from sekisho.evidence import NOTHING, Cue, Evidence, Finding, FindingKind
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.vocabulary import shipped_themes

# The most telling first: where a text speaks of several themes, and its subject of none, the first is named.
THEMES: tuple[FindingKind, ...] = tuple(
    FindingKind(f"lure.{name}", theme.points, theme.en, theme.ja)
    for name, theme in shipped_themes().theme.items()
)
NAMED = FindingKind(
    "lure.in_subject",
    0.5,
    "Already the subject or the sender's name says so.",
    "件名または表示名がすでにそう告げています。",
)
PRESSURES = FindingKind(
    "lure.pushes",
    0.5,
    "It sets a deadline or threatens with consequences.",
    "期限や不利益を示して急がせています。",
)
ACTIONS = FindingKind(
    "lure.asks",
    0.5,
    "It asks the reader to {asks_en}.",
    "受信者に「{asks_ja}」ことを求めています。",
)
KINDS = (*THEMES, NAMED, PRESSURES, ACTIONS)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One theme, how it presses, what it asks for, and the doubts about its sender."""
    if not seen.doubts:
        return NOTHING
    said = {
        aspect: [cue for cue in seen.cues if cue.aspect == aspect]
        for aspect in ("theme", "pressure", "action")
    }
    return Evidence(findings=(*_lure(headlines(seen) or said["theme"], said), *seen.doubts))


def _lure(telling: list[Cue], said: dict[str, list[Cue]]) -> Iterator[Finding]:
    """The theme that `telling` names best, if any, and how it is put."""
    names = {f"lure.{cue.name}" for cue in telling}
    if telling:
        yield next(kind for kind in THEMES if kind.id in names).found()
    if telling is not said["theme"]:
        yield NAMED.found()
    if said["pressure"]:
        yield PRESSURES.found()
    if said["action"]:
        asked = shipped_themes().action[said["action"][0].name]
        yield ACTIONS.found(asks_en=asked.en, asks_ja=asked.ja)
