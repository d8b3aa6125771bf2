"""A demand in nobody's name: the message wants something and threatens, or does the business of an office, and says
nowhere who it is from.

Nothing is proven false here. But whoever stops a card, collects a debt, sues or pays a benefit has a name, and needs it
to be paid or believed: its mail has the name before the address, or in a line with a company's form, a telephone number
(`facts.nobody`). A code, a reset of a password or a receipt threatens with nothing, so a shop may send these without a
name. Blackmail is nobody's by nature, whatever name stands before its address.

It gives doubts, as `sender_doubts` does, and `lure` makes findings of them. Each of its kinds beside the first says one
more thing that a genuine sender would not do. It cannot see that a name is made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.checks.facts.authorities import AUTHORITY, does_an_authoritys_business
from sekisho.checks.facts.demands import Demand, pressing_demand
from sekisho.checks.facts.greetings import greets_nobody, greets_somebody
from sekisho.checks.facts.links import is_digest, leads_home
from sekisho.checks.facts.nobody import (
    can_be_acted_on,
    introduces_itself,
    is_known,
    is_named,
    names_nobody,
    readers_data,
    says_who_it_is,
)
from sekisho.checks.facts.quotes import own_text, quoted
from sekisho.checks.facts.ransoms import wants_a_ransom
from sekisho.checks.facts.sender import is_colleague
from sekisho.checks.facts.texts import is_long
from sekisho.checks.facts.wallets import shows_wallet
from sekisho.checks.facts.wishes import VALUABLE_ACTIONS, headlines, hurries, threatens, wants_something
from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.vocabulary import shipped_themes

NOBODY = FindingKind(
    "lure.from_nobody",
    2.5,
    "It wants this of its reader, and says nowhere who wants it: no name, no company, no way to reach anybody.",
    "差出人名、会社名、連絡先のいずれも示さずに、そう求めています。",
    signals=frozenset({Signal.STANDS_ALONE}),
)
THREATENS = FindingKind(
    "lure.nobody_threatens",
    1.5,
    "It says what happens to a reader who does not obey, and not who would do it.",
    "応じない場合の不利益を告げながら、だれがそうするのかを示していません。",
)
SHOWS_DATA = FindingKind(
    "lure.shows_readers_data",
    1.5,
    "It shows a telephone number or a postal address as its reader's ({data}), and none of its own.",
    "受信者のものとして電話番号や住所({data})を示しながら、差出人の連絡先はありません。",
)
TWO_DEADLINES = FindingKind(
    "lure.two_deadlines",
    1,
    "It sets two deadlines that contradict each other: {one} and {other}.",
    "食い違う二つの期限({one}と{other})を示しています。",
)
GREETS_NOBODY = FindingKind(
    "lure.greets_nobody",
    0.5,
    "It does not know the name of its reader either: {text}",
    "受信者の氏名も示していません({text})。",
)
DOMAIN = FindingKind(
    "lure.from_nobodys_domain",
    1,
    "Its domain {domain} is made of the words of such mail, and names nobody either.",
    "ドメイン {domain} も用件を表す語だけでできており、だれのものかを示していません。",
)
EXTORTS = FindingKind(
    "lure.extorts",
    4,
    "It threatens its reader, wants to be paid, and cannot be reached.",
    "受信者を脅して金銭を要求し、連絡先を示していません。",
    signals=frozenset({Signal.STANDS_ALONE}),
)
BY_FORM = FindingKind(
    "lure.demand_by_form",
    1,
    "It says what is at stake for its reader, by when to act, or what happens otherwise.",
    "受信者が失うものと、期限または応じない場合の結果を示して、行動を求めています。",
)
IN_FULL = FindingKind(
    "lure.demand_in_full",
    0.5,
    "It says all three: what is at stake for its reader, by when to act, and what happens otherwise.",
    "受信者が失うもの、期限、応じない場合の結果の三つすべてを示しています。",
)
KINDS = (NOBODY, BY_FORM, IN_FULL, THREATENS, SHOWS_DATA, TWO_DEADLINES, GREETS_NOBODY, DOMAIN, EXTORTS)

THEMES = shipped_themes()
BLACKMAIL = ("sextortion", "violence")  # anonymous by nature
MONEY = THEMES.named("money") - set(BLACKMAIL)
SERIOUS = MONEY | THEMES.named("official")
PAID_WITH = ("coins", "gift_cards", "pay")
MAX_SCANNED_CHARS = 3_000  # of a text, in which it sets a period
PERIOD = re.compile(r"(?<!\d)(\d{1,3}) ?-?(時間|営業日|日|hours?|days?|h\b)(?:以内| |\b)", re.IGNORECASE)
HOURS_OF_A_DAY = 24


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Doubts only: what makes a demand nobody's. None if the sender says who it is."""
    if _extorts(message, seen, context):
        return Evidence(doubts=(EXTORTS.found(),))
    if is_named(message, context.vocabulary) or is_known(message, seen, context):
        return NOTHING  # nearly all mail; what follows takes a search of the text
    known, form = _demands(message, seen, context), _by_form(message, seen, context)
    firmly = does_an_authoritys_business(message, seen, context.vocabulary)
    if not (known or form) or says_who_it_is(message, seen, context, firmly=firmly):
        return NOTHING
    new = () if known else (BY_FORM.found(),)
    return Evidence(doubts=(NOBODY.found(), *new, *_besides(message, seen, form, context)))


def _by_form(message: Message, seen: Evidence, context: Context) -> Demand | None:
    """The form of a demand whose words no list of phrases knows."""
    if not can_be_acted_on(message, seen) or is_long(message) or is_digest(seen):
        return None
    return pressing_demand(message, seen, context.vocabulary)


def _demands(message: Message, seen: Evidence, context: Context) -> bool:
    """True if somebody who wants this says who it is: it threatens, is about an office's business, asks for money, or
    asks about an order that somebody else made."""
    themes = {cue.name for cue in seen.cues if cue.aspect == "theme"}
    if SERIOUS.isdisjoint(themes) or not can_be_acted_on(message, seen):
        return False
    if threatens(seen):
        return _asks_more_than_to_look(message, seen, themes)
    if not wants_something(message, seen):
        return False
    if not AUTHORITY.isdisjoint(cue.name for cue in headlines(seen)):
        return True
    if "card_use" in themes and readers_data(message, context.vocabulary) is not None:
        return True
    wanted = not MONEY.isdisjoint(themes) or ("delivery" in themes and seen.has_cue("action", "pay", "card"))
    return wanted and not is_long(message) and _is_payable(message)


def _asks_more_than_to_look(message: Message, seen: Evidence, themes: set[str]) -> bool:
    """True unless the message is about a parcel alone, asks neither for money nor for access, and sets no period: any
    shop writes that parcels go back."""
    if (SERIOUS & themes) - {"delivery"}:
        return True
    return seen.has_cue("action", *VALUABLE_ACTIONS) or bool(_periods(message.text[:MAX_SCANNED_CHARS]))


def _is_payable(message: Message) -> bool:
    return bool(message.links) or shows_wallet(message.text)


def _besides(message: Message, seen: Evidence, form: Demand | None, context: Context) -> Iterator[Finding]:
    """What else tells a demand of nobody's from one of somebody who forgot the name."""
    if threatens(seen) or (form is not None and form.otherwise):
        yield THREATENS.found()
    if form is not None and form.is_full and not greets_somebody(message, context.vocabulary):
        yield IN_FULL.found()
    if not seen.has("recipient.data_in_subject") and (data := readers_data(message, context.vocabulary)):
        yield SHOWS_DATA.found(data=data)
    if len(periods := _periods(message.text[:MAX_SCANNED_CHARS])) > 1:
        one, other = list(periods.values())[:2]
        yield TWO_DEADLINES.found(one=one, other=other)
    domain = message.author.domain
    if domain is not None and names_nobody(domain, context.vocabulary):
        yield DOMAIN.found(domain=domain)
    if not seen.has("writing.greets_nobody") and (text := greets_nobody(message, context.vocabulary)):
        yield GREETS_NOBODY.found(text=text)


def _periods(text: str) -> dict[int, str]:
    """The periods that a text sets, by their length in hours."""
    found: dict[int, str] = {}
    for number, unit in PERIOD.findall(text):
        hours = int(number) * (1 if unit.lower().startswith(("時", "h")) else HOURS_OF_A_DAY)
        found.setdefault(hours, f"{number} {unit}")
    return found


def _extorts(message: Message, seen: Evidence, context: Context) -> bool:
    """True if the sender's own words threaten with a video or with violence, want to be paid, and lead nowhere where
    it is at home; or if they want a ransom, whatever they threaten with."""
    if wants_a_ransom(message, seen, context) and not is_colleague(message, seen, context):
        return True
    if not (seen.has_cue("theme", *BLACKMAIL) and _is_to_be_paid(message, seen)):
        return False
    if not hurries(seen) or is_colleague(message, seen, context):
        return False
    if (
        is_digest(seen)
        or leads_home(message, seen, context)
        or introduces_itself(message, context.vocabulary)
    ):
        return False
    return not quoted(message, context.vocabulary) or _speaks_of_it_itself(message, context)


def _is_to_be_paid(message: Message, seen: Evidence) -> bool:
    return seen.has_cue("action", *PAID_WITH) or shows_wallet(message.text)


def _speaks_of_it_itself(message: Message, context: Context) -> bool:
    """True if the theme stands in what is not quoted: people ask others about blackmail that they got."""
    cues = context.registry.read(own_text(message, context.vocabulary)).cues
    return any(cue.aspect == "theme" and cue.name in BLACKMAIL for cue in cues)
