"""What the message wants of its reader, where there is reason to doubt who is asking.

A lure is a combination: what the mail is about, how it presses, what it asks for, and where that leads. Genuine mail is
about the same matters in the same words, so nothing here speaks without a doubt about the sender that another check
found, and of a proven sender only where two doubts meet: never about one who leads his readers home. The words are data
(`config/lures`), found by `claims` in its one pass over the text.

It cannot see a lure in a picture, nor one from a proven stranger whose links lead to himself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType

from sekisho.checks import contradiction, detours, links, lookalike, organisation, origin, recipient, site
from sekisho.evidence import NOTHING, Cue, Evidence, Finding, FindingKind
from sekisho.message import Message
from sekisho.ports import Context


def _matter(name: str, en: str, ja: str) -> FindingKind:
    return FindingKind(f"lure.{name}", 0.8, en, ja)


# The most telling first: where a text speaks of several matters, and its subject of none, the first is named.
MATTERS: tuple[FindingKind, ...] = (
    _matter(
        "sextortion",
        "It claims to have filmed or hacked its reader and wants to be paid.",
        "盗撮やハッキングをしたと脅し、金銭を要求しています。",
    ),
    _matter(
        "withdrawal", "It announces an automatic withdrawal or deletion.", "自動退会や削除を予告しています。"
    ),
    _matter(
        "card_use",
        "It asks about a card use or transaction that somebody else may have made.",
        "身に覚えのないカード利用や取引の確認を求めています。",
    ),
    _matter(
        "payment",
        "It says that a payment failed or that payment details must be updated.",
        "支払いの失敗や支払い方法の更新を告げています。",
    ),
    _matter(
        "unpaid",
        "It speaks of an unpaid bill or of legal steps.",
        "未払いの料金や法的措置を告げています。",
    ),
    _matter(
        "tax",
        "It speaks of taxes, seizure or a notice of an authority.",
        "税金や差し押さえなど、役所の通知を装う内容です。",
    ),
    _matter("refund", "It promises a refund.", "返金や還付を持ちかけています。"),
    _matter(
        "points",
        "It speaks of points that expire or wait to be redeemed.",
        "ポイントの失効や受け取りを告げています。",
    ),
    _matter(
        "delivery",
        "It speaks of a parcel that could not be delivered.",
        "荷物の不在や配達の保留を告げています。",
    ),
    _matter(
        "free_period",
        "It speaks of a free period that ends, or of a fee that starts.",
        "無料期間の終了や料金の発生を告げています。",
    ),
    _matter(
        "mailbox",
        "It speaks of a mailbox that is full, of held mail or of a password that expires.",
        "メールボックスの容量、保留メール、パスワードの期限を告げています。",
    ),
    _matter(
        "account",
        "It says that an account is stopped or limited.",
        "アカウントの停止や制限を告げています。",
    ),
    _matter(
        "security",
        "It warns of a sign-in or of a security problem.",
        "サインインやセキュリティの問題を警告しています。",
    ),
    _matter(
        "identity",
        "It asks to verify an identity or personal data.",
        "本人確認や個人情報の確認を求めています。",
    ),
    _matter("prize", "It promises a prize, a gift or free money.", "当選や無料の贈り物を約束しています。"),
    _matter(
        "business",
        "It asks for a payment, a changed bank account, gift cards or a private channel.",
        "送金、振込先の変更、ギフト券の購入、私的な連絡手段への移動を求めています。",
    ),
    _matter(
        "invoice",
        "It brings an invoice, an order or a shared document.",
        "請求書、注文書、共有文書などを届けると称しています。",
    ),
    _matter(
        "fund",
        "It offers money, an inheritance or an investment.",
        "大金や相続、投資の話を持ちかけています。",
    ),
    _matter("bargain", "It offers goods at an unlikely price.", "ありえない値段の商品を勧めています。"),
)
NAMED = FindingKind(
    "lure.in_subject",
    0.5,
    "Already the subject or the sender's name says so.",
    "件名または表示名がすでにそう告げています。",
)
PUSHES = FindingKind(
    "lure.pushes",
    0.5,
    "It sets a deadline or threatens with consequences.",
    "期限や不利益を示して急がせています。",
)
ASKS = FindingKind(
    "lure.asks",
    0.5,
    "It asks the reader to {asks_en}.",
    "受信者に「{asks_ja}」ことを求めています。",
)
UNPROVEN = FindingKind(
    "lure.unproven",
    0.7,
    "It wants this of its reader, and nothing proves who {author} is.",
    "そう求める差出人 {author} が本物であるという証明がありません。",
)
UNMET = FindingKind(
    "lure.in_a_name",
    0.7,
    "It wants this in the name of somebody that it does not come from.",
    "他者の名をかたって、そう求めています。",
)
AWAY = FindingKind(
    "lure.leads_away",
    0.7,
    "What it asks for leads away from its sender.",
    "求められた操作の行き先は、差出人とは別の場所です。",
)
ANYBODY = FindingKind(
    "lure.from_anybody",
    0.7,
    "It wants this under a name, or from a domain, that could be anybody's.",
    "だれのものとも言えない名前やドメインから、そう求めています。",
)
NOBODY = FindingKind(
    "lure.from_nobody",
    2.5,
    "It wants money, and says nowhere who wants it: no name, no company, no way to reach anybody.",
    "金銭を求めていますが、差出人名、会社名、連絡先のいずれもありません。",
)
KINDS = (*MATTERS, NAMED, PUSHES, ASKS, UNPROVEN, UNMET, AWAY, ANYBODY, NOBODY)

# What a reader is asked to do, in the words of an explanation.
DEEDS = MappingProxyType(
    {
        "login": ("log in", "ログインする"),
        "confirm": ("confirm something by a link", "リンクから確認する"),
        "pay": ("pay", "支払う"),
        "card": ("give card data or a password", "カード情報や暗証を入力する"),
        "open": ("open an attachment", "添付ファイルを開く"),
        "answer": ("answer", "返信する"),
        "call": ("call", "電話をかける"),
        "stop": ("cancel something", "解約・停止する"),
        "gift_cards": ("pay with gift cards", "ギフト券で支払う"),
        "coins": ("pay in crypto-currency", "暗号資産を送る"),
    }
)
HEADLINES = frozenset({"subject", "display_name"})

# Somebody is named as the sender, or the author address is said to be somebody's, and it is not so.
IN_A_NAME = frozenset(contradiction.KINDS) - {
    contradiction.SUBJECT,
    contradiction.TOPIC,
    contradiction.CONTENT,
    contradiction.STRANGER,
    contradiction.AWAY,
} | {*organisation.KINDS, *site.KINDS, *lookalike.KINDS, recipient.PROVIDER}
# A brand's name in one host, or a bare address, says nothing of where the others lead.
LEADING_AWAY = frozenset({contradiction.AWAY, *links.KINDS, *detours.KINDS}) - {
    links.BRAND_IN_HOST,
    links.ADDRESS,
}


PASSING = frozenset({origin.RANDOM, origin.UNUSUAL_SUFFIX})
MONEY = frozenset({"unpaid", "free_period", "refund", "tax", "payment", "prize", "fund", "sextortion"})
# Who trades says what he is called and how he is reached.
REACHABLE = re.compile(
    r"株式会社|有限会社|合同会社|[(（]株[)）]|法人|協会|組合|役所|役場|所在地|お問い?合わ?せ先|©|\(c\)|copyright|"
    r"all rights reserved|\b(?:inc|ltd|llc|gmbh|corp|pty|ltda|limited|tel|phone)\b|"
    r"(?<![\d-])0\d{1,4}-\d{1,4}-\d{3,4}(?![\d-])|\(\d{2,3}\) ?\d{3}",
    re.IGNORECASE,
)
SHORT = 3_000  # characters of a text that is searched; who writes more than that says who he is


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One matter, and what presses, is asked for and is doubtful about it."""
    said = {
        aspect: [cue for cue in seen.cues if cue.aspect == aspect] for aspect in ("matter", "push", "asks")
    }
    headlines = [cue for cue in said["matter"] if cue.where in HEADLINES]
    if not said["matter"] or not (said["asks"] or (headlines and said["push"])):
        return NOTHING
    doubts = tuple(_doubts(message, seen))
    if not doubts or (_vouched(seen) and len(doubts) < 2 and doubts[0].kind is not NOBODY):
        return NOTHING
    return Evidence(findings=(*_lure(headlines or said["matter"], said), *doubts))


def _vouched(seen: Evidence) -> bool:
    return any(proof.aligned for proof in seen.proofs)


def _doubts(message: Message, seen: Evidence) -> Iterator[Finding]:
    """What others found that makes it matter who is asking."""
    kinds = {finding.kind for finding in seen.findings}
    if origin.unvouched(seen):
        yield Finding(UNPROVEN, MappingProxyType({"author": message.author.text}))
    if kinds & IN_A_NAME:
        yield Finding(UNMET)
    if kinds & LEADING_AWAY:
        yield Finding(AWAY)
    mailbox = message.author.mailbox
    if kinds & PASSING or (mailbox is not None and organisation.is_nameless(mailbox.name)):
        yield Finding(ANYBODY)
    if _from_nobody(message, seen):
        yield Finding(NOBODY)


def _from_nobody(message: Message, seen: Evidence) -> bool:
    """Money is wanted, a way to pay it is shown, and nobody is named: not as the sender, nor in the text."""
    wanted = any(cue.aspect == "matter" and cue.name in MONEY for cue in seen.cues)
    mailbox = message.author.mailbox
    if not wanted or mailbox is None or len(message.text) > SHORT or not message.links:
        return False
    named = organisation.distinctive(mailbox.name) or any(claim.where == "signature" for claim in seen.claims)
    if named:
        return False
    text = f"{mailbox.name}\n{message.text}"
    if (data := recipient.personal(message.subject)) is not None:
        text = text.replace(data, "")  # the reader's own number is no way to reach the sender
    return REACHABLE.search(text) is None


def _lure(telling: list[Cue], said: dict[str, list[Cue]]) -> Iterator[Finding]:
    """The matter, by the cues that tell it best, and how it is put."""
    names = {f"lure.{cue.name}" for cue in telling}
    yield Finding(next(kind for kind in MATTERS if kind.id in names))
    if telling is not said["matter"]:
        yield Finding(NAMED)
    if said["push"]:
        yield Finding(PUSHES)
    if said["asks"]:
        asks_en, asks_ja = DEEDS[said["asks"][0].name]
        yield Finding(ASKS, MappingProxyType({"asks_en": asks_en, "asks_ja": asks_ja}))
