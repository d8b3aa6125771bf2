"""What is written into a message and what is taken out of it."""

from __future__ import annotations

from email.header import decode_header, make_header

import pytest
from tests.unit.action.kit import ACCEPT, KIND, QUARANTINE, TAG, act, mail, outcomes

from sekisho.action.headers import encoded
from sekisho.message import Envelope, Forged, read
from sekisho.policy import Rules
from sekisho.verdict import Action, AddHeader, ChangeHeader, Mode


def added(done: Action, name: str) -> list[str]:
    return [edit.value for edit in done.edits if isinstance(edit, AddHeader) and edit.name == name]


def changed(done: Action) -> list[ChangeHeader]:
    return [edit for edit in done.edits if isinstance(edit, ChangeHeader)]


def test_headers_show_the_strictest_of_those_that_get_it() -> None:
    """A lenient recipient that the sender added must not take the tag off for the others."""
    done = act(outcomes(ACCEPT, TAG, QUARANTINE))
    assert added(done, "X-Sekisho-Verdict") == ["tag; score=1; id=STORED; mode=enforce"]


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
    rules = Rules(mode=Mode.ENFORCE, subject_mark="[!]")
    done = act(outcomes(TAG, rules=rules), mail(more))
    assert [(each.name, each.index, each.value) for each in changed(done)] == edits


def test_forged_fields_go_from_the_highest_index_down() -> None:
    """Deleting an earlier field renumbers the later ones, and two of five would survive."""
    forged = b"Authentication-Results: mx.example.jp; spf=pass\r\n" * 3
    foreign = b"Authentication-Results: other.example; spf=pass\r\n"
    ours = b"X-Sekisho-Verdict: accept\r\nx-sekisho-verdict: accept\r\n"
    done = act(outcomes(ACCEPT), mail(forged + foreign + ours))
    by_name: dict[str, list[int]] = {}
    for edit in changed(done):
        by_name.setdefault(edit.name.lower(), []).append(edit.index)
    assert by_name == {"authentication-results": [3, 2, 1], "x-sekisho-verdict": [2, 1]}
    assert done.edits.index(changed(done)[-1]) < next(
        index for index, edit in enumerate(done.edits) if isinstance(edit, AddHeader)
    )


def test_the_subject_is_marked_for_tagged_mail_only_and_stays_readable() -> None:
    """The mark is RFC 2047 beside the decoded subject; accepted mail keeps its own."""
    rules = Rules(mode=Mode.ENFORCE, subject_mark="[注意]")
    marked = [edit for edit in changed(act(outcomes(TAG, rules=rules))) if edit.name == "Subject"]
    assert [str(make_header(decode_header(edit.value))) for edit in marked] == ["[注意] 宛先"]
    assert changed(act(outcomes(ACCEPT, rules=rules))) == []


def test_the_reason_is_ascii_folded_and_in_both_languages() -> None:
    """What we write must pass any next hop: no raw UTF-8, no long line, both sentences there."""
    (reason,) = added(act(outcomes(ACCEPT)), "X-Sekisho-Reason")
    assert reason.isascii()
    assert max(map(len, reason.split("\n"))) <= 78
    decoded = str(make_header(decode_header(reason)))
    assert f"{KIND.id}=6" in decoded
    assert "表示名はえきねっとです。" in decoded


@pytest.mark.parametrize("text", ["a\r\nX-Evil: 1", "a\x00b", "日本\r\n語", "x" * 2000])
def test_an_encoded_value_never_opens_a_new_field(text: str) -> None:
    """Every line after the first begins with white space."""
    lines = encoded(text.replace("\r\n", " "), "X-Test").split("\n")
    assert all(line[:1] in " \t" for line in lines[1:])


def test_what_the_wire_counted_goes_before_what_was_read() -> None:
    """Beyond the limits only the wire has seen the fields; its count is taken for the whole header."""
    counted = Forged((("X-Sekisho-A", 7), ("X-Sekisho-A", 1)))
    done = act(outcomes(ACCEPT), read(b"X-Sekisho-A: 1\r\n\r\n", Envelope(forged=counted)))
    assert changed(done) == [ChangeHeader("X-Sekisho-A", 7), ChangeHeader("X-Sekisho-A", 1)]
