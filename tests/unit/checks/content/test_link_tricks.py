"""Ways around: what a link passes, shows or carries on its way to a stranger."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from tests.auth_support import Owners, context, led, message

from sekisho.checks.content import link_tricks
from sekisho.known import Mention, Reading
from sekisho.providers import load


class Known(Owners):
    """A registry that knows one brand by one name, and its domain."""

    def read(self, text: str, after: str = "") -> Reading:
        return Reading(self.mentions(text))

    def mentions(self, text: str) -> tuple[Mention, ...]:
        at = text.find("Brand")
        return (Mention("brand", "Brand", at, at + 5, 0.5, True),) if at >= 0 else ()


CONTEXT = replace(context(), registry=Known({"brand.example": "brand"}), providers=load())
INNER = "https://stranger.test/id"
BING = base64.urlsafe_b64encode(INNER.encode()).decode().rstrip("=")


def ids(*links: str, author: str = "a@author.example") -> set[str]:
    body = "".join(links)
    raw = f"From: {author}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<body>{body}"
    read = message(raw.encode())
    found = link_tricks.check(read, led(read, CONTEXT), CONTEXT).findings
    return {finding.kind.id for finding in found}


def link(target: str, text: str = "Open") -> str:
    return f'<a href="{target}">{text}</a>'


@pytest.mark.parametrize(
    "url",
    [
        "https://www.google.com/url?q=https://stranger.test/id",
        "https://www.google.com/amp/s/stranger.test/id",
        f"https://www.bing.com/ck/a?p=1&u=a1{BING}&ntb=1",
        "https://r.search.yahoo.com/_ylt=A/RU=https%3a%2f%2fstranger.test%2fid/RK=2/RS=x",
        "https://www.youtube.com/redirect?q=https%3A%2F%2Fstranger.test%2Fid",
        "https://x1.awstrack.me/L0/https:%2F%2Fstranger.test%2Fid/1/0",
        "https://urldefense.proofpoint.com/v2/url?u=https-3A__stranger.test_id&d=x",
        "https://stranger-test.translate.goog/id?_x_tr_sl=en",
        f"https://www.bing.com/ck/a?u=a1{BING}%01*",
        "https://www.google.com/url?q=https://stranger.test/id" + "&x=y" * 500,
        "https://www.google.com/url?q=https://www.youtube.com/redirect?q=https://stranger.test/",
    ],
)
def test_wrappers_are_opened_from_the_text_alone(url: str) -> None:
    """The destination is what the wrapper carries, however it carries it, wrappers in wrappers included."""
    raw = f"From: a@b.example\r\n\r\n{url}"
    found = led(message(raw.encode()), CONTEXT).destinations
    assert [each.host for each in found] == ["stranger.test"]


@pytest.mark.parametrize("tail", ["", "A", "AA*", "\u3042", "%00", "%ff==", "=" * 9, "*" * 5_000])
def test_a_wrapper_that_carries_nothing_readable_leads_to_itself(tail: str) -> None:
    """Broken base64, letters that it does not have, and fields without end make nothing raise."""
    url = f"https://www.bing.com/ck/a?u=a1aHR0c{tail}"
    raw = f"From: a@b.example\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{link(url)}"
    found = led(message(raw.encode()), CONTEXT).destinations
    assert [each.host for each in found] == ["www.bing.com"]


@pytest.mark.parametrize(
    ("target", "text", "finding"),
    [
        ("https://stranger-test.translate.goog/", "Open", "link.translated"),
        ("https://www.google.com/url?q=https://stranger.test/", "Open", "link.open_redirect"),
        ("https://stranger.test/brand.example/login", "Open", "link.brand_in_path"),
        ("https://stranger.test/?brand.example", "Open", "link.brand_in_path"),
        ("https://stranger.test/", "Brandにログイン", "link.brand_button"),
        ("https://stranger.test/", "Sign in to Brand", "link.brand_button"),
        ("javascript:go('x')", "Open", "link.script"),
        (" java\nscript:go('x')", "Open", "link.script"),
        ("data:text/html,x", "Open", "link.carried_page"),
        ("blob:https://x/1", "Open", "link.carried_page"),
    ],
)
def test_each_way_around_has_a_name(target: str, text: str, finding: str) -> None:
    """One link, one finding."""
    assert ids(link(target, text)) == {finding}


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("https://www.google.com/url?q=https://author.example/map", "Map"),
        ("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fstranger.test%2F", "Open"),
        ("https://archive.test/web/2004/https://brand.example/", "Old page"),
        ("https://author.example/login?with=brand", "Sign in with Brand"),
        ("https://brand.example/", "Sign in to Brand"),
        ("https://stranger.test/", "An article that mentions Brand"),
        ("javascript:void(0)", "Print"),
        ("javascript:;", "Print"),
        ("data:image/png;base64,AAAA", "Picture"),
        ("cid:part1", "Picture"),
        ("https://stranger.test/", "Open"),
    ],
)
def test_ordinary_links_are_no_way_around(target: str, text: str) -> None:
    """Protection services, one's own pages, archives, the brand itself, and what sloppy editors leave behind."""
    assert ids(link(target, text)) == set()
