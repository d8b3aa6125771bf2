"""A held message as a case (`docs/cases.md`): what `sekisho check` and `sekisho evaluate` need to judge it again as it
was judged when it came.

The DNS answers of that moment are in the case, so keys that were rotated since, or records that were changed, change
nothing. An entry that an earlier version kept has none: its case has only the recorded results (`auth`), and what
needs more of DNS than these is judged as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sekisho.cases.files import RESOLVED
from sekisho.held import Entry
from sekisho.message import Client
from sekisho.results import AuthResult


def case_of(entry: Entry) -> dict[str, Any]:
    """The facts of the sidecar, without keys that are not known."""
    envelope, arrival = entry.envelope, entry.document.get("arrival", {})
    facts: dict[str, Any] = {
        **_client(envelope.client),
        "envelope_from": envelope.sender,
        "rcpt": arrival.get("rcpt") or [each.recipient.address for each in entry.copies],
        "relayed": arrival.get("relayed"),
        "now": (envelope.arrived or entry.held_at).isoformat(),
        "dns": arrival.get("dns"),
        "auth": recorded_of(entry.document) or None,
    }
    if envelope.raw_sender != envelope.sender:
        facts["envelope_from_raw"] = envelope.raw_sender
    return {key: value for key, value in facts.items() if value is not None or key == "client_resolve"}


def recorded_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The results of SPF, DKIM and DMARC in the words of a case. Of several signatures it is one that passed, before
    all one of the author's domain, else the first. A method that was not tried is left out."""
    aligned = {(each["method"], each["domain"]) for each in document.get("proofs", ()) if each["aligned"]}

    def rank(each: Mapping[str, Any]) -> tuple[bool, bool]:
        passed = each["word"] == AuthResult.PASS
        return not passed, (each["method"], each["domain"]) not in aligned

    found: dict[str, str] = {}
    for method in ("spf", "dkim", "dmarc"):
        results = [each for each in document.get("results", ()) if each["method"] == method]
        results = [each for each in results if each["word"] != AuthResult.UNKNOWN]
        if results:
            best = min(results, key=rank)
            found[method] = best["word"]
            if best["domain"] and method != "dmarc":
                found[f"{method}_domain"] = best["domain"]
    return found


def _client(client: Client) -> dict[str, str | None]:
    """The client. `client_resolve`, which may be None, is there where `client_name` does not say it."""
    resolve = client.resolve if client.resolve in RESOLVED else None
    name = client.name or (None if resolve is None else "unknown")
    said = None if name is None else ("ok" if client.name else "fail")
    return {
        "client_ip": client.address,
        "client_name": name,
        **({} if resolve == said else {"client_resolve": resolve}),
        "helo": client.helo,
        "authenticated_user": client.user,
    }
