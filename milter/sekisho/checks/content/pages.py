"""What the message's pages do beside showing text: pictures instead of words, password fields, text that nobody sees.

Newsletters hide a preheader, lay out a picture and may hold a search form; none of that counts. What counts is what
only a forger needs: a picture as the whole message that leads away, a password field, hidden text that is longer than
what is seen or in another language, words cut up by unseen letters, text far below the end.

It cannot see what style sheets hide, nor what a picture shows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.checks.facts.links import is_digest
from sekisho.checks.facts.sender import home_domains
from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind
from sekisho.markup import longest_gap
from sekisho.message import Message
from sekisho.ports import Context

IMAGE_ONLY = FindingKind(
    "page.image_only",
    2,
    "The message is a picture instead of text, and a click on it leads to {host}.",
    "本文の代わりに画像だけがあり、クリックすると {host} に移動します。",
)
PASSWORD = FindingKind(
    "page.password",
    3,
    "The message itself asks for a password.",
    "メールの中でパスワードの入力を求めています。",
)
FORM = FindingKind(
    "page.form",
    0.5,
    "The message holds a form that sends what is entered to {host}.",
    "入力内容を {host} に送るフォームがメールの中にあります。",
)
SCRIPT = FindingKind(
    "page.script",
    0,
    "The message holds a script, which no mail program runs.",
    "メールソフトでは動かないスクリプトが含まれています。",
)
HIDDEN = FindingKind(
    "page.hidden_text",
    1.5,
    "More text is hidden from the reader ({hidden} characters) than is shown ({shown}).",
    "読者に見えない文字({hidden} 文字)が、見える文字({shown} 文字)より多くあります。",
)
OTHER_LANGUAGE = FindingKind(
    "page.hidden_language",
    1.5,
    "Text in another language is hidden from the reader.",
    "本文とは別の言語の文章が、見えないように隠されています。",
)
CUT_WORDS = FindingKind(
    "page.cut_words",
    2,
    "Words are cut up by letters that nobody sees ({number} times).",
    "単語の間に見えない文字が挟まれています({number} 箇所)。",
)
FAR_BELOW = FindingKind(
    "page.far_below",
    1,
    "Text follows {number} empty lines below, where nobody reads on.",
    "{number} 行の空行の後に、読まれないはずの文章が続いています。",
)

KINDS = (IMAGE_ONLY, PASSWORD, FORM, SCRIPT, HIDDEN, OTHER_LANGUAGE, CUT_WORDS, FAR_BELOW)

MAX_PICTURE_PAGE_LETTERS = 120  # of a page that is a picture; a footer has more
MIN_HIDDEN_LETTERS = 400  # a padded preheader has fewer
MIN_CUT_WORDS = 3  # fewer may be an accident of an editor
MIN_EMPTY_LINES = 60  # no layout needs so many
MAX_SAMPLE_CHARS = 2_000  # of the hidden and of the shown text, whose languages are compared
MIN_SAMPLE_LETTERS = 150  # of each; a preheader has fewer
MAX_FOREIGN_SHARE = 0.02  # of Japanese letters in a text of another language
MIN_JAPANESE_SHARE = 0.3  # of them in a Japanese text
JAPANESE = re.compile("[\u3041-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
LETTER = re.compile(r"[^\W\d_]")


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding of each kind."""
    findings = tuple(_findings(message, seen))
    return Evidence(findings=findings) if findings else NOTHING


def _findings(message: Message, seen: Evidence) -> Iterator[Finding]:
    pages = message.pages
    gap = max((longest_gap(message.text), *(page.gap for page in pages)))
    if _empty(message) or gap >= MIN_EMPTY_LINES or any(page.forms for page in pages):
        home = home_domains(message, seen)
        if (host := _picture(message, seen, home)) is not None:
            yield IMAGE_ONLY.found(host=host)
        if (host := _form(seen, home)) is not None:
            yield FORM.found(host=host)
        if gap >= MIN_EMPTY_LINES and not any(each.domain in home for each in seen.destinations):
            yield FAR_BELOW.found(number=gap)
    if any(page.passwords for page in pages):
        yield PASSWORD.found()
    if any(page.scripts for page in pages):
        yield SCRIPT.found()
    yield from _unseen(message)


def _empty(message: Message) -> bool:
    """True for a message that shows pictures and next to no text."""
    shown = [page for page in message.pages if not page.attached]
    if (
        not any(page.pictures for page in shown)
        or sum(page.letters for page in shown) > MAX_PICTURE_PAGE_LETTERS
    ):
        return False
    return sum(map(len, message.text.split())) <= 2 * MAX_PICTURE_PAGE_LETTERS


def _picture(message: Message, seen: Evidence, home: frozenset[str]) -> str | None:
    """The host to which a click on the picture leads, if the picture is the whole message and leads away."""
    found = seen.destinations
    if not _empty(message) or is_digest(seen) or any(each.domain in home for each in found):
        return None
    alternatives = {" ".join(alt.split()) for page in message.pages for _, alt in page.images} | {""}
    clicked = (each for each in found if each.link.kind in ("a", "area") and each.link.text in alternatives)
    return next((each.host for each in clicked), None)


def _form(seen: Evidence, home: frozenset[str]) -> str | None:
    """The host that gets what is entered in a form, if it is a stranger's; a digest holds others' search forms."""
    forms = (each for each in seen.destinations if each.link.kind == "form" and each.domain not in home)
    return None if is_digest(seen) else next((each.host for each in forms), None)


def _unseen(message: Message) -> Iterator[Finding]:
    for page in message.pages:
        if page.hidden >= MIN_HIDDEN_LETTERS and page.hidden > page.letters:
            yield HIDDEN.found(hidden=page.hidden, shown=page.letters)
            break
    if message.hidden and _foreign(message.hidden[:MAX_SAMPLE_CHARS], message.text[:MAX_SAMPLE_CHARS]):
        yield OTHER_LANGUAGE.found()
    cuts = sum(page.cuts for page in message.pages)
    if cuts >= MIN_CUT_WORDS:
        yield CUT_WORDS.found(number=cuts)


def _foreign(hidden: str, shown: str) -> bool:
    """True if one text is Japanese, the other is not, and both are long enough to tell."""
    letters, seen = len(LETTER.findall(hidden)), len(LETTER.findall(shown))
    if letters < MIN_SAMPLE_LETTERS or seen < MIN_SAMPLE_LETTERS:
        return False
    shares = len(JAPANESE.findall(hidden)) / letters, len(JAPANESE.findall(shown)) / seen
    return min(shares) < MAX_FOREIGN_SHARE and max(shares) > MIN_JAPANESE_SHARE
