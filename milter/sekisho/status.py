"""The state of the daemon: the object of `sekisho status`, and later of the API.

The daemon reports its state at `/status` of the metrics port. The files (switch, store) are read here, so that there is
an answer also while the daemon is down. Nothing is created or changed.
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
from sekisho.plain_errors import of_system
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
RELOAD_SECONDS = 2.0  # a reload replaces the maintenance process, and its port is closed meanwhile
RETRY_SECONDS = 0.1  # between two tries
MAX_ANSWER_BYTES = 64 * 1024
MAX_REASON_CHARS = 4000
DOWN = "the daemon is not running, or not reachable"
KNOWN_NAME = "jp"  # exists in DNS always

Facts = dict[str, Any]


def collect(config: Config) -> Facts:
    """The object of `sekisho status --format json`; an unknown value is null. A failure of the daemon, the store or the
    resolver is a value in it and raises nothing."""
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
        "needs_restart": [str(each) for each in _list(told.get("needs_restart"))],
        "outbox": told.get("outbox", 0),
        "log_lines_dropped": told.get("log_lines_dropped"),
        "policy_version": told.get("policy_version"),
        "node": told.get("node"),
        "ready": told.get("ready") is True,
        "reasons": [str(each) for each in _list(told.get("reasons"))],
    }


def is_healthy(facts: Mapping[str, Any]) -> bool:
    """True if the daemon is ready and acts as the policy says, and no message waits in an outbox."""
    return bool(
        facts["ready"] and not facts["paused_until"] and not facts["tagging_until"] and not facts["outbox"]
    )


def answers(options: MetricsOptions) -> bool:
    """True if a daemon answers at its metrics port now."""
    host, port = _local_endpoint(options)
    line = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
    try:
        line.request("GET", "/healthz")
        return line.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


def _local_endpoint(options: MetricsOptions) -> tuple[str, int]:
    """Where this machine reaches the metrics port."""
    host, port = endpoint(options.listen)
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104 - compared


def _asked(options: MetricsOptions) -> Facts:
    """The daemon's own report. Without a valid answer: not ready, with the reason."""
    try:
        code, body = _answer(*_local_endpoint(options))
    except (OSError, http.client.HTTPException) as error:
        why = of_system(error) if isinstance(error, OSError) else "the answer is not HTTP"
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
    """HTTP status and body of `/status`. A refused connection is tried again for `RELOAD_SECONDS`. Raises OSError and
    HTTPException."""
    until = time.monotonic() + RELOAD_SECONDS
    while True:
        line = http.client.HTTPConnection(host, port, timeout=ANSWER_SECONDS)
        try:
            line.request("GET", "/status")
            answer = line.getresponse()
            return answer.status, answer.read(MAX_ANSWER_BYTES)
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
        finally:
            line.close()
        time.sleep(RETRY_SECONDS)


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
    """The state of the store, and how many messages it holds. A file that was never made is no fault: it is made when
    the first message is held."""
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
            return _unavailable(store, f"{file} was there and is gone")
        store["revision"] = revision_of(config.store)
        if not up_to_date(config.store):  # the daemon migrates it at its next start
            return facts | {"held": None}
        quarantine = Quarantine.open(config.store, SystemClock())
    except (StoreUnavailable, SchemaError, ImportError) as error:
        return _unavailable(store, str(error))
    try:
        oldest = quarantine.oldest_held()
        return facts | {
            "held": quarantine.stats().messages[State.HELD],
            "oldest_held": oldest.isoformat(timespec="seconds") if oldest else None,
        }
    except StoreUnavailable as error:
        return _unavailable(store, str(error))
    finally:
        quarantine.close()


def _unavailable(store: Facts, reason: str) -> Facts:
    """The facts of a store that cannot be used."""
    failed = {"ok": False, "reason": printable(reason, MAX_REASON_CHARS)}
    return {"store": store | failed, "held": None, "oldest_held": None}


def _resolves(config: Config) -> bool:
    clock = SystemClock()
    resolver = DnsResolver(config.dns.model_copy(update={"warmers": 0}), clock)
    return (
        resolver.lookup(KNOWN_NAME, "NS", clock.monotonic() + config.dns.timeout).found is not Found.TEMPERROR
    )
