"""The MIME tree, read as mail programs read it."""

import base64

import pytest

from sekisho.message import Part, Problem
from sekisho.message.headers import split
from sekisho.message.leaf import is_html
from sekisho.message.limits import Limits
from sekisho.message.mime import Entity, read


def walk(raw: bytes, **limits: int) -> tuple[tuple[Part, ...], tuple[Problem, ...]]:
    """The leaves and problems of a message that is written with LF line ends."""
    raw = raw.replace(b"\n", b"\r\n")
    given = Limits(**limits)
    block = split(raw, given)
    tree = read(Entity(raw, block.headers.fields, block.body_start, len(raw)), given)
    return tree.parts, tree.problems


def codes(problems: tuple[Problem, ...]) -> list[str]:
    return [problem.code for problem in problems]


def test_a_message_without_type_is_plain_text() -> None:
    """A message without Content-Type is plain text in US-ASCII (RFC 2045 section 5.2)."""
    parts, problems = walk(b"A: x\n\nhello\n")
    assert [(part.media, part.text) for part in parts] == [("text/plain", "hello\r\n")]
    assert problems == ()


def test_leaves_come_in_order_with_their_facts() -> None:
    """Nested parts come in order, with charset, name, disposition and id; preamble and epilogue are not read."""
    parts, problems = walk(
        b'Content-Type: multipart/mixed; boundary="out"\n\npreamble\n--out\n'
        b'Content-Type: multipart/alternative; boundary="in er"\n\n'
        b"--in er\nContent-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B4X=j\x1b(B\n"
        b"--in er  \nContent-Type: text/html; charset=shift_jis\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes("<p>関所".encode("cp932"))
        + b"--in er--\n--out\nContent-Type: application/pdf; name=a.pdf\nContent-ID: <x@y>\n"
        b"Content-Disposition: attachment; filename*=utf-8''%E8%AB%8B.pdf\n\n%PDF\n--out--\nepilogue\n"
    )
    assert [(part.media, part.charset, part.text) for part in parts] == [
        ("text/plain", "iso-2022-jp", "関所"),
        ("text/html", "shift_jis", "<p>関所"),
        ("application/pdf", None, ""),
    ]
    pdf = parts[2]
    assert (pdf.filename, pdf.disposition, pdf.content_id, pdf.content) == (
        "請.pdf",
        "attachment",
        "x@y",
        b"%PDF",
    )
    assert problems == ()


def test_an_unquoted_boundary_with_a_blank_is_read_both_ways() -> None:
    """A boundary with a blank and without quotes is read whole and up to the blank, and is ambiguous."""
    parts, problems = walk(
        b"Content-Type: multipart/mixed; boundary=in er\n\n"
        b"--in er\nContent-Type: text/plain\n\nwhole\n--in er--\n"
        b"--in\nContent-Type: text/plain\n\nshort\n--in--\n"
    )
    assert {"whole", "short"} <= {part.text.strip() for part in parts}
    assert "mime.ambiguous" in {problem.code for problem in problems}


def test_a_missing_last_delimiter_loses_nothing() -> None:
    """Without a last delimiter a part goes to the end of its multipart, and that is a problem."""
    parts, problems = walk(
        b"Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/mixed; boundary=i\n\n"
        b"--i\n\ninner\n--o\n\nouter"
    )
    assert [part.text for part in parts] == ["inner", "outer"]
    assert codes(problems) == ["mime.unfinished"]


@pytest.mark.parametrize(
    "kind", [b"multipart/mixed", b"multipart/mixed; boundary=", b"multipart/mixed; boundary=no"]
)
def test_a_multipart_that_cannot_be_parted_is_read_as_text(kind: bytes) -> None:
    """A multipart whose boundary never comes is read as text."""
    parts, problems = walk(b"Content-Type: " + kind + b"\n\n--x\n\nhttp://evil.example\n")
    assert "http://evil.example" in parts[0].text
    assert "mime.no_boundary" in codes(problems)


def test_an_attached_message_is_opened() -> None:
    """An attached message is opened, also an encoded one, which RFC 2046 forbids and programs read."""
    inner = b"Subject: i\nContent-Type: text/html\n\n<p>inner"
    outer = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n"
    plain, _ = walk(outer + b"\n" + inner + b"\n--b--\n")
    coded, _ = walk(outer + b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(inner) + b"--b--\n")
    assert plain[0].media == coded[0].media == "text/html"
    assert plain[0].text == coded[0].text == "<p>inner"


def test_digest_parts_are_messages() -> None:
    """The parts of a digest are messages (RFC 2046 section 5.1.5)."""
    parts, _ = walk(b"Content-Type: multipart/digest; boundary=b\n\n--b\n\nFrom: x\n\nwords\n--b--\n")
    assert parts[0].text == "words"


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Type: text/plain\nContent-Type: text/html\n",
        b"Content-Type: text/plain; charset=utf-8; charset=utf-7\n",
        b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n",
    ],
)
def test_what_programs_read_differently_is_told(head: bytes) -> None:
    """Fields and parameters that contradict each other are reported as ambiguous."""
    assert "mime.ambiguous" in codes(walk(head + b"\nQQ==\n")[1])


def test_an_encoded_multipart_is_told() -> None:
    """An encoded multipart is ambiguous: RFC 2045 section 6.4 forbids it, and only some programs decode it."""
    head = b"Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n"
    assert "mime.ambiguous" in codes(walk(head + b"\n--b\n\nx\n--b--\n")[1])


def test_depth_and_parts_are_bounded() -> None:
    """Reading ends at the limits of depth and parts, and the limit is a problem."""
    deep = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(50))
    parts, problems = walk(deep + b"\nend", mime_depth=10)
    assert "limit.mime_depth" in codes(problems)
    assert len(parts) == 1
    wide = b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 10_000 + b"--b--\n"
    parts, problems = walk(wide, mime_parts=20)
    assert (len(parts), codes(problems)) == (20, ["mime.unfinished", "limit.mime_parts"])


def test_text_is_bounded_over_all_parts() -> None:
    """All parts together share the limit of characters, and a text that is cut is a problem."""
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\n\n" + (b"--b\n\n" + b"x" * 6000 + b"\n") * 3 + b"--b--\n"
    )
    parts, problems = walk(raw, text_characters=10_000)
    assert [len(part.text) for part in parts] == [6000, 4000, 0]
    assert "limit.text_characters" in codes(problems)


def test_images_are_kept_and_other_attachments_only_begun() -> None:
    """Images and archives are kept whole; of other attachments the first bytes are kept."""
    data = base64.encodebytes(b"x" * 20_000)
    sizes = {
        b"image/png": 20_000,
        b"application/octet-stream; name=A.PNG": 20_000,
        b"application/zip": 20_000,
        b"application/pdf": 4_096,
    }
    for media, size in sizes.items():
        parts, _ = walk(b"Content-Type: " + media + b"\nContent-Transfer-Encoding: base64\n\n" + data)
        assert len(parts[0].content) == size


def test_a_page_sent_as_a_file_is_a_page() -> None:
    """`invoice.html` with the type application/octet-stream is a page, since a browser opens it."""
    parts, _ = walk(b"Content-Type: application/octet-stream; name=Invoice.HTML\n\n<a href=//x>y")
    assert is_html(parts[0])
    assert parts[0].text == "<a href=//x>y"


def test_the_charset_of_a_page_may_stand_in_the_page() -> None:
    """If the header names no charset, the one in `meta` is used."""
    page = '<meta charset="Shift_JIS"><p>ご利用'.encode("cp932")
    assert "ご利用" in walk(b"Content-Type: text/html\n\n" + page)[0][0].text


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("iso-2022-jp", "iso2022_jp"),
        ("shift_jis", "cp932"),
        ("euc-jp", "euc_jp"),
        ("utf-8", "utf-8"),
        ("gb18030", "gb18030"),
    ],
)
def test_bodies_of_japan_are_read(label: str, codec: str) -> None:
    """Text in each charset of Japanese mail is read."""
    body = "お客様の口座".encode(codec)
    parts, problems = walk(b"Content-Type: text/plain; charset=" + label.encode() + b"\n\n" + body)
    assert (parts[0].text, problems) == ("お客様の口座", ())


def test_false_delimiters_end_the_search() -> None:
    """The search ends after a number of false delimiters, and that is a problem."""
    raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n" + b"--bx\n" * 1_000_000
    parts, problems = walk(raw)
    assert len(parts) <= 500
    assert {"mime.ambiguous", "limit.mime_parts"} <= set(codes(problems))
