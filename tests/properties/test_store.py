"""Properties of the quarantine: whatever is held comes back, whoever it was for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.store.kit import SetClock, hold, message, outcomes

from sekisho.evidence import Evidence, FindingKind
from sekisho.report import document
from sekisho.store import Quarantine, StoreOptions

SERIAL = itertools.count()  # no two examples hold the same message
TEXT = st.text(st.characters(), max_size=40)
"""Any text: surrogates, NUL and backslashes too."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quarantine]:
    path: Path = tmp_path_factory.mktemp("store")
    quarantine = Quarantine.open(StoreOptions(url=f"sqlite:///{path}/q.db"), SetClock())
    yield quarantine
    quarantine.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=3000), sender=st.none() | TEXT, addresses=st.lists(TEXT, min_size=1), fact=TEXT)
def test_anything_held_comes_back(
    store: Quarantine, raw: bytes, sender: str | None, addresses: list[str], fact: str
) -> None:
    """Any bytes, any sender, any recipients and any fact are stored, read back, and absorb their retry."""
    kind = FindingKind("a.b", 1.0, "{fact}", "{fact}")
    evidence = Evidence(findings=(kind.found(fact=fact),))
    raw += b"%d" % next(SERIAL)
    explained = document(evidence, {}, outcomes(*addresses))
    name = store.hold(message(raw, sender, queue_id=fact), explained, outcomes(*addresses))
    entry = store.get(name)
    assert entry is not None
    assert store.content(name) == raw
    assert entry.envelope.sender == sender
    assert {copy.recipient.address for copy in entry.copies} == set(addresses)
    assert store.hold(message(raw, sender), explained, outcomes(*addresses)) == name


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sets=st.lists(st.sets(st.sampled_from("abcdefg"), min_size=1), min_size=1, max_size=8))
def test_no_recipient_has_two_held_copies(store: Quarantine, sets: list[set[str]]) -> None:
    """Whatever recipient sets the retries of one message carry, each recipient is held for exactly once."""
    raw = b"%d" % next(SERIAL)
    names = {hold(store, raw, sorted(recipients)) for recipients in sets}
    held = [copy.recipient.address for name in names for copy in store.get(name).copies]  # type: ignore[union-attr]
    assert sorted(held) == sorted(set().union(*sets))
