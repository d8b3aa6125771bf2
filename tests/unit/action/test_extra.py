"""The fields that an option asks for: what they say, for whom, and when they are left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

import pytest
from tests.unit.action.kit import ACCEPT, QUARANTINE, REJECT, TAG, act, mail, outcomes

from sekisho.action import extra
from sekisho.policy import Rules
from sekisho.policy.rules import ExtraHeader
from sekisho.verdict import Action, AddHeader, ChangeHeader, Disposition, Mode, Outcome, Thresholds, Verdict

ALL = get_args(ExtraHeader)
SPAM = tuple(name for name in ALL if name.startswith("X-Spam-"))
TAG_ONLY = Rules(mode=Mode.ENFORCE, max_action=TAG)
SHADOW = Rules(mode=Mode.SHADOW)


def written(done: Action) -> dict[str, str]:
    return {
        edit.name: edit.value
        for edit in done.edits
        if isinstance(edit, AddHeader) and edit.name in (*ALL, "X-Spam")
    }


def scored(*, score: float, disposition: Disposition, applied: Disposition) -> Outcome:
    (made,) = outcomes(ACCEPT)
    verdict = Verdict(disposition, score, "points", Thresholds())
    return replace(made, verdict=verdict, applied=applied)


def test_all_of_them_on_tagged_mail() -> None:
    """Flag, level, score and status agree with the verdict, and the symbols have the points."""
    done = act(outcomes(QUARANTINE, rules=TAG_ONLY), extra=ALL)
    assert written(done) == {
        "X-Sekisho-Score": "2.0",
        "X-Sekisho-Symbols": "brand.display_name(6)",
        "X-Spam-Flag": "YES",
        "X-Spam-Level": "********",
        "X-Spam-Score": "8.0",
        "X-Spam-Status": "Yes, score=8.0 required=5.0\n tests=brand.display_name",
    }


def test_accepted_mail_says_no() -> None:
    """A reader sees that the message was looked at; there is no star for it."""
    found = written(act(outcomes(ACCEPT), extra=SPAM))
    assert found["X-Spam-Flag"] == "NO"
    assert found["X-Spam-Score"] == "0.0"
    assert "X-Spam-Level" not in found


def test_nothing_without_the_option() -> None:
    """They are off as shipped."""
    assert written(act(outcomes(TAG))) == {}


@pytest.mark.parametrize(
    ("score", "disposition", "applied", "expected"),
    [
        (6.0, TAG, TAG, 6.0),
        (3.0, TAG, TAG, 5.0),  # a combination decided
        (3.0, QUARANTINE, TAG, 8.0),
        (3.0, REJECT, TAG, 15.0),
        (20.0, REJECT, TAG, 20.0),
        (20.0, ACCEPT, ACCEPT, 0.0),  # an allow entry decided
        (20.0, QUARANTINE, ACCEPT, 0.0),  # max_action is accept
        (4.5, ACCEPT, ACCEPT, 4.5),
        (-2.0, ACCEPT, ACCEPT, -2.0),
    ],
)
def test_the_score_is_on_the_side_of_what_is_done(
    score: float, disposition: Disposition, applied: Disposition, expected: float
) -> None:
    """A mailbox that compares the score with our threshold decides as we did."""
    assert extra.score(scored(score=score, disposition=disposition, applied=applied)) == expected


def test_a_lenient_recipient_does_not_take_it_off_for_the_others() -> None:
    """The strictest of those that get the message counts."""
    both = (*outcomes(QUARANTINE, rules=TAG_ONLY), *outcomes(ACCEPT))
    assert written(act(both, extra=SPAM))["X-Spam-Flag"] == "YES"


@pytest.mark.parametrize("others", [(), (TAG,)])
def test_shadow_changes_nothing(others: Sequence[Disposition]) -> None:
    """No junk folder sorts the mail of a recipient in shadow, also if another recipient is in enforce."""
    both = (*outcomes(TAG, rules=SHADOW), *outcomes(*others))
    assert written(act(both, extra=SPAM)) == {}
    assert written(act(outcomes(TAG, rules=SHADOW), extra=ALL)) == {}


def test_shadow_headers_are_not_for_delivery() -> None:
    """`shadow_headers` writes what a person may look at, and nothing that a mailbox server sorts by."""
    done = act(outcomes(TAG, rules=SHADOW), extra=ALL, shadow_headers=True)
    assert set(written(done)) == {"X-Sekisho-Score", "X-Sekisho-Symbols"}


def test_held_mail_is_not_junk_when_it_is_let_go() -> None:
    """A message in Postfix's hold queue goes out as it is: it has no field by which delivery sorts."""
    done = act(outcomes(QUARANTINE), extra=ALL, hold=True)
    assert set(written(done)) == {"X-Sekisho-Score", "X-Sekisho-Symbols"}


def test_the_senders_own_are_deleted() -> None:
    """However many there are, in any case; fields that we do not write stay."""
    fields = (
        b"X-Spam-Flag: NO\r\n" * 3 + b"x-spam-score: -99\r\nX-Spam-Checker: other\r\nX-Spam-Status: No\r\n"
    )
    done = act(outcomes(ACCEPT), mail(fields), extra=("X-Spam-Flag", "X-Spam-Score"))
    gone = [(each.name, each.index) for each in done.edits if isinstance(each, ChangeHeader)]
    assert sorted(gone) == [("X-Spam-Flag", 1), ("X-Spam-Flag", 2), ("X-Spam-Flag", 3), ("x-spam-score", 1)]


def test_long_lists_are_folded() -> None:
    """No line is longer than 78 characters, and every name is there."""
    weights = {f"brand.some_long_finding_{number}": float(number) for number in range(40)}
    (field,) = extra.for_programs(("X-Sekisho-Symbols",), outcomes(TAG)[0].verdict, weights)
    assert max(len(line) for line in f"X-Sekisho-Symbols: {field.value}".split("\n")) <= 78
    assert field.value.count("(") == 40
    assert ",," not in field.value.replace("\n ", "")
