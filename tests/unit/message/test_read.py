"""From bytes to Message: what checks see of a whole message."""

import pytest

from sekisho.message import Envelope, Limits, Link, Message, read


def message(raw: str | bytes) -> Message:
    return read(raw.encode() if isinstance(raw, str) else raw, Envelope())


def author_codes(raw: str | bytes) -> list[str]:
    return [problem.code for problem in message(raw).author.problems]


def test_a_plain_mail_has_everything() -> None:
    """A plain mail has author, subject, text, links and digest, and no problem."""
    read_ = message(
        "From: =?UTF-8?B?6Zai5omA?= <Info@Example.JP>\nReply-To: a@b.example, c@d.example\n"
        "Sender: s@e.example\nContent-Type: text/plain; charset=utf-8\n"
        "Subject: =?ISO-2022-JP?B?GyRCNFg9ahsoQg==?=\n\nhttps://example.jp/x を見てください\n"
    )
    assert read_.author.mailbox is not None
    assert (read_.author.mailbox.name, read_.author.domain) == ("関所", "example.jp")
    assert read_.author.text == "関所 <Info@Example.JP>"
    assert [box.address for box in read_.reply_to] == ["a@b.example", "c@d.example"]
    assert [box.domain for box in read_.sender] == ["e.example"]
    assert read_.subject == "関所"
    assert read_.text == "https://example.jp/x を見てください"
    assert read_.links == (Link("https://example.jp/x", "example.jp", "", "text"),)
    assert (read_.problems, read_.author.problems) == ((), ())
    assert read_.raw[read_.body_start :].startswith(b"https://")
    assert len(read_.digest) == 64


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("From: a@b.example\nFrom: c@d.example\n\n", "author.several_fields"),
        ("From: a@b.example, c@d.example\n\n", "author.several_addresses"),
        ("Subject: x\n\n", "author.no_from"),
        ("Sender: a@b.example\n\n", "author.sender_only"),
        ("Resent-From: a@b.example\n\n", "author.sender_only"),
        ("From : a@b.example\n\n", "author.space_before_colon"),
        ("From: a@b.example\0 x\n\n", "author.nul"),
        ("From: <a@-b-.example>\n\n", "author.bad_domain"),
        ("From: nobody\n\n", "author.no_address"),
        ("From: " + "x" * 5000 + " <a@b.example>\n\n", "author.too_long"),
    ],
)
def test_an_author_that_is_not_one_answer_is_a_problem(raw: str, code: str) -> None:
    """Every kind of ambiguous author has its own problem code."""
    assert code in author_codes(raw)


@pytest.mark.parametrize("second", ["From: c@d.example", "from : c@d.example", "FROM:"])
def test_of_two_from_fields_neither_is_the_author(second: str) -> None:
    """With two From fields there is no author: some programs show the first, some the last."""
    read_ = message(f"From: a@b.example\n{second}\n\n")
    assert (read_.author.mailbox, read_.author.domain) == (None, None)
    assert "a@b.example" in read_.author.text


def test_a_domain_that_is_none_is_not_given() -> None:
    """The author domain is valid and in ASCII, or None."""
    assert message("From: x@ＥＸＡＭＰＬＥ．jp\n\n").author.domain == "example.jp"
    assert message("From: x@日本語.jp\n\n").author.domain == "xn--wgv71a119e.jp"
    assert message("From: x@a b.example\n\n").author.domain is None or author_codes("From: x@a b.example\n\n")


def test_headers_in_utf8_are_ordinary() -> None:
    """Raw UTF-8 in name, address and subject has no problem (RFC 6532)."""
    read_ = message("From: 関所 <関@例え.jp>\nSubject: お知らせ\n\nx")
    assert read_.author.mailbox is not None
    assert (read_.author.mailbox.name, read_.author.mailbox.local) == ("関所", "関")
    assert read_.subject == "お知らせ"


@pytest.mark.parametrize("codec", ["cp932", "euc_jp", "iso2022_jp"])
def test_raw_japanese_headers_are_read(codec: str) -> None:
    """8-bit text and ISO-2022-JP in header fields are decoded: old Japanese software writes them."""
    name = "お客様センターのお知らせ"
    read_ = message(
        b'From: "' + name.encode(codec) + b'" <a@b.example>\nSubject: ' + name.encode(codec) + b"\n\nx"
    )
    assert read_.author.mailbox is not None
    assert (read_.author.mailbox.name, read_.author.domain, read_.subject) == (name, "b.example", name)


def test_a_broken_block_has_no_author_and_keeps_the_body() -> None:
    """A message whose first line is no field has no author, and its fields are part of the body."""
    read_ = message(" x\nFrom: ceo@bank.example\n\nhello")
    assert (read_.headers.fields, read_.body_start, read_.author.mailbox) == ((), 0, None)
    assert "From: ceo@bank.example" in read_.text
    assert read_.problem("header.broken_block")


def test_both_alternatives_and_hidden_text_are_seen() -> None:
    """Plain and HTML text are both read, hidden text is separate, and equal links count once."""
    read_ = message(
        'Content-Type: multipart/alternative; boundary="b"\n\n--b\n\nplain http://x.example/\n--b\n'
        "Content-Type: text/html\n\n<title>t</title><p>page <a href='http://x.example/'>go</a>"
        "<a href='http://x.example/'>go</a><span style='display:none'>veiled</span>\n--b--\n"
    )
    assert read_.text == "plain http://x.example/\n\npage gogo"
    assert (read_.hidden, read_.title) == ("veiled", "t")
    assert [(link.kind, link.text, link.host) for link in read_.links] == [
        ("text", "", "x.example"),
        ("a", "go", "x.example"),
    ]


def test_every_limit_is_told() -> None:
    """What exceeds a limit is a problem with the name of the limit, and the rest is read."""
    urls = " ".join(f"http://h{n}.example" for n in range(30))
    raw = b"From: a@b.example\n\n" + urls.encode() + b"\n" + b"x" * 20_000
    read_ = read(raw, Envelope(), Limits(scan_bytes=10_000, links=10))
    assert [problem.code for problem in read_.problems] == ["limit.links", "limit.scan_bytes"]
    assert (len(read_.links), read_.author.domain, read_.size) == (10, "b.example", len(raw) + 3)


def test_a_file_and_the_wire_read_alike() -> None:
    """A mail in a file with LF line ends gives the same bytes, digest and parts as off the wire."""
    wire = b"From: a@b.example\r\nSubject: x\r\n y\r\n\r\nbody\r\n"
    assert message(wire) == message(wire.replace(b"\r\n", b"\n"))


def test_hostile_giants_are_read() -> None:
    """Inputs for which mail libraries take minutes are read, and give an author or a problem."""
    for body in (b"<a" * 1_000_000, b"<div>" * 200_000, b"=" * 1_000_000, b"http://" * 200_000):
        for kind in (b"text/html", b"text/plain\nContent-Transfer-Encoding: base64"):
            read_ = message(b"From: a@b.example\nContent-Type: " + kind + b"\n\n" + body)
            assert read_.author.domain == "b.example"
    message(b"From: " + b'",;:(<' * 10_000 + b"\nContent-Type: " + b";" * 50_000 + b"\n\n")


def test_a_message_inside_is_kept_from_the_message_itself() -> None:
    """What attached messages, returned headers and reports show is in `inner`, each with its own author and subject."""
    raw = (
        b'From: a@b.example\nContent-Type: multipart/report; boundary="b"\n\n'
        b"--b\n\nown http://own.example/\n"
        b"--b\nContent-Type: message/delivery-status\n\nAction: failed\n"
        b"--b\nContent-Type: message/rfc822\n\nFrom: =?utf-8?b?6Zai5omA?= <x@y.example>\nSubject: s\n"
        b'Content-Type: multipart/mixed; boundary="c"\n\n'
        b"--c\nContent-Type: text/html\n\n<title>t</title><a href=http://lure.example/>go</a>\n"
        b"--c\nContent-Type: message/rfc822\n\nSubject: deeper\n\ndeep\n--c--\n"
        b"--b\nContent-Type: text/rfc822-headers\n\nSubject: returned\n--b--\n"
    )
    read_ = message(raw)
    assert (read_.text, read_.title, [link.host for link in read_.links]) == (
        "own http://own.example/",
        "",
        ["own.example"],
    )
    assert [(each.report, each.author, each.subject, each.shown.text) for each in read_.inner] == [
        ("message/delivery-status", "", "", "Action: failed"),
        ("", "関所 <x@y.example>", "s", "go\n\ndeep"),
        ("", "", "", "Subject: returned"),
    ]
    assert [part.inner for part in read_.parts] == [0, 1, 2, 2, 3]


def test_what_is_the_messages_own_in_one_reading_is_its_own() -> None:
    """A page that is an attached message to some programs and the text to others counts as the text, too."""
    raw = (
        b"From: a@b.example\nContent-Type: message/rfc822\nContent-Type: text/html\n\n"
        b"X: y\nContent-Type: text/html\n\n<a href=http://lure.example/>go</a>\n"
    )
    assert "lure.example" in [link.host for link in message(raw).links]
