"""All events of the log."""

from __future__ import annotations

from sekisho.events import keeping, lifecycle, mail, watching
from sekisho.events.declaration import Event

GROUPS: dict[str, tuple[Event, ...]] = {
    title: tuple(each for each in vars(module).values() if isinstance(each, Event))
    for title, module in (
        ("Messages", mail),
        ("The daemon and its processes", lifecycle),
        ("Store, quarantine and lists", keeping),
        ("Readiness, metrics, guard and the log", watching),
    )
}
"""The events by what they are about, in the order of their declarations."""
EVENTS: tuple[Event, ...] = tuple(each for group in GROUPS.values() for each in group)
