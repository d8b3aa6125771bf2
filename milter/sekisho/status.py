"""How the daemon stands: the object of `sekisho status`, and later of the API.

The daemon tells of itself at `/status` of the metrics port. What the files say (the switch, the store) is looked at
from here, so that there is an answer also while the daemon is down. Nothing is made or changed.
"""

from __future__ import annotations

import http.client
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from sekisho import __version__, compose
from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.dns_answer import Found
from sekisho.guard import Switch, SwitchError, moment
from sekisho.held import State
from sekisho.metrics.options import MetricsOptions, endpoint
from sekisho.ports import StoreUnavailable
from sekisho.resolver import DnsResolver
from sekisho.store.database import (
    SchemaError,
    database_file,
    database_url,
    never_made,
    revision_of,
    up_to_date,
)
from sekisho.store.quarantine import Quarantine
from sekisho.text import printable

ANSWER_SECONDS = 3.0  # for the daemon's answer
GAP_SECONDS = 2.0  # a reload replaces the maintenance process, and its port is closed meanwhile
AGAIN_SECONDS = 0.1  # between two tries
MAX_ANSWER = 64 * 1024  # bytes
MAX_REASON = 4000  # characters of a reason
DOWN = "the daemon is not running, or not reachable"
KNOWN = "jp"  # a name that every resolver knows

Facts = dict[str, Any]


def collect(config: Config) -> Facts:
    """The object of the contract; what is not known is null. A daemon, store or resolver that fails is a fact in it,
    and no error."""
    told = _asked(config.metrics)
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
    """True if the daemon is ready and acts as the policy says, and nothing waits to be shipped."""
    return bool(
        facts["ready"] and not facts["paused_until"] and not facts["tagging_until"] and not facts["outbox"]
    )


def _asked(options: MetricsOptions) -> Facts:
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
    """HTTP status and body of `/status`. A refused connection is tried again for `GAP_SECONDS`. Raises OSError and
    HTTPException."""
    until = time.monotonic() + GAP_SECONDS
    while True:
        line = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
        try:
            line.request("GET", "/status")
            answer = line.getresponse()
            return answer.status, answer.read(MAX_ANSWER)
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
        finally:
            line.close()
        time.sleep(AGAIN_SECONDS)


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
        "url": database_url(config.store.url).render_as_string(hide_password=True),
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
            "store": store | {"ok": False, "reason": printable(str(error), MAX_REASON)},
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
            "store": store | {"ok": False, "reason": printable(str(error), MAX_REASON)},
            "held": None,
            "oldest_held": None,
        }
    finally:
        quarantine.close()


def _resolves(config: Config) -> bool:
    clock = SystemClock()
    resolver = DnsResolver(config.dns.model_copy(update={"warmers": 0}), clock)
    return resolver.lookup(KNOWN, "NS", clock.monotonic() + config.dns.timeout).found is not Found.TEMPERROR
