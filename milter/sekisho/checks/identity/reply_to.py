"""Who would get an answer, and who says that it passed the message on: Reply-To, Sender and Resent-* elsewhere.

Ticket systems, web forms and lists set Reply-To to strangers every day, so alone it weighs little. Extortion mails
often have the recipient's own address as the author, which nothing proves; a client that has logged in needs no other
proof. Others have a colleague's, and are handed to the recipient's mail server directly, from a server without a name.
"""

from __future__ import annotations

from sekisho.address import Mailbox, split_path, without_extension
from sekisho.checks.facts.sender import is_of_a_recipient, organisation
from sekisho.domains import to_ascii
from sekisho.evidence import NOTHING, Evidence, FindingKind, Role, Signal
from sekisho.message import Message, mailboxes
from sekisho.ports import Context
from sekisho.results import AuthResult
from sekisho.trust import Networks

REPLY_TO = FindingKind(
    "reply_to.elsewhere",
    0,
    "Answers go to {other}, not to the author's organisation.",
    "返信先 {other} は差出人の組織のものではありません。",
)
REPLY_TO_MAILBOX = FindingKind(
    "reply_to.mailbox",
    0,
    "Answers go to a free mailbox: {other}.",
    "返信先がフリーメールです({other})。",
    signals=frozenset({Signal.ANSWERS_TO_MAILBOX}),
)
SENDER = FindingKind(
    "sender.elsewhere",
    0,
    "The Sender field names another organisation: {other}.",
    "Sender 欄に別の組織のアドレスがあります({other})。",
)
RESENT = FindingKind(
    "resent.elsewhere",
    0,  # lists write it every day
    "It says that {other} passed it on, but it does not come from there.",
    "{other} が転送したと書かれていますが、そこから届いたものではありません。",
)
SELF = FindingKind(
    "author.recipient_himself",
    5,
    "The author is the recipient's own address, and nothing proves it.",
    "差出人が受信者自身のアドレスですが、その証明がありません。",
    role=Role.IDENTITY,
)
COLLEAGUE = FindingKind(
    "author.recipient_colleague",
    2.5,
    "The author address is in the recipient's own domain {domain}, nothing proves it, and the sending server has no "
    "confirmed host name.",
    "差出人のアドレスは受信者と同じドメイン({domain})ですが、その証明がなく、送信元サーバーのホスト名も確認できません。",
    role=Role.IDENTITY,
)

KINDS = (REPLY_TO, REPLY_TO_MAILBOX, SENDER, RESENT, SELF, COLLEAGUE)
INTERNAL = Networks.of(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))  # RFC 1918, RFC 4193
RESENT_FIELDS = ("resent-from", "resent-sender")


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding of each kind."""
    author = message.author.domain
    if author is None:
        return NOTHING
    findings = []
    if others := _elsewhere(message.reply_to, author):
        # Answers go to the free mailbox also where another address stands before it.
        free = (each for each in others if context.providers.kind(each.domain or "") == "mailbox")
        mailbox = next(free, None)
        kind = REPLY_TO if mailbox is None else REPLY_TO_MAILBOX
        findings.append(kind.found(other=(mailbox or others[0]).address))
    if others := _elsewhere(message.sender, author):
        findings.append(SENDER.found(other=others[0].address))
    if (other := _resender(message, seen, author)) is not None:
        findings.append(RESENT.found(other=other.address))
    if message.envelope.client.user is None and seen.unauthenticated:
        if _himself(message, context):
            findings.append(SELF.found(other=""))
        elif _as_colleague(author, message, seen, context):
            findings.append(COLLEAGUE.found(domain=author))
    return Evidence(findings=tuple(findings)) if findings else NOTHING


def _elsewhere(mailboxes: tuple[Mailbox, ...], author: str) -> list[Mailbox]:
    """The mailboxes of other registrable domains."""
    if not mailboxes:
        return []
    own = organisation(author)
    return [each for each in mailboxes if each.domain and organisation(each.domain) != own]


def _resender(message: Message, seen: Evidence, author: str) -> Mailbox | None:
    """The first that is said to have passed the message on, and that neither wrote it nor is known to have sent it."""
    boxes = [box for name in RESENT_FIELDS for box in mailboxes(message.headers, name)]
    if not boxes or message.envelope.sender is None:
        return None
    _, _, sender = message.envelope.sender.rpartition("@")
    names = (author, to_ascii(sender) or "", *(proof.domain for proof in seen.proofs))
    known = set(map(organisation, names))
    return next((box for box in boxes if box.domain and organisation(box.domain) not in known), None)


def _as_colleague(author: str, message: Message, seen: Evidence, context: Context) -> bool:
    """True if the author's organisation is a recipient's, its SPF record does not expect the client, and that has no
    confirmed name. Where strangers share a domain, nobody is a colleague. A machine of an internal network needs no
    name."""
    client = message.envelope.client
    if client.address in INTERNAL or context.own(client):
        return False
    refused = seen.result("spf") in (AuthResult.FAIL, AuthResult.SOFTFAIL)
    unnamed = seen.has_signal(Signal.UNNAMED_SERVER)
    own = context.providers.kind(author) is None and is_of_a_recipient(author, message)
    return refused and unnamed and own


def _himself(message: Message, context: Context) -> bool:
    """True if a recipient is the author, however each of the two is written, extensions left out."""
    mailbox = message.author.mailbox
    if mailbox is None:
        return False

    def name(local: str) -> str:
        return without_extension(local, context.recipient_delimiter).lower()

    author = name(mailbox.local), message.author.domain
    recipients = message.envelope.recipients
    return any((name(split_path(each.address).local), each.domain) == author for each in recipients)
