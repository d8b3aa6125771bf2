"""A held message as a report of abuse: what programs and people read, and nothing that a sender could forge."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from tests.unit.review.conftest import Room
from tests.unit.store.kit import EVIDENCE, message, outcomes

from sekisho.explain import stored_document
from sekisho.review import NoSuchEntryError, Reporter

RAW = b"From: a@sender.example\r\nSubject: \x83\xff\r\n\r\nbody without an end"
REPORTER = Reporter("postmaster@ours.example", "mx.ours.example")
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def report(room: Room, sender: str = "a@sender.example") -> bytes:
    to = outcomes("hanako@ours.example")
    name = room.store.hold(message(RAW, sender), stored_document(EVIDENCE, {}, to), to)
    return room.review.abuse_report(name, "taro", REPORTER, ["abuse@brand.example"], NOW)


def test_a_report_has_its_three_parts(room: Room) -> None:
    """RFC 5965 section 2: text, feedback and the message, byte for byte; no recipient is named."""
    raw = report(room)
    parsed = message_from_bytes(raw, policy=policy.default)
    assert parsed.get_content_type() == "multipart/report"
    assert parsed["content-type"].params["report-type"] == "feedback-report"
    text, feedback, original = parsed.iter_parts()
    assert "claims えきねっと" in text.get_content()
    assert feedback.get_content_type() == "message/feedback-report"
    assert original.get_content_type() == "message/rfc822"
    assert RAW in raw
    assert b"hanako" not in raw


def test_the_feedback_is_what_is_known(room: Room) -> None:
    """Type, program and version; sender, client, time and the proven domain."""
    lines = (
        report(room).decode("latin-1").split("message/feedback-report")[1].split("\r\n\r\n")[1].splitlines()
    )
    assert lines[0] == "Feedback-Type: fraud"
    assert lines[1].startswith("User-Agent: sekisho/")
    assert lines[2:6] == [
        "Version: 1",
        "Original-Mail-From: <a@sender.example>",
        "Source-IP: 192.0.2.7",
        "Arrival-Date: Sun, 01 Mar 2026 12:00:00 +0000",
    ]
    assert lines[6] == "Reported-Domain: jyaqfmf.cn"


def test_no_sender_writes_a_field(room: Room) -> None:
    """A value that is no plain text is left out."""
    raw = report(room, "a@x.example>\r\nVersion: 2")
    assert b"Original-Mail-From" not in raw
    assert b"Version: 2" not in raw


def test_who_asked_for_a_report_is_in_the_audit(room: Room) -> None:
    """It shows the message; an entry that is not there has none."""
    report(room)
    (done,) = room.review.history()
    assert (done.operation, done.who, done.note) == ("view", "taro", "abuse report for abuse@brand.example")
    with pytest.raises(NoSuchEntryError):
        room.review.abuse_report("nothing", "taro", REPORTER, [], NOW)
