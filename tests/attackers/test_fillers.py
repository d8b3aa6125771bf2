"""What a sender puts in front of what is to be read, so that it is not read; and a recipient that it adds, so that a
message that cannot be kept in part is delivered.

A thousand fields above From once hid the author, and two megabytes of blanks hid the page.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from lab.cases import Lab, smtp_lines
from lab.place import a_place
from lab.sender import Session
from tests.attackers.strangers import (
    ADDITIONS,
    FILLERS,
    FORGERIES,
    Addition,
    Draft,
    judged,
    part,
    points,
    txt,
)
from tests.slices import sliced
from tests.system.mails import spoof

from sekisho.cases import Case

ORDER = ("accept", "tag", "quarantine", "reject")
PARTS = frozenset({"600 texts", "600 attachments", "600 pages"})
LINKS = frozenset({"links", "a page of links"})
LONG_PAGE = "a long page"
PROVEN = "answers to a free mailbox"
"""The forgery that nothing but its page speaks against: its sender is proven."""


@functools.cache
def alone(forgery: str) -> str:
    return str(report(Draft(FORGERIES[forgery]))["verdict"])


def report(draft: Draft) -> dict[str, Any]:
    return judged()(draft.case())


def least(forgery: str, filler: str, limited: bool) -> str:
    """The mildest verdict that is allowed. Over a limit, quarantine is enough for what would be rejected. What a long
    page hides, and what a proven sender can hide by many parts or links, stands in docs/security.md."""
    if filler == LONG_PAGE:
        return "accept" if forgery == PROVEN else min(alone(forgery), "tag", key=ORDER.index)
    if forgery == PROVEN and filler in PARTS | LINKS:
        return "tag"
    return min(alone(forgery), "quarantine", key=ORDER.index) if limited else alone(forgery)


def check(forgery: str, filler: str, additions: list[Addition]) -> None:
    draft = Draft(FORGERIES[forgery])
    for add in (*additions, FILLERS[filler]):
        add(draft)
    found = report(draft)
    wanted = least(forgery, filler, "limit" in found["degraded"])
    assert ORDER.index(found["verdict"]) >= ORDER.index(wanted), (found["verdict"], wanted, found["score"])


@pytest.mark.parametrize("filler", FILLERS)
@pytest.mark.parametrize("forgery", sliced(FORGERIES, 3))
def test_no_filler_makes_the_verdict_milder(forgery: str, filler: str) -> None:
    """Each of them in front of each forgery."""
    check(forgery, filler, [])


FIELDS_OR_PARTS = st.one_of(ADDITIONS["field"], ADDITIONS["part"], ADDITIONS["chain"])


@pytest.mark.parametrize("number", sliced(map(str, range(10)), 10))
def test_no_filler_with_additions_makes_the_verdict_milder(number: str) -> None:
    """The same with what else a stranger can add that excuses nothing. Ten times a hundred examples."""
    forgeries = sorted(set(FORGERIES) - {PROVEN})  # its links may be those of a newsletter

    @seed(int(number))
    @settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(forgeries), st.sampled_from(sorted(FILLERS)), st.lists(FIELDS_OR_PARTS, max_size=2)
    )
    def holds(forgery: str, filler: str, additions: list[Addition]) -> None:
        check(forgery, filler, additions)

    holds()


@pytest.mark.parametrize("filler", [name for name in FILLERS if "above" in name])
@pytest.mark.parametrize("forgery", [name for name, each in FORGERIES.items() if not each.signed_by])
def test_a_decoy_above_the_fillers_hides_no_author(forgery: str, filler: str) -> None:
    """A From of the sender's own on top, which is proven, and beyond the limit the one that mail programs may show."""
    draft = Draft(FORGERIES[forgery], facts={"envelope_from": "x@stranger.example"})
    draft.extra = ["From: Taro <taro@stranger.example>"]
    draft.dns = [txt("stranger.example", "v=spf1 ip4:203.0.113.7 -all")]
    FILLERS[filler](draft)
    found = report(draft)
    assert ORDER.index(found["verdict"]) >= ORDER.index("quarantine")
    assert found["decided_by"] == "header_not_read"


def test_a_type_behind_a_thousand_fields_of_a_part_is_told() -> None:
    """How the part is to be read stands behind what is read of its header: the page is held, whoever sends it."""
    draft = Draft(FORGERIES[PROVEN])
    page = draft.forgery.page.encode()
    fillers = [f"X-F{number}: a" for number in range(1_001)]
    draft.forgery = replace(draft.forgery, page="Thank you.")
    draft.parts = ["\n".join([*fillers, part("text/html; charset=utf-8", page)])]
    found = report(draft)
    assert (found["verdict"], found["decided_by"]) == ("quarantine", "header_not_read")


@pytest.mark.parametrize("filler", ["long text", "long text, in lines", "blanks"])
def test_plain_text_takes_nothing_from_the_page(filler: str) -> None:
    """However much of it stands first, the page is read: what it says and where it leads is found as without it."""
    for forgery in ("a display name", "the site's own domain"):
        draft = Draft(FORGERIES[forgery])
        FILLERS[filler](draft)
        before, after = points(Draft(FORGERIES[forgery]))[1], points(draft)[1]
        assert {name: after.get(name) for name in before} == before


def test_blanks_are_no_text() -> None:
    """Nothing is left unread behind them, and nothing says so."""
    for filler in ("blanks", "blanks in a page"):
        draft = Draft(FORGERIES["a display name"])
        FILLERS[filler](draft)
        assert report(draft)["degraded"] == []


@pytest.mark.parametrize("filler", FILLERS)
def test_a_proven_sender_that_fills_is_no_more_than_tagged_for_its_parts(filler: str) -> None:
    """A friend's page: long text, many parts or links of a proven sender hold nothing. A header of a thousand fields
    does."""
    draft = Draft(
        replace(
            FORGERIES[PROVEN],
            head="From: Taro <taro@quiet.example>\nSubject: hello",
            page="<p>See you on Friday.</p>",
        )
    )
    FILLERS[filler](draft)
    verdict = report(draft)["verdict"]
    if "field" in filler and "parts" not in filler:
        assert verdict == "quarantine"
    else:
        assert ORDER.index(verdict) <= ORDER.index("tag")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    if os.geteuid() != 0:
        pytest.skip("Postfix's master starts as root: `make test` uses sudo")
    rules = {
        "shadow.example": {"mode": "shadow"},
        "out.example": {"filter": False},
        "lenient.example": {"max_action": "tag"},
        "held.example": {"max_action": "quarantine"},
    }
    with a_place() as place, Lab(place, {"recipients": rules, "limits": {"scan_bytes": 10_000}}) as made:
        yield made


CUT = {
    "a body that is cut": (b"", b"x" * 78 + b"\r\n"),
    "a header that is cut": (b"X-F: a\r\n" * 1_001, b""),
}


def another(how: str, *recipients: str) -> Case:
    """The spoof, cut where it is judged, as a message of its own."""
    mail, (above, below) = spoof(*recipients), CUT[how]
    unlike = f"Message-ID: <{how.replace(' ', '-')}.{recipients[-1]}>".encode()
    raw = mail.raw.replace(b"Message-ID: <1@jcom.co.jp>", unlike)
    return replace(mail, raw=above + raw + below * 300)


@pytest.mark.system
@pytest.mark.timeout(300)
@pytest.mark.parametrize("added", ["x@shadow.example", "x@out.example", "x@lenient.example"])
@pytest.mark.parametrize("how", CUT)
def test_a_recipient_that_is_added_delivers_no_part_of_a_message(lab: Lab, how: str, added: str) -> None:
    """A message of which only a part is at hand cannot be kept for one recipient and delivered to another: it is
    refused, so that nobody gets what is to be held, and the sender knows."""
    outcome = lab.send(another(how, "hanako@example.jp", added))
    assert (outcome.sent.reply.code, outcome.deliveries, outcome.held) == (550, (), ())
    assert outcome.line is not None
    assert outcome.line["reply"] == "reject"


@pytest.mark.system
@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", CUT)
def test_where_nobodys_copy_is_held_a_cut_message_is_delivered(lab: Lab, how: str) -> None:
    """In shadow, opted out, or where no more than a tag is allowed: nothing is refused."""
    outcome = lab.send(another(how, "x@shadow.example", "x@out.example", "x@lenient.example"))
    assert outcome.sent.reply.code == 250
    arrived = [each for delivery in outcome.deliveries for each in delivery.recipients]
    assert sorted(arrived) == ["x@lenient.example", "x@out.example", "x@shadow.example"]


@pytest.mark.system
@pytest.mark.timeout(300)
@pytest.mark.parametrize("how", CUT)
def test_a_cut_message_is_held_whole_where_all_copies_are(lab: Lab, how: str) -> None:
    """Postfix keeps it, since the store would keep a part of it."""
    people = ["hanako@held.example", f"{how.split()[1]}@held.example"]
    mail = another(how, *people)
    lab.dns.serve(mail.dns)
    lab.sink.clear()
    with Session(lab.postfix.port, mail.envelope.client) as session:
        assert session.mail(mail.envelope.sender, people, smtp_lines(mail.raw)).reply.code == 250
    (held,) = [each for each in lab.postfix.queued() if people[1] in str(each["recipients"])]
    assert held["queue_name"] == "hold"
    assert len(held["recipients"]) == 2
    assert len(lab.sink) == 0
