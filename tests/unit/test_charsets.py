"""Bytes to text: every encoding of Japanese mail, with right and wrong labels."""

from __future__ import annotations

from base64 import b64encode

import pytest

from sekisho.charsets import decode, decode_rfc2231, decode_words, lookup

TEXT = "【重要】えきねっとアカウントの自動退会処理について"


@pytest.mark.parametrize(
    ("label", "codec"),
    [
        ("UTF-8", "utf-8"),
        ("utf8", "utf-8-sig"),
        ('"Shift_JIS"', "cp932"),
        ("x-sjis", "cp932"),
        ("Windows-31J", "cp932"),
        ("MS_Kanji", "cp932"),
        ("EUC-JP", "euc_jp"),
        ("cp51932", "euc_jp"),
        ("ISO-2022-JP", "iso2022_jp"),
        ("iso-2022-jp-ms", "iso2022_jp"),
        ("CP50221", "iso2022_jp"),
        ("GB2312", "gb18030"),
        ("gbk", "gb18030"),
        ("utf-16", "utf-16"),
        ("utf-16le", "utf-16-le"),
        ("utf-16be", "utf-16-be"),
    ],
)
def test_true_labels_are_believed(label: str, codec: str) -> None:
    """Text with the right label is decoded without a problem."""
    found = decode(TEXT.encode(codec), label)
    assert (found.text, found.problems) == (TEXT, ())


@pytest.mark.parametrize(
    "label", ["us-ascii", "iso-2022-jp", "utf-8", "iso-8859-1", "windows-1252", "shift_jis", "euc-jp"]
)
@pytest.mark.parametrize(
    ("codec", "charset"),
    [("utf-8", "utf-8"), ("cp932", "shift_jis"), ("euc_jp", "euc-jp"), ("iso2022_jp", "iso-2022-jp")],
)
def test_lying_labels_are_seen_through(label: str, codec: str, charset: str) -> None:
    """Japanese text with any wrong Japanese, Unicode or Western label is decoded, and the wrong label is reported."""
    found = decode(TEXT.encode(codec), label)
    assert (found.text, found.charset) == (TEXT, charset)
    assert [code for code, _ in found.problems] == ([] if lookup(label) == charset else ["charset.lie"])


@pytest.mark.parametrize("codec", ["utf-8", "cp932", "euc_jp", "iso2022_jp"])
@pytest.mark.parametrize(("label", "code"), [("x-nobody", "charset.unknown"), ("utf-7", "charset.refused")])
def test_unknown_labels_do_not_hide_text(codec: str, label: str, code: str) -> None:
    """Text with an unknown or refused label is decoded, and the label is reported."""
    found = decode(TEXT.encode(codec), label)
    assert (found.text, [each for each, _ in found.problems]) == (TEXT, [code])


def test_shift_jis_under_a_chinese_label() -> None:
    """GB 18030 accepts nearly all bytes, but kana in Shift_JIS show that the label is wrong."""
    assert decode(TEXT.encode("cp932"), "gb2312").text == TEXT


@pytest.mark.parametrize(
    ("text", "codec", "label"),
    [
        ("café Grüße", "latin-1", "iso-8859-1"),
        ("“quoted”", "cp1252", "iso-8859-1"),
        ("Привет, мир", "koi8_r", "koi8-r"),
        ("Привет, мир", "cp1251", "windows-1251"),
        ("您的账户已被锁定", "gbk", "gb2312"),
        ("您的帳戶已被鎖定", "cp950", "big5"),
        ("안녕하세요", "cp949", "ks_c_5601-1987"),
        ("สวัสดี", "cp874", "tis-620"),
        ("ｱﾏｿﾞﾝｼﾞｬﾊﾟﾝ", "cp932", "shift_jis"),
        ("ﾄﾖ", "cp932", "shift_jis"),
    ],
)
def test_other_languages_are_left_alone(text: str, codec: str, label: str) -> None:
    """Other languages, and half-width katakana, are not taken for other Japanese text."""
    found = decode(text.encode(codec), label)
    assert (found.text, found.problems) == (text, ())


def test_iso_2022_jp_as_it_is_sent() -> None:
    """Half-width katakana, NEC row 13, IBM kanji and a missing return to ASCII are decoded: they are common."""
    assert decode(b"\x1b(I1OB^]\x1b(B", "iso-2022-jp").text == "ｱﾏﾂﾞﾝ"
    assert decode(b"\x1b$B-!-j\x1b(B", "iso-2022-jp").text == "①㈱"
    assert decode(b"\x1b$B|b\x1b(B", "cp50221").text == "髙"
    assert decode(b"\x1b$BF|K\\\nabc", "iso-2022-jp").text == "日本\nabc"
    assert decode(b"\x1b$B!A\x1b(J~\\", "iso-2022-jp").text == "～~\\"
    assert decode(b"\x1b$Bu!\x1b(B", "iso-2022-jp").text == "〓"


def test_euc_jp_with_vendor_rows() -> None:
    """EUC-JP is decoded with the extensions of CP51932."""
    found = decode(b"\xad\xa1\xad\xea\x8e\xb1\x8f\xb0\xa1" + TEXT.encode("euc_jp"), "euc-jp")
    assert (found.text, found.problems) == ("①㈱ｱ丂" + TEXT, ())


def test_broken_bytes_are_said_to_be_broken() -> None:
    """With one bad byte the label is still used, and the byte is reported."""
    found = decode(TEXT.encode()[:-1], "utf-8")
    assert (found.text, found.charset) == (TEXT[:-1] + "\ufffd", "utf-8")
    assert [code for code, _ in found.problems] == ["charset.broken"]


@pytest.mark.parametrize(
    "label",
    [
        "idna",
        "punycode",
        "rot13",
        "rot_13",
        "zlib",
        "hex",
        "base64",
        "unicode_escape",
        "raw_unicode_escape",
        "undefined",
        "mbcs",
        "utf_8_sig\0",
        "bz2",
        "uu",
        "../x",
    ],
)
def test_no_codec_of_python_is_reachable(label: str) -> None:
    """A label outside the table leads to no codec, although Python has one."""
    assert lookup(label) is None
    assert decode(b"uryyb =?", label).text == "uryyb =?"


def word(text: str, codec: str, label: str) -> str:
    return f"=?{label}?B?{b64encode(text.encode(codec)).decode()}?="


@pytest.mark.parametrize(
    ("value", "text", "codes"),
    [
        (" plain", "plain", set()),
        (" long\r\n\tfield", "long field", set()),
        (word(TEXT, "utf-8", "UTF-8"), TEXT, set()),
        (
            word("日本", "iso2022_jp", "ISO-2022-JP") + "\r\n " + word("株式", "iso2022_jp", "iso-2022-jp"),
            "日本株式",
            set(),
        ),
        ("Re: " + word("あ", "utf-8", "utf-8") + " tail", "Re: あ tail", set()),
        ("=?utf-8*ja?Q?=E3=81=82_=41?=", "あ A", set()),
        ("=?utf-8?Q?hello world?=", "hello world", set()),
        ("=?utf-8?q?a?==?utf-8?q?b?=", "ab", set()),
        ("a =?utf-8?q?b?= c =?us-ascii?q?d?=", "a b c d", set()),
        ("=?utf-8?B?44E=?= =?utf-8?B?gg==?=", "あ", {"word.split"}),
        ("=?iso-2022-jp?B?GyRCRnw=?= =?iso-2022-jp?B?S1wbKEI=?=", "日本", {"word.split"}),
        (word("=?us-ascii?Q?x?=", "utf-8", "utf-8"), "=?us-ascii?Q?x?=", {"word.nested"}),
        ("=?x-nobody?Q?a?=", "a", {"word.unknown_charset"}),
        ("=?utf-8?Q?a=00b?=", "a\0b", {"word.nul"}),
        ("=?utf-8?Q?a=0Ab?=", "a b", {"word.control"}),
        ("=?utf-8?Q?never closed", "=?utf-8?Q?never closed", {"word.broken"}),
        ("=?utf-8?Q?=ZZ?=", "=ZZ", {"word.broken"}),
        ("=?utf-8?B?YQ==YQ==?=", "aa", {"word.broken"}),
        ("=?utf-8?Q?x =?utf-8?Q?y?=", "=?utf-8?Q?x y", {"word.broken"}),
        ("=?utf-8?Q?=E3=81=82?= =?koi8-r?Q?=C1?=", "あа", {"word.mixed_charsets"}),
        (word(TEXT, "utf-8", "shift_jis"), TEXT, {"word.lie"}),
        (TEXT, TEXT, {"word.raw_utf8"}),
        (TEXT.encode("cp932").decode("utf-8", "surrogateescape"), TEXT, {"word.raw_8bit"}),
        ("x " + TEXT.encode("iso2022_jp").decode(), "x " + TEXT, {"word.raw_jis"}),
    ],
)
def test_header_values(value: str, text: str, codes: set[str]) -> None:
    """A header value gives the text that a mail program shows, and exactly these problems."""
    found = decode_words(value)
    assert found.text == text
    assert {code for code, _ in found.problems} == codes


def test_extended_parameters() -> None:
    """RFC 2231 file names are decoded, with and without a charset."""
    assert decode_rfc2231("utf-8'ja'%E3%81%82.pdf").text == "あ.pdf"
    assert decode_rfc2231("iso-2022-jp''%1B%24BF%7CK%5C%1B%28B.zip").text == "日本.zip"
    assert decode_rfc2231("plain%20x").text == "plain x"
    assert decode_rfc2231("x-nobody''a").problems == (("word.unknown_charset", "x-nobody''a"),)
