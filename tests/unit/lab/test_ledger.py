"""The ledger finds what was lost and what was doubled; sender and configuration are exact."""

from __future__ import annotations

import tomllib

import pytest
from lab.ledger import Ledger
from lab.sekisho import merged, to_toml
from lab.sender import dot_stuffed


def test_balanced_when_each_copy_is_somewhere_once() -> None:
    """One copy delivered, one held, one refused: nothing lost, nothing doubled."""
    ledger = Ledger()
    ledger.send("1", ["a", "b", "c"])
    ledger.deliver("1", ["a"])
    ledger.hold("1", ["b"])
    assert ledger.lost == {("1", "c"): 1}
    ledger.refuse("1", ["c"])
    assert ledger.balanced


def test_a_copy_in_two_places_is_doubled() -> None:
    """Delivered and held as well is an error, though nothing is lost."""
    ledger = Ledger()
    ledger.send("1", ["a"])
    ledger.deliver("1", ["a"])
    ledger.hold("1", ["a"])
    assert ledger.doubled == {("1", "a"): 1}
    assert not ledger.balanced


@pytest.mark.parametrize(
    ("raw", "sent"),
    [
        (b"a: b\r\n\r\n.\r\n", b"a: b\r\n\r\n..\r\n.\r\n"),
        (b"a: b\r\n\r\nx", b"a: b\r\n\r\nx\r\n.\r\n"),
        (b".a\r\n.b.\r\n", b"..a\r\n..b.\r\n.\r\n"),
    ],
)
def test_dots_are_stuffed(raw: bytes, sent: bytes) -> None:
    """Dots at line starts are doubled and the end is marked, so that every byte arrives as it was."""
    assert dot_stuffed(raw) == sent


def test_configurations_survive_writing() -> None:
    """What is laid together is what TOML reads back, Japanese and odd keys included."""
    own = {"mode": "enforce", "dns": {"servers": ["127.0.0.1:5"], "cache_size": 0}}
    over = {"dns": {"cache_size": 5}, "recipients": {"例.jp": {"subject_mark": '[注意] "x"', "tag": 5.0}}}
    whole = merged(own, over)
    assert whole["dns"] == {"servers": ["127.0.0.1:5"], "cache_size": 5}
    assert tomllib.loads(to_toml(whole)) == whole
