"""Reads a case: a message file and, beside it, a sidecar with the facts of SMTP and DNS (format: `docs/cases.md`).

Without a sidecar, the envelope and the client are read from the message's own trace fields.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sekisho.cases.envelope_from_headers import envelope_from_trace
from sekisho.data_files import UnreadableError, read_bytes, read_json
from sekisho.domains import parse_ip
from sekisho.message import Client, Envelope, Recipient
from sekisho.plain_errors import MAX_SHOWN_CHARS, did_you_mean
from sekisho.ports import Recorded
from sekisho.resolver import CaseResolver
from sekisho.results import RECORDED_WORDS, AuthResult
from sekisho.verdict import WORDS, Disposition

BOM = b"\xef\xbb\xbf"  # some editors put it at the beginning of a file; it is no part of the message
MAX_MESSAGE_BYTES = 256 * 1024 * 1024  # more than any mail server takes
FIRST_YEAR, LAST_YEAR = 1970, 9998  # of an arrival: the clock of a machine has no other
LABELS = ("phish", "ham")
RESOLVED = ("ok", "forged", "fail", "temp")  # Postfix's {client_resolve}
EXPECTED = WORDS[: Disposition.REJECT + 1]  # verdicts by severity


class CaseError(Exception):
    """A case cannot be read. The text names the file and the reason."""


@dataclass(frozen=True, slots=True)
class Case:
    """One message with all that is known about its arrival. `dns` None means that no DNS answers are known.

    `expect` is the verdict that is right: `accept` exactly, another one at least. `at_most` is the strictest verdict
    that is still right. At most one of them is not None.
    """

    path: Path
    raw: bytes
    envelope: Envelope
    label: str | None = None
    dns: tuple[Mapping[str, Any], ...] | None = None
    recorded: Recorded | None = None
    now: datetime | None = None
    expect: str | None = None
    at_most: str | None = None
    facts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


def load(path: Path, sidecar: Path | None = None, without: frozenset[str] = frozenset()) -> Case:
    """Read a case. `without` may hold `client` and `auth`: judge as if the case did not carry them.

    Raises CaseError if a file cannot be read or the sidecar is not a case.
    """
    content = _message(path)
    named = path.with_suffix(".json")
    sidecar = sidecar or (named if os.path.lexists(named) else None)
    if not content and sidecar is None:
        raise CaseError(f"{path}: is empty: a message has a header at least")
    return of_bytes(path, content, sidecar, without)


def of_bytes(
    path: Path, content: bytes, sidecar: Path | None = None, without: frozenset[str] = frozenset()
) -> Case:
    """The case of a message that was read already; `path` is its name. `without` as in `load`.

    Raises CaseError if the sidecar cannot be read or is not a case.
    """
    raw = content.removeprefix(BOM)
    if sidecar is None:
        return _traced(path, raw, without)
    try:
        facts = read_json(sidecar)
        if not isinstance(facts, dict):
            raise CaseError(f'{sidecar}: must be a JSON object, as {{"rcpt": "hanako@example.jp"}}')
        return parse_case(path, raw, facts, without)
    except UnreadableError as error:
        raise CaseError(str(error)) from error
    except ValueError as error:
        raise CaseError(f"{sidecar}: {error}") from error


def _message(path: Path) -> bytes:
    """The bytes of a message file. Raises CaseError."""
    try:
        return read_bytes(path, MAX_MESSAGE_BYTES)
    except UnreadableError as error:
        raise CaseError(str(error)) from error


def _traced(path: Path, raw: bytes, without: frozenset[str]) -> Case:
    """The case of a message without a sidecar: its trace fields are read."""
    envelope = envelope_from_trace(raw)
    if "client" in without:
        envelope = replace(envelope, client=Client())
    return Case(path, raw, envelope, _label({}, path))


def parse_case(
    path: Path, raw: bytes, facts: Mapping[str, Any], without: frozenset[str] = frozenset()
) -> Case:
    """The case of these bytes and the facts of a sidecar. `path` is the name of the case.

    Raises ValueError for facts that are not valid; the text is `key: reason`.
    """
    now = _time(facts.get("now"))
    expect, at_most = _expected(facts, "expect"), _expected(facts, "at_most")
    if expect and at_most:
        raise ValueError("at_most: stands instead of expect, not beside it")
    sender = _text(facts, "envelope_from")
    client = Client(user=_text(facts, "authenticated_user")) if "client" in without else _client(facts)
    dns = None if "auth" in without else _dns(facts.get("dns"))
    auth = None if "auth" in without or dns is not None else facts.get("auth")
    return Case(
        path,
        raw,
        Envelope(
            sender=sender,
            raw_sender=_text(facts, "envelope_from_raw") if "envelope_from_raw" in facts else sender,
            recipients=tuple(Recipient(each, each) for each in _strings(facts.get("rcpt"))),
            client=client,
            arrived=now,
        ),
        _label(facts, path),
        dns,
        _recorded(auth),
        now,
        expect,
        at_most,
        MappingProxyType(dict(facts)),
    )


def _client(facts: Mapping[str, Any]) -> Client:
    """The client. `client_name` is the verified name, or `unknown` if verification failed; it may be missing.
    `client_resolve` says more exactly how the verification ended."""
    name = _text(facts, "client_name")
    resolve = None if name is None else ("fail" if name == "unknown" else "ok")
    return Client(
        address=_address(facts),
        name=None if name == "unknown" else name,
        resolve=_resolve(facts) if "client_resolve" in facts else resolve,
        helo=_text(facts, "helo"),
        user=_text(facts, "authenticated_user"),
        relayed=_flag(facts, "relayed"),
    )


def _resolve(facts: Mapping[str, Any]) -> str | None:
    resolve = _text(facts, "client_resolve")
    if resolve is not None and resolve not in RESOLVED:
        raise ValueError(f"client_resolve: {resolve!r} is not one of {', '.join(RESOLVED)}")
    return resolve


def _flag(facts: Mapping[str, Any], key: str) -> bool:
    value = facts.get(key, False)
    if not isinstance(value, bool):
        raise ValueError(f"{key}: must be true or false")
    return value


def _text(facts: Mapping[str, Any], key: str) -> str | None:
    value = facts.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{key}: must be a text in quotes (is {_shown(value)})")
    return value


def _expected(facts: Mapping[str, Any], key: str) -> str | None:
    verdict = _text(facts, key)
    if verdict is not None and verdict not in EXPECTED:
        raise ValueError(f"{key}: {_shown(verdict)} is not one of {', '.join(EXPECTED)}")
    return verdict


def _address(facts: Mapping[str, Any]) -> str | None:
    text = _text(facts, "client_ip")
    if text is None:
        return None
    address = parse_ip(text)
    if address is None:
        raise ValueError(f"client_ip: {_shown(text)} is not an IP address")
    return str(address)


def _dns(records: Any) -> tuple[Mapping[str, Any], ...] | None:
    if records is None:
        return None
    if not isinstance(records, list):
        raise ValueError("dns: must be a list of objects")
    for number, record in enumerate(records):
        if not isinstance(record, dict):
            raise ValueError(f"dns[{number}]: must be an object with a name")
        try:
            CaseResolver([record])
        except ValueError as error:
            raise ValueError(f"dns[{number}]: {error}") from error
    return tuple(records)


def _recorded(auth: Any) -> Recorded | None:
    if auth is None:
        return None
    if not isinstance(auth, dict):
        raise ValueError('auth: must be an object, as {"spf": "pass", "spf_domain": "example.jp"}')
    try:
        recorded = Recorded(**{each.name: _text(auth, each.name) for each in fields(Recorded)})
    except ValueError as error:
        raise ValueError(f"auth.{error}") from error
    for method in ("spf", "dkim", "dmarc"):
        word = getattr(recorded, method)
        if word is not None and word.strip().lower() not in RECORDED_WORDS:
            meant = did_you_mean(word, RECORDED_WORDS) or f", as {', '.join(AuthResult)}"
            raise ValueError(f"auth.{method}: {_shown(word)} is not a result word{meant}")
    return recorded


def _strings(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise ValueError("rcpt: must be an address or a list of addresses")
    return tuple(values)


def _time(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        reason = f"now: must be an RFC 3339 time, as 2026-03-01T12:00:00+09:00 (is {_shown(value)})"
        raise ValueError(reason) from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"now: the year must lie between {FIRST_YEAR} and {LAST_YEAR} (is {moment.year})")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _label(facts: Mapping[str, Any], path: Path) -> str | None:
    label = facts.get("label") or next((part for part in reversed(path.parts[:-1]) if part in LABELS), None)
    if label is not None and label not in LABELS:
        raise ValueError(f"label: {_shown(label)} is neither phish nor ham")
    return label


def _shown(value: object) -> str:
    """A wrong value in an error."""
    return repr(value) if len(repr(value)) <= MAX_SHOWN_CHARS else f"{repr(value)[:MAX_SHOWN_CHARS]}…"
