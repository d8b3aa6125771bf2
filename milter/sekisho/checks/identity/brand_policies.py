"""What a brand has said of its own mail, against what this message is and does.

Brands tell their customers what they never do: send a link in such a notice, ask for payment or card data, leave a
mail unsigned. The brand files hold these policies in a closed vocabulary, each for one theme or for all mail. Here the
message is compared with the policies of every brand that it claims to be (by display name, address or signature, not by
a subject or a list of names) and that is not proven to have sent it; a brand may break its own policy, so a proven
sender is left out.

It cannot know policies that nobody has written down, and takes the theme from the words of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import MappingProxyType

from sekisho.checks.facts.links import FOLLOWED_KINDS
from sekisho.checks.facts.sender import is_proven
from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind
from sekisho.known import BrandPolicy
from sekisho.message import Message
from sekisho.ports import Clock, Context
from sekisho.text import is_kana
from sekisho.vocabulary import shipped_themes
from sekisho.words import Vocabulary

DISCONTINUED = FindingKind(
    "promise.discontinued",
    3,
    "{brand_name} sends no {notice_en}{since_en}.",
    "「{brand_name}」は{since_ja}{notice_ja}を送っていません。",
)
NO_LINK = FindingKind(
    "promise.no_link",
    2,
    "{brand_name}'s {notice_en} carry no link{since_en}; this message does.",
    "「{brand_name}」の{notice_ja}には{since_ja}リンクがありませんが、このメールにはあります。",
)
PAYMENT = FindingKind(
    "promise.asks_payment",
    2,
    "{brand_name} never asks for payment in {notice_en}; this message does.",
    "「{brand_name}」が{notice_ja}で支払いを求めることはありませんが、このメールは求めています。",
)
CREDENTIALS = FindingKind(
    "promise.asks_credentials",
    2,
    "{brand_name} never asks for card data or passwords in {notice_en}; this message does.",
    "「{brand_name}」が{notice_ja}でカード情報や暗証の入力を求めることはありませんが、このメールは求めています。",
)
UNSIGNED = FindingKind(
    "promise.not_signed",
    1,
    "{brand_name} signs {notice_en} with S/MIME; this message has no signature of {brand_name} that was verified.",
    "「{brand_name}」の{notice_ja}には電子署名(S/MIME)がありますが、このメールに検証済みの電子署名はありません。",
)
NAMELESS = FindingKind(
    "promise.no_name",
    0.5,
    "{brand_name} addresses its customers by name in {notice_en}; this message does not.",
    "「{brand_name}」の{notice_ja}には宛名がありますが、このメールにはありません。",
)
KINDS = (DISCONTINUED, NO_LINK, PAYMENT, CREDENTIALS, UNSIGNED, NAMELESS)

# `strftime` would take the language of the server.
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
SPEAKING_PLACES = frozenset({"display_name", "author_domain", "signature", "local_part", "image", "calendar"})
MAX_GREETING_CHARS = 600  # at the beginning of a text, where a greeting stands
SOMEBODY = re.compile(r"([^\s、。「」【】<>:：()（）]{1,20})[ \u3000]?(?:様|さま|さん|殿)")


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """The policies that are broken, once for each brand that is claimed and not proven."""
    brands = dict.fromkeys(
        claim.brand for claim in seen.claims if claim.brand and claim.where in SPEAKING_PLACES
    )
    found = [
        finding
        for brand in brands
        if not is_proven(brand, seen, context)
        for finding in _broken(brand, message, seen, context)
    ]
    return Evidence(findings=tuple(found)) if found else NOTHING


def _broken(brand: str, message: Message, seen: Evidence, context: Context) -> Iterator[Finding]:
    themes = {cue.name for cue in seen.cues if cue.aspect == "theme"}
    for policy in context.registry.brand_policies(brand):
        about = policy.notice == "all" or policy.notice in themes
        if about and _holds(policy, context.clock):
            kind, broken = TESTS[policy.kind]
            if broken(message, seen, context.vocabulary):
                yield kind.found(brand=brand, **_facts(policy, context.registry.name(brand)))


def _holds(policy: BrandPolicy, clock: Clock) -> bool:
    """True if the policy already held when the message came."""
    return clock.now().date().isoformat() >= policy.since


def _asks(seen: Evidence, *names: str) -> bool:
    """True if the text asks for one of the actions. Buttons do not count: a shop's button may log in by way of the
    brand (`Amazonアカウントでログイン`)."""
    said = (cue for cue in seen.cues if cue.where != "button")
    return any(cue.aspect == "action" and cue.name in names for cue in said)


def _has_link(message: Message, seen: Evidence, words: Vocabulary) -> bool:
    return any(link.kind in FOLLOWED_KINDS and link.host for link in message.links)


def _asks_payment(message: Message, seen: Evidence, words: Vocabulary) -> bool:
    return _asks(seen, "pay", "gift_cards", "coins")


def _asks_credentials(message: Message, seen: Evidence, words: Vocabulary) -> bool:
    return _asks(seen, "card", "login")


def _nameless(message: Message, seen: Evidence, words: Vocabulary) -> bool:
    """No `山田 太郎 様` in a Japanese greeting; お客様 and an address are nobody's name."""
    head = message.text[:MAX_GREETING_CHARS]
    found = SOMEBODY.finditer(head)
    return any(map(is_kana, head)) and all(words.greeting.nobody.search(greeting[1]) for greeting in found)


Test = Callable[[Message, Evidence, Vocabulary], bool]
TESTS: MappingProxyType[str, tuple[FindingKind, Test]] = MappingProxyType(
    {
        "notice_discontinued": (DISCONTINUED, lambda message, seen, words: True),
        "no_link": (NO_LINK, _has_link),
        "never_asks_payment": (PAYMENT, _asks_payment),
        "never_asks_credentials": (CREDENTIALS, _asks_credentials),
        # Anybody attaches a part of that type. Until signatures are verified, it shows nothing.
        "smime_signed": (UNSIGNED, lambda message, seen, words: True),
        "addresses_by_name": (NAMELESS, _nameless),
    }
)


def _facts(policy: BrandPolicy, name: str) -> dict[str, str]:
    notice_en, notice_ja = _notice(policy.notice)
    since_en, since_ja = _dates(policy.since)
    return {
        "brand_name": name,
        "notice_en": notice_en,
        "notice_ja": notice_ja,
        "since_en": since_en,
        "since_ja": since_ja,
    }


def _notice(name: str) -> tuple[str, str]:
    """What mail of a theme is called in a sentence, in English and Japanese; `all` is any mail."""
    if name == "all":
        return "mail", "メール"
    theme = shipped_themes().theme[name]
    return theme.notice_en, theme.notice_ja


def _dates(since: str) -> tuple[str, str]:
    """` since 9 March 2022` and `2022年3月9日以降、` from an ISO date, month or year; empty if there is none."""
    if not since:
        return "", ""
    numbers = [int(part) for part in since.split("-")]
    month = [MONTHS[number - 1] for number in numbers[1:2]]
    day = [str(number) for number in numbers[2:]]
    english = " ".join([*day, *month, str(numbers[0])])
    japanese = "".join(f"{number}{unit}" for number, unit in zip(numbers, "年月日", strict=False))
    return f" since {english}", f"{japanese}以降、"
