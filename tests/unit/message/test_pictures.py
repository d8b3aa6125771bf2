"""The links that a message's pictures hold."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

import pytest
from tests.qrcodes_support import blocks, modules, picture

from sekisho import message
from sekisho.clock import SystemClock
from sekisho.decoder import Decoder
from sekisho.message import Envelope, Limits, Message, read
from sekisho.qrcodes import Grid, Lease, SearchResult, SearchStatus

URL = "https://stranger.test/login"
READER = Decoder(SystemClock())


def with_codes(seen: Message, limits: Limits, seconds: float = 30.0) -> Message:
    """With a decoder, and so much time for it."""
    return message.with_codes(seen, limits, READER, lambda: seconds)


def mail(
    html: str = "",
    images: tuple[bytes, ...] = (),
    name: str = "",
    text: str = "See below.",
    limits: Limits | None = None,
) -> Message:
    made = EmailMessage()
    made["From"] = "a@example.com"
    made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html")
    for image in images:
        if name:
            made.add_attachment(image, "application", "octet-stream", filename=name)
        else:
            made.add_attachment(image, "image", "png")
    return read(made.as_bytes(), Envelope(), limits or Limits())


def codes(mail: Message, limits: Limits | None = None) -> list[str]:
    seen = with_codes(mail, limits or Limits())
    return [link.target for link in seen.links if link.kind == "qr"]


def test_a_code_in_an_attached_image_is_a_link() -> None:
    """With host and kind, beside the links that were there."""
    seen = with_codes(mail(images=(picture(URL),), text="https://example.com/"), Limits())
    assert [(link.host, link.kind) for link in seen.links] == [
        ("example.com", "text"),
        ("stranger.test", "qr"),
    ]


def test_an_image_is_known_by_its_name_too() -> None:
    """Programs show `code.png` whatever type it is declared to be."""
    assert codes(mail(images=(picture(URL, scale=12),), name="Code.PNG")) == [URL]


def test_an_image_within_the_page_is_read() -> None:
    """`data:` images need no part of their own."""
    data = base64.b64encode(picture(URL)).decode()
    assert codes(mail(f'<p>Scan</p><img src="data:image/png;base64,{data}">')) == [URL]


def test_a_drawn_code_is_read() -> None:
    """In the text of any part."""
    assert codes(mail(text=blocks(modules(URL)))) == [URL]


@pytest.mark.parametrize(
    ("content", "links"),
    [
        ("example.com/path", ["example.com/path"]),
        ("WWW.EXAMPLE.COM", ["WWW.EXAMPLE.COM"]),
        ("WIFI:S:home;T:WPA;P:secret;;", []),
        ("mailto:a@example.com", []),
        ("1234567890", []),
        ("BEGIN:VCARD\nURL:https://example.com/me\nEND:VCARD", ["https://example.com/me"]),
    ],
)
def test_only_what_a_camera_opens_is_a_link(content: str, links: list[str]) -> None:
    """Addresses, also within a visiting card; not a network's password, not a number."""
    assert codes(mail(images=(picture(content),))) == links


def test_a_message_without_codes_stays_the_same_object() -> None:
    """No copy is made where there is nothing to add."""
    plain = mail("<p>hello</p>")
    assert with_codes(plain, Limits()) is plain


def test_more_images_than_are_searched_are_said() -> None:
    """A limit that was reached is a problem; equal images count once."""
    same = mail(images=(picture(URL),) * 5)
    assert with_codes(same, Limits(images=1)).problem("picture.not_searched") is None
    several = mail(images=tuple(picture(f"{URL}{number}") for number in range(3)))
    seen = with_codes(several, Limits(images=2))
    assert len([link for link in seen.links if link.kind == "qr"]) == 2
    assert seen.problem("picture.not_searched") is not None


def test_a_spent_budget_ends_the_search() -> None:
    """Time is bounded by the message's deadline, and the rest is said to be unseen."""
    seen = with_codes(mail(images=(picture(URL),)), Limits(), 0.0)
    assert seen.links == ()
    assert seen.problem("picture.not_searched") is not None


class Refusing:
    """Looks into nothing, and says why."""

    def __init__(self, status: str) -> None:
        self.status = SearchStatus(status)

    @contextmanager
    def lease(self, _: float, __: int = 0, /) -> Iterator[Lease]:
        yield self

    def in_image(self, _: bytes, __: int, ___: float, /) -> SearchResult:
        return SearchResult(status=self.status)

    def in_grid(self, _: Grid, __: float, /) -> SearchResult:
        return SearchResult(status=self.status)


@pytest.mark.parametrize(
    ("status", "detail"),
    [("pixels", "size"), *((each, each) for each in ("scans", "broken", "time", "memory", "decoder"))],
)
def test_a_picture_that_is_not_searched_is_said(status: str, detail: str) -> None:
    """With the reason, once, whether it is an image or a drawing."""
    seen = mail(images=(picture(URL), picture(f"{URL}2")), text=blocks(modules(URL)))
    problems = message.with_codes(seen, Limits(), Refusing(status), lambda: 1.0).problems
    assert [each.detail for each in problems if each.code == "picture.not_searched"] == [detail]


def test_what_is_no_image_is_no_problem() -> None:
    """Nobody sees it either."""
    assert (
        with_codes(mail(images=(b"nothing", b"%PDF-1.4")), Limits()).problem("picture.not_searched") is None
    )


def test_an_image_that_cannot_be_read_is_said() -> None:
    """Others may read it."""
    problem = with_codes(mail(images=(picture(URL)[:20],)), Limits()).problem("picture.not_searched")
    assert problem is not None
    assert problem.detail == "broken"


def test_drawings_are_as_many_as_images() -> None:
    """A code above endless blocks is read; that there were more drawings than are searched is said."""
    noise = "\n".join(["█ " * 21 + "█" * (number // 500) for number in range(20_000)])
    seen = with_codes(mail(text=f"{blocks(modules(URL))}\n{noise}"), Limits())
    assert [link.target for link in seen.links if link.kind == "qr"] == [URL]
    assert "number" in [each.detail for each in seen.problems]


def test_an_image_that_was_cut_is_said() -> None:
    """What lies behind the limit of bytes was not seen, attached or in the page."""
    content = picture(URL)
    junk = content[:33] + len(content).to_bytes(4, "big") + b"teXt" + content + bytes(4) + content[33:]
    data = base64.b64encode(junk).decode()
    page = f'<img src="data:image/png;base64,{data}">'
    for limits, details in ((Limits(), []), (Limits(image_bytes=len(content)), ["bytes"])):
        for made in (mail(images=(junk,), limits=limits), mail(page, limits=limits)):
            seen = with_codes(made, limits)
            assert [each.detail for each in seen.problems if each.code == "picture.not_searched"] == details
            assert (seen.links == ()) is bool(details)


@pytest.mark.parametrize(
    "start", ["data:image/png;base64,", "DATA:IMAGE/PNG;BASE64,", "data:;base64,", "data:text/x;a=b;base64,"]
)
def test_an_image_within_the_page_is_read_however_it_is_declared(start: str) -> None:
    """Browsers look at the bytes of what stands in an `img`."""
    data = base64.b64encode(picture(URL)).decode().replace("+", "%2b").replace("A", "%41")
    assert codes(mail(f'<p>Scan</p><img src="{start}{data}">')) == [URL]
