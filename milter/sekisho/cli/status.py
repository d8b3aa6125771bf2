"""`sekisho status`: prints the state of the daemon on one screen."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from sekisho.cli import output
from sekisho.config import Config
from sekisho.status import collect, is_healthy

SCREEN_COLUMNS = 80
LABEL_COLUMNS = 12
MAX_LINES = 3  # lines of the screen that one fact may take


def run(config: Config, style: str) -> int:
    """Print the facts. Returns the exit status: 1 if a person should look, else 0."""
    facts = collect(config)
    if style == "json":
        output.write_json(facts)
    else:
        output.say(*(part for line in lines(facts) for part in _fit(line)))
    return 0 if is_healthy(facts) else 1


def lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """The lines of the screen, the most important first."""
    verdict = "ready" if facts["ready"] else "NOT READY"
    yield _row("sekisho", f"{facts['version']}, {facts['mode']}: {verdict}")
    for reason in facts["reasons"]:
        yield _row("", reason)
    if facts["paused_until"]:
        yield _row("PAUSED", f"{_until(facts['paused_until'])}: mail is accepted and only counted")
    if facts["tagging_until"]:
        yield _row("TAGGING", f"only, {_until(facts['tagging_until'])}")
    if facts["paused_until"] or facts["tagging_until"]:
        yield _row("", "`sekisho resume` ends it")
    workers = ", ".join(f"{count} {state}" for state, count in facts["workers"].items() if count)
    generation = "" if facts["generation"] is None else f" (generation {facts['generation']})"
    yield _row("workers", f"{workers or 'unknown'}{generation}")
    yield from _reload(facts["last_reload"])
    if facts["needs_restart"]:
        yield _row("RESTART", f"needed for changed options: {', '.join(facts['needs_restart'])}")
    store = facts["store"]
    state = ("ok" if store["revision"] else "not made yet") if store["ok"] else "DOWN"
    revision = f", revision {store['revision']}" if store["revision"] else ""
    yield _row("store", f"{state}, {store['url']}{revision}")
    if not store["ok"]:
        yield _row("", store.get("reason", ""))
    held = "unknown" if facts["held"] is None else _messages(facts["held"])
    oldest = f", the oldest since {_moment(facts['oldest_held'])}" if facts["oldest_held"] else ""
    yield _row("held", f"{held}{oldest}")
    if facts["outbox"]:
        yield _row("OUTBOX", f"for the store: {_messages(facts['outbox'])}")
    yield _row("DNS", "answers" if facts["dns"]["ok"] else "DOES NOT ANSWER")
    if facts["log_lines_dropped"]:
        yield _row("log", f"{facts['log_lines_dropped']} lines were lost")


def _reload(last: Mapping[str, Any]) -> Iterator[str]:
    if last.get("ok") is not None:
        yield _row(
            "last reload",
            f"{'ok' if last['ok'] else 'FAILED'}, {_moment(last.get('at') or 'at an unknown time')}",
        )
        if not last["ok"] and last.get("reason"):
            yield _row("", str(last["reason"]))


def _until(end: str) -> str:
    return "without an end" if end == "ever" else f"until {_moment(end)}"


def _moment(stamp: object) -> str:
    """A time of RFC 3339 in UTC, with `Z` for the offset."""
    return str(stamp).replace("+00:00", "Z")


def _messages(number: int) -> str:
    return f"{number} message" if number == 1 else f"{number} messages"


def _row(label: str, text: str) -> str:
    return f"{label:<{LABEL_COLUMNS}} {text}"


def _fit(line: str) -> list[str]:
    """The line folded into at most `MAX_LINES` lines of the screen; the JSON has all of it."""
    return textwrap.wrap(
        output.shown(line),
        SCREEN_COLUMNS,
        subsequent_indent=" " * (LABEL_COLUMNS + 1),
        drop_whitespace=True,
        break_on_hyphens=False,
        max_lines=MAX_LINES,
        placeholder=" …",
    )
