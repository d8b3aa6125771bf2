"""Nothing that is written back breaks a header or a reply."""

from __future__ import annotations

from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.judging.replies import REPLY_LIMIT, UnwritableError, header_name, header_value, line, smtp_reply


def test_a_proper_value_is_left_alone() -> None:
    """Folding, tabs, encoded words and punctuation pass untouched."""
    value = "quarantine; score=12.5;\n\tid=7 =?utf-8?b?5pel?=\n mode=enforce"
    assert header_value(value) == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("a\r\nX-Forged: yes", "a\n X-Forged: yes"),
        ("a\nX-Forged: yes", "a\n X-Forged: yes"),
        ("a\rX-Forged: yes", "a X-Forged: yes"),
        ("a\n\nbody", "a\n body"),
        ("a\n \n\t\n body", "a\n body"),
        ("a\n", "a"),
        ("a\n\n \n", "a"),
        ("a\x00b\x1bc\x7f", "a b c "),
    ],
)
def test_no_value_ends_its_field(value: str, written: str) -> None:
    """Line ends that would begin a field, end the block or make an empty folded line are mended."""
    assert header_value(value) == written


@given(st.text())
def test_any_value_is_one_ascii_field(value: str) -> None:
    """Whatever the text: ASCII, no control character but LF and tab, every line after the first indented and
    not blank, so that no reader sees a second field or the end of the block."""
    written = header_value(value)
    assert written.isascii()
    assert not set(map(chr, range(32))) & set(written) - {"\n", "\t"}
    first, *more = written.split("\n")
    assert all(each[0] in " \t" and each.strip(" \t") for each in more)
    assert header_value(written) == written
    assert len(first) <= max(75, len(value))


@given(st.text(st.characters(min_codepoint=0x3040, max_codepoint=0x30FF), min_size=1, max_size=200))
def test_text_beyond_ascii_is_readable(text: str) -> None:
    """The standard library's decoder gets the text back."""
    assert str(make_header(decode_header(header_value(text)))) == text


@pytest.mark.parametrize("name", ["", "X Y", "X:", "X\n", "日本", "x" * 77, "X\x00"])
def test_what_is_no_name_is_refused(name: str) -> None:
    """Postfix writes a bad name verbatim, so it never gets one."""
    with pytest.raises(UnwritableError):
        header_name(name)


@given(st.text(), st.text(), st.text(), st.sampled_from("45"))
def test_any_reply_is_one_that_postfix_takes(code: str, enhanced: str, text: str, klass: str) -> None:
    """Class, codes and text always agree; the line is short enough, even if every % of it is doubled."""
    code, enhanced, text = smtp_reply((code, enhanced, text), klass)
    assert code[0] == enhanced[0] == klass
    assert len(code) == 3
    assert text
    assert all(" " <= each <= "~" for each in text)
    assert 2 * len(text) <= 2 * REPLY_LIMIT < 980


def test_a_line_is_one_line() -> None:
    """CR and LF are blanks, anything else outside ASCII is a question mark."""
    assert line("a\r\nb\x00日本") == "a  b?"
