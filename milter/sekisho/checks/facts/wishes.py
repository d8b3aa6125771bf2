"""Facts of what the message wants of its reader."""

from __future__ import annotations

from sekisho.evidence import Cue, Evidence
from sekisho.message import Message
from sekisho.vocabulary import shipped_themes

HEADLINE_PLACES = frozenset({"subject", "display_name"})
VALUABLE_ACTIONS = frozenset(name for name, each in shipped_themes().action.items() if each.access_or_money)
ASKING_THEMES = shipped_themes().named("asks")
ACCESS_THEMES = shipped_themes().named("access")
VALUABLE_THEMES = shipped_themes().named("access") | shipped_themes().named("money")
MAX_EMPTY_TEXT_CHARS = 100  # a text so short leaves the message to a picture or an attachment


def headlines(seen: Evidence) -> list[Cue]:
    """The themes that the subject or the sender's name speaks of already."""
    return [cue for cue in seen.cues if cue.aspect == "theme" and cue.where in HEADLINE_PLACES]


def hurries(seen: Evidence) -> bool:
    """True if the message sets a deadline, threatens or hurries its reader."""
    return any(cue.aspect == "pressure" for cue in seen.cues)


def threatens(seen: Evidence) -> bool:
    """True if the message says what happens to a reader who does nothing."""
    return seen.has_cue("pressure", "threat")


def wants_something(message: Message, seen: Evidence) -> bool:
    """True if a message about a theme of lures asks its reader for something. Some themes are requests themselves.
    Where its headline has the theme, it is enough that it presses, or that the rest is in a picture or a file."""
    aspects = {cue.aspect for cue in seen.cues}
    if "theme" not in aspects:
        return False
    if "action" in aspects or seen.has_cue("theme", *ASKING_THEMES):
        return True
    return bool(headlines(seen)) and ("pressure" in aspects or _told_elsewhere(message))


def asks_for_access_or_money(message: Message, seen: Evidence) -> bool:
    """True if a message that wants something asks for a password, a card or money in so many words."""
    return wants_something(message, seen) and seen.has_cue("action", *VALUABLE_ACTIONS)


def asks_about_an_account(message: Message, seen: Evidence) -> bool:
    """True if a message asks its reader in so many words to do something, and its subject or its sender's name speaks
    of the reader's account already: log-in, security, identity, a card that was refused."""
    asks = wants_something(message, seen) and any(cue.aspect == "action" for cue in seen.cues)
    return asks and any(cue.name in ACCESS_THEMES for cue in headlines(seen))


def presses_for_access_or_money(message: Message, seen: Evidence) -> bool:
    """True if a message asks for a password, a card or money, is about that from its subject on, and sets a deadline or
    threatens with consequences."""
    return hurries(seen) and bool(headlines(seen)) and asks_for_access_or_money(message, seen)


def is_about_access_or_money(message: Message, seen: Evidence) -> bool:
    """True if a message that wants something asks for access or money, or is about an account or a payment."""
    return asks_for_access_or_money(message, seen) or (
        wants_something(message, seen) and seen.has_cue("theme", *VALUABLE_THEMES)
    )


def _told_elsewhere(message: Message) -> bool:
    """True if next to no text goes with the headline: the rest is in a picture or in an attachment."""
    if len(message.text.strip()) > MAX_EMPTY_TEXT_CHARS:
        return False
    return any(page.pictures for page in message.pages) or any(
        part.disposition == "attachment" for part in message.parts
    )
