"""What must hold for every name and URL."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from sekisho import domains

NAMES = st.one_of(st.text(), st.text("ab-_.xn日ｂ。\u200b\u202e1%", max_size=80))
URLS = st.lists(
    st.sampled_from(
        [
            "http",
            "https",
            ":",
            "/",
            "\\",
            "@",
            "?",
            "#",
            "[",
            "]",
            "%00",
            "%2e",
            ".",
            "\t",
            "evil.cn",
            "０x7f",
            "ａ",
            "。",
            "1",
            "0x",
            "\udc83",
        ]
    ),
    max_size=20,
).map("".join)


@given(NAMES)
def test_ascii_names_are_printable_and_final(name: str) -> None:
    """A result has letters, digits, hyphens and dots only, keeps the limits, and is its own ASCII form."""
    found = domains.to_ascii(name)
    if found is not None:
        assert re.fullmatch(r"[a-z0-9.-]{1,253}", found)
        assert all(0 < len(label) <= 63 for label in found.split("."))
        assert domains.to_ascii(found) == found
        assert domains.to_ascii(domains.to_unicode(found)) == found


@given(NAMES)
def test_registrable_domains_contain_the_name(name: str) -> None:
    """The registrable domain is a parent of the name and its own registrable domain."""
    found = domains.registrable(name)
    if found is not None:
        assert domains.within(domains.to_ascii(name) or "", found)
        assert domains.registrable(found) == found


@given(st.one_of(st.text(), URLS))
@example("http://\udc83%00/")  # a byte of no charset beside percent-encoding
def test_urls_never_raise_and_hosts_are_printable(url: str) -> None:
    """A host is ASCII and lower case, without any character that could end a log line or header."""
    host = domains.split_url(url).host
    assert host is None or re.fullmatch(r"[a-z0-9._:-]{1,253}", host)


@given(
    st.text(st.characters(exclude_characters="/\\?#\t\n\r", codec="utf-8"), max_size=30),
    st.sampled_from(["/", "\\", "?", "#", ""]),
)
def test_user_information_never_moves_the_host(user: str, mark: str) -> None:
    """The host is found, whatever stands before the `@` and after the host."""
    assert domains.host_of(f"https://{user}@evil.example{mark}") == "evil.example"


@given(st.sampled_from(["https://eki.example", "http://a-.1.b", "http://1.0x7f"]), URLS)
def test_the_short_way_and_the_long_way_to_a_host_agree(start: str, rest: str) -> None:
    """The fast pattern and `_split_any` agree: a blank before the URL changes nothing, and forces `_split_any`."""
    url = start + rest
    assert domains.host_of(url) == domains.host_of(" " + url) == domains.split_url(url).host
