"""Address fields, free text and SMTP paths: an ordinary address has no problem, an ambiguous one has its code."""

from __future__ import annotations

import sys
from unicodedata import normalize

import pytest

from sekisho.address import addresses_in, hosts_in, parse, split_path

CLEAN = [
    ("taro@example.jp", "", "taro", "example.jp"),
    ("Taro <taro@Example.JP>", "Taro", "taro", "example.jp"),
    ("Taro<taro@example.jp>", "Taro", "taro", "example.jp"),
    ("taro@example.jp.", "", "taro", "example.jp"),
    ("a..b@docomo.ne.jp", "", "a..b", "docomo.ne.jp"),
    ("x.@ezweb.ne.jp", "", "x.", "ezweb.ne.jp"),
    ('"x."@ezweb.ne.jp', "", "x.", "ezweb.ne.jp"),
    ('<"a..b"@docomo.ne.jp>', "", "a..b", "docomo.ne.jp"),
    ("J. Smith Jr. <a@b.jp>", "J. Smith Jr.", "a", "b.jp"),
    ('"Yamada, Taro" <a@b.jp>', "Yamada, Taro", "a", "b.jp"),
    ('"Taro \\"T\\" Yamada" <a@b.jp>', 'Taro "T" Yamada', "a", "b.jp"),
    ("user@example.com (Taro)", "Taro", "user", "example.com"),
    ("(Taro) user@example.com", "Taro", "user", "example.com"),
    ("Taro (sales) <a@b.jp>", "Taro (sales)", "a", "b.jp"),
    ("株式会社 例 <a@b.jp>", "株式会社 例", "a", "b.jp"),
    ("株式会社例<a@b.jp>", "株式会社例", "a", "b.jp"),
    ('Taro "the man <a@b.jp>', 'Taro "the man', "a", "b.jp"),
    ('"Foo" Bar" <a@b.jp>', 'Foo Bar"', "a", "b.jp"),
    ('"Foo via List" <x@y.jp>', "Foo via List", "x", "y.jp"),
    ("\"'X, Y' via Z\" <a@b.jp>", "'X, Y' via Z", "a", "b.jp"),
    ("a@b.jp;", "", "a", "b.jp"),
    ("a@b.jp, ", "", "a", "b.jp"),
    ("[ML 12] Foo <a@b.jp>", "[ML 12] Foo", "a", "b.jp"),
    ("user@b.jp <user@b.jp>", "user@b.jp", "user", "b.jp"),
    ("'user@b.jp' <user@b.jp>", "'user@b.jp'", "user", "b.jp"),
    ('"support@shop.example" <x@other.example>', "support@shop.example", "x", "other.example"),
    ("Long\r\n name\r\n\t<a@b.jp>", "Long name", "a", "b.jp"),
    ("=?utf-8?B?44GC?= <a@b.jp>", "=?utf-8?B?44GC?=", "a", "b.jp"),
    ("a@日本語.jp", "", "a", "日本語.jp"),
    ("あ@b.jp", "", "あ", "b.jp"),
    ("👨\u200d👩\u200d👧 <a@b.jp>", "👨\u200d👩\u200d👧", "a", "b.jp"),
    ("\x1b$BF|K\\\x1b(B <a@b.jp>", "\x1b$BF|K\\\x1b(B", "a", "b.jp"),
]


@pytest.mark.parametrize(("value", "name", "local", "domain"), CLEAN)
def test_ordinary_mail_is_clean(value: str, name: str, local: str, domain: str) -> None:
    """An ordinary field gives one mailbox with the right parts, and no problem."""
    found = parse(value)
    assert [(each.name, each.local, each.domain) for each in found.mailboxes] == [(name, local, domain)]
    assert found.problems == ()


def test_raw_shift_jis_names_hide_no_address() -> None:
    """A backslash, bracket or at sign that is the second byte of a character is not syntax."""
    name = "表示ソー・劇".encode("cp932") + b"\x83\x40"
    found = parse(name.decode("utf-8", "surrogateescape") + " <a@b.jp>")
    assert [each.address for each in found.mailboxes] == ["a@b.jp"]
    assert found.problems == ()
    assert found.mailboxes[0].name.encode("utf-8", "surrogateescape") == name


HOSTILE = [
    ("a@b.jp, c@d.cn", {"several_addresses"}),
    ("A <a@b.jp>, B <c@d.cn>", {"several_addresses"}),
    ("a@b.jp; c@d.cn", {"several_addresses"}),
    ("shop@shop.jp <x@other.cn>", {"several_addresses"}),
    ("", {"no_address"}),
    ("Taro", {"no_address"}),
    ('"Shop" <>', {"no_address"}),
    ("=?utf-8?B?YUBiLmpw?=", {"encoded_address"}),
    ("=?utf-8?Q?Shop_=3Ca=40b.jp=3E?=", {"encoded_address"}),
    ("<=?utf-8?Q?a=40shop.jp=00?=@other.cn>", {"encoded_address"}),
    ("<@r.jp,@s.jp:a@b.jp>", {"source_route"}),
    ("<@shop.jp:a@other.cn>", {"source_route"}),
    ("Foo <a@b.jp> x@c.cn", {"text_after_address"}),
    ("Foo <a@b.jp> bar", {"text_after_address"}),
    ('"a@shop.jp"@other.cn', {"quoted_local_at"}),
    ('"a@shop.jp> <x"@other.cn', {"quoted_local_at", "unparsable"}),
    ("a@shop.jp\0 <x@other.cn>", {"nul", "several_addresses"}),
    ("Foo\x07 <a@b.jp>", {"control"}),
    ("Foo\rBar <a@b.jp>", {"control"}),
    ("Foo \u202e <a@b.jp>", {"bidi"}),
    ("Fo\u200bo <a@b.jp>", {"invisible"}),
    ("a\u200d@b.jp", {"invisible"}),
    ("a@localhost", {"no_dot"}),
    ("a@[192.0.2.1]", {"ip_literal"}),
    ("a@[IPv6:2001:db8::1]", {"ip_literal"}),
    ("a@192.0.2.1", {"ip_literal"}),
    ("Group: a@b.jp;", {"group"}),
    ("undisclosed-recipients:;", {"group", "no_address"}),
    ("Sales: Tokyo <a@b.jp>", {"group"}),
    ("a@b.jp (x@y.cn)", {"comment"}),
    ("a(x)@b.jp", {"comment"}),
    ("a@(x)b.jp", {"comment"}),
    ("Foo (bar <a@b.jp>", {"comment"}),
    ('"a\\" <x@y.jp>" <z@w.jp>', {"backslash"}),
    ("Foo\\, Bar <a@b.jp>", {"backslash"}),
    ("A <a@b.jp> <c@d.cn>", {"several_brackets"}),
    ("<<a@b.jp>>", {"several_brackets"}),
    ("A <b <c@d.jp>", {"several_brackets"}),
    ("Foo <a@b.jp", {"unparsable"}),
    ("Foo a@b.jp", {"unparsable"}),
    ("@b.jp", {"unparsable"}),
    ("a@b@c.jp", {"bad_domain"}),
    ("a@b_c.jp", {"bad_domain"}),
    ("a@-b.jp", {"bad_domain"}),
    ("a@b..jp", {"bad_domain"}),
    ("a@b\udc83.jp", {"bad_domain"}),
    ("a @ b.jp", {"space"}),
    ('"shop <a@shop.jp>"q" <x@other.cn>', {"quote"}),
    ("> <a@b.jp>", {"unparsable"}),
    ("[a]b@c.jp", {"unparsable"}),
    ("Yamada, Taro <a@b.jp>", {"comma"}),
    ('\x1b$B$"$$<@\x1b(B <a@b.jp>', {"raw_jis"}),
]


@pytest.mark.parametrize(("value", "codes"), HOSTILE)
def test_each_ambiguity_has_its_name(value: str, codes: set[str]) -> None:
    """A field has exactly the problems listed here: none is missing, none is added."""
    assert {code for code, _ in parse(value).problems} == codes


def test_a_long_field_is_cut_and_said_to_be() -> None:
    """Nothing is read beyond the limit, and `too_long` says so."""
    found = parse("a@b.jp" + " " * 5000 + ", c@d.jp")
    assert [each.address for each in found.mailboxes] == ["a@b.jp"]
    assert found.problems == (("too_long", "5014"),)
    assert parse("a@b.jp" + " " * 90 + ", c@d.jp", limit=8192).mailboxes[1].address == "c@d.jp"


def test_each_code_is_reported_once_and_bounded() -> None:
    """A field with a thousand addresses makes one problem with a short detail."""
    found = parse("a@b.jp," * 500)
    assert [code for code, _ in found.problems] == ["several_addresses"]
    assert all(len(detail) <= 200 for _, detail in found.problems)
    assert len(found.mailboxes) == 500


def test_where_an_author_is_still_named() -> None:
    """A field with a problem still gives the mailbox that most programs show."""
    assert parse("<@r.jp:a@b.jp>").mailboxes[0].address == "a@b.jp"
    assert parse("Foo <a@b.jp> x@c.cn").mailboxes[0].address == "a@b.jp"
    assert parse("<<a@b.jp>>").mailboxes[0].address == "a@b.jp"
    assert parse("Yamada, Taro <a@b.jp>").mailboxes[0].name == "Yamada, Taro"
    assert parse("a@[192.0.2.1]").mailboxes[0].domain == "[192.0.2.1]"


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("support@amazon.co.jp", ("support@amazon.co.jp",)),
        ("Ｓｕｐｐｏｒｔ＠ａｍａｚｏｎ．ｃｏ．ｊｐ", ("support@amazon.co.jp",)),
        ("info @ example。jp さん", ("info@example.jp",)),
        ("連絡先info@example.jpまで", ("info@example.jp",)),
        ("sup\u200bport@ama\u00adzon.co.jp", ("support@amazon.co.jp",)),
        ("x@аmazon.co.jp", ("x@аmazon.co.jp",)),
        ("'x@y.jp' via Z, and a@b.jp", ("x@y.jp", "a@b.jp")),
        ("@amazon", ()),
        ("5 @ 3 yen", ()),
        ("株式会社 例", ()),
    ],
)
def test_addresses_in_free_text(text: str, addresses: tuple[str, ...]) -> None:
    """Everything that a reader takes for an address is found, in any disguise; nothing else is."""
    assert addresses_in(text) == addresses


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("eki.jp.co", ("eki.jp.co",)),
        ("Amazon.co.jp", ("amazon.co.jp",)),
        ("Amazon.co.jpカスタマーサービス", ("amazon.co.jp",)),
        ("au Pay connect.auone.jp", ("connect.auone.jp",)),
        ("ａｍａｚｏｎ。ｃｏ。ｊｐ", ("amazon.co.jp",)),
        ("https://www.example.jp/login", ("www.example.jp",)),
        ("аmazon.co.jp", ("аmazon.co.jp",)),
        ("first.last@example.jp", ()),
        ("J.R. 山田", ()),
        ("version 1.2.3", ()),
        ("楽天カード", ()),
    ],
)
def test_hosts_in_free_text(text: str, hosts: tuple[str, ...]) -> None:
    """Everything that a reader takes for a host is found; addresses and numbers are no hosts."""
    assert hosts_in(text) == hosts


def test_every_dot_and_at_is_seen() -> None:
    """Every Unicode character that folding turns into a dot or an @ is read as that dot or @: it hides no host and no
    address."""
    letters = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    dots = [each for each in letters if {".", "\u3002", "@"} & set(normalize("NFKC", each))]
    assert len(dots) > 30
    for each in dots:
        host, address = f"www{each}aa{each}example", f"aa{each}example"
        assert hosts_in(host) == hosts_in(normalize("NFKC", host).replace("\u3002", "."))
        assert addresses_in(address) == addresses_in(normalize("NFKC", address))


@pytest.mark.parametrize(
    ("value", "local", "domain", "codes"),
    [
        ("<>", "", None, set()),
        ("", "", None, set()),
        ("<a@B.jp>", "a", "b.jp", set()),
        ('"a..b"@docomo.ne.jp', "a..b", "docomo.ne.jp", set()),
        ("x.@ezweb.ne.jp", "x.", "ezweb.ne.jp", set()),
        ("postmaster", "postmaster", None, set()),
        ("SRS0=a=b=c.jp=d@e.jp", "SRS0=a=b=c.jp=d", "e.jp", set()),
        (
            "any@legitimate.com(a.attack.com",
            "any",
            "legitimate.com(a.attack.com",
            {"bad_domain", "parenthesis"},
        ),
        ("a@b@c.jp", "a@b", "c.jp", {"several_at"}),
        ('"a@b"@c.jp', "a@b", "c.jp", {"quote"}),
        ('a"b@c.jp', 'a"b', "c.jp", {"quote"}),
        ("<@r.jp:a@b.jp>", "a", "b.jp", {"route"}),
        ("a@[192.0.2.1]", "a", "[192.0.2.1]", {"ip_literal"}),
        ("a@b.jp\r\nRCPT TO:<x@y.jp>", "a@b.jp\r\nRCPT TO:<x", "y.jp>", None),
        ("a\0@b.jp", "a\0", "b.jp", {"nul"}),
        ("a@b", "a", "b", {"no_dot"}),
        ("a\\b@c.jp", "a\\b", "c.jp", {"backslash"}),
    ],
)
def test_paths(value: str, local: str, domain: str | None, codes: set[str] | None) -> None:
    """Paths are split at the last `@`, and what must not be printed is a problem (None: any problem)."""
    path = split_path(value)
    assert (path.local, path.domain) == (local, domain)
    found = {code for code, _ in path.problems}
    assert found == codes if codes is not None else found
