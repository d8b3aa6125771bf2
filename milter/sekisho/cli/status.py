"""`sekisho status`: prints the state of the daemon on one screen."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from gettext import gettext as _
from gettext import ngettext
from typing import Any

from rich.cells import cell_len

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
    verdict = _("ready") if facts["ready"] else _("NOT READY")
    yield _row("sekisho", f"{facts['version']}, {facts['mode']}: {verdict}")
    for reason in facts["reasons"]:
        yield _row("", reason)
    yield from _switch(facts)
    workers = ", ".join(f"{count} {state}" for state, count in facts["workers"].items() if count)
    generation = "" if facts["generation"] is None else _(" (generation {number})")
    yield _row(_("workers"), f"{workers or _('unknown')}{generation.format(number=facts['generation'])}")
    yield from _reload(facts["last_reload"])
    if facts["needs_restart"]:
        names = ", ".join(facts["needs_restart"])
        yield _row(_("RESTART"), _("needed for changed options: {names}").format(names=names))
    yield from _store(facts["store"])
    held = _("unknown") if facts["held"] is None else _messages(facts["held"])
    oldest = _(", the oldest since {moment}") if facts["oldest_held"] else ""
    yield _row(_("held"), f"{held}{oldest.format(moment=_moment(facts['oldest_held']))}")
    if facts["outbox"]:
        yield _row(_("OUTBOX"), _("for the store: {messages}").format(messages=_messages(facts["outbox"])))
    yield _row("DNS", _("answers") if facts["dns"]["ok"] else _("DOES NOT ANSWER"))
    if facts["log_lines_dropped"]:
        yield _row(_("log"), _("{number} lines were lost").format(number=facts["log_lines_dropped"]))


def _switch(facts: Mapping[str, Any]) -> Iterator[str]:
    if facts["paused_until"]:
        until = _until(facts["paused_until"])
        yield _row(_("PAUSED"), _("{until}: mail is accepted and only counted").format(until=until))
    if facts["tagging_until"]:
        yield _row(_("TAGGING"), _("only, {until}").format(until=_until(facts["tagging_until"])))
    if facts["paused_until"] or facts["tagging_until"]:
        yield _row("", _("`sekisho resume` ends it"))


def _store(store: Mapping[str, Any]) -> Iterator[str]:
    state = (_("ok") if store["revision"] else _("not made yet")) if store["ok"] else _("DOWN")
    revision = _(", revision {revision}").format(revision=store["revision"]) if store["revision"] else ""
    yield _row(_("store"), f"{state}, {store['url']}{revision}")
    if not store["ok"]:
        yield _row("", store.get("reason", ""))


def _reload(last: Mapping[str, Any]) -> Iterator[str]:
    if last.get("ok") is not None:
        when = _moment(last["at"]) if last.get("at") else _("at an unknown time")
        how = _("ok") if last["ok"] else _("FAILED")  # not within an f-string: Babel would not see it
        yield _row(_("last reload"), f"{how}, {when}")
        if not last["ok"] and last.get("reason"):
            yield _row("", str(last["reason"]))


def _until(end: str) -> str:
    return _("without an end") if end == "ever" else _("until {moment}").format(moment=_moment(end))


def _moment(stamp: object) -> str:
    """A time of RFC 3339 in UTC, with `Z` for the offset."""
    return str(stamp).replace("+00:00", "Z")


def _messages(number: int) -> str:
    return ngettext("{number} message", "{number} messages", number).format(number=number)


def _row(label: str, text: str) -> str:
    return f"{label}{' ' * (LABEL_COLUMNS - cell_len(label))} {text}"


def _fit(line: str) -> list[str]:
    """The line folded into at most `MAX_LINES` lines of the screen; the JSON has all of it."""
    text = output.shown(line)
    wide = cell_len(text) - len(text)  # what textwrap counts too little
    return textwrap.wrap(
        text,
        SCREEN_COLUMNS - wide,
        subsequent_indent=" " * (LABEL_COLUMNS + 1),
        drop_whitespace=True,
        break_on_hyphens=False,
        max_lines=MAX_LINES,
        placeholder=" …",
    )
