"""Facts of names: which words of a name tell it from others, and what a domain has to do with it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain

from sekisho.bounded_cache import remembered
from sekisho.evidence import Claim, Evidence, Place, Strength
from sekisho.ports import Context, Lookalike, Mention

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
NAME_WORD = re.compile(r"[^\W_]{2,}")
MAX_SHORT_LABEL_LETTERS = 5  # a registered label this short is one edit away from many others by chance


@remembered(4096)
def distinctive(name: str) -> tuple[str, ...]:
    """The words of a name that tell it from others, in lower case and one width."""
    plain = COMMON_JAPANESE.sub(" ", unicodedata.normalize("NFKC", name[:300]).casefold())
    return tuple(
        dict.fromkeys(word for word in NAME_WORD.findall(plain) if word not in COMMON and not word.isdigit())
    )


def is_nameless(name: str) -> bool:
    """True for a name that says what the sender does and not who it is: `Customer Support`, 重要なお知らせ."""
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


def imitated(domain: str, seen: Evidence, context: Context) -> Lookalike | None:
    """The brand that a domain of this message is like, unless that may be chance; None if it is like none.

    Of several brands that it is one edit away from: the one that the message names, else one whose name is long.
    """
    lookalike = context.registry.lookalike(domain)
    if lookalike is None or lookalike.how != "edit":
        return lookalike
    near = (lookalike, *lookalike.rivals)
    named = {claim.brand for claim in seen.claims}
    claimed = (each for each in near if not named.isdisjoint(context.registry.affiliates(each.brand)))
    return next(
        chain(claimed, (each for each in near if len(_label(each.of)) > MAX_SHORT_LABEL_LETTERS)), None
    )


def _label(domain: str) -> str:
    return domain.partition(".")[0].replace("-", "")


def mentioned(text: str, where: Place, context: Context) -> Iterator[Claim]:
    """A weak claim for each brand that a text names."""
    for mention in best_mentions(context.registry.mentions(text)):
        yield Claim(mention.brand, where, mention.name, Strength.WEAK)


def best_mentions(mentions: tuple[Mention, ...]) -> Iterator[Mention]:
    """The most telling mention of each brand."""
    best: dict[str, Mention] = {}
    for mention in mentions:
        if mention.brand not in best or mention.alone > best[mention.brand].alone:
            best[mention.brand] = mention
    yield from best.values()
