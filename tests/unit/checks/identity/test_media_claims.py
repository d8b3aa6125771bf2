"""Claims beside the text: pictures, files, invitations."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from tests.auth_support import Owners, context, message

from sekisho.checks.identity import media_claims
from sekisho.evidence import Claim, Evidence, Place, Strength
from sekisho.known import Mention, Reading


@dataclass(frozen=True)
class Known(Owners):
    """A registry that knows one brand by one name, and its domain."""

    def read(self, text: str, after: str = "") -> Reading:
        return Reading(self.mentions(text))

    def mentions(self, text: str) -> tuple[Mention, ...]:
        at = text.lower().find("brand")
        return (Mention("brand", "Brand", at, at + 5, 0.5, True),) if at >= 0 else ()


CONTEXT = replace(context(), registry=Known({"brand.example": "brand"}))
WORDS = "<p>" + "words that somebody may read " * 20 + "</p>"


def found(body: str, kind: str = "text/html") -> list[tuple[str, str]]:
    raw = f"From: a@b.example\r\nContent-Type: {kind}; charset=utf-8\r\n\r\n{body}"
    return _found(raw)


def _found(raw: str) -> list[tuple[str, str]]:
    claims = media_claims.check(message(raw.encode()), Evidence(), CONTEXT).claims
    return [(claim.where, claim.strength) for claim in claims]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<img src="https://x.test/1.png" alt="Brand">', [("image", Strength.STRONG)]),
        ('<img src="https://x.test/img/brand_logo.png">', [("image", Strength.STRONG)]),
        (WORDS + '<img src="https://x.test/1.png" alt="Brand">', []),
        ('<img alt="Flyer">' * 9 + '<img alt="Brand">', [("image", Strength.WEAK)]),
        ('<img src="data:image/png;base64,brand">', []),
        ("Brand", []),
    ],
)
def test_pictures_that_stand_for_words(html: str, expected: list[tuple[str, str]]) -> None:
    """By alternative text or file name, where there is little else to read; one of many pictures is weak."""
    assert found(html) == expected


@pytest.mark.parametrize(
    ("where", "strength"),
    [(Place.SUBJECT, Strength.STRONG), (Place.DISPLAY_NAME, Strength.STRONG), (Place.BODY, Strength.WEAK)],
)
def test_a_badge_speaks_only_for_a_brand_that_is_named(where: Place, strength: Strength) -> None:
    """An icon in a footer says where else the sender is found; the message must name the same brand as its own."""

    @dataclass(frozen=True)
    class Network(Known):
        def mentions(self, text: str) -> tuple[Mention, ...]:
            at = text.find("Facebook")
            return (Mention("brand", "Facebook", at, at + 8, 0.5, True),) if at >= 0 else ()

    raw = (
        b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n<img src='https://x.test/1.png' alt='Facebook'>"
    )
    seen = Evidence(claims=(Claim("brand", where, "Facebook"),))
    at = replace(context(), registry=Network({}))
    assert [claim.strength for claim in media_claims.check(message(raw), seen, at).claims] == [strength]


def invitation(organizer: str, summary: str = "Meeting", method: str = "REQUEST") -> str:
    return (
        f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\n{organizer}\r\n"
        f"SUMMARY:{summary}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (invitation("ORGANIZER;CN=Brand Support:mailto:x@stranger.test"), [("calendar", Strength.STRONG)]),
        (invitation('ORGANIZER;ROLE=CHAIR;CN="Brand;\r\n  Support":mailto:x@stranger.test'),
         [("calendar", Strength.STRONG)]),
        (invitation("ORGANIZER;CN=Brand:mailto:x@brand.example"), [("calendar", Strength.WEAK)]),
        (invitation("ORGANIZER;CN=Brand:mailto:x@stranger.test", method="REPLY"), []),
        (invitation("ORGANIZER:mailto:x@stranger.test", "Brand: payment"), [("calendar", Strength.WEAK)]),
        ("BEGIN:VCALENDAR\r\n" + "ORGANIZER;CN=" * 5_000, []),
    ],
)  # fmt: skip
def test_invitations(event: str, expected: list[tuple[str, str]]) -> None:
    """Who invites, unless his address is the brand's; an answer repeats whom it answers; folded lines are one."""
    assert found(event, "text/calendar") == expected


def test_the_name_that_answers_go_to() -> None:
    """It is weak, and comes after what the page says: findings follow the order of claims."""
    page = '<img src="https://x.test/1.png" alt="Brand">'
    raw = f"From: a@b.example\r\nReply-To: Brand <c@d.example>\r\nContent-Type: text/html\r\n\r\n{page}"
    assert _found(raw) == [("image", Strength.STRONG), ("reply_to", Strength.WEAK)]
