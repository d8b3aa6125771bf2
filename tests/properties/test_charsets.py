"""What must hold for all bytes and all labels."""

from __future__ import annotations

from base64 import b64encode

from hypothesis import given
from hypothesis import strategies as st

from sekisho.charsets import decode, decode_rfc2231, decode_words

KANA = st.text(
    "あいうえおかきくけこさしすせそたちつてとナニヌネノハヒフヘホマミムメモ日本語重要会員登録銀行楽天",
    min_size=4,
    max_size=30,
)
CODECS = st.sampled_from(
    [
        ("iso2022_jp", "iso-2022-jp"),
        ("cp932", "shift_jis"),
        ("euc_jp", "euc-jp"),
        ("utf-8", "utf-8"),
        ("gb18030", "gb18030"),
    ]
)
LABELS = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.sampled_from(
        [
            "utf-8",
            "utf-16",
            "utf-7",
            "iso-2022-jp",
            "iso-2022-kr",
            "hz-gb-2312",
            "shift_jis",
            "euc-jp",
            "gb2312",
            "big5",
            "euc-kr",
            "iso-8859-1",
            "windows-1255",
            "us-ascii",
            "punycode",
        ]
    ),
)
PIECES = st.sampled_from(
    [
        "=?",
        "?=",
        "?",
        "=",
        "utf-8",
        "iso-2022-jp",
        "B",
        "q",
        "44GC",
        "=E3",
        "_",
        " ",
        "\r\n ",
        "\0",
        "\udc83",
        "\x1b$B",
        "あ",
        "=?utf-8?q?a?=",
        "=?utf-8?b?44E=?=",
    ]
)
BYTES = st.one_of(
    st.binary(),
    st.lists(
        st.sampled_from(
            [
                b"\x1b$B",
                b"\x1b(B",
                b"\x1b(I",
                b"\x1b$(D",
                b"\x0e",
                b"\x82\xa0",
                b"\xa4\xa2",
                b"\xe3\x81\x82",
                b"\x8f\xb0\xa1",
                b"a",
                b"\n",
                b"\xff",
                b"\x1b$A",
                b"\x1b",
            ]
        ),
        max_size=20,
    ).map(b"".join),
)


@given(BYTES, LABELS)
def test_decoding_never_raises_and_repeats_itself(data: bytes, label: str | None) -> None:
    """Any bytes with any label give the same text each time, and it can be encoded again."""
    found = decode(data, label)
    assert found == decode(data, label)
    found.text.encode("utf-8")
    assert (
        ("\ufffd" not in found.text)
        or found.problems
        or b"\xef\xbf\xbd" in data
        or found.charset.startswith(("utf-16", "gb", "iso-2022", "hz"))
    )


@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join)))
def test_header_values_never_raise(value: str) -> None:
    """Any header value and any parameter can be decoded, and each problem code comes once."""
    found = decode_words(value)
    assert len({code for code, _ in found.problems}) == len(found.problems)
    decode_rfc2231(value)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)).filter(lambda text: "=?" not in text))
def test_plain_ascii_stays(value: str) -> None:
    """Printable ASCII without encoded words is its own text and has no problem."""
    assert decode_words(value).text == value.strip()
    assert decode_words(value).problems == ()


@given(KANA, CODECS)
def test_words_come_back(text: str, codec: tuple[str, str]) -> None:
    """Text that a mailer encodes in base64 or quoted-printable is decoded to the same text."""
    data = text.encode(codec[0])
    quoted = "".join(f"={byte:02X}" for byte in data)
    for value in (f"=?{codec[1]}?B?{b64encode(data).decode()}?=", f"=?{codec[1].upper()}?q?{quoted}?="):
        assert decode_words(value).text == text
        assert decode_words(value).problems == ()


@given(KANA, st.integers(1, 90))
def test_split_characters_are_joined(text: str, at: int) -> None:
    """UTF-8 that is cut between two words, at any byte, gives the whole text."""
    data = text.encode()
    at = min(at, len(data) - 1)
    value = " ".join(f"=?utf-8?B?{b64encode(part).decode()}?=" for part in (data[:at], data[at:]))
    assert decode_words(value).text == text


@given(KANA, CODECS)
def test_true_labels_are_never_called_lies(text: str, codec: tuple[str, str]) -> None:
    """Text with the right label has no problem."""
    assert decode(text.encode(codec[0]), codec[1]).problems == ()
