"""The words of the report's page, in English: the catalogue has the Japanese ones."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sekisho.cli.marked import mark

SEPARATOR = mark(", ")
TITLES: Mapping[str, str] = MappingProxyType(
    {
        "recipient_domain": mark("for whom (recipients' domain)"),
        "brand": mark("in the name of (brand)"),
        "author_domain": mark("from (author's domain)"),
        "finding": mark("because of (finding)"),
    }
)
DONE: Mapping[str, str] = MappingProxyType(
    {
        "accepted": mark("{number} accepted"),
        "tagged": mark("{number} tagged"),
        "held": mark("{number} held"),
        "rejected": mark("{number} rejected"),
        "deferred": mark("{number} deferred"),
        "unjudged": mark("{number} unjudged"),
    }
)
WOULD: Mapping[str, str] = MappingProxyType(
    {
        "would_tag": mark("tag {number}"),
        "would_hold": mark("hold {number}"),
        "would_reject": mark("reject {number}"),
    }
)
COLUMNS = (mark("reject"), mark("hold"), mark("tag"), mark("accept"), mark("all"))
