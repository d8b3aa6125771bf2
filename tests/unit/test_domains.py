"""Domain names, organisations, and the host that a URL leads to."""

from __future__ import annotations

import pytest

from sekisho import domains


@pytest.mark.parametrize(
    ("name", "ascii_name"),
    [
        ("Example.JP.", "example.jp"),
        ("日本語.jp", "xn--wgv71a119e.jp"),
        ("ｅｘａｍｐｌｅ．ｃｏ．ｊｐ", "example.co.jp"),
        ("example。jp", "example.jp"),
        ("faß.de", "xn--fa-hia.de"),
        ("XN--WGV71A119E.jp", "xn--wgv71a119e.jp"),
        ("r3---sn.googlevideo.com", "r3---sn.googlevideo.com"),
        ("localhost", "localhost"),
        ("a" * 63 + ".jp", "a" * 63 + ".jp"),
        ("a" * 64 + ".jp", None),
        (".".join(["a" * 60] * 5), None),
        ("", None),
        (".", None),
        ("a..b", None),
        (".a.jp", None),
        ("a_b.jp", None),
        ("-a.jp", None),
        ("a-.jp", None),
        ("xn---bbk.jp", None),
        ("xn--a.jp", None),
        ("192.0.2.1", None),
        ("[192.0.2.1]", None),
        ("example.com(a.attack.com", None),
        ("a b.jp", None),
        ("a.jp\n", None),
        ("a\0.jp", None),
        ("\udc83.jp", None),
        ("日本\u202e.jp", None),
    ],
)
def test_to_ascii(name: str, ascii_name: str | None) -> None:
    """A name that can be looked up and printed has one ASCII form; any other text has none."""
    assert domains.to_ascii(name) == ascii_name


def test_registrable_knows_private_suffixes() -> None:
    """Names below a hosting suffix are different organisations; a suffix has no registrable domain."""
    assert domains.registrable("www.Example.co.jp") == "example.co.jp"
    assert domains.registrable("a.b.github.io") == "b.github.io"
    assert domains.registrable("city.kawasaki.jp") == "city.kawasaki.jp"
    assert domains.registrable("www.日本語.jp") == "xn--wgv71a119e.jp"
    assert domains.registrable("host.unknown-tld-of-nobody") == "host.unknown-tld-of-nobody"
    assert domains.registrable("co.jp") is None
    assert domains.registrable("a_b.jp") is None


def test_public_suffixes() -> None:
    """Only a name in the list is a public suffix."""
    assert domains.is_public_suffix("co.jp")
    assert domains.is_public_suffix("github.io")
    assert not domains.is_public_suffix("example.jp")
    assert domains.has_known_suffix("eki.jp.co")
    assert not domains.has_known_suffix("setup.exe")


def test_within_counts_labels() -> None:
    """A name is within its parents only: `xa.jp` is not within `a.jp`."""
    assert domains.within("a.example.jp", "example.jp")
    assert domains.within("EXAMPLE.jp.", "example.jp")
    assert not domains.within("xexample.jp", "example.jp")
    assert not domains.within("example.jp", "a.example.jp")
    assert not domains.within("example.jp", "")
    assert domains.labels("a.b.jp.") == ("a", "b", "jp")


def test_to_unicode_shows_labels_and_never_fails() -> None:
    """Valid A-labels become U-labels, invalid ones stay as they are."""
    assert domains.to_unicode("xn--wgv71a119e.jp") == "日本語.jp"
    assert domains.to_unicode("xn---bbk.jp") == "xn---bbk.jp"
    assert domains.to_unicode("example.jp") == "example.jp"


def test_every_notation_of_an_address_is_read() -> None:
    """Every notation of an IP address in SMTP is read."""
    assert str(domains.parse_ip("[IPv6:2001:db8::1]")) == "2001:db8::1"
    assert str(domains.parse_ip("[192.0.2.1]")) == "192.0.2.1"
    assert domains.parse_ip("192.0.2.1.example.jp") is None
    assert domains.parse_ip("unknown") is None
    assert str(domains.parse_ip("IPv6:::FFFF:192.0.2.1")) == str(domains.parse_ip("192.0.2.1")) == "192.0.2.1"


@pytest.mark.parametrize(
    ("text", "network"),
    [
        ("192.0.2.0/24", "192.0.2.0/24"),
        ("192.0.2.1", "192.0.2.1/32"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::ffff:1", "::ffff:1/128"),
        ("::/0", "::/0"),
    ],
)
def test_networks(text: str, network: str) -> None:
    """IPv4 addresses that are written as IPv6 give an IPv4 network."""
    assert str(domains.parse_network(text)) == network


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Example.JP/x", "example.jp"),
        ("https://amazon.co.jp@evil.example/", "evil.example"),
        ("https://amazon.co.jp:443@evil.example:8443/", "evil.example"),
        ("https:\\\\evil.example\\@amazon.co.jp/", "evil.example"),
        ("https:evil.example", "evil.example"),
        ("https:///////evil.example/", "evil.example"),
        ("//evil.example/a", "evil.example"),
        ("\\\\evil.example\\a", "evil.example"),
        (" \n\tht\ntp://ev\til.example", "evil.example"),
        ("http://%65vil%2eexample/", "evil.example"),
        ("http://ｅｖｉｌ。ｅｘａｍｐｌｅ/", "evil.example"),
        ("http://ev\u00adil.example/", "evil.example"),
        ("http://evil.example?@amazon.co.jp", "evil.example"),
        ("http://evil.example#@amazon.co.jp", "evil.example"),
        ("http://a_b.evil.example.", "a_b.evil.example"),
        ("http://☃.net", "xn--n3h.net"),
        ("http://0x7f.1/", "127.0.0.1"),
        ("http://2130706433", "127.0.0.1"),
        ("http://0300.0250.1.1", "192.168.1.1"),
        ("http://１２７.0.0.1", "127.0.0.1"),
        ("http://[2001:DB8::1]:80/", "2001:db8::1"),
        ("www.evil.cn/x", "www.evil.cn"),
        ("evil.cn:8080/x", "evil.cn"),
        ("amazon.co.jp@evil.cn/x", "evil.cn"),
        ("http://256.1.1.1", None),
        ("http://1.2.3.4.5", None),
        ("http://evil.example%00.amazon.co.jp/", None),
        ("index.html", None),
        ("info@example.jp", None),
        ("mailto:a@b.jp", None),
        ("javascript:alert(1)", None),
        ("cid:part1@example.jp", None),
        ("#top", None),
        ("", None),
    ],
)
def test_the_host_that_a_browser_would_visit(url: str, host: str | None) -> None:
    """The host is the one that browsers visit, whatever stands before it, around it or in its place."""
    assert domains.host_of(url) == host


def test_the_parts_of_a_url() -> None:
    """The user information, with which a link pretends to lead elsewhere, is kept as written."""
    parts = domains.split_url("HTTPS://amazon.co.jp%2F@evil.example:8443/a/b?c=d#e")
    assert parts == domains.UrlParts("https", "amazon.co.jp%2F", "evil.example", 8443, "/a/b", "c=d", "e")
