"""The answers as JSON values: the keys that programs rely on, and no hostile text as it is."""

from __future__ import annotations

import json

from tests.unit.review.conftest import Room
from tests.unit.store.kit import EVIDENCE, message, outcomes

from sekisho.explain import explanation_of, stored_document
from sekisho.held import Operation, State
from sekisho.release import ReleaseResult
from sekisho.review.documents import entry_document, judgement_of, operation_document, release_document

HOSTILE = "\x1b[31m\u202ex"


def test_an_entry_has_the_keys_that_programs_rely_on(room: Room) -> None:
    """Of the entry and of each copy; what a sender wrote is printable."""
    to = outcomes(f"a{HOSTILE}@ours.example")
    name = room.store.hold(message(sender=HOSTILE), stored_document(EVIDENCE, {}, to), to)
    found = entry_document(room.review.show(name))
    assert list(found) == [
        "id", "held_at", "last_seen", "repeats", "digest", "size", "verdict", "score", "decided_by", "brand",
        "findings", "proven", "author", "subject", "envelope_from", "queue_id", "client", "recipients",
    ]  # fmt: skip
    assert found["recipients"] == [{"rcpt": "a\\x1b[31m\\u202ex@ours.example", "state": "held"}]
    assert not set(json.dumps(found, ensure_ascii=False)) & set(HOSTILE[:1] + "\u202e")


def test_a_held_message_is_explained_from_what_is_stored(room: Room) -> None:
    """The strictest verdict with its thresholds, and every finding; the claim with its place in words."""
    to = outcomes("a@ours.example")
    name = room.store.hold(message(), stored_document(EVIDENCE, {}, to), to)
    document = judgement_of(room.review.show(name))
    assert (document["file"], document["verdict"]) == (name, "quarantine")
    assert document["thresholds"] == {"tag": 5.0, "quarantine": 8.0, "reject": 15.0}
    page = explanation_of(document, ())
    assert page.sections[0].rows[0].lines[0].words.en == "sender's name"
    assert (
        judgement_of(room.review.show(room.store.hold(message(b"x\r\n\r\n"), {}, to)))["thresholds"] is None
    )


def test_what_was_done_is_printable() -> None:
    """Who and why may be anything."""
    found = operation_document(Operation("release", "ok", HOSTILE, note=HOSTILE))
    assert found == {
        "at": None, "who": "\\x1b[31m\\u202ex", "operation": "release", "result": "ok", "id": None, "copy": None,
        "reason": "", "note": "\\x1b[31m\\u202ex",
    }  # fmt: skip
    done = ReleaseResult("ID", HOSTILE, State.HELD, "451 later")
    assert release_document(done) == {
        "id": "ID", "rcpt": "\\x1b[31m\\u202ex", "state": "held", "reply": "451 later",
    }  # fmt: skip
