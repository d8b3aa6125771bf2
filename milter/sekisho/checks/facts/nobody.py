"""Facts of messages in nobody's name: whether a sender says who it is, anywhere in its message.

A genuine sender says so without being asked. Its name stands before its address, or a line has the form of a company
beside a name, or there is a telephone number, or the text calls the sender as its domain is called (`your Tasklark
account` from tasklark.example). A postal address alone names nobody: it is copied with a brand's page. A demand in
nobody's name has an office and a matter (`Tax Refund Service`, 訴訟管理センター), and what else it has of that kind is
the reader's: that paragraph is left out.

It cannot see that a name is made up. A stranger that invents a company says who it is, and can be asked for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from sekisho.checks.facts.domain_names import (
    KANA,
    MAX_INITIALS_LETTERS,
    MIN_SOUND_LETTERS,
    is_called_as,
    is_called_by_name,
    is_known_by_its_domain,
    label_parts,
)
from sekisho.checks.facts.names import related
from sekisho.checks.facts.organisations import speaking_organisation
from sekisho.checks.facts.personal_data import STREET, personal_data
from sekisho.checks.facts.sender import home_domains, is_colleague, organisation
from sekisho.checks.facts.telephones import TELEPHONE
from sekisho.checks.facts.texts import HOST_OR_ADDRESS, pictured_text, plain_text
from sekisho.checks.facts.voices import subject_head
from sekisho.checks.facts.wallets import shows_wallet
from sekisho.evidence import Evidence, Place
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.text import sound
from sekisho.words import Vocabulary

ANSWERED = ("answer", "call", "channel", "coins", "gift_cards")  # actions that need no link
MAX_SCANNED_CHARS = 3_000  # at the beginning and at the end of a text
MAX_SIGNING_CHARS = 30  # of a line that is a name
MAX_CLOSING_LINES = 3  # one of which is the name under a letter
MAX_OPENING_LINES = 4  # in which a letter says who writes it
MAX_THANKS_CHARS = 20  # behind a name for whose use a text thanks
MIN_SPEAKING_PLACES = 2  # of a name: the sender's name, the head of the subject, the text
MIN_BLOCK_LINES = 3  # of a signature: a name, and where to find it
# As a firm writes it where it says who it is. What is only like a number (`facts.telephones`) makes nobody reachable.
FIRM_TELEPHONE = re.compile(r"(?<![\d-])0\d{1,4}-\d{1,4}-\d{3,4}(?![\d-])|\(\d{2,3}\) ?\d{3}", re.ASCII)
MOBILE = re.compile(r"(?:\+81[ -]?|0)[5789]0")  # of a telephone that anybody gets without an address
LABEL = re.compile(r"[:】\]]\s*\Z")  # at the end of a line, whose value is in the next one
PARAGRAPHS = re.compile(r"\n[^\S\n]*\n")
CAPITALIZED_BEFORE = re.compile(r"((?:[A-Z][\w'’&-]{1,20} ){0,2}[A-Z][\w'’&-]{1,40}),? ?\Z")
CAPITALIZED_BEHIND = re.compile(r"\W{0,4}(?:\d{4}\W{1,3})?([A-Z][^\n|.]{1,60})")
JAPANESE_AROUND = (
    re.compile(r"[^\s、。,.:：|「」]{0,20} ?\Z"),
    re.compile(r"[ \u3000]?[^\s、。,.:：|「」]{0,20}"),
)
JAPANESE = re.compile("[\u3040-\u9fff\uac00-\ud7a3]")  # Chinese and Korean letters are signed in the same way
# The title behind a name. お客様係 is an office, and お客様 is anybody.
TITLED = re.compile(r"(?<![客皆同各仕模多])様(?=[\s、,。:)】\]]|\Z)")
PLACE = re.compile(r"[一-鿿]{1,6}[都道府県市区町村](?![一-鿿])|[가-힣]{1,6}[시군구도](?:청|\b)")
RULE = re.compile(r"[-=_*━─]{3,100}")
BLOCKS = re.compile(r"^(?:[-=_*━─]{3,100})?[^\S\n]*(?:\n|\Z)", re.MULTILINE)
THANKED = re.compile(r"[ァ-ヺー一-鿿A-Za-z0-9・&.-]{2,30}[」』]?[ \u3000]?(?=を[ごお])")
WRITES_AS = re.compile(r"([^\s、。]{2,20})の[^\sがはをにで、。]{1,8}(?:です|でございます|と申します)")


def says_who_it_is(message: Message, seen: Evidence, context: Context, *, firmly: bool = False) -> bool:
    """True if the sender is known here, is the reader's own, or gives a name or a way to reach it. `firmly`: an
    institution must be named, and a person or a telephone number is none."""
    if is_known(message, seen, context):
        return True
    if any(claim.where is Place.SIGNATURE for claim in seen.claims) or is_named(message, context.vocabulary):
        return True
    name = HOST_OR_ADDRESS.sub(" ", message.author.name)
    if is_called_as(message.author.domain or "", name, context.vocabulary):
        return True
    return introduces_itself(message, context.vocabulary, firmly=firmly)


def is_known(message: Message, seen: Evidence, context: Context) -> bool:
    """True if the sender is one of a registered brand or of a government, or the reader's own."""
    if any(proof.brand for proof in seen.proofs) or is_colleague(message, seen, context):
        return True
    if context.registry.owner(message.author.domain or "") is not None:
        return True  # as a brand's own address says it; whether it is true, others find out
    return context.own(message.envelope.client) or _is_of_a_government(message, seen, context.vocabulary)


def is_named(message: Message, words: Vocabulary) -> bool:
    """True if the author's display name names somebody, and not an office, a matter or an address."""
    name = message.author.name
    if "." in name or "@" in name or "://" in name:
        name = HOST_OR_ADDRESS.sub(" ", name)
    return bool(words.names.naming(name))


def can_be_acted_on(message: Message, seen: Evidence) -> bool:
    """True if the reader can do what the message wants: follow a link, open a file, answer, call, pay."""
    if seen.destinations or seen.has_cue("action", *ANSWERED) or shows_wallet(message.text):
        return True
    text = plain_text(message)[:MAX_SCANNED_CHARS]
    return TELEPHONE.search(text) is not None or any(
        part.disposition == "attachment" for part in message.parts
    )


def names_nobody(domain: str, words: Vocabulary) -> bool:
    """True if a domain is made of words that name nobody: `renewal-service.example`. Digits and short parts do not
    count. `domain` is in ASCII lower case."""
    parts = [part for part in label_parts(domain) if len(part) > MAX_INITIALS_LETTERS]
    return bool(parts) and not words.names.naming(" ".join(parts))


def introduces_itself(message: Message, words: Vocabulary, *, firmly: bool = False) -> bool:
    """True if the message has what a sender says of itself: a name in brackets at the head of its subject, or in the
    text a firm as in `names_a_firm`, the name of its domain, or a signature. `firmly`: as in `says_who_it_is`."""
    if words.names.naming(subject_head(message.subject)):
        return True
    text = _senders_text(message, words)
    plain = HOST_OR_ADDRESS.sub(" ", text)
    told = f"{message.subject}\n{message.title}\n{plain}\n{pictured_text(message)}"
    if any(_companies(plain, words)) or is_called_by_name(message.author.domain or "", told, words):
        return True
    if firmly:
        return any(_is_an_institution(name, words) for name in _signed_names(message, text, words))
    return _has_firm(text, words) or any(_signed_names(message, text, words))


def is_known_by_domain(message: Message, seen: Evidence, context: Context) -> bool:
    """True if the text calls its sender as the author's domain is called, and that domain is the sender's own and none
    of those that impostors make. A sender's name that is an office's (`IR事務局`, `Front Desk`) takes nothing from
    that. A name in which the text speaks does, unless a line has both: `IR Desk, Minori Farm`."""
    domain, words, registry = message.author.domain or "", context.vocabulary, context.registry
    if context.providers.kind(domain) is not None or registry.owner(domain) is not None:
        return False
    brands = {claim.brand for claim in seen.claims if claim.brand}
    if registry.lookalike(domain) is not None or any(registry.kinship(domain, each) for each in brands):
        return False
    plain = HOST_OR_ADDRESS.sub(" ", _senders_text(message, words))
    name = _other_name(domain, message, context)
    told = f"{message.subject} {plain}" if name is None else "\n".join(_lines_with(name, plain))
    return is_known_by_its_domain(domain, told, words)


def _other_name(domain: str, message: Message, context: Context) -> str | None:
    """The name in which the text speaks, if the domain does not bear it; None for an office that has no name."""
    speaking = speaking_organisation(message, context)
    if (
        speaking is None
        or speaking.said < MIN_SPEAKING_PLACES
        or not context.vocabulary.names.naming(speaking.name)
    ):
        return None
    bears = "".join(speaking.words).isascii() and related(speaking.words, (domain,))
    return None if bears else speaking.name


def _lines_with(name: str, text: str) -> Iterator[str]:
    """The lines of a text that have a name, without it."""
    return (line.replace(name, " ") for line in text.split("\n") if name in line)


def bears_name(name: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if a domain of the message, its sender's or one that it leads to, is made of the sender's name: of its
    letters, its sound, or its initials. A name in kanji cannot be compared with a domain. An office (`IR事務局`) has
    the name of its firm, which the text says."""
    domains = {*home_domains(message, seen), *(each.domain for each in seen.destinations)}
    named = context.vocabulary.names.naming(name)
    latin = tuple(word for word in named if word.isascii())
    if (latin and related(latin, domains)) or is_known_by_domain(message, seen, context):
        return True
    sounds = [sound(found[0])[:MIN_SOUND_LETTERS] for found in KANA.finditer(" ".join(named))]
    labels = [sound(organisation(each).partition(".")[0]) for each in domains]
    return any(each in label for each in sounds for label in labels if len(each) == MIN_SOUND_LETTERS)


def names_a_firm(message: Message, words: Vocabulary) -> bool:
    """True if the text has what a firm says of itself: a name beside the form of a company, or a telephone
    number."""
    return _has_firm(_senders_text(message, words), words)


def _senders_text(message: Message, words: Vocabulary) -> str:
    """The text without the paragraphs about its reader, and without the reader's own number."""
    text = "\n\n".join(part for part, readers in _paragraphs(message, words) if not readers)
    data = personal_data(message.subject)
    return text if data is None else text.replace(data, "")


def _has_firm(text: str, words: Vocabulary) -> bool:
    if FIRM_TELEPHONE.search(text) is not None:
        return True
    return any(_companies(HOST_OR_ADDRESS.sub(" ", text), words))


def reaches(message: Message, words: Vocabulary) -> bool:
    """True if the text has a telephone number of its sender, in any country's form but not a Japanese mobile one, or a
    postal address. A firm's name is none (`names_a_firm`)."""
    text = _senders_text(message, words)
    if STREET.search(text):
        return True
    labelled = (line for line in text.splitlines() if words.calls.telephone.search(line) is not None)
    numbers = (
        *FIRM_TELEPHONE.finditer(text),
        *(number for line in labelled for number in TELEPHONE.finditer(line)),
    )
    return any(MOBILE.match(number[0]) is None for number in numbers)


def bears_service_words(domain: str, words: Vocabulary) -> bool:
    """True if a part of a domain, between hyphens and digits, says a matter and names nobody: `secure` in
    `secure-nwk.example`."""
    parts = label_parts(domain)
    telling = (part for part in parts if len(part) > MAX_INITIALS_LETTERS)
    return len(parts) > 1 and any(
        part in words.domains.service_words or not words.names.naming(part) for part in telling
    )


def readers_data(message: Message, words: Vocabulary) -> str | None:
    """A telephone number or postal address that the text shows as its reader's; None if there is none."""
    parts = (part for part, readers in _paragraphs(message, words) if readers)
    return next(filter(None, (personal_data(line) for part in parts for line in part.splitlines())), None)


def _paragraphs(message: Message, words: Vocabulary) -> Iterator[tuple[str, bool]]:
    """The paragraphs of the beginning and the end of the text, and whether each is about its reader. Pages often leave
    no empty line between their paragraphs; then each line is one, and a label goes with the line behind it."""
    text = plain_text(message)
    if len(text) > 2 * MAX_SCANNED_CHARS:
        text = f"{text[:MAX_SCANNED_CHARS]}\n\n{text[-MAX_SCANNED_CHARS:]}"
    parts = PARAGRAPHS.split(text.strip())
    if len(parts) > 1:
        yield from ((part, _is_about_reader(part, words)) for part in parts)
        return
    labelled = False
    for line in parts[0].split("\n"):
        found = _is_about_reader(line, words)
        yield line, found or labelled
        labelled = found and LABEL.search(line) is not None


def _is_about_reader(part: str, words: Vocabulary) -> bool:
    return TITLED.search(part) is not None or words.reader_labels.search(part) is not None


def _is_of_a_government(message: Message, seen: Evidence, words: Vocabulary) -> bool:
    """True if the author is proven to be of an office of a state or town, or the message leads to such alone."""

    def official(host: str) -> bool:
        return f".{host}".endswith(words.domains.government_suffixes)

    if seen.authenticated and official(message.author.domain or ""):
        return True
    return bool(seen.destinations) and all(official(each.host) for each in seen.destinations)


def _companies(text: str, words: Vocabulary) -> Iterator[str]:
    """The names that stand beside the form of a company or an association (`Fern Soap Ltd`, 株式会社小春堂)."""
    for form in words.names.contact_words.finditer(text):
        before, behind = text[max(0, form.start() - 45) : form.start()], text[form.end() : form.end() + 65]
        if JAPANESE.search(form[0]):
            around = _japanese_name(before, behind, words)
        elif form[0][-1:].isalpha() and (name := CAPITALIZED_BEFORE.search(before)) is not None:
            around = name[1]
        else:
            around = name[1] if (name := CAPITALIZED_BEHIND.match(behind)) is not None else ""
        if words.names.naming(words.names.contact_words.sub(" ", around)):
            yield around


def _japanese_name(before: str, behind: str, words: Vocabulary) -> str:
    """What stands right before and right behind a company's form, if no sentence goes on there."""
    first, last = JAPANESE_AROUND
    line = f"{before.rpartition(chr(10))[2]}{behind.partition(chr(10))[0]}"
    if words.sentence_ends.search(line.strip()):
        return ""
    return "".join(found[0] for found in (first.search(before), last.match(behind)) if found)


def _is_an_institution(name: str, words: Vocabulary) -> bool:
    """True if a name has the form of a company, a society or a place with an administration (北原市)."""
    forms = (words.names.organisation_words, words.names.contact_words, PLACE)
    return any(form.search(name) is not None for form in forms)


def _signed_names(message: Message, text: str, words: Vocabulary) -> Iterator[str]:
    """The names with which a Japanese letter says in its first lines who writes it, for whose use it thanks, and that
    stand in its last lines or at the head of a block like a signature (`運営:` and the like may stand before one)."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    written = (found[1] for line in lines[:MAX_OPENING_LINES] if (found := WRITES_AS.search(line)))
    yield from (name for name in (*written, *_thanked_for(text, words)) if words.names.naming(name))
    buttons = {link.text.strip() for link in message.links}
    closing = list(pairwise(["", *lines[1:], ""]))[-MAX_CLOSING_LINES - 1 :]
    last = (
        line
        for (before, line), (_, following) in pairwise(closing)
        if not (following.startswith("http") and RULE.fullmatch(before) is None)
    )
    names = (_labelled(line, words) for line in (*last, *_heads(text)) if line not in buttons)
    yield from (name for name in names if _is_a_name(name, words))


def _thanked_for(text: str, words: Vocabulary) -> Iterator[str]:
    """The names for whose use a text thanks: トレカルテをご利用いただき."""
    for found in THANKED.finditer(text):
        if words.voices.thanks_for.match(text[found.end() : found.end() + MAX_THANKS_CHARS]) is not None:
            yield found[0]


def _heads(text: str) -> Iterator[str]:
    """The first lines of the blocks that a rule or an empty line opens and that show below it an address or a host: a
    signature is such a block."""
    for block in BLOCKS.split(text):
        first, *others = block.strip().split("\n")
        if len(others) + 1 >= MIN_BLOCK_LINES and any(map(HOST_OR_ADDRESS.search, others)):
            yield first.strip()


def _labelled(line: str, words: Vocabulary) -> str:
    """A line without what says that its writer's name follows (運営:)."""
    label, colon, name = line.partition(":")
    return name.strip() if colon and words.voices.writer_before_name.search(f"{label}:") is not None else line


def _is_a_name(line: str, words: Vocabulary) -> bool:
    """True for a short line that is no sentence and no `保管期限:明日`, and that names somebody: any in Japanese, and
    an institution in other languages, whose lines may be anything. A postal address names nobody."""
    line = line.rstrip(".")
    if JAPANESE.search(line) is None and not _is_an_institution(line, words):
        return False
    if (
        ":" in line
        or len(line) > MAX_SIGNING_CHARS
        or words.sentence_ends.search(line)
        or STREET.search(line)
    ):
        return False
    return bool(words.names.naming(words.names.contact_words.sub(" ", HOST_OR_ADDRESS.sub(" ", line))))
