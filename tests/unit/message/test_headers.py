"""The header block is split as Postfix splits it."""

import pytest

from sekisho.message.headers import Block, as_delivered, field_text, split
from sekisho.message.limits import Limits


def block(raw: bytes, **limits: int) -> Block:
    return split(raw, Limits(**limits))


def codes(found: Block) -> list[str]:
    return [problem.code for problem in found.problems]


def test_fields_keep_every_byte() -> None:
    """Leading space and folding belong to a value, its last line end does not: this is what DKIM signs."""
    found = block(b"A:  x\r\n\ty \r\nb:\r\n\r\nbody")
    assert [(field.name, field.value) for field in found.headers] == [(b"A", b"  x\r\n\ty "), (b"b", b"")]
    assert (found.body_start, found.problems) == (18, ())


@pytest.mark.parametrize(
    "raw",
    [
        b" From: a@b.example\r\nTo: x\r\n\r\n",
        b"From a@b.example is here\nFrom: a@b\n",
        b"",
        b":x\r\n",
    ],
)
def test_a_first_line_that_is_no_header_leaves_no_header(raw: bytes) -> None:
    """If the first line is no field, there are no fields, as in Postfix; what looks like a field is body."""
    found = split(raw, Limits())
    assert found.headers.fields == ()
    assert "header.broken_block" in codes(found)


def test_an_empty_block_is_no_broken_one() -> None:
    """A message that begins with a blank line has no fields, and its block is not broken."""
    found = split(b"\r\nFrom: x\r\n", Limits())
    assert found.headers.fields == ()
    assert codes(found) == ["header.empty_block"]


def test_a_later_line_that_is_no_header_begins_the_body() -> None:
    """The first line that is no field begins the body, without a blank line."""
    found = block(b"A: x\r\nno header\r\nFrom: forged\r\n\r\n")
    assert [field.name for field in found.headers] == [b"A"]
    assert (found.body_start, codes(found)) == (6, ["header.cut_short"])


def test_a_space_before_the_colon_is_the_same_field() -> None:
    """`From :` is a From field, and its name keeps the space."""
    found = block(b"From : a@b.example\r\n\r\n")
    assert (found.headers.all("from")[0].name, codes(found)) == (b"From ", ["header.space_before_colon"])


def test_a_folded_field_name_ends_the_block() -> None:
    """A field name over two lines ends the block, as in Postfix, and is a problem."""
    assert codes(block(b"A: x\r\nFr\r\n om: a@b.example\r\n\r\n")) == [
        "header.cut_short",
        "header.folded_name",
    ]


def test_a_nul_cuts_the_field() -> None:
    """A value ends before NUL: Postfix neither shows nor delivers the rest."""
    found = block(b"From: a@b.example\0 evil\r\n\r\n")
    assert (found.headers.all("from")[0].value, codes(found)) == (b" a@b.example", ["header.nul"])


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"A: " + b"x" * 70_000 + b"\r\n\r\n", "header.long_field"),
        (b"A: " + b"x" * 1_200 + b"\r\n\r\n", "header.long_line"),
        (b"A: x\ry\r\n\r\n", "header.bare_cr"),
        (b"S\xc3\xbcbject: x\r\n\r\n", "header.broken_block"),
        (b"A: x\r\nS\xc3\xbcbject: x\r\n\r\n", "header.cut_short"),
    ],
)
def test_oddities_of_the_block_are_told(raw: bytes, code: str) -> None:
    """Each oddity has its own problem code."""
    assert code in codes(block(raw))


def test_the_block_is_bounded_in_fields_and_bytes() -> None:
    """Fields over a limit are not read, the limit is a problem, and the body is still found."""
    many = block(b"A: x\r\n" * 100 + b"\r\nbody", header_fields=20)
    assert (len(many.headers.fields), many.body_start, codes(many)) == (20, 602, ["limit.header_fields"])
    large = block((b"A: " + b"x" * 500 + b"\r\n") * 100 + b"\r\nbody", header_bytes=4_096)
    assert (large.body_start, codes(large)) == (50_502, ["limit.header_bytes"])


def test_a_file_gets_crlf_and_the_wire_stays_as_it_is() -> None:
    """A file gets CRLF line ends; no byte of a message with CRLF changes."""
    assert as_delivered(b"A: x\n\ny\r\nz\n") == b"A: x\r\n\r\ny\r\nz\r\n"
    assert as_delivered(b"A: x\r\r\n") == b"A: x\r\r\n"
    wire = b"A: x\r\n\r\nbare\nlf and \r cr\r\n"
    assert as_delivered(wire) == wire
    assert as_delivered(b"A: x\r\ry") == b"A: x\r\n\r\ny"


def test_an_mbox_separator_becomes_what_postfix_makes_of_it() -> None:
    """An mbox separator becomes `X-Mailbox-Line`, and From is found; with `From :` the problem says so."""
    found = split(as_delivered(b"From x@y.example Thu Jan  1\nFrom: a@b.example\n\n"), Limits())
    assert [field.key for field in found.headers] == ["x-mailbox-line", "from"]
    assert codes(found) == ["header.mbox_line"]
    odd = split(as_delivered(b"From : a@b.example\r\n\r\n"), Limits())
    assert [field.key for field in odd.headers] == ["x-mailbox-line"]
    assert codes(odd) == ["header.mbox_line", "header.space_before_colon"]


def test_field_text_is_one_line() -> None:
    """A value becomes one line, and bytes that are not UTF-8 become surrogate escapes."""
    assert field_text(b" a\r\n b\n\tc \xff") == "a b\tc \udcff"
