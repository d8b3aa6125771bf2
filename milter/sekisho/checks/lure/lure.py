"""What the message wants of its reader, where there is reason to doubt the sender.

A lure is a combination: what the mail is about, how it presses, what it asks for, and where that leads. Genuine mail is
about the same matters in the same words, so nothing here speaks without a doubt about the sender (`sender_doubts`), and
nothing at all about a proven sender that leads its readers home. The words are data (`config/lures`), found by `claims`
in its one pass over the text.

It cannot see a lure in a picture, nor one from a proven stranger whose links lead to itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from sekisho.evidence import NOTHING, Cue, Evidence, Finding, FindingKind
from sekisho.message import Message
from sekisho.ports import Context


def _theme(name: str, en: str, ja: str, points: float = 0.8) -> FindingKind:
    return FindingKind(f"lure.{name}", points, en, ja)


# The most telling first: where a text speaks of several matters, and its subject of none, the first is named.
THEMES: tuple[FindingKind, ...] = (
    _theme(
        "sextortion",
        "It claims to have filmed or hacked its reader and wants to be paid.",
        "盗撮やハッキングをしたと脅し、金銭を要求しています。",
    ),
    _theme(
        "withdrawal", "It announces an automatic withdrawal or deletion.", "自動退会や削除を予告しています。"
    ),
    _theme(
        "card_use",
        "It asks about a card use or transaction that somebody else may have made.",
        "身に覚えのないカード利用や取引の確認を求めています。",
    ),
    _theme(
        "payment",
        "It says that a payment failed or that payment details must be updated.",
        "支払いの失敗や支払い方法の更新を告げています。",
    ),
    _theme(
        "unpaid",
        "It speaks of an unpaid bill or of legal steps.",
        "未払いの料金や法的措置を告げています。",
    ),
    _theme(
        "tax",
        "It speaks of taxes, seizure or a notice of an authority.",
        "税金や差し押さえなど、役所の通知を装う内容です。",
    ),
    _theme("refund", "It promises a refund.", "返金や還付を持ちかけています。"),
    _theme(
        "points",
        "It speaks of points that expire or wait to be redeemed.",
        "ポイントの失効や受け取りを告げています。",
    ),
    _theme(
        "delivery",
        "It speaks of a parcel that could not be delivered.",
        "荷物の不在や配達の保留を告げています。",
    ),
    _theme(
        "free_period",
        "It speaks of a free period that ends, or of a fee that starts.",
        "無料期間の終了や料金の発生を告げています。",
    ),
    _theme(
        "mailbox",
        "It speaks of a mailbox that is full, of held mail or of a password that expires.",
        "メールボックスの容量、保留メール、パスワードの期限を告げています。",
    ),
    _theme(
        "account",
        "It says that an account is stopped or limited.",
        "アカウントの停止や制限を告げています。",
    ),
    _theme(
        "security",
        "It warns of a sign-in or of a security problem.",
        "サインインやセキュリティの問題を警告しています。",
    ),
    _theme(
        "identity",
        "It asks to verify an identity or personal data.",
        "本人確認や個人情報の確認を求めています。",
    ),
    _theme("prize", "It promises a prize, a gift or free money.", "当選や無料の贈り物を約束しています。"),
    _theme(
        "business",
        "It asks for a payment, a changed bank account, gift cards or a private channel.",
        "送金、振込先の変更、ギフト券の購入、私的な連絡手段への移動を求めています。",
        1.5,  # no mail that is sent to many speaks of it
    ),
    _theme(
        "invoice",
        "It brings an invoice, an order or a shared document.",
        "請求書、注文書、共有文書などを届けると称しています。",
    ),
    _theme(
        "fund",
        "It offers money, an inheritance or an investment.",
        "大金や相続、投資の話を持ちかけています。",
    ),
    _theme("romance", "It offers love or company.", "出会いや交際を持ちかけています。"),
    _theme("bargain", "It offers goods at an unlikely price.", "ありえない値段の商品を勧めています。"),
)
NAMED = FindingKind(
    "lure.in_subject",
    0.5,
    "Already the subject or the sender's name says so.",
    "件名または表示名がすでにそう告げています。",
)
PRESSURES = FindingKind(
    "lure.pushes",
    0.5,
    "It sets a deadline or threatens with consequences.",
    "期限や不利益を示して急がせています。",
)
ACTIONS = FindingKind(
    "lure.asks",
    0.5,
    "It asks the reader to {asks_en}.",
    "受信者に「{asks_ja}」ことを求めています。",
)
KINDS = (*THEMES, NAMED, PRESSURES, ACTIONS)

# What a reader is asked to do, in the words of an explanation.
DEEDS = MappingProxyType(
    {
        "login": ("log in", "ログインする"),
        "confirm": ("confirm something by a link", "リンクから確認する"),
        "pay": ("pay", "支払う"),
        "card": ("give card data or a password", "カード情報や暗証を入力する"),
        "open": ("open an attachment", "添付ファイルを開く"),
        "answer": ("answer", "返信する"),
        "channel": ("open a private channel", "私的な連絡手段(LINE グループなど)を用意する"),
        "call": ("call", "電話をかける"),
        "stop": ("cancel something", "解約・停止する"),
        "gift_cards": ("pay with gift cards", "ギフト券で支払う"),
        "coins": ("pay in crypto-currency", "暗号資産を送る"),
    }
)
HEADLINE_PLACES = frozenset({"subject", "display_name"})
MAX_EMPTY_TEXT_CHARS = 100  # a text so short leaves the message to a picture or an attachment


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One theme, how it presses, what it asks for, and the doubts about its sender."""
    if not seen.doubts:
        return NOTHING
    said = {
        aspect: [cue for cue in seen.cues if cue.aspect == aspect]
        for aspect in ("theme", "pressure", "action")
    }
    headlines = [cue for cue in said["theme"] if cue.where in HEADLINE_PLACES]
    if not said["theme"] or not (
        said["action"] or (headlines and (said["pressure"] or _told_elsewhere(message)))
    ):
        return NOTHING
    return Evidence(findings=(*_lure(headlines or said["theme"], said), *seen.doubts))


def _told_elsewhere(message: Message) -> bool:
    """True if next to no text goes with the headline: the rest is in a picture or in an attachment."""
    if len(message.text.strip()) > MAX_EMPTY_TEXT_CHARS:
        return False
    return any(page.pictures for page in message.pages) or any(
        part.disposition == "attachment" for part in message.parts
    )


def _lure(telling: list[Cue], said: dict[str, list[Cue]]) -> Iterator[Finding]:
    """The theme that `telling` names best, and how it is put."""
    names = {f"lure.{cue.name}" for cue in telling}
    yield next(kind for kind in THEMES if kind.id in names).found()
    if telling is not said["theme"]:
        yield NAMED.found()
    if said["pressure"]:
        yield PRESSURES.found()
    if said["action"]:
        asks_en, asks_ja = DEEDS[said["action"][0].name]
        yield ACTIONS.found(asks_en=asks_en, asks_ja=asks_ja)
