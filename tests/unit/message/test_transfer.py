"""Content-transfer-encodings, decoded as far as possible."""

import base64
import quopri

import pytest

from sekisho.message.transfer import decode

MOST = 10_000


@pytest.mark.parametrize(
    ("data", "text", "codes"),
    [
        (base64.encodebytes(b"hello" * 40), b"hello" * 40, []),
        (b"aGVs\r\n bG8=\r\n", b"hello", []),
        (b"aGVsbG8", b"hello", []),
        (b"aGVsbG8=aGVsbG8=", b"hellohello", ["mime.base64"]),
        (b"aGV*sb!G8=", b"hello", ["mime.base64"]),
        (b"aGVsbG8h\r\n--\r\nunsub", b"hello!", ["mime.base64"]),
        (b"a", b"", []),
        (b"====", b"", []),
    ],
)
def test_base64_with_junk_and_truncation(data: bytes, text: bytes, codes: list[str]) -> None:
    """Base64 with other characters, or cut short, is decoded as in mail programs, and is a problem."""
    read, problems = decode(data, "base64", MOST)
    assert read.startswith(text)
    assert [problem.code for problem in problems] == codes


def test_very_many_paddings_are_no_trap() -> None:
    """A megabyte of padding is decoded in a short time."""
    assert decode(b"QQ==" * 300_000, "base64", 10_000_000)[0].startswith(b"AAAA")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (quopri.encodestring("日本".encode()), "日本".encode()),
        (b"a=\r\nb", b"ab"),
        (b"a= \t\r\nb", b"ab"),
        (b"a=ZZ=3", b"a=ZZ=3"),
        (b"a=\rshown\r\nb", b"ashown\r\nb"),
        (b"=e3=81=82", "あ".encode()),
        (b"end=", b"end"),
    ],
)
def test_quoted_printable_with_errors(data: bytes, text: bytes) -> None:
    """No text is lost after soft line breaks with blanks, wrong digits and single CRs."""
    assert decode(data, "quoted-printable", MOST) == (text, ())


def test_an_unknown_encoding_is_told_and_read_as_it_is() -> None:
    """Bytes in an unknown encoding are taken as they are, and the encoding is a problem."""
    data, problems = decode(b"bytes", "hexa", MOST)
    assert (data, [problem.code for problem in problems]) == (b"bytes", ["mime.encoding"])


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit", ""])
def test_decoding_stops_at_the_limit(encoding: str) -> None:
    """No more bytes are given than asked for."""
    assert len(decode(b"QUFB" * 5000, encoding, 100)[0]) == 100
