"""Writes a draft as a case: the message, its session and its DNS.

A draft that keeps its sender keeps the session of the original; its signatures are gone, what the receiver recorded of
them is not. With an own sender, everything is as `lab.variations` delivers it.
"""

from __future__ import annotations

import html
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lab.attack.draft import Draft, Line
from lab.variations import message
from lab.variations.delivery import delivered
from lab.variations.description import Case as Description
from sekisho.cases import Case, parse_case
from sekisho.domains import registrable
from sekisho.ports import Registry

NOW = datetime(2026, 4, 1, 0, 30, tzinfo=UTC)
RENTED = "v4711.rental.example"  # a server whose own name is in order
OF_AUTH: dict[str, dict[str, Any]] = {
    "all": {},
    "spf": {"sign": ()},
    "none": {"sign": (), "spf": "fail"},
    "fails": {"client": RENTED},
}


def written(draft: Draft, registry: Registry) -> tuple[bytes, dict[str, Any]]:
    """The bytes of the message, and the facts of the sidecar."""
    description = _description(draft, registry)
    if not draft.own:
        facts = {**draft.session, "label": "phish"}
        return message.written(description, draft.now or NOW), facts
    raw, facts = delivered(description)
    if draft.auth == "fails":
        facts |= {"dns": _failing(facts["dns"], draft.domain)}
    return raw, {"label": "phish", **facts}


def case_of(draft: Draft, registry: Registry) -> Case:
    """The case of a draft, as it would be read from its files."""
    raw, facts = written(draft, registry)
    return parse_case(Path(f"{draft.name}.eml"), raw, facts)


def _description(draft: Draft, registry: Registry) -> Description:
    name = draft.shown.replace("\\", "").replace('"', "'")
    proven = draft.auth if registry.owner(draft.domain) is None else "none"  # nobody signs as the brand
    plain = draft.plain or draft.lines
    return Description.model_validate(
        {
            "name": draft.name,
            "kind": "attack",
            "label": "phish",
            "expect": "tag",
            "why": "",
            "from": f'"{name}" <{draft.address}>' if name else draft.address,
            "subject": draft.subject.text,
            "text": "\n".join(map(_plain, plain)) or " ",
            "html": "\n".join(map(_marked, draft.lines)),
            "format": draft.format,
            "headers": _headers(draft),
            "attachments": draft.attachments,
            "container": "mixed",
            "now": draft.now or NOW,
            **OF_AUTH[proven],
        }
    )


def _headers(draft: Draft) -> tuple[str, ...]:
    return (*draft.headers, f"Reply-To: {draft.reply_to}") if draft.reply_to else draft.headers


def _plain(line: Line) -> str:
    """The line in the plain part, with its URL; no words of it are read as a link by `lab.variations`."""
    text = line.text.replace("](", "] (")
    return f"{text}\n{line.url}" if line.url and line.url not in text else text


def _marked(line: Line) -> str:
    text = html.escape(line.text, quote=False)
    if not line.url:
        return f"<p>{text or '&nbsp;'}</p>"
    return f'<p><a href="{html.escape(line.url)}">{text}</a></p>'


def _failing(records: Any, domain: str) -> list[dict[str, str]]:
    """The DNS of a session in which the servers of the domain do not answer."""
    base = registrable(domain) or domain
    names = {each["name"] for each in records if each["name"] == base or each["name"].endswith(f".{base}")}
    others = [each for each in records if each["name"] not in names]
    return [*others, *({"name": name, "rcode": "SERVFAIL"} for name in sorted(names))]
