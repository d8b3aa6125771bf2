"""An organisation outside the registry: the name is shown as the sender's, and nothing else in the message knows it.

A genuine sender's name, domain and links have something to do with each other. Here the display name speaks as an
organisation (it has a company form or an office in it, or the message signs with it), while neither the author's
domain, nor anybody proven, nor any destination carries the name. People are spared: their names stand in their own
addresses, nobody's page is signed by them, and a conversation from a private mailbox that nothing disproves quotes the
name of its owner again and again.

It cannot see a genuine sender whose trading name, domain and links are all different; that is why it weighs less than
a claim that the registry knows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from types import MappingProxyType

from sekisho.bounded_cache import remembered
from sekisho.checks.content.links import is_digest, is_page
from sekisho.checks.identity.destinations import own
from sekisho.evidence import NOTHING, Claim, Evidence, Finding, FindingKind, Role, Signal, Strength
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.text import skeleton

UNRELATED = FindingKind(
    "organisation.unrelated",
    4,
    "The sender calls itself {name}, but neither its domain {domain} nor any link has to do with that name.",
    "差出人は「{name}」と名乗っていますが、ドメイン {domain} もリンク先もその名前と関係がありません。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)
OFFICE = FindingKind(
    "organisation.office",
    2,
    "The display name speaks as an office ({name}), but the domain {domain} does not carry that name.",
    "表示名は組織の窓口(「{name}」)ですが、ドメイン {domain} にその名前はありません。",
    role=Role.IDENTITY,
    signals=frozenset({Signal.IMPERSONATES}),
)

KINDS = (UNRELATED, OFFICE)

# Words that say what kind of sender somebody is, and not who.
OFFICES = re.compile(
    r"\b(?:team|support|service|services|customer|account|accounts|security|center|centre|department|dept|helpdesk|"
    r"help ?desk|billing|payments?|delivery|shipment|notifications?|alerts?|rewards?|bank|banco|banque|card|"
    r"wallet|airlines?|insurance|post|express|app|inc|ltd|llc|gmbh|corp|official|webmail|admin(?:istrator)?|"
    r"verification|atendimento|cliente|kundenservice|servicio|gutschein)\b"
    r"|株式会社|有限会社|銀行|信用金庫|カード|証券|保険|サービス|センター|サポート|事務局|協会|公社|協同組合|"
    r"カスタマー|お客様|窓口|運営|公式|通信|電力|ガス|水道|運輸|郵便|配送|税務|年金|組合",
    re.IGNORECASE,
)
# The same, and what stands in any name: taken out before a name is looked for elsewhere.
COMMON = frozenset(
    [
        "team", "support", "service", "services", "customer", "account", "accounts", "security", "the", "from",
        "info", "no", "reply", "noreply", "notification", "notifications", "news", "newsletter", "alert", "alerts",
        "center", "centre", "department", "dept", "help", "helpdesk", "desk", "online", "mail", "email", "webmail",
        "admin", "administrator", "update", "updates", "and", "for", "of", "via", "inc", "ltd", "llc", "co", "corp",
        "company", "group", "japan", "jpn", "global", "international", "world", "usa", "brasil", "deutschland",
        "app", "official", "thank", "thanks", "you", "your", "our", "rewards", "reward", "card",
        "bank", "banco", "billing", "payment", "payments", "delivery", "package", "office", "mr", "mrs", "ms",
        "dr", "important", "notice", "com", "net", "org", "www", "jp", "daily", "weekly", "monthly", "today", "edition",
        "post", "sender", "shipment", "shipping", "tracking", "express", "parcel", "logistics", "receipt", "receipts",
        "mailer", "daemon", "postmaster", "system", "subsystem", "ceo", "president", "director", "chairman",
        "receivable", "payable", "accounting", "finance", "sales", "marketing", "orders", "purchasing", "returns",
        "relations", "success", "care", "operations",
        "reservations", "booking", "bookings", "membership", "registration", "recruiting", "reception",
    ]
)  # fmt: skip
# Japanese runs its words together, so the common ones are cut out wherever they stand.
COMMON_JAPANESE = re.compile(
    r"セキュリティ|アカウント|オンライン|カスタマー|お知らせ|サポート|サービス|ショップ|ジャパン|センター|ニュース|プライム|有限会社|株式会社|自動配信|お客様|カード|ストア|"
    r"メール|事務局|会員|公式|専用|情報|担当|日本|窓口|管理|緊急|自動|送信|通知|運営|重要|お?支払い?|請求|料金|ご?注文|"
    r"発送|配送|配達|認証|確認|ご?案内|登録|契約|手続き?|証券|事務|代表|取締役|社長|会長"
)
# What a mail program writes above, and before, what is answered.
QUOTED = re.compile(
    r"^.{0,200}(?:\bwrote|schrieb|a écrit|escribió|escreveu|のメール|書きました)\s?[:：]|"
    r"^(?:from|差出人)\s?[:：].{0,200}@|^>",
    re.IGNORECASE | re.MULTILINE,
)
WORD = re.compile(r"[^\W_]{2,}")
BODY = 20_000  # characters of the text in which a name is counted
TIMES = 2  # how often a text must use a name that it is signed with
OFTEN = 4  # the same for a private mailbox, whose owner may call himself what he likes


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """A claim without a brand, and the finding that nothing supports it."""
    mailbox, domain = message.author.mailbox, message.author.domain
    if mailbox is None or domain is None or not mailbox.name or _claimed(seen):
        return NOTHING
    words = distinctive(mailbox.name)
    if not words or related(words, {domain, *own(message, seen)}):
        return NOTHING
    facts = MappingProxyType({"name": mailbox.name, "domain": domain})
    claim = Claim(None, "display_name", mailbox.name, Strength.WEAK)
    findings = []
    if OFFICES.search(mailbox.name):
        findings.append(Finding(OFFICE, facts))
    if not is_person(words, mailbox.local) and _unsupported(message, words, seen, context):
        findings.append(Finding(UNRELATED, facts))
    return Evidence(claims=(claim,), findings=tuple(findings)) if findings else NOTHING


def _claimed(seen: Evidence) -> bool:
    """The registry knows the name: `contradiction` speaks of it."""
    return any(claim.brand and claim.where == "display_name" for claim in seen.claims)


@remembered(4096)
def distinctive(name: str) -> tuple[str, ...]:
    """The words of a name that tell it from others, in lower case and one width."""
    plain = COMMON_JAPANESE.sub(" ", unicodedata.normalize("NFKC", name[:300]).casefold())
    return tuple(
        dict.fromkeys(word for word in WORD.findall(plain) if word not in COMMON and not word.isdigit())
    )


def is_nameless(name: str) -> bool:
    """True for a name that says what its bearer does and not who he is: `Customer Support`, 重要なお知らせ."""
    return bool(name.strip()) and not distinctive(name)


def related(words: tuple[str, ...], domains: Iterable[str]) -> bool:
    """True if a domain has to do with the name: a word of it, all of it, or its initials."""
    joined = "".join(words)
    if not joined.isascii():  # domains are seldom written in the letters of such a name
        return True
    initials = "".join(word[0] for word in words)
    for domain in domains:
        plain = domain.replace("-", "")
        label = domain.split(".")[0].replace("-", "")
        if any(len(word) >= 3 and word in plain for word in words):
            return True
        if (len(label) >= 3 and (label in joined or joined in label)) or (
            len(initials) > 1 and initials in label
        ):
            return True
    return False


def _unsupported(message: Message, words: tuple[str, ...], seen: Evidence, context: Context) -> bool:
    """The message is signed with the name, lays out a page, and leads to places that do not know it."""
    places = {each.domain for each in seen.destinations}
    if not places or is_digest(seen) or own(message, seen) & places or related(words, places):
        return False
    if not is_page(message):
        return False
    private = context.providers.kind(message.author.domain or "") in ("mailbox", "carrier")
    if private and not seen.unauthenticated and QUOTED.search(message.text[:BODY]):
        return False
    return _used(message, words) >= (OFTEN if private else TIMES)


def is_person(words: tuple[str, ...], local: str) -> bool:
    """First and last name in his own address (`j.smith`, `jane.doe`): a name beside a name, not a word alone."""
    named = [word for word in words if len(word) >= 3 and word in local.lower()]
    beside = re.fullmatch(r"[^\W\d_]+[._-][^\W\d_]+", local) is not None
    return bool(named) and (len(words) > 1 or beside)


def _used(message: Message, words: tuple[str, ...]) -> int:
    """How often subject, title and text use the name."""
    text = skeleton(f"{message.subject}\n{message.title}\n{message.text[:BODY]}")
    return text.count(skeleton(" ".join(words)))
