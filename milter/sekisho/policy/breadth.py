"""Finds allow entries that let strangers in, and entries that have ended before they begin.

An allow entry decides whatever the score. One for `.co.jp` or `0.0.0.0/0` is a typing error, or switches the filter off
for a part of the world. A block entry may be as wide as its author wants.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.domains import is_public_suffix
from sekisho.policy.entries import ListEntry, parse_entry
from sekisho.policy.lists import ListOptions

MIN_PREFIX = {4: 16, 6: 32}
"""The widest network that an allow entry should have: a /16 has 65,536 addresses, and a provider has one IPv6 /32."""


def list_doubts(name: str, entry: ListEntry, now: float) -> Iterator[str]:
    """What speaks against an entry of the list `name` (`allow` or `block`). `now` is Unix time in seconds."""
    if not entry.in_force(now):
        yield f"{entry.entry}: has expired already ({entry.expires:%Y-%m-%d %H:%M %z})"
    if name == "allow" and (reason := _breadth(entry)):
        yield f"{entry.entry}: {reason}"


def configured_doubts(options: ListOptions, now: float) -> Iterator[tuple[str, str]]:
    """`(list, doubt)` for the entries of the configuration. `now` is Unix time in seconds."""
    for name, entries in (("allow", options.allow), ("block", options.block)):
        for each in entries:
            yield from ((name, doubt) for doubt in list_doubts(name, each, now))


def _breadth(entry: ListEntry) -> str:
    """Why an allow entry is too wide, or "". A signature of one domain makes any entry narrow."""
    if entry.dkim and not is_public_suffix(entry.dkim):
        return ""
    kind, key = parse_entry(entry.entry)
    if kind in ("domain", "suffix") and isinstance(key, str) and is_public_suffix(key):
        return "is a public suffix: anybody can register a name below it"
    if kind == "network" and not isinstance(key, str):
        least = MIN_PREFIX[key.version]
        if key.prefixlen < least and not key.is_private:
            return f"is wider than /{least}: strangers have addresses in it"
    return ""
