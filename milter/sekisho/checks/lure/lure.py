"""What the message wants of its reader, where there is reason to doubt who is asking.

A lure is a combination: what the mail is about, how it presses, what it asks for, and where that leads. Genuine mail is
about the same matters in the same words, so nothing here speaks without a doubt about who is asking (see `asker`), and
nothing at all about a proven sender who leads his readers home. The words are data (`config/lures`), found by `claims`
in its one pass over the text.

It cannot see a lure in a picture, nor one from a proven stranger whose links lead to himself.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from sekisho.checks.lure import sender_doubts
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
KINDS = (*THEMES, NAMED, PRESSURES, ACTIONS, *sender_doubts.KINDS)

HEADLINES = frozenset({"subject", "display_name"})
FEW_WORDS = 100  # characters of a text that leaves the talking to a picture or an attachment


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One matter, and what presses, is asked for and is doubtful about it."""
    said = {
        aspect: [cue for cue in seen.cues if cue.aspect == aspect]
        for aspect in ("theme", "pressure", "action")
    }
    headlines = [cue for cue in said["theme"] if cue.where in HEADLINES]
    if not said["theme"] or not (
        said["action"] or (headlines and (said["pressure"] or _told_elsewhere(message)))
    ):
        return NOTHING
    doubts = sender_doubts.doubts(message, seen, context)
    if not doubts:
        return NOTHING
    return Evidence(findings=(*_lure(headlines or said["theme"], said), *doubts))


def _told_elsewhere(message: Message) -> bool:
    """True if what the headline promises is not in the text: it is in a picture or in an attachment."""
    if len(message.text.strip()) > FEW_WORDS:
        return False
    return any(page.pictures for page in message.pages) or any(
        part.disposition == "attachment" for part in message.parts
    )


def _lure(telling: list[Cue], said: dict[str, list[Cue]]) -> Iterator[Finding]:
    """The matter, by the cues that tell it best, and how it is put."""
    names = {f"lure.{cue.name}" for cue in telling}
    yield Finding(next(kind for kind in THEMES if kind.id in names))
    if telling is not said["theme"]:
        yield Finding(NAMED)
    if said["pressure"]:
        yield Finding(PRESSURES)
    if said["action"]:
        asked = shipped_themes().action[said["action"][0].name]
        yield Finding(ACTIONS, MappingProxyType({"asks_en": asked.en, "asks_ja": asked.ja}))
