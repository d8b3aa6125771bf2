"""Requests from outside about inside: a chief or a colleague who writes from a domain that is not the reader's.

The fraud has no link. Somebody who is called a chief, or who speaks of the firm as its own, asks for what only a
superior or a colleague asks for: to create a LINE group and send its code, to make a secret payment, to buy gift cards,
to tell the balance, to pay the salary to another account. The way out is the answer. Who proves the domain does not
matter: it is the stranger's, or a hacked firm's.

It cannot see a chief whose own account was broken into, nor a request in words that no list has. A chief of another
firm who asks for the same is found as well: such a request is worth a call.
"""

from __future__ import annotations

from sekisho.address import Mailbox
from sekisho.checks.facts.inside import own_name, reader_domains, writes_label
from sekisho.checks.facts.names import is_nameless, words_of_mailbox
from sekisho.checks.facts.nobody import names_a_firm
from sekisho.checks.facts.requests import can_be_asked, keeps_off_the_telephone, letter
from sekisho.evidence import NOTHING, Cue, Evidence, FindingKind, Place, Signal
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.words import Vocabulary

CHIEF = FindingKind(
    "recipient.chief",
    6,
    "A chief asks for what is asked inside of an organisation, and writes from outside: {author}. Before you do "
    "anything, call that person on a number that you know.",
    "役職者を名乗り、社内で頼むようなことを求めていますが、外部の {author} から届いています。"
    "実行する前に、知っている電話番号で本人に確認してください。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
INSIDER = FindingKind(
    "recipient.insider",
    3,
    "It asks for something as a colleague, and comes from outside: {author}. Call that person on a number that you "
    "know.",
    "同じ組織の者のように頼みごとをしていますが、外部の {author} から届いています。"
    "知っている電話番号で本人に確認してください。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE}),
)
SECRET = FindingKind(
    "recipient.secret_payment",
    5.5,
    "A stranger wants money moved at once, and wants the reader to tell nobody: {author}. Ask your own superior in "
    "person.",
    "外部の {author} が、だれにも話さずに、すぐに送金や残高の連絡をするよう求めています。上司に直接確認してください。",
    signals=frozenset({Signal.IMPERSONATES, Signal.STANDS_ALONE, Signal.HARMS_BY_ANSWER}),
)
KINDS = (CHIEF, INSIDER, SECRET)

COVERT = "secrecy_words + covert_words"
"""What is named as the phrase of an errand that these two lists show."""
MAX_SCANNED_CHARS = 3_000  # of a text; nobody who asks for this writes more
MAX_COVERT_CHARS = 800  # of such a text with its subject; a letter to staff or a contract is longer
MAX_SIGNATURE_CHARS = 60  # of a line that is a signature
SENTENCE_ENDS = "。.!?！？"
READER_ENDINGS = ("様", "さま", "殿", "御中", "先生")
INTRODUCTION = "です。"  # `社長の高田です。` says who writes, as a signature does


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding, where an outsider asks for what is asked inside."""
    mailbox, words = message.author.mailbox, context.vocabulary
    if mailbox is None:
        return NOTHING
    errand = seen.has_cue("theme", "errand")
    if not errand and len(message.subject) + len(message.text) >= MAX_COVERT_CHARS:
        return NOTHING
    text = f"{message.subject}\n{message.text[:MAX_SCANNED_CHARS]}"
    domains = reader_domains(message, seen, context)  # known without a search of the text
    if not domains or not (errand or _is_covert(message, text, words, context)):
        return NOTHING
    inside = errand and (words.inside.speech.search(text) or words.inside.secrecy.search(text)) is not None
    if _is_chief(mailbox, message.text[:MAX_SCANNED_CHARS], domains, inside, context):
        cues = () if errand else (Cue("theme", "errand", COVERT, Place.TEXT),)
        return Evidence(cues=cues, findings=(CHIEF.found(author=mailbox.address),))
    if inside:
        return Evidence(findings=(INSIDER.found(author=mailbox.address),))
    return (
        Evidence(findings=(SECRET.found(author=mailbox.address),)) if _is_secret(message, words) else NOTHING
    )


def _is_covert(message: Message, text: str, words: Vocabulary, context: Context) -> bool:
    """True for a short text about money or a private channel that wants to keep others out of it; that closes the
    telephone and says no firm; or that speaks as a colleague's from a private mailbox and wants an answer."""
    if len(text) > MAX_COVERT_CHARS or words.inside.covert.search(text) is None:
        return False
    if words.inside.secrecy.search(text) is not None:
        return True
    if keeps_off_the_telephone(message, words) and not names_a_firm(message, words):
        return True
    private = context.providers.kind(message.author.domain or "") == "mailbox"
    asked = words.requests
    greets = asked.colleagues.search(text) is not None or asked.own_firm.search(text) is not None
    return private and greets and asked.returned.search(text) is not None


def _is_secret(message: Message, words: Vocabulary) -> bool:
    """True if money is to be moved at once, and nobody told or called: a lawyer who works on a secret deal."""
    text = letter(message, words)
    if words.inside.secrecy.search(text) is None or words.inside.covert.search(text) is None:
        return False
    return words.requests.at_once.search(text) is not None and not can_be_asked(message, words)


def _is_chief(mailbox: Mailbox, text: str, domains: tuple[str, ...], inside: bool, context: Context) -> bool:
    """True if the sender has the title of a chief in its name, its address or a signature; if its name is the reader's
    organisation or a title alone; or if it has another title and speaks of inside."""
    name, words = mailbox.name, context.vocabulary
    titled = f"{name}\n{words_of_mailbox(mailbox.local)}"
    own = own_name(name, mailbox.address, domains, context)
    if own is not None and own.whole:
        return True
    if _is_of_another_firm(mailbox, text, context):
        return False
    if words.names.chief_titles.search(titled):
        return True
    officer = words.names.officer_titles.search(name) is not None
    if officer and (inside or is_nameless(name, words)):
        return True
    lines = (line.strip() for line in text.splitlines())
    short = [line for line in lines if 0 < len(line) <= MAX_SIGNATURE_CHARS and not _is_for(line, words)]
    return any(_is_chiefs(line, words) or _is_ours(line, domains, context) for line in short)


def _is_of_another_firm(mailbox: Mailbox, text: str, context: Context) -> bool:
    """True if a short line of the text says the firm of the author's domain: the reader sees that another firm's chief
    writes. The label of a private mailbox says no firm."""
    if context.providers.kind(mailbox.domain or "") is not None:
        return False
    return any(
        len(line) <= MAX_SIGNATURE_CHARS and writes_label(line, mailbox.domain or "", context)
        for line in text.splitlines()
    )


def _is_for(line: str, words: Vocabulary) -> bool:
    """True for a line that names its reader: `Dear Director`, 代表取締役 山田様."""
    return line.endswith(READER_ENDINGS) or words.greeting.greetings.match(line) is not None


def _is_ours(line: str, domains: tuple[str, ...], context: Context) -> bool:
    """True for the signature of an officer of the reader's organisation (`Director, Kowa Shoji`)."""
    titled = context.vocabulary.names.officer_titles.search(line) is not None
    own = own_name(line, "", domains, context) if titled else None
    return own is not None and own.whole


def _is_chiefs(line: str, words: Vocabulary) -> bool:
    """True for a short line with the title of a chief that is no sentence about one."""
    if words.names.chief_titles.search(line) is None:
        return False
    return line[-1] not in SENTENCE_ENDS or line.endswith(INTRODUCTION)
