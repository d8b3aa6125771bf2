"""The table of charset labels: which label means which encoding.

Python's codec registry also has `idna`, `punycode`, `rot13`, `zlib`, `unicode_escape` and more. A label of a message is
looked up in this table only, so it cannot reach them. UTF-7 is in the table to be refused: it can hide markup (RFC
2152).
"""

from __future__ import annotations

import re

from sekisho.bounded_cache import remembered

REFUSED = "utf-7"

_MAX_LABEL_CHARS = 64
_SEPARATORS = re.compile(r"[^a-z0-9+]")

# Canonical name: Python codecs to try in order, then other spellings without separators.
_TABLE: dict[str, tuple[tuple[str, ...], str]] = {
    "us-ascii": (("ascii",), "ascii ansix341968 iso646us cp367 ibm367 us csascii iso646 646 ansix34"),
    "utf-8": (("utf_8",), "unicode11utf8 xunicode20utf8 utf8mb4 csutf8 cp65001 utf8bom"),
    "utf-16": (("utf_16",), "csutf16 unicode ucs2 iso10646ucs2 csunicode"),
    "utf-16le": (("utf_16_le",), "utf16le csutf16le unicodefeff"),
    "utf-16be": (("utf_16_be",), "utf16be csutf16be unicodefffe"),
    "utf-7": ((), "unicode11utf7 xunicode20utf7 csutf7 utf7imap cp65000"),
    "iso-2022-jp": (
        (),
        "iso2022jp1 iso2022jp2 iso2022jp3 iso2022jpms iso2022jp2004 iso2022jpext csiso2022jp csiso2022jp2 jis"
        " cp50220 cp50221 cp50222 xwindowsiso2022jp xwindows50220 xwindows50221 iso2022 jisx0208 junet",
    ),
    "shift_jis": (
        ("cp932",),
        "sjis xsjis shiftjis xshiftjis windows31j cswindows31j mskanji csshiftjis cp932 ms932 xmscp932 ibm943"
        " windows932 sjiswin sjisopen xsjisjp shiftjis2004 shiftjisx0213 sjis2004 cp943 cp943c",
    ),
    "euc-jp": (
        (),
        "eucjp xeucjp eucjpms eucjpwin xeucjpms cp51932 ms51932 ujis cseucpkdfmtjapanese cseucjp"
        " eucjpx0213 eucjis2004 eucjisx0213 xeuc euc extendedunixcodepackedformatforjapanese",
    ),
    "gb18030": (
        ("gb18030",),
        "gb2312 gbk gb xgbk cp936 ms936 windows936 chinese gb231280 csgb2312 csiso58gb231280 euccn isoir58"
        " xeuccn hanzi csgbk csgb18030 gb2312charset",
    ),
    "hz-gb-2312": (("hz",), "hz hzgb hzgb2312"),
    "big5": (
        ("cp950", "big5hkscs"),
        "big5hkscs bigfive big5tw cnbig5 xxbig5 csbig5 cp950 ms950 windows950 big5eten",
    ),
    "euc-kr": (
        ("cp949",),
        "ksc5601 ksc56011987 ksc56011989 korean ksc56011992 cseuckr cp949 ms949 uhc windows949 isoir149",
    ),
    "iso-2022-kr": (("iso2022_kr",), "csiso2022kr"),
    "iso-8859-1": (("cp1252",), "latin1 l1 isoir100 ibm819 cp819 csisolatin1 iso885911987 88591"),
    "windows-1252": (("cp1252",), "cp1252 xcp1252 ansi ms1252 winlatin1"),
    "iso-8859-2": (("iso8859_2",), "latin2 l2 csisolatin2 iso885921987"),
    "iso-8859-3": (("iso8859_3",), "latin3 l3 csisolatin3 iso885931988"),
    "iso-8859-4": (("iso8859_4",), "latin4 l4 csisolatin4 iso885941988"),
    "iso-8859-5": (("iso8859_5",), "cyrillic csisolatincyrillic iso885951988"),
    "iso-8859-6": (
        ("iso8859_6",),
        "arabic csisolatinarabic asmo708 ecma114 iso88596e iso88596i iso885961987",
    ),
    "iso-8859-7": (("iso8859_7",), "greek greek8 csisolatingreek elot928 ecma118 iso885971987"),
    "iso-8859-8": (("iso8859_8",), "hebrew csisolatinhebrew iso88598i iso88598e logical visual iso885981988"),
    "iso-8859-9": (("cp1254",), "latin5 l5 csisolatin5 iso885991989"),
    "iso-8859-10": (("iso8859_10",), "latin6 l6 csisolatin6"),
    "iso-8859-11": (("cp874",), "tis620 windows874 cp874 dos874 iso885911 thai"),
    "iso-8859-13": (("iso8859_13",), "latin7 l7"),
    "iso-8859-14": (("iso8859_14",), "latin8 l8 isoceltic"),
    "iso-8859-15": (("iso8859_15",), "latin9 l9 csisolatin9 latin0"),
    "iso-8859-16": (("iso8859_16",), "latin10 l10"),
    "windows-1250": (("cp1250",), "cp1250 xcp1250"),
    "windows-1251": (("cp1251",), "cp1251 xcp1251 win1251"),
    "windows-1253": (("cp1253",), "cp1253 xcp1253"),
    "windows-1254": (("cp1254",), "cp1254 xcp1254"),
    "windows-1255": (("cp1255",), "cp1255 xcp1255"),
    "windows-1256": (("cp1256",), "cp1256 xcp1256"),
    "windows-1257": (("cp1257",), "cp1257 xcp1257"),
    "windows-1258": (("cp1258",), "cp1258 xcp1258"),
    "koi8-r": (("koi8_r",), "koi koi8 cskoi8r"),
    "koi8-u": (("koi8_u",), "koi8ru"),
    "ibm437": (("cp437",), "cp437 437"),
    "ibm850": (("cp850",), "cp850 850"),
    "ibm866": (("cp866",), "cp866 866 csibm866"),
    "macintosh": (("mac_roman",), "mac xmacroman csmacintosh macroman"),
}

# Labels of senders that do not know the charset.
_NO_LABEL = frozenset(
    {"unknown8bit", "unknown", "xunknown", "8bit", "binary", "default", "autodetect", "none", "auto"}
)


@remembered(1024, longest=64)
def _key(label: str) -> str:
    return _SEPARATORS.sub("", label.lower())


_ALIASES = {key: name for name, (_, others) in _TABLE.items() for key in (_key(name), *others.split())}
_CODECS = {name: codecs for name, (codecs, _) in _TABLE.items()}


def lookup(label: str) -> str | None:
    """The canonical name of a charset, or None. A label may have any case, separators, quotes and RFC 2231 language."""
    return _ALIASES.get(_key(label[:_MAX_LABEL_CHARS].partition("*")[0]))


def is_no_label(label: str) -> bool:
    """True for an empty label, and for one that means "unknown", such as `8bit`."""
    key = _key(label[:_MAX_LABEL_CHARS])
    return not key or key in _NO_LABEL


def codecs_of(charset: str) -> tuple[str, ...]:
    """The Python codecs of a canonical name, in the order to try. Empty for those that `japanese` decodes."""
    return _CODECS[charset]
