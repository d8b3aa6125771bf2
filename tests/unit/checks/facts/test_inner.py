"""Whose words are those of a message inside the message."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.auth_support import context, envelope, message
from tests.unit.checks.facts.test_quotes import Asking

from sekisho.checks.facts.inner import with_inner_messages
from sekisho.evidence import AuthorStatus, Evidence
from sekisho.message import Message, Recipient

AT = replace(context(kinds={"free.example": "mailbox"}), registry=Asking())
PROVEN = Evidence(author_status=AuthorStatus.AUTHENTICATED)
UNPROVEN = Evidence(author_status=AuthorStatus.UNAUTHENTICATED)
INNER = (
    "Content-Type: message/rfc822\n\nFrom: Bank <x@lure.example>\nSubject: Your card\n"
    'Content-Type: text/html\n\n<a href="https://lure.example/">LURE</a>\n'
)
STATUS = "Content-Type: message/delivery-status\n\nAction: failed\n"
COMPLAINT = "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
WARNING = "This is a phishing mail, I think."


def mail(
    own: str,
    *parts: str,
    author: str = "a@shop.example",
    sender: str | None = "a@shop.example",
    reader: str = "me@shop.example",
) -> Message:
    text = [f"\n{own}\n"] if own else []
    body = "".join(f"--b\n{part}\n" for part in (*text, *parts))
    raw = f'From: {author}\nContent-Type: multipart/mixed; boundary="b"\n\n{body}--b--\n'
    at = replace(envelope(sender), recipients=(Recipient(reader),))
    return message(raw.replace("\n", "\r\n").encode(), at)


def counts(read: Message, seen: Evidence = PROVEN) -> str:
    """How the message inside counts: `own`, `quoted` or `apart`."""
    told = with_inner_messages(read, seen, AT)
    if "LURE" not in told.text:
        assert told.inner
        assert not told.links
        return "apart"
    assert [link.host for link in told.links] == ["lure.example"]
    at = told.text.index("LURE")
    return "quoted" if any(start <= at < end for start, end in told.quotes) else "own"


@pytest.mark.parametrize(
    ("own", "how"),
    [
        (WARNING, "apart"),
        ("不審なメールが届きましたので報告します。", "apart"),
        ("Hello", "quoted"),
        ("転送します", "quoted"),
        ("", "own"),
        (" . ", "own"),
        ("open the attached mail", "own"),
        ("Suspicious mail was held, open the attached mail.", "own"),
        ("A phishing mail. Do not open the attached mail.", "apart"),
    ],
)
def test_the_senders_own_words_say_how_it_counts(own: str, how: str) -> None:
    """Reported mail is apart, mail beside other words is quoted; alone or asked to be opened, it is the sender's."""
    assert counts(mail(own, INNER)) == how


@pytest.mark.parametrize("own", [WARNING, "Hello"])
def test_an_unproven_sender_speaks_by_what_it_attaches(own: str) -> None:
    """Words do not clear a sender that is known not to be proven."""
    assert counts(mail(own, INNER), UNPROVEN) == "own"


@pytest.mark.parametrize(
    ("own", "part", "sender", "seen", "how"),
    [
        ("Not delivered.", STATUS, "", UNPROVEN, "apart"),
        ("", STATUS, "", PROVEN, "own"),
        ("Not delivered, open the attached mail", STATUS, "", PROVEN, "own"),
        ("Not delivered.", STATUS, "a@shop.example", PROVEN, "quoted"),
        ("Not delivered.", "Content-Type: message/x-note\n\nnothing\n", "", PROVEN, "quoted"),
    ],
)
def test_a_programs_report_returns_it(own: str, part: str, sender: str, seen: Evidence, how: str) -> None:
    """A bounce needs the null sender, a report on a delivery, and words that ask for nothing."""
    assert counts(mail(own, part, INNER, sender=sender), seen) == how


@pytest.mark.parametrize(
    ("reader", "seen", "how"),
    [
        ("abuse@shop.example", PROVEN, "apart"),
        ("fbl-17@shop.example", PROVEN, "apart"),
        ("abuse@shop.example", UNPROVEN, "own"),
        ("me@shop.example", PROVEN, "quoted"),
    ],
)
def test_a_complaint_goes_to_who_takes_complaints(reader: str, seen: Evidence, how: str) -> None:
    """A complaint needs a sender that may be proven and a reader who expects one: anybody can write one."""
    assert counts(mail("A complaint.", COMPLAINT, INNER, reader=reader), seen) == how


@pytest.mark.parametrize(
    "own",
    [
        "You have not opened your message yet.",
        "メッセージはまだ開いていません。",
        "Sie haben die Nachricht noch nicht geöffnet.",
        "You did not click.",
    ],
)
def test_what_the_reader_has_not_done_calls_nothing_suspicious(own: str) -> None:
    """A lure says so, too. `I have not clicked` is the sender's own word."""
    assert counts(mail(own, INNER)) == "quoted"
    assert counts(mail("I have not clicked on it.", INNER)) == "apart"


@pytest.mark.parametrize(
    "own",
    [
        "Scanned: no phishing mail.",
        "This is not a phishing email.",
        "不審なメールではありません。",
        "Keine Phishing-Mail.",
    ],
)
def test_who_denies_that_it_is_suspicious_does_not_call_it_so(own: str) -> None:
    """A lure promises that it was looked at."""
    assert counts(mail(own, INNER)) == "quoted"
    assert counts(mail(f"{own} The one below is a phishing mail.", INNER)) == "apart"


def test_a_warning_stands_in_each_alternative() -> None:
    """A mail program shows the page alone: a warning in the plain text beside it is not read."""
    page = "Content-Type: text/html\n\n<p>{}</p>"
    assert counts(mail(WARNING, page.format("Hello"), INNER)) == "quoted"
    assert counts(mail(WARNING, page.format(WARNING), INNER)) == "apart"


def test_a_file_inside_a_returned_message_is_still_a_file() -> None:
    """It may be opened from the outside, whether it is marked as attached or not."""
    part = "--c\nContent-Type: application/zip; name=a.zip\n\nPK\n--c--\n"
    zipped = f"Content-Type: multipart/mixed; boundary=c\n\n{part}"
    returned = with_inner_messages(
        mail("Not delivered.", STATUS, f"Content-Type: message/rfc822\n\n{zipped}", sender=""), PROVEN, AT
    )
    assert "a.zip" in [part.filename for part in returned.parts]


def test_a_file_that_is_opened_as_a_message_is_one() -> None:
    """A file `.eml` in base64 counts as an attached message; the file is still there."""
    coded = "RnJvbTogeEBsdXJlLmV4YW1wbGUNCg0KaHR0cHM6Ly9sdXJlLmV4YW1wbGUvIExVUkUNCg=="
    part = (
        'Content-Type: application/octet-stream; name="a.eml"\nContent-Disposition: attachment\n'
        f"Content-Transfer-Encoding: base64\n\n{coded}\n"
    )
    assert counts(mail("", part)) == "own"
    assert counts(mail(WARNING, part)) == "apart"
    assert [each.filename for each in mail("", part).parts if each.filename] == ["a.eml"]


@pytest.mark.parametrize(
    ("author", "seen", "how"),
    [
        ("a@shop.example", PROVEN, "apart"),
        ("a@other.example", PROVEN, "quoted in the text"),
        ("a@shop.example", Evidence(), "quoted in the text"),
    ],
)
def test_forwarded_text_is_kept_apart_for_a_colleague_alone(author: str, seen: Evidence, how: str) -> None:
    """The text is shown to every reader: only a proven colleague of the recipient may call it suspicious."""
    own = f"{WARNING}\n-----Original Message-----\nLURE https://lure.example/"
    told = with_inner_messages(mail(own, author=author), seen, AT)
    assert (how == "apart") is ("LURE" not in told.text)
    assert (how == "apart") is (not told.links)


def test_a_bounce_in_the_text_returns_the_recipients_own_mail() -> None:
    """The copy below is kept apart if the recipient is its author, and not if somebody else is."""
    copy = "Not delivered.\n--- Below this line is a copy of the message.\n\nFrom: {}\n\nLURE https://lure.example/"
    for author, apart in (("me@shop.example", True), ("bank@lure.example", False)):
        told = with_inner_messages(mail(copy.format(author), sender=""), UNPROVEN, AT)
        assert apart is ("LURE" not in told.text)


def test_a_page_returns_nothing() -> None:
    """A page can hide that it is a copy: what stands below the recipient's own address is the sender's."""
    page = "Content-Type: text/html\n\n<p>Not delivered.</p><p>From: me@shop.example</p><p>LURE</p>"
    assert "LURE" in with_inner_messages(mail("", page, sender=""), UNPROVEN, AT).text


def test_a_blockquote_is_quoted_below_a_warning_alone() -> None:
    """A quotation that style can make invisible counts only where the sender's own words warn."""
    for own, quotes in (("phishing mail:", 1), ("Hello", 0)):
        page = f"Content-Type: text/html\n\n<p>{own}</p><blockquote>LURE</blockquote>"
        assert len(with_inner_messages(mail("", page, author="a@other.example"), PROVEN, AT).quotes) == quotes
