"""Entries as people write them: what a list may hold, and all that is wrong at once."""

from __future__ import annotations

import json

import pytest
from tests.unit.store.kit import START

from sekisho.policy import ListEntry, ListOptions
from sekisho.runtime_changes.lists import (
    EntryError,
    ExportError,
    checked_entry,
    entries_of_export,
    entry_rows,
    export_of,
    is_configured,
)
from sekisho.store.lists import Stored

GROUPS = {"sales": ["a@ours.example"]}


def test_an_entry_is_checked_as_in_the_file() -> None:
    """A scope that is a group is good; a condition on the block list, an unknown group and a bad entry are not."""
    entry = checked_entry("allow", {"entry": "x.example", "scope": "sales", "authenticated": True}, GROUPS)
    assert (entry.entry, entry.scope) == ("x.example", "sales")
    for name, facts, reason in (
        ("block", {"entry": "x.example", "authenticated": True}, "for allow entries"),
        ("allow", {"entry": "x.example", "scope": "nobody"}, "neither a group"),
        ("allow", {"entry": "@"}, "local part"),
        ("allow", {}, "is missing"),
    ):
        with pytest.raises(EntryError, match=reason):
            checked_entry(name, facts, GROUPS)


def test_an_export_is_read_back() -> None:
    """With its lists and authors; an entry that names no author has that of the import."""
    stored = [Stored("allow", ListEntry(entry="x.example", author="taro"), START),
              Stored("block", ListEntry(entry=".cn"), START)]  # fmt: skip
    document = export_of(7, stored)
    assert document["version"] == 7
    found = entries_of_export(json.dumps(document).encode(), {}, "hanako")
    assert [(name, each.entry, each.author) for name, each in found] == [
        ("allow", "x.example", "taro"), ("block", ".cn", "hanako"),
    ]  # fmt: skip
    assert entries_of_export(b'{"allow": ["y.example"]}', {}, "hanako")[0][1].entry == "y.example"


def test_every_wrong_entry_of_an_export_is_named() -> None:
    """By its list and its number in the file, all at once."""
    data = json.dumps({"allow": ["@", "x.example", {"entry": "y.example", "odd": 1}], "block": [1]}).encode()
    with pytest.raises(EntryError) as caught:
        entries_of_export(data, {}, "hanako")
    assert [each.split(":")[0] for each in caught.value.reasons] == [
        "allow[0]", "allow[2]", "block[0]",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("document", "keys"),
    [
        ({"version": 1, "grey": ["x.example"], "allow": ["q.example"]}, ["grey"]),
        ({"schema": 9, "allow": []}, ["schema"]),
        ({"schema": True, "allow": []}, ["schema"]),
        ({"version": "9", "allow": [], "alow": []}, ["alow", "version"]),
        ({"allow": ["x.example", "X.example"], "block": ["x.example"]}, ["allow[1]"]),
    ],
)
def test_nothing_of_an_export_is_passed_over(document: dict[str, object], keys: list[str]) -> None:
    """An unknown list, a form of another version, and an entry that is there twice: each is named by its key."""
    with pytest.raises(EntryError) as caught:
        entries_of_export(json.dumps(document).encode(), {}, "hanako")
    assert [each.split(":")[0] for each in caught.value.reasons] == keys


def test_an_export_of_any_change_is_read() -> None:
    """`version` counts the changes of the lists; it is not the version of the form."""
    assert entries_of_export(json.dumps(export_of(4711, ())).encode(), {}, "hanako") == []


@pytest.mark.parametrize("data", [b"", b"[]", b"nothing", b'{"allow": 1}', b"[" * 100_000, b"\xff"])
def test_what_is_no_export_is_one_error(data: bytes) -> None:
    """Whatever it is."""
    with pytest.raises(ExportError, match="list export"):
        entries_of_export(data, {}, "hanako")


def test_the_rows_say_where_an_entry_stands() -> None:
    """Those of the configuration first, with what has expired."""
    configured = ListOptions(block=(ListEntry(entry="old.example", expires="2026-02-01"),))
    rows = entry_rows(configured, [Stored("allow", ListEntry(entry="x.example"), START)], START.timestamp())
    assert [(row["entry"], row["origin"], row["expired"]) for row in rows] == [
        ("old.example", "configuration", True), ("x.example", "store", False),
    ]  # fmt: skip
    assert rows[1]["added"] == START.isoformat()
    assert is_configured(configured, "block", ListEntry(entry="OLD.example"))
    assert not is_configured(configured, "allow", ListEntry(entry="old.example"))
