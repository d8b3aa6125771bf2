"""What must hold for the reader of messages with any bytes."""

from __future__ import annotations

import base64
import quopri

from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.markup import parse, text_links
from sekisho.message import Envelope, Limits, read
from sekisho.message.transfer import decode
from sekisho.message.values import parse as parse_value

FRAGMENTS = st.sampled_from(
    [
        b"From: a@b.example", b"From: ", b"Subject: =?iso-2022-jp?b?GyRCNFg=?=", b"Content-Type: ", b"www.",
        b"multipart/mixed", b"; boundary=b", b"message/rfc822", b"text/html", b"--b", b"--b--", b"charset=",
        b"Content-Transfer-Encoding: base64", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\0", b"=?", b"=3D",
        b"<a href=http://x>", b"\x1b$B", b"\xff\xfe", b":", b"utf-7", b"*0*=", b"''%", b"<p style='", b"</",
        b"<!--", "ｈｔｔｐ".encode(), "：／／".encode(),
    ]
)  # fmt: skip
HOSTILE = st.one_of(st.binary(max_size=400), st.lists(FRAGMENTS, max_size=60).map(b"".join))
NAMES = st.from_regex(rb"[!-9;-~]{1,20}", fullmatch=True).filter(
    lambda name: not name.startswith((b"From", b">"))
)
VALUES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=30), min_size=1, max_size=3
).map(lambda lines: "\r\n\t".join(lines).encode())
LINE = st.text(st.characters(codec="utf-8", exclude_characters="\r\n-"), max_size=40)
BODIES = st.lists(LINE, max_size=4).map("\r\n".join)


@settings(max_examples=300, deadline=None)
@given(HOSTILE)
def test_any_bytes_are_a_message(raw: bytes) -> None:
    """Any bytes give a message without an error. CRLF input is not changed, and the body begins within it."""
    small = Limits(mime_depth=3, mime_parts=10, links=10, header_fields=20)
    for limits in (Limits(), small):
        message = read(raw, Envelope(), limits)
        assert 0 <= message.body_start <= message.size
        assert len(message.links) <= 2 * limits.links
        for text in (message.text, message.subject, message.author.text, message.hidden, message.title):
            text.encode("utf-8")
    end = raw.find(b"\n")
    if end > 0 and raw[end - 1] == 13 and not raw.startswith((b"From ", b">")):
        assert message.raw == raw


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(NAMES, VALUES), min_size=1, max_size=8), BODIES)
def test_the_fields_joined_are_the_header_block(fields: list[tuple[bytes, bytes]], body: str) -> None:
    """The fields joined are the header block, byte for byte, as DKIM needs it."""
    block = b"".join(name + b":" + value + b"\r\n" for name, value in fields)
    message = read(block + b"\r\n" + body.encode(), Envelope())
    assert b"".join(field.name + b":" + field.value + b"\r\n" for field in message.headers) == block
    assert message.raw[message.body_start :] == body.encode()


Tree = str | list["Tree"]
TREES: st.SearchStrategy[Tree] = st.recursive(
    BODIES, lambda inner: st.lists(inner, min_size=1, max_size=4), max_leaves=8
)


def written(tree: Tree, depth: int = 0) -> bytes:
    """A tree of texts as MIME. The length of a text decides its encoding."""
    if isinstance(tree, str):
        kind = ("base64", "quoted-printable", "8bit")[len(tree) % 3]
        data = tree.encode()
        if kind == "base64":
            data = base64.encodebytes(data).replace(b"\n", b"\r\n")
        elif kind == "quoted-printable":
            data = quopri.encodestring(data.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
        return (
            b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
            + kind.encode()
            + b"\r\n\r\n"
            + data
        )
    mark = b"=_%d" % depth
    parts = b"".join(b"--" + mark + b"\r\n" + written(child, depth + 1) + b"\r\n" for child in tree)
    return (
        b'Content-Type: multipart/mixed; boundary="' + mark + b'"\r\n\r\n' + parts + b"--" + mark + b"--\r\n"
    )


def leaves(tree: Tree) -> list[str]:
    return [tree] if isinstance(tree, str) else [leaf for child in tree for leaf in leaves(child)]


@settings(max_examples=150, deadline=None)
@given(TREES)
def test_what_was_nested_comes_out(tree: Tree) -> None:
    """Every text of a well-formed tree is read, in order, and there is no problem."""
    message = read(written(tree), Envelope())
    assert [part.text for part in message.parts] == leaves(tree)
    assert not [problem for problem in message.problems if problem.code.startswith(("mime.", "header."))]


HTML = st.lists(
    st.one_of(
        st.sampled_from(
            ["<", ">", "<a href='", "<b>", "</", "<!--", "-->", "<table><td>", "<style>", "&#", '"', "\0",
             "style='display:none'", "<script ", "<svg><a xlink:href=x>", "<base href=http://[>", "\ud800",
             "<template>", "<form action="]
        ),
        st.text(max_size=10),
    ),
    max_size=50,
).map("".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(HTML, st.integers(0, 40))
def test_any_text_is_a_page(html: str, share: int) -> None:
    """The tree reader and the coarse reader raise no error, for any part of any page."""
    for page in (parse(html), parse(html, 3, share)):
        assert all(anchor.target for anchor in page.anchors)
    assert len(parse(html, 3).anchors) <= 3
    assert all("." in url or "[" in url for url in text_links(html))


@settings(max_examples=200, deadline=None)
@given(HOSTILE, st.sampled_from(["base64", "quoted-printable", "x", ""]), st.integers(0, 100))
def test_any_bytes_can_be_decoded(data: bytes, encoding: str, most: int) -> None:
    """Transfer decoding raises no error and gives no more than asked for."""
    assert len(decode(data, encoding, most)[0]) <= most


@settings(max_examples=200, deadline=None)
@given(HOSTILE)
def test_any_text_is_a_field_value(data: bytes) -> None:
    """Reading the parameters of any text raises no error."""
    value = parse_value(data.decode("utf-8", "surrogateescape"))
    value.get("boundary")
    value.text("filename")
