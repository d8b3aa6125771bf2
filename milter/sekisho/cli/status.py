"""`sekisho status`: how it stands, on one screen.

The daemon tells of itself at `/status` of the metrics port. What the files say (the switch, the store) is looked at
from here, so that there is an answer also while the daemon is down. Nothing is made or changed.
"""

from __future__ import annotations

import http.client
import json
import os
import textwrap
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from sekisho import __version__, compose
from sekisho.cli import output
from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.dns_answer import Found
from sekisho.guard import Switch, SwitchError, moment
from sekisho.metrics.options import MetricsOptions, endpoint
from sekisho.ports import StoreUnavailable
from sekisho.resolver import DnsResolver
from sekisho.store import Quarantine, SchemaError, State, database_file, never_made, revision_of, up_to_date
from sekisho.store.options import parse

PATIENCE = 3.0  # seconds for the daemon's answer
GAP = 2.0  # seconds: a reload replaces the maintenance process, and nobody listens on its port meanwhile
AGAIN = 0.1  # seconds between two tries
MAX_ANSWER = 64 * 1024
COLUMNS = 80
LABEL = 12
MAX_LINES = 3  # lines of the screen that one fact may take
DOWN = "the daemon is not running, or not reachable"
KNOWN = "jp"  # a name that every resolver knows

Facts = dict[str, Any]


def run(config: Config, style: str) -> int:
    """Print the facts. 1 if somebody should look, else 0."""
    facts = collect(config)
    if style == "json":
        output.write_json(facts)
    else:
        output.say(*(part for line in lines(facts) for part in _fit(line)))
    return 0 if well(facts) else 1


def collect(config: Config) -> Facts:
    """The object of the contract; what is not known is null."""
    told = asked(config.metrics)
    return {
        "version": told.get("version", __version__),
        "mode": told.get("mode", str(config.mode)),
        **_switch(config),
        "generation": told.get("generation"),
        "workers": _table(told.get("workers")),
        **_stored(config),
        "dns": {"ok": _resolves(config)},
        "last_reload": _table(told.get("last_reload")) or {"ok": None, "at": None, "reason": None},
        "outbox": told.get("outbox", 0),
        "log_lines_dropped": told.get("log_lines_dropped"),
        "policy_version": told.get("policy_version"),
        "node": told.get("node"),
        "ready": told.get("ready") is True,
        "reasons": [str(each) for each in _list(told.get("reasons"))],
    }


def well(facts: Mapping[str, Any]) -> bool:
    """Ready, acting as the policy says, and nothing waits to be shipped."""
    return bool(
        facts["ready"] and not facts["paused_until"] and not facts["tagging_until"] and not facts["outbox"]
    )


def asked(options: MetricsOptions) -> Facts:
    """What the daemon says of itself. Where nobody answers, or not as expected: not ready, and why."""
    host, port = endpoint(options.listen)
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared
    try:
        code, body = _answer(local, port)
    except (OSError, http.client.HTTPException) as error:
        why = getattr(error, "strerror", None) or error
        return {"ready": False, "reasons": [f"{DOWN} on {options.listen} ({why})"]}
    with suppress(ValueError, RecursionError):
        found = json.loads(body)
        if isinstance(found, dict):
            return found
    return {
        "ready": False,
        "reasons": [f"{options.listen}/status does not answer as sekisho does (HTTP {code})"],
    }


def _answer(host: str, port: int) -> tuple[int, bytes]:
    """HTTP status and body of `/status`. A refused connection is tried again for `GAP` seconds. Raises OSError and
    HTTPException."""
    until = time.monotonic() + GAP
    while True:
        line = http.client.HTTPConnection(host, port, timeout=PATIENCE)
        try:
            line.request("GET", "/status")
            answer = line.getresponse()
            return answer.status, answer.read(MAX_ANSWER)
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
        finally:
            line.close()
        time.sleep(AGAIN)


def _table(value: object) -> Facts:
    return dict(value) if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _switch(config: Config) -> Facts:
    facts: Facts = {"paused_until": None, "tagging_until": None}
    file = compose.switch_file(config)
    if not os.path.exists(file):
        return facts
    now = SystemClock().now().timestamp()
    try:
        switch = Switch(file)
    except SwitchError:
        return facts
    facts = {
        "paused_until": moment(switch.paused_until, now),
        "tagging_until": moment(switch.tagging_until, now),
    }
    switch.close()
    return facts


def _stored(config: Config) -> Facts:
    """The store, and what waits in it. A file that is not there yet is well: it is made when something is held."""
    store: Facts = {
        "ok": True,
        "url": parse(config.store.url).render_as_string(hide_password=True),
        "revision": None,
    }
    facts: Facts = {"store": store, "held": 0, "oldest_held": None}
    file = database_file(config.store)
    try:
        if never_made(config.store):
            return facts
        if file is not None and not os.path.exists(file):
            raise StoreUnavailable(f"{file} was there and is gone")
        store["revision"] = revision_of(config.store)
        if not up_to_date(config.store):  # the daemon's next start sees to it
            return facts | {"held": None}
        quarantine = Quarantine.open(config.store, SystemClock())
    except (StoreUnavailable, SchemaError, ImportError) as error:
        return {
            "store": store | {"ok": False, "reason": output.shown(error)},
            "held": None,
            "oldest_held": None,
        }
    try:
        oldest = quarantine.oldest_held()
        return facts | {
            "held": quarantine.stats().messages[State.HELD],
            "oldest_held": oldest.isoformat(timespec="seconds") if oldest else None,
        }
    except StoreUnavailable as error:
        return {
            "store": store | {"ok": False, "reason": output.shown(error)},
            "held": None,
            "oldest_held": None,
        }
    finally:
        quarantine.close()


def _resolves(config: Config) -> bool:
    clock = SystemClock()
    resolver = DnsResolver(config.dns.model_copy(update={"warmers": 0}), clock)
    return resolver.lookup(KNOWN, "NS", clock.monotonic() + config.dns.timeout).found is not Found.TEMPERROR


def lines(facts: Mapping[str, Any]) -> Iterator[str]:
    """The screen: what matters first."""
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
    """A time of RFC 3339 in UTC, in the one way that the screen has."""
    return str(stamp).replace("+00:00", "Z")


def _messages(number: int) -> str:
    return f"{number} message" if number == 1 else f"{number} messages"


def _row(label: str, text: str) -> str:
    return f"{label:<{LABEL}} {text}"


def _fit(line: str) -> list[str]:
    """The line in as many lines of the screen as it needs, up to `MAX_LINES`; all of it is in the JSON."""
    return textwrap.wrap(
        output.shown(line),
        COLUMNS,
        subsequent_indent=" " * (LABEL + 1),
        drop_whitespace=True,
        break_on_hyphens=False,
        max_lines=MAX_LINES,
        placeholder=" …",
    )
