"""The links in the pictures of a message."""

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
    """The message with the links in its codes, by a decoder with that many seconds."""
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
    """The link of a code has a host and the kind `qr`, and the other links stay."""
    seen = with_codes(mail(images=(picture(URL),), text="https://example.com/"), Limits())
    assert [(link.host, link.kind) for link in seen.links] == [
        ("example.com", "text"),
        ("stranger.test", "qr"),
    ]


def test_an_image_is_known_by_its_name_too() -> None:
    """`code.png` is searched whatever its declared type, since programs show it."""
    assert codes(mail(images=(picture(URL, scale=12),), name="Code.PNG")) == [URL]


def test_an_image_within_the_page_is_read() -> None:
    """A `data:` image within a page is searched."""
    data = base64.b64encode(picture(URL)).decode()
    assert codes(mail(f'<p>Scan</p><img src="data:image/png;base64,{data}">')) == [URL]


def test_a_drawn_code_is_read() -> None:
    """A code that a text part draws is read, in plain text and in HTML."""
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
    """URLs of codes are links, also in a visiting card; network passwords and numbers are not."""
    assert codes(mail(images=(picture(content),))) == links


def test_a_message_without_codes_stays_the_same_object() -> None:
    """A message without codes is not copied."""
    plain = mail("<p>hello</p>")
    assert with_codes(plain, Limits()) is plain


def test_more_images_than_are_searched_are_said() -> None:
    """More images than the limit are a problem; equal images count once."""
    same = mail(images=(picture(URL),) * 5)
    assert with_codes(same, Limits(images=1)).problem("picture.not_searched") is None
    several = mail(images=tuple(picture(f"{URL}{number}") for number in range(3)))
    seen = with_codes(several, Limits(images=2))
    assert len([link for link in seen.links if link.kind == "qr"]) == 2
    assert seen.problem("picture.not_searched") is not None


def test_a_spent_budget_ends_the_search() -> None:
    """The search ends with the time of the message, and pictures that were not searched are a problem."""
    seen = with_codes(mail(images=(picture(URL),)), Limits(), 0.0)
    assert seen.links == ()
    assert seen.problem("picture.not_searched") is not None


class Refusing:
    """A reader that searches nothing and always gives the same status."""

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
    """A picture that is not searched gives one problem with the reason, for images and drawings alike."""
    seen = mail(images=(picture(URL), picture(f"{URL}2")), text=blocks(modules(URL)))
    problems = message.with_codes(seen, Limits(), Refusing(status), lambda: 1.0).problems
    assert [each.detail for each in problems if each.code == "picture.not_searched"] == [detail]


def test_what_is_no_image_is_no_problem() -> None:
    """A file of an unknown format is no problem, since mail programs do not show it."""
    assert (
        with_codes(mail(images=(b"nothing", b"%PDF-1.4")), Limits()).problem("picture.not_searched") is None
    )


def test_an_image_that_cannot_be_read_is_said() -> None:
    """A broken image is a problem, since a mail program may still show it."""
    problem = with_codes(mail(images=(picture(URL)[:20],)), Limits()).problem("picture.not_searched")
    assert problem is not None
    assert problem.detail == "broken"


def test_drawings_are_as_many_as_images() -> None:
    """A code before very many blocks is read, and more drawings than the limit are a problem."""
    noise = "\n".join(["█ " * 21 + "█" * (number // 500) for number in range(20_000)])
    seen = with_codes(mail(text=f"{blocks(modules(URL))}\n{noise}"), Limits())
    assert [link.target for link in seen.links if link.kind == "qr"] == [URL]
    assert "number" in [each.detail for each in seen.problems]


def test_an_image_that_was_cut_is_said() -> None:
    """An image that is cut at the limit of bytes is a problem, both attached and in a page."""
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
    """A `data:` image is read with any declared type, since browsers look at the bytes."""
    data = base64.b64encode(picture(URL)).decode().replace("+", "%2b").replace("A", "%41")
    assert codes(mail(f'<p>Scan</p><img src="{start}{data}">')) == [URL]
