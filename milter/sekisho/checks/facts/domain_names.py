"""Facts of a sender that calls itself as its domain is called: `your Tasklark account` from tasklark.example.

That is what a genuine sender does which no registry knows: the name that it says in its own words is the name of its
address, and the reader who knows the one knows the other. A sender that passes for somebody else needs that name in the
text, and cannot have it as a domain, or has it there beside words that calm a reader (`kappa-login.example`).
`told_names` asks the same less strictly.

It cannot compare a name in kanji, and it cannot see a name that was made up together with its domain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.checks.facts.sender import organisation
from sekisho.checks.facts.throwaway import MIN_PASSING_SIGNS, passing_signs, unusual_suffix
from sekisho.text import sound
from sekisho.words import Vocabulary

MAX_INITIALS_LETTERS = 2  # a part of a domain with so few letters is none of its words
MIN_SOUND_LETTERS = 4  # of a part of a domain that kana is compared with
MIN_WORD_LETTERS = 4  # of a domain, or of a word of it, that a text calls the sender
MIN_LABEL_LETTERS = 5  # of a domain that is found across the words of a text, or of which a word is a part
MIN_COINED_LETTERS = 7  # of a name that is made of two common words
MIN_CALMING_LETTERS = 5  # of a service word that a domain begins or ends with
MAX_RUN_WORDS = 5  # of a name
LATIN_WORD = re.compile(r"[A-Za-z]{4,40}")
# A word in small letters between others. As a name it would have a capital letter, or Japanese beside it.
SMALL_WORD = re.compile(r"(?<![^\s(])[a-z][\w'’-]{0,60}(?![^\s.,;:!?)])")
FIRST_WORD = re.compile(r"(?:\A|[\n.!?:][^\S\n]{0,3})[A-ZÀ-Þ][\w'’-]{0,60}(?= [a-zß-ÿ])")
TITLE_RUN = re.compile(r"[A-Z][\w'’]{0,30}(?: (?:& |and )?[A-Z][\w'’]{0,30}){1,7}")
KANA = re.compile("[ぁ-ゖァ-ヺー]{2,}")


def label_parts(domain: str) -> list[str]:
    """The parts of a registered label between hyphens and digits."""
    return [part for part in re.split(r"[-\d]+", organisation(domain).partition(".")[0]) if part]


def is_called_as(domain: str, text: str, words: Vocabulary) -> bool:
    """True if a word of a text without hosts and addresses, and no common one, is most of the domain's label, or
    several are, or if kana sounds like a part of it."""
    label = organisation(domain).partition(".")[0].replace("-", "").lower()
    if len(label) < MIN_WORD_LETTERS:
        return False
    if any(_is_label(word, label, words) for word in {each.lower() for each in LATIN_WORD.findall(text)}):
        return True
    if any(_is_label(run, label, words) for run in _runs(text)):
        return True
    named = words.names.naming(label) and words.names.naming(" ".join(label_parts(domain)))
    if named and len(label) >= MIN_LABEL_LETTERS and label in re.sub(r"[\W_]", "", text).lower():
        return True
    return _is_coined(label, text, words) or _sounds_as(domain, text, words)


def is_called_by_name(domain: str, text: str, words: Vocabulary) -> bool:
    """The same, more strictly for a label with hyphens: a word in small letters does not count, nor one that begins a
    sentence. It may be the matter (`signification` of signification-dossier.example)."""
    parts = [part for part in label_parts(domain) if len(part) >= MIN_WORD_LETTERS]
    return is_called_as(
        domain, SMALL_WORD.sub(" ", FIRST_WORD.sub(" ", text)) if len(parts) > 1 else text, words
    )


def is_known_by_its_domain(domain: str, text: str, words: Vocabulary) -> bool:
    """The same, of a domain that was not made to be taken for somebody else's: without a word beside the name that
    calms a reader, and without a sign that it is thrown away. Words in small letters do not count: `rembourse` is what
    somebody does."""
    calming = words.domains.service_words
    label = organisation(domain).partition(".")[0]
    if not calming.isdisjoint(label_parts(domain)) or unusual_suffix(domain, words):
        return False
    if passing_signs(domain, words) >= MIN_PASSING_SIGNS:
        return False
    if any(
        label.startswith(word) or label.endswith(word) for word in calming if len(word) >= MIN_CALMING_LETTERS
    ):
        return False
    return is_called_as(domain, SMALL_WORD.sub(" ", text), words)


def _is_label(name: str, label: str, words: Vocabulary) -> bool:
    """True if a word is half of a label, or all of it but what names nobody: `weavers` of weaverspensions.example. Of
    several words, which stand together in the label, one must name somebody."""
    word = name.replace(" ", "")
    if len(word) < MIN_WORD_LETTERS or word not in label or not words.names.naming(name):
        return False
    if 2 * len(word) >= max(len(label), MIN_LABEL_LETTERS):
        return True
    rest = label.replace(word, "", 1)
    at_an_end = label.startswith(word) or label.endswith(word)
    return len(word) >= MIN_LABEL_LETTERS and at_an_end and not words.names.naming(rest)


def _runs(text: str) -> Iterator[str]:
    """The words with capital letters that stand one behind the other: `cobalt heights` of `at Cobalt Heights`."""
    for run in TITLE_RUN.finditer(text):
        written = [part.lower() for part in re.findall(r"\w+", run[0].replace("&", "and").replace("'", ""))]
        for first in range(len(written)):
            for last in range(first + 2, min(len(written), first + MAX_RUN_WORDS) + 1):
                yield " ".join(written[first:last])


def _is_coined(label: str, text: str, words: Vocabulary) -> bool:
    """True if a text writes as one word, with a capital letter, a label that is made of two common ones (`Photobox`).
    A common word (`Mailbox`), and what is made of words that calm a reader (`Securelogin`), is no name."""
    if len(label) < MIN_COINED_LETTERS or words.names.is_listed(label) or _calms(label, words):
        return False
    return (
        re.search(rf"\b(?i:{re.escape(label)})\b", text) is not None
        and re.search(rf"\b[A-Z](?i:{re.escape(label[1:])})\b", text) is not None
    )


def _calms(label: str, words: Vocabulary) -> bool:
    calming = words.domains.service_words
    return any(label[:end] in calming and label[end:] in calming for end in range(2, len(label) - 1))


def _sounds_as(domain: str, text: str, words: Vocabulary) -> bool:
    """True if a run of kana sounds as a part of the domain, as its beginning, or begins with it."""
    parts = {
        sound(part)
        for part in label_parts(domain)
        if len(part) >= MIN_SOUND_LETTERS and words.names.naming(part)
    }
    for run in {found[0] for found in KANA.finditer(text)} if parts else ():
        spoken = sound(run)
        if any(_begin_alike(part, spoken) for part in parts) and words.names.naming(run):
            return True
    return False


def _begin_alike(part: str, spoken: str) -> bool:
    if part == spoken:
        return True
    shorter, longer = sorted((part, spoken), key=len)
    return len(shorter) > MIN_LABEL_LETTERS - (shorter == part) and longer.startswith(shorter)
