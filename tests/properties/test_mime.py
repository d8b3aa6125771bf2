"""Our MIME reader compared with Python's parser: what that shows, we have read, or reported as ambiguous."""

from __future__ import annotations

import base64
import email

from hypothesis import given, settings
from hypothesis import strategies as st

from sekisho.message import Envelope, Message, read

MARK = b"http://phish.example/x"
BODY = b"hello " + MARK + b" bye\n"
FLAGS = ("mime.ambiguous", "mime.no_boundary", "header.", "limit.")

LEAVES = st.sampled_from(
    [
        b"\n" + BODY,
        b"Content-Type: text/plain\n\n" + BODY,
        b"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(BODY),
        b"Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n"
        + BODY.replace(b"h", b"=68"),
    ]
)
BOUNDARIES = st.sampled_from([b"b", b"bb", b"b b", b'"b"', b'b"', b"=_b", b"'b'", b"b(x)"])
BEFORE = st.sampled_from([b""] * 9 + [b"Content-Type: text/plain\n", b"X: y\n", b"junk\n"])
AFTER = st.sampled_from([b"", b"", b"; boundary=c", b"; charset=x", b"\nContent-Transfer-Encoding: 7bit"])
TAILS = st.sampled_from([b""] * 6 + [b" ", b"x", b"--"])
ENDS = st.sampled_from([b"--", b"--x", None])


@st.composite
def multiparts(draw: st.DrawFn, inside: st.SearchStrategy[bytes]) -> bytes:
    """A multipart whose delimiters may differ from its declared boundary."""
    named = draw(BOUNDARIES)
    mark = b"--" + draw(st.sampled_from([named, named.strip(b'"'), b"b"]))
    parts = b"".join(
        mark + draw(TAILS) + b"\n" + part + draw(st.sampled_from([b"\n", b""]))
        for part in draw(st.lists(inside, min_size=1, max_size=3))
    )
    end = draw(ENDS)
    return (
        draw(BEFORE)
        + b"Content-Type: multipart/mixed; boundary="
        + named
        + draw(AFTER)
        + b"\n\n"
        + draw(st.sampled_from([b"", b"preamble\n"]))
        + parts
        + (b"" if end is None else mark + end + b"\n")
    )


ENTITIES = st.recursive(LEAVES, multiparts, max_leaves=8)


def shown_by_python(raw: bytes) -> int:
    """The number of marks in the leaves of Python's parser."""
    parts = email.message_from_bytes(raw).walk()
    return sum(
        (part.get_payload(decode=True) or b"").count(MARK)  # type: ignore[union-attr]
        for part in parts
        if not part.is_multipart()
    )


def flagged(message: Message) -> bool:
    return any(problem.code.startswith(FLAGS) for problem in message.problems)


@settings(max_examples=500, deadline=None)
@given(ENTITIES)
def test_what_another_reader_shows_is_read_or_flagged(entity: bytes) -> None:
    """Every mark that the other parser shows is in our leaves, or the message has a problem."""
    raw = b"From: a@b.example\nMIME-Version: 1.0\n" + entity
    message = read(raw, Envelope())
    ours = sum(part.text.count(MARK.decode()) for part in message.parts)
    assert ours >= shown_by_python(raw) or flagged(message)
