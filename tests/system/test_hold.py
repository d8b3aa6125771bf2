"""What goes to Postfix's hold queue, and what its reader gets when an operator takes it off: `postsuper -H`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.cases import Lab, smtp_lines
from lab.place import wait_until
from lab.sender import Reply, send
from tests.system.mails import spoof

FORGED = (
    b"Authentication-Results: mx.lab.invalid; dkim=pass header.d=bank.example\r\n"
    b"X-Sekisho-Verdict: accept; score=0\r\n"
    b"X-Sekisho-" + b"a" * 200 + b": 1\r\n"
)
FOREIGN = b"Authentication-Results: elsewhere.example; spf=fail\r\n"
RECIPIENTS = {"shadow.example": {"mode": "shadow"}}


@pytest.fixture(scope="module")
def storeless(place: Path) -> Iterator[Lab]:
    """A lab whose daemon lost its store: a directory stands where the database should be."""
    directory = place / "storeless"
    directory.mkdir()
    with Lab(directory, {"recipients": RECIPIENTS}) as lab:
        for file in lab.sekisho.directory.glob("quarantine.db*"):
            file.unlink()
        lab.sekisho.store.mkdir()
        yield lab


@pytest.fixture
def lab_without_a_store(storeless: Lab) -> Lab:
    storeless.sink.clear()
    return storeless


def test_a_message_taken_off_hold_carries_our_word_and_no_forged_one(lab_without_a_store: Lab) -> None:
    """The store is down, the message is held by Postfix with our fields and without those that pretended to be ours,
    and so it reaches its reader, since it does not pass the filter again."""
    lab = lab_without_a_store
    mail = spoof("hanako@example.jp")
    assert _send(lab, smtp_lines(FORGED + FOREIGN + mail.raw), "hanako@example.jp").code == 250
    wait_until(lambda: [each["queue_name"] for each in lab.postfix.queued()] == ["hold"], "it is on hold")
    assert len(lab.sink) == 0
    lab.postfix.command("postsuper", "-H", "ALL")
    (delivery,) = lab.sink.wait(1)
    results = delivery.fields("Authentication-Results")
    assert sorted(each.partition(";")[0] for each in results) == ["elsewhere.example", "mx.lab.invalid"]
    assert b"bank.example" not in delivery.raw
    assert [each.partition(";")[0] for each in delivery.fields("X-Sekisho-Verdict")] == ["quarantine"]
    assert delivery.fields("X-Sekisho-Reason")
    assert delivery.fields("X-Sekisho-" + "a" * 200) == ()


def test_where_not_all_would_be_held_nothing_is_touched(lab_without_a_store: Lab) -> None:
    """A recipient in shadow beside one in enforce: 451 for both while the copy cannot be kept; in shadow alone the
    message is delivered as it came."""
    lab = lab_without_a_store
    raw = smtp_lines(FORGED + spoof("a@shadow.example").raw)
    assert _send(lab, raw, "a@shadow.example", "hanako@example.jp").code == 451
    assert _send(lab, raw, "a@shadow.example").code == 250
    (delivery,) = lab.sink.wait(1)
    assert delivery.raw.endswith(raw)


def test_a_forged_field_behind_a_thousand_others_is_deleted(lab: Lab) -> None:
    """The header is longer than is read; what pretends to be ours goes all the same, in whichever place it stands."""
    filler = b"X-Filler: y\r\n" * 1500
    raw = smtp_lines(FORGED + filler + FORGED + FOREIGN + spoof("hanako@tag.example").raw)
    assert _send(lab, raw, "hanako@tag.example").code == 250
    (delivery,) = lab.sink.wait(1)
    assert b"bank.example" not in delivery.raw
    results = delivery.fields("Authentication-Results")
    assert sorted(each.partition(";")[0] for each in results) == ["elsewhere.example", "mx.lab.invalid"]
    assert len(delivery.fields("X-Sekisho-Verdict")) == 1
    assert "limit.header_fields" in delivery.fields("X-Sekisho-Reason")[0]
    assert len(delivery.fields("X-Filler")) == 1500


def _send(lab: Lab, raw: bytes, *recipients: str) -> Reply:
    return send(lab.postfix.port, "a@stranger.example", recipients, raw).reply
