"""What the writing adds to a doubt, and that it adds nothing where there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.auth_support import context, envelope, message

from sekisho.checks.content import text_style
from sekisho.checks.identity import impersonation, sender_domain
from sekisho.evidence import AuthorStatus, Evidence, FindingKind
from sekisho.message import Recipient

CLAIMED = Evidence(findings=(impersonation.DISPLAY_NAME.found(),))
UNPROVEN = Evidence(findings=(sender_domain.UNPROVEN.found(),), author_status=AuthorStatus.UNAUTHENTICATED)
JAPANESE = "日頃よりご利用いただきありがとうございます。お手続きをお願いいたします。"


def found(
    text: str,
    seen: Evidence = CLAIMED,
    *,
    subject: str = "x",
    fields: str = "",
    rcpt: str = "",
    delimiter: str = "",
) -> list[str]:
    """The ids of what the check finds in a message of UTF-8 text."""
    head = f"From: a@stranger.example\r\nSubject: {subject}\r\n{fields}"
    if "Content-Type" not in fields:
        head += "Content-Type: text/plain; charset=utf-8\r\n"
    at = replace(envelope(), recipients=(Recipient(rcpt),) if rcpt else ())
    mail = message(f"{head}\r\n{text}".encode(), at)
    asked = replace(context(), recipient_delimiter=delimiter)
    return [each.kind.id for each in text_style.check(mail, seen, asked).findings]


@pytest.mark.parametrize(
    "text",
    [
        "Dear a.b@example.jp,",
        "Hello valued customer",
        "Dear {{name}}",
        "お客様各位",
        f"{JAPANESE} 账户 认证",
    ],
)
def test_nothing_is_found_without_doubt(text: str) -> None:
    """Everybody may write as he likes whose word nobody doubts."""
    assert found(text, Evidence()) == []
    assert found(text) != []


@pytest.mark.parametrize(
    "line",
    [
        "Dear a.b@example.jp,",
        "* Hi user@mail.example.co.jp",
        "Attention: user@example.jp",
        "a_b+c@example.jp様",
        "taro@example.jp\u3000さま、",
        "Hello valued customer a@example.jp",
        "prezado a@example.jp",
    ],
)
def test_an_address_in_the_place_of_a_name(line: str) -> None:
    """However it is greeted, wherever in the head of the text the line stands."""
    assert found(f"Notice\r\n\r\n{line}\r\n") == ["writing.greets_address"]


def test_a_local_part_greets_as_an_address_does_unless_it_may_be_a_name() -> None:
    """`Hello h.yamada88` knows nothing but the address; `Hello hanako` may know her."""
    assert found("Hello H.Yamada88, welcome", rcpt="h.yamada88@example.jp") == ["writing.greets_address"]
    assert found("Hello hanako, welcome", rcpt="hanako@example.jp") == []
    assert found("Hello x, welcome", rcpt="x@example.jp") == []
    assert found("Hello h.yamada88, welcome", rcpt="other@example.jp") == []


@pytest.mark.parametrize(
    "line",
    [
        "Dear customer",
        "Dear Valued PayPal Member,",
        "HELLO ACCOUNT OWNER",
        "お客様",
        "Amazonお客様へ",
        "会員各位",
        "楽天カードの会員様、",
        "Sehr geehrter Kunde",
        "Cher client,",
    ],
)
def test_whoever_it_may_concern(line: str) -> None:
    """A greeting that fits everybody."""
    assert found(line) == ["writing.greets_nobody"]


@pytest.mark.parametrize(
    "line",
    [
        "Dear Mr Yamada,",
        "山田花子様",
        "Hello, how are you?",
        "write to our customer service at help@example.jp",
        "お客様のカードについてお知らせします。",
        "ご連絡先: help@example.jp",
        "Hidden customers of example.jp",
    ],
)
def test_a_name_or_no_greeting_at_all(line: str) -> None:
    """Names, sentences about customers and addresses to write to are ordinary."""
    assert found(line) == []


def test_a_line_is_one_greeting() -> None:
    """What names an address is not counted as naming nobody too."""
    assert found("Dear customer a.b@example.jp\r\nDear user") == ["writing.greets_address"]


@pytest.mark.parametrize(
    "text",
    [
        "Dear {{ first_name }}",
        "for [[EMAIL]]",
        "%EMAIL%",
        "*|MC_PREVIEW|*",
        "##name##",
        "[RAND_NUMBER_10_10]",
    ],
)
def test_places_that_were_not_filled_in(text: str) -> None:
    """The marks of templates stand in no finished text."""
    assert found(f"Hi. {text}") == ["writing.template"]


@pytest.mark.parametrize("text", ["$name", "{$user}", "${email}", "[your-subject]", "{name}"])
def test_marks_that_programs_use_too_count_in_the_subject_only(text: str) -> None:
    """A text about programs is full of them."""
    assert found("Hi.", subject=f"For {text}") == ["writing.template"]
    assert found(f"set {text} to this") == []


@pytest.mark.parametrize("text", ["50% off %20 and 5%", "a[0][1]", "[[1]] and {{", "#5", "100%A%"])
def test_ordinary_marks_are_no_template(text: str) -> None:
    """Percentages, references and brackets."""
    assert found(text) == []


@pytest.mark.parametrize(
    "subject",
    ["Locked [82756638]", "Notice No.439142526", "Code: My30213", "Order #1234567!", "Update 9815825"],
)
def test_a_number_at_the_end_of_the_subject(subject: str) -> None:
    """Whatever stands around it."""
    assert found("Hi.", subject=subject) == ["writing.serial_number"]


@pytest.mark.parametrize(
    "subject", ["Minutes of 2026", "iPhone15", "Order 1234567 shipped", "v1.2", "Room 404", "x"]
)
def test_years_versions_and_numbers_inside_are_no_serial(subject: str) -> None:
    """A short number, a word with a digit, and a number that something follows."""
    assert found("Hi.", subject=subject) == []


def test_chinese_letters_in_a_japanese_text() -> None:
    """Two of them are no slip; a wholly Chinese text is no Japanese one; many who write Japanese are Chinese."""
    assert found(f"{JAPANESE} 账户") == ["writing.chinese_letters"]
    assert found(f"{JAPANESE} 您") == []
    assert found("您的账户认证信息已过期，请重新验证。楽天カード") == []
    assert found(f"{JAPANESE} 账户", UNPROVEN) == []


def test_chinese_letters_at_the_far_end_are_seen() -> None:
    """Random Chinese is often put below the text."""
    assert found(f"{JAPANESE * 400}\r\n账户认证") == ["writing.chinese_letters"]


@pytest.mark.parametrize(
    ("label", "foreign"),
    [("gb18030", True), ("GB2312", True), ("big5", True), ("utf-8", False), ("iso-2022-jp", False)],
)
def test_the_charset_of_a_subject(label: str, foreign: bool) -> None:
    """A Japanese subject in an encoded word of a Chinese charset."""
    ids = found(JAPANESE, subject=f"=?{label}?Q?x?=")
    assert ids == (["writing.foreign_charset"] if foreign else [])


def test_the_font_of_a_page() -> None:
    """A Chinese font under a Japanese text, and under none."""
    page = "Content-Type: text/html; charset=utf-8\r\n"
    style = "<p style=\"font-family: 'Microsoft YaHei'\">"
    assert found(f"{style}{JAPANESE}", fields=page) == ["writing.chinese_font"]
    assert found(f"{style}Hello.", fields=page) == []
    assert found(f"<p>{JAPANESE} YaHei</p>", fields="Content-Type: text/plain; charset=utf-8\r\n") == []


def test_a_greeting_by_address_without_its_extension() -> None:
    """The sender who adds `+x` to the recipient still greets the mailbox by its made-up name."""
    text, rcpt = "Dear h.yamada88,", "h.yamada88+x@example.jp"
    assert found(text, rcpt=rcpt, delimiter="+") == ["writing.greets_address"]
    assert found(text, rcpt=rcpt) == []


def test_each_kind_once() -> None:
    """A hundred greetings are one finding of each kind."""
    text = f"お客様\r\n{{{{name}}}} {JAPANESE} 账户\r\n" * 100
    assert sorted(found(text)) == ["writing.chinese_letters", "writing.greets_nobody", "writing.template"]


def test_facts_do_not_repeat_the_address() -> None:
    """What goes into logs and records does not hold whom the mail is for."""
    kind: FindingKind = text_style.BY_ADDRESS
    assert "{" not in kind.en + kind.ja
