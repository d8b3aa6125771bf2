"""Facts of authorities: whether a message does the business of a court, an office of the state or a collector.

What only these do is told by the theme of a lure, or by a word in the sender's name or the subject (`Clerk of the
Court`, 納税課). Everybody can have such a title: it says what is done, and not by whom. An institution has a name
beside it, a place's or its own, and that name has to do with its domain, or there is an address or a telephone.

It cannot see an invented institution with an invented telephone number.
"""

from __future__ import annotations

from sekisho.checks.facts.wishes import headlines
from sekisho.evidence import Evidence
from sekisho.message import Message
from sekisho.vocabulary import shipped_themes
from sekisho.words import Vocabulary

AUTHORITY = shipped_themes().named("authority")


def does_an_authoritys_business(message: Message, seen: Evidence, words: Vocabulary) -> bool:
    """True if the message is about the business of an authority, and about a matter of lures from its headline on, or
    if the sender's name or the subject says what only an authority does. Many newsletters come to taxes somewhere in
    their text."""
    if headlines(seen) and seen.has_cue("theme", *AUTHORITY):
        return True
    return words.names.authority_words.search(f"{message.author.name}\n{message.subject}") is not None
