"""Facts of the organisation that a message speaks as, by its words alone: no registry has to know it.

A name is an organisation's where the message uses it as one does of oneself: with a company form or an office in the
sender's name, at the head of the subject in brackets, or in the text beside the words with which firms greet and sign
(`株式会社…`, `…をご利用いただき`, `© …`). People do none of that with their own names.

It cannot see a name in a picture, and it reads Japanese names without knowing where a word ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from unicodedata import normalize

from sekisho.checks.facts.texts import plain_text
from sekisho.checks.facts.voices import Voice, introduces, subject_head, voice
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

MAX_SCANNED_CHARS = 20_000  # of the text, in which a name is looked for
MAX_USES = 24  # of one name in a text that are looked at
MIN_NAME_CHARS = 2  # of a word that is looked for in the text


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation as which the message speaks. `words` distinguish its name (`NameWords.distinctive`); `said` is
    in how many kinds of places it speaks: sender's name, subject, text."""

    name: str
    words: tuple[str, ...]
    said: int


def speaking_organisation(message: Message, context: Context) -> Organisation | None:
    """The organisation that the sender's name says, or, where that says nobody, the head of the subject; None if the
    message speaks as none."""
    name, head = message.author.name, subject_head(message.subject)
    words = context.vocabulary.names.distinctive(name)
    if words and "@" not in name:
        office = context.vocabulary.names.office_words.search(name) is not None
        said = office + _begins(head, words) + _signs(message, name, words, context)
        return Organisation(name, words, said) if said else None
    words = context.vocabulary.names.distinctive(head)
    if words and (signed := _signs(message, head, words, context)):
        return Organisation(head, words, 1 + signed)
    return None


def _begins(head: str, words: tuple[str, ...]) -> bool:
    return bool(head) and words[0] in _plain(head)


def _signs(message: Message, name: str, words: tuple[str, ...], context: Context) -> bool:
    """True if the text uses the name, or its first word, as its writer's."""
    text = f"{_plain(message.title)}\n{plain_text(message)[:MAX_SCANNED_CHARS].casefold()}"
    forms = dict.fromkeys((_plain(name).strip(), words[0]))
    return any(
        _is_a_firms(text, at, at + len(form), context.vocabulary)
        for form in forms
        if len(form) >= MIN_NAME_CHARS
        for at in _uses(text, form)
    )


def _uses(text: str, form: str) -> Iterator[int]:
    """The indices of the first uses of a name."""
    at = text.find(form)
    for _ in range(MAX_USES):
        if at < 0:
            return
        yield at
        at = text.find(form, at + 1)


def _plain(text: str) -> str:
    """One width and small letters, as `NameWords.distinctive` gives words."""
    return normalize("NFKC", text).casefold()


def _is_a_firms(text: str, start: int, end: int, words: Vocabulary) -> bool:
    """True if the text has the name as a firm has its own. A person, too, introduces itself (高橋です。)."""
    return voice(text, start, end, words) is not Voice.TOPIC and not introduces(text, start, end, words)
