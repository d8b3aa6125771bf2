"""A case: a message file and, beside it, what SMTP and DNS said (the format is in `docs/cases.md`).

Without a sidecar the envelope and the client are read from the message's own trace fields, as far as they go.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sekisho.cli.trace import envelope_from_trace
from sekisho.message import Client, Envelope, Recipient
from sekisho.ports import Recorded
from sekisho.resolver import CaseResolver

LABELS = ("phish", "ham")


class CaseError(Exception):
    """A case cannot be read; the text names the file and the reason."""


@dataclass(frozen=True, slots=True)
class Case:
    """One message with all that is known of how it came. `dns` None means: nothing is known of DNS."""

    path: Path
    raw: bytes
    envelope: Envelope
    label: str | None = None
    dns: tuple[Mapping[str, Any], ...] | None = None
    recorded: Recorded | None = None
    now: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def load(path: Path, sidecar: Path | None = None, without: frozenset[str] = frozenset()) -> Case:
    """Read a case. `without` may hold `client` and `auth`: judge as if the case did not carry them.

    Raises CaseError if a file cannot be read or the sidecar is not a case.
    """
    beside = path.with_suffix(".json")
    sidecar = sidecar or (beside if beside.is_file() else None)
    try:
        raw = path.read_bytes()
        facts = json.loads(sidecar.read_bytes()) if sidecar else None
    except (OSError, ValueError) as error:
        raise CaseError(f"{sidecar if isinstance(error, ValueError) else path}: {error}") from error
    if facts is None:
        return Case(path, raw, envelope_from_trace(raw), _label({}, path))
    if not isinstance(facts, dict):
        raise CaseError(f"{sidecar}: a case is a JSON object")
    try:
        return _case(path, raw, facts, without)
    except (KeyError, TypeError, ValueError) as error:
        raise CaseError(f"{sidecar}: {error}") from error


def _case(path: Path, raw: bytes, facts: Mapping[str, Any], without: frozenset[str]) -> Case:
    now = _time(facts.get("now"))
    client = Client(user=facts.get("authenticated_user"))
    if "client" not in without:
        client = _client(facts)
    dns = None if "auth" in without else _dns(facts.get("dns"))
    auth = None if "auth" in without or dns is not None else facts.get("auth")
    return Case(
        path,
        raw,
        Envelope(
            sender=facts.get("envelope_from"),
            raw_sender=facts.get("envelope_from_raw", facts.get("envelope_from")),
            recipients=tuple(Recipient(each, each) for each in _strings(facts.get("rcpt"))),
            client=client,
            arrived=now,
        ),
        _label(facts, path),
        dns,
        _recorded(auth),
        now,
        MappingProxyType(dict(facts)),
    )


def _client(facts: Mapping[str, Any]) -> Client:
    """`client_name` is the verified name or `unknown`; absent is not known."""
    name = facts.get("client_name")
    return Client(
        address=facts.get("client_ip"),
        name=None if name == "unknown" else name,
        resolve=None if name is None else ("fail" if name == "unknown" else "ok"),
        helo=facts.get("helo"),
        user=facts.get("authenticated_user"),
    )


def _dns(records: Any) -> tuple[Mapping[str, Any], ...] | None:
    if records is None:
        return None
    if not isinstance(records, list) or not all(
        isinstance(each, dict) and "name" in each for each in records
    ):
        raise ValueError("dns: a list of objects with a name")
    CaseResolver(records)  # raises for a record that says nothing
    return tuple(records)


def _recorded(auth: Any) -> Recorded | None:
    if auth is None:
        return None
    if not isinstance(auth, dict):
        raise ValueError("auth: an object of RFC 8601 words")
    return Recorded(**{each.name: auth.get(each.name) for each in fields(Recorded)})


def _strings(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if not all(isinstance(each, str) for each in values):
        raise ValueError("rcpt: an address or a list of addresses")
    return tuple(values)


def _time(value: Any) -> datetime | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _label(facts: Mapping[str, Any], path: Path) -> str | None:
    label = facts.get("label") or next((part for part in reversed(path.parts[:-1]) if part in LABELS), None)
    if label is not None and label not in LABELS:
        raise ValueError(f"label: {label!r} is neither phish nor ham")
    return label
