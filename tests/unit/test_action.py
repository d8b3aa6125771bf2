"""Several recipients, one reply: the table of promises, row by row."""

from __future__ import annotations

from email.header import decode_header, make_header

import pytest

from sekisho import action
from sekisho.evidence import Evidence, FindingKind
from sekisho.message import Envelope, Forged, Limits, Message, Recipient, read
from sekisho.policy import Rules
from sekisho.verdict import (
    Action,
    AddHeader,
    ChangeHeader,
    DeleteRecipient,
    Disposition,
    Mode,
    Outcome,
    Reply,
    Thresholds,
    Verdict,
)

ACCEPT, TAG, QUARANTINE, REJECT, TEMPFAIL = Disposition
KIND = FindingKind("brand.display_name", 6, "The name says {text}.", "表示名は{text}です。")
EVIDENCE = Evidence(findings=(KIND.found(text="えきねっと"),))


def mail(fields: bytes = b"") -> Message:
    return read(fields + b"From: a@example.jp\r\nSubject: =?utf-8?B?5a6b5YWI?=\r\n\r\nbody\r\n", Envelope())


def outcomes(*wanted: Disposition, rules: Rules | None = None) -> tuple[Outcome, ...]:
    """One recipient for each disposition that was decided, settled together."""
    rules = rules or Rules(mode=Mode.ENFORCE)
    each = (
        action.outcome(
            Recipient(f"r{index}@example.jp", f"<r{index}@example.jp>"),
            Verdict(disposition, float(disposition), "points", Thresholds(), mode=rules.mode),
            rules,
        )
        for index, disposition in enumerate(wanted)
    )
    return action.settle(tuple(each))


def act(*wanted: Disposition, message: Message | None = None, rules: Rules | None = None) -> Action:
    return action.act(
        message or mail(),
        EVIDENCE,
        {KIND.id: 6.0},
        outcomes(*wanted, rules=rules),
        reference="REF1",
        authserv_id="mx.example.jp",
    )


@pytest.mark.parametrize(
    ("wanted", "reply", "deleted"),
    [
        ((ACCEPT,), Reply.ACCEPT, 0),
        ((TAG, ACCEPT), Reply.ACCEPT, 0),
        ((REJECT, REJECT), Reply.REJECT, 0),
        ((QUARANTINE, QUARANTINE), Reply.DISCARD, 0),
        ((REJECT, QUARANTINE), Reply.DISCARD, 0),
        ((REJECT, ACCEPT), Reply.ACCEPT, 1),
        ((QUARANTINE, TAG, REJECT), Reply.ACCEPT, 2),
        ((TEMPFAIL, ACCEPT), Reply.TEMPFAIL, 0),
        ((TEMPFAIL, REJECT), Reply.TEMPFAIL, 0),
    ],
)
def test_one_reply_for_all(wanted: tuple[Disposition, ...], reply: Reply, deleted: int) -> None:
    """Reject only if all are; else they are quarantined; any temporary failure is one for all, unedited."""
    done = act(*wanted)
    assert done.reply is reply
    assert sum(isinstance(edit, DeleteRecipient) for edit in done.edits) == deleted
    if reply is not Reply.ACCEPT:
        assert done.edits == ()


@pytest.mark.parametrize(
    ("applied", "refused"),
    [
        ((QUARANTINE, ACCEPT), True),
        ((QUARANTINE, TAG), True),
        ((QUARANTINE, QUARANTINE), False),
        ((ACCEPT, ACCEPT), False),
        ((TEMPFAIL, TEMPFAIL), False),
    ],
)
@pytest.mark.parametrize("mode", [Mode.ENFORCE, Mode.SHADOW])
def test_who_cannot_be_taken_off_ends_the_message(
    applied: tuple[Disposition, ...], refused: bool, mode: Mode
) -> None:
    """A recipient whose bytes cannot be sent back, whose copy is kept while another gets the message: nothing else
    keeps that copy away. The other's mode, shadow or not, does not let it through."""
    raws = ("<h\udce9lp@example.jp>", "<b@example.jp>")
    modes = (Mode.ENFORCE, mode)
    done = tuple(
        Outcome(Recipient("x@example.jp", raw), Verdict(each, 9, "points", Thresholds(), mode=of), each)
        for each, raw, of in zip(applied, raws, modes, strict=True)
    )
    assert action.undeliverable(mail(), done, "mx.example.jp") is refused


def test_headers_show_the_strictest_of_those_that_get_it() -> None:
    """A lenient recipient that the sender added must not wash the tag off for the others."""
    done = act(ACCEPT, TAG, QUARANTINE)
    verdicts = [
        edit.value for edit in done.edits if isinstance(edit, AddHeader) and edit.name == "X-Sekisho-Verdict"
    ]
    assert verdicts == ["tag; score=1; id=REF1; mode=enforce"]


def test_shadow_touches_nothing() -> None:
    """In shadow mode a message that would be rejected passes as it came."""
    done = act(REJECT, TEMPFAIL, rules=Rules(mode=Mode.SHADOW))
    assert (done.reply, done.edits) == (Reply.ACCEPT, ())
    assert [each.verdict.disposition for each in done.outcomes] == [REJECT, TEMPFAIL]


def test_max_action_bounds_what_is_done_not_what_is_decided() -> None:
    """The verdict stays true; only the action is milder."""
    done = act(REJECT, rules=Rules(mode=Mode.ENFORCE, max_action=TAG))
    assert done.reply is Reply.ACCEPT
    assert done.outcomes[0].verdict.disposition is REJECT


@pytest.mark.parametrize(
    ("first", "edits"),
    [
        ("Hello", [("Subject", 3, ""), ("Subject", 2, ""), ("Subject", 1, "[!] Hello")]),
        ("[!] Hello", [("Subject", 3, ""), ("Subject", 2, "")]),
    ],
)
def test_a_second_subject_does_not_take_the_mark_off(first: str, edits: list[tuple[str, int, str]]) -> None:
    """Some readers show the last of several Subject fields: the marked one is the only one left."""
    more = f"Subject: {first}\r\nSUBJECT: Pay now\r\n".encode()
    done = act(TAG, message=mail(more), rules=Rules(mode=Mode.ENFORCE, subject_mark="[!]"))
    assert [
        (each.name, each.index, each.value) for each in done.edits if isinstance(each, ChangeHeader)
    ] == edits


def test_forged_fields_go_from_the_highest_index_down() -> None:
    """Deleting an earlier field renumbers the later ones, and two of five would survive."""
    forged = b"Authentication-Results: mx.example.jp; spf=pass\r\n" * 3
    foreign = b"Authentication-Results: other.example; spf=pass\r\n"
    ours = b"X-Sekisho-Verdict: accept\r\nx-sekisho-verdict: accept\r\n"
    done = act(ACCEPT, message=mail(forged + foreign + ours))
    deletions = [edit for edit in done.edits if isinstance(edit, ChangeHeader)]
    by_name: dict[str, list[int]] = {}
    for edit in deletions:
        by_name.setdefault(edit.name.lower(), []).append(edit.index)
    assert by_name == {"authentication-results": [3, 2, 1], "x-sekisho-verdict": [2, 1]}
    assert done.edits.index(deletions[-1]) < next(
        index for index, edit in enumerate(done.edits) if isinstance(edit, AddHeader)
    )


def test_the_subject_is_marked_for_tagged_mail_only_and_stays_readable() -> None:
    """The mark is RFC 2047 beside the decoded subject; accepted mail keeps its own."""
    rules = Rules(mode=Mode.ENFORCE, subject_mark="[注意]")
    marked = [
        edit
        for edit in act(TAG, rules=rules).edits
        if isinstance(edit, ChangeHeader) and edit.name == "Subject"
    ]
    assert [str(make_header(decode_header(edit.value))) for edit in marked] == ["[注意] 宛先"]
    assert not any(
        isinstance(edit, ChangeHeader) and edit.name == "Subject" for edit in act(ACCEPT, rules=rules).edits
    )


def test_the_reason_is_ascii_folded_and_in_both_languages() -> None:
    """What we write must pass any next hop: no raw UTF-8, no long line, both sentences there."""
    reason = next(
        edit.value
        for edit in act(ACCEPT).edits
        if isinstance(edit, AddHeader) and edit.name == "X-Sekisho-Reason"
    )
    assert reason.isascii()
    assert max(map(len, reason.split("\n"))) <= 78
    decoded = str(make_header(decode_header(reason)))
    assert "brand.display_name=6" in decoded
    assert "表示名はえきねっとです。" in decoded


@pytest.mark.parametrize("text", ["a\r\nX-Evil: 1", "a\x00b", "日本\r\n語", "x" * 2000])
def test_an_encoded_value_never_opens_a_new_field(text: str) -> None:
    """Every line after the first begins with white space."""
    lines = action.encoded(text.replace("\r\n", " "), "X-Test").split("\n")
    assert all(line[:1] in " \t" for line in lines[1:])


def without_store(*wanted: Disposition) -> Action:
    return action.without_store(
        mail(b"Authentication-Results: mx.example.jp; spf=pass\r\n"),
        EVIDENCE,
        {KIND.id: 6.0},
        outcomes(*wanted),
        reference="R",
        authserv_id="mx.example.jp",
    )


def test_without_the_store_nothing_is_lost() -> None:
    """Hold if all would be held, else a retry for all before any edit."""
    assert without_store(QUARANTINE, QUARANTINE).reply is Reply.HOLD
    mixed = without_store(QUARANTINE, ACCEPT)
    assert (mixed.reply, mixed.edits) == (Reply.TEMPFAIL, ())


def test_what_is_held_without_the_store_is_ready_to_be_delivered() -> None:
    """It will not pass the filter again when it is taken off hold: forged fields go and ours come at once."""
    edits = without_store(QUARANTINE).edits
    assert edits[0] == ChangeHeader("Authentication-Results", 1)
    assert [edit.name for edit in edits[1:] if isinstance(edit, AddHeader)] == [
        "X-Sekisho-Reason",
        "X-Sekisho-Verdict",
        "Authentication-Results",
    ]


def test_more_forged_fields_than_can_be_deleted_are_refused() -> None:
    """Postfix reads the header anew for every deletion: a message made of them alone would keep it busy for hours. It
    is refused where forged fields would have to go, on hold too, and nothing is done in shadow."""
    flood = read(
        b"X-Sekisho-Verdict: accept\r\n" * 10_000 + b"\r\n", Envelope(), Limits(header_fields=20_000)
    )
    for wanted in ((ACCEPT,), (ACCEPT, QUARANTINE)):
        assert action.undeliverable(flood, outcomes(*wanted), "mx.example.jp")
    assert not action.undeliverable(flood, outcomes(REJECT), "mx.example.jp")
    assert not action.undeliverable(flood, outcomes(REJECT, rules=Rules(mode=Mode.SHADOW)), "mx.example.jp")
    some = read(b"X-Sekisho-Verdict: accept\r\n" * 1_000 + b"\r\n", Envelope())
    assert not action.undeliverable(some, outcomes(ACCEPT), "mx.example.jp")
    assert len([edit for edit in act(ACCEPT, message=some).edits if isinstance(edit, ChangeHeader)]) == 1_000


def test_what_the_wire_counted_goes_before_what_was_read() -> None:
    """Beyond the limits only the wire has seen the fields; its word is taken for the whole header."""
    message = read(
        b"X-Sekisho-A: 1\r\n\r\n", Envelope(forged=Forged((("X-Sekisho-A", 7), ("X-Sekisho-A", 1))))
    )
    deleted = [edit for edit in act(ACCEPT, message=message).edits if isinstance(edit, ChangeHeader)]
    assert deleted == [ChangeHeader("X-Sekisho-A", 7), ChangeHeader("X-Sekisho-A", 1)]
