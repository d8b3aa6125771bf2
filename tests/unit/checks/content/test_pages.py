"""What a message's pages do beside showing text."""

from __future__ import annotations

import pytest
from tests.auth_support import context, led, message

from sekisho.checks.content import pages

AWAY = '<a href="https://stranger.test/">'
HOME = '<a href="https://author.example/">'
WORDS = "<p>" + "This is a page with words that somebody may read. " * 6 + "</p>"
JAPANESE = "<p>" + "春の新作をはじめ、人気の商品を多数取りそろえました。お早めにご覧ください。" * 8 + "</p>"


def ids(html: str, kind: str = "text/html") -> set[str]:
    raw = f"From: a@author.example\r\nContent-Type: {kind}; charset=utf-8\r\n\r\n{html}"
    read = message(raw.encode())
    found = pages.check(read, led(read, context()), context()).findings
    return {finding.kind.id for finding in found}


def unseen(text: str) -> str:
    return f'<div style="display:none">{text}</div>'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (f'{AWAY}<img src="https://x.test/1.png"></a>', {"page.image_only"}),
        (f'{AWAY}<img src="https://x.test/1.png" alt="Your  account"></a>', {"page.image_only"}),
        (f'{HOME}<img src="https://x.test/1.png"></a>', set()),
        (f'{WORDS}{AWAY}<img src="https://x.test/1.png"></a>', set()),
        (f'{AWAY}Read this</a><img src="https://x.test/pixel.gif">', set()),
        ('<form action="https://stranger.test/"><input type="password">', {"page.password", "page.form"}),
        ('<form action="https://author.example/search"><input name="q">', set()),
        ("<script>1</script>", {"page.script"}),
    ],
)
def test_pictures_and_fields(html: str, expected: set[str]) -> None:
    """A picture that leads away instead of text, and what asks for secrets; one's own flyer and search are fine."""
    assert ids(html) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        (WORDS[:60] + unseen("padding words " * 60), {"page.hidden_text"}),
        (WORDS * 5 + unseen("padding words " * 60), set()),
        (WORDS + unseen("Our best offers of this spring" + "&zwnj;&nbsp;" * 60), set()),
        (JAPANESE + unseen("The minutes were read by the secretary of the society. " * 5), {"page.hidden_language"}),
        (JAPANESE + unseen("Spring sale: free delivery for the first hundred."), set()),
        (JAPANESE + unseen("春の新作が出そろいました。先着百名様に送料無料。" * 8), set()),
        ('<p>A<b style="font-size:0">x</b>ma<b style="font-size:0">x</b>zo<b style="font-size:0">x</b>n</p>',
         {"page.cut_words"}),
    ],
)  # fmt: skip
def test_text_that_nobody_sees(html: str, expected: set[str]) -> None:
    """More than is shown, in another language, or within words; a preheader is none of these."""
    assert ids(html) == expected


def test_text_far_below_the_end() -> None:
    """Behind many empty lines, in a page and in plain text; not at the end, and not in one's own mail."""
    below = f"{AWAY}Open</a>" + "<br>" * 80 + "<p>An unrelated story.</p>"
    assert ids(below) == {"page.far_below"}
    assert ids(below.replace("stranger.test", "author.example")) == set()
    assert ids("https://stranger.test/" + "\r\n" * 80 + "An unrelated story.", "text/plain") == {
        "page.far_below"
    }
    assert ids("https://stranger.test/" + "\r\n" * 80, "text/plain") == set()
