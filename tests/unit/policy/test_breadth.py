"""Allow entries that let strangers in, and entries that have ended already."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sekisho.policy import ListEntry, ListOptions, configured_doubts, list_doubts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()


def doubts(name: str, text: str, **facts: object) -> list[str]:
    return list(list_doubts(name, ListEntry.model_validate({"entry": text, **facts}), NOW))


@pytest.mark.parametrize(
    "text",
    [
        "0.0.0.0/0",
        "::/0",
        "128.0.0.0/1",
        "203.0.0.0/15",
        "2400::/12",
        "jp",
        ".jp",
        "co.jp",
        ".co.jp",
        ".github.io",
        ".COM",
        ".みんな",
    ],
)
def test_a_wide_allow_entry_is_doubted(text: str) -> None:
    """A network of a whole provider, and whatever anybody can register below. To block it is not doubted."""
    assert len(doubts("allow", text)) == 1
    assert len(doubts("allow", text, authenticated=not text[-1].isdigit())) == 1
    assert len(doubts("allow", text, scope="hanako@example.jp")) == 1
    assert doubts("block", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "203.0.113.0/24",
        "203.0.0.0/16",
        "10.0.0.0/8",
        "127.0.0.1",
        "fc00::/7",
        "2001:db8::/32",
        "example.jp",
        ".example.co.jp",
        "a@jp",
        "x.github.io",
    ],
)
def test_a_narrow_one_is_not(text: str) -> None:
    """One organisation, one provider's block at most, or networks that are in no stranger's hands."""
    assert doubts("allow", text) == []


def test_a_signature_makes_it_narrow() -> None:
    """An entry that counts only with one domain's signature may match everybody; a signature of any `.jp` is none."""
    assert doubts("allow", "0.0.0.0/0", dkim="example.net") == []
    assert len(doubts("allow", "0.0.0.0/0", dkim="co.jp")) == 1


def test_an_end_in_the_past_is_doubted_on_both_lists() -> None:
    """It would never hold."""
    for name in ("allow", "block"):
        (said,) = doubts(name, "example.jp", expires="2026-02-28")
        assert said.startswith("example.jp: has expired already (2026-02-28")
        assert doubts(name, "example.jp", expires="2026-03-02") == []


def test_the_configuration_is_doubted_list_by_list() -> None:
    """With the name of the list."""
    options = ListOptions.model_validate({"allow": [".jp"], "block": [".jp"]})
    assert [name for name, _ in configured_doubts(options, NOW)] == ["allow"]
