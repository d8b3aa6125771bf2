"""The mail of the fault matrix: small, different messages whose verdicts are known before.

The local part of the envelope sender is the message's mark. So sink, quarantine and Postfix's queue show which message
it is, without its content.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

SENDING = "friend.example"
"""The domain of every envelope sender; its SPF record allows the lab."""

RECORDS: tuple[dict[str, Any], ...] = (
    {"name": SENDING, "type": "TXT", "value": "v=spf1 ip4:127.0.0.1 -all"},
    {"name": f"_dmarc.{SENDING}", "type": "TXT", "value": "v=DMARC1; p=none"},
    {"name": "jcom.co.jp", "type": "TXT", "value": "v=spf1 ip4:198.51.100.1 -all"},
    {"name": "_dmarc.jcom.co.jp", "type": "TXT", "value": "v=DMARC1; p=none"},
)

RECIPIENTS: dict[str, dict[str, Any]] = {
    "held.example": {"max_action": "quarantine"},
    "lenient.example": {"max_action": "accept"},
    "tag.example": {"max_action": "tag"},
    "strict.example": {"reject": 6.0, "quarantine": 6.0},
}
"""Policies of the recipient domains. Mail that is quarantined by points is held, delivered, tagged or refused there."""

KINDS: dict[str, tuple[str, ...]] = {
    "plain": ("example.jp",),
    "held": ("held.example",),
    "mixed": ("held.example", "lenient.example"),
    "tagged": ("tag.example",),
    "refused": ("strict.example",),
    "mistaken": ("held.example",),
}
MIXTURE = ("plain", "plain", "held", "held", "mixed", "tagged", "plain", "held", "mixed", "refused")
"""What a row sends by default, repeated."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One message. `mark` names it; `raw` has CRLF line ends. `client` is its client address, if it is not ours."""

    mark: str
    kind: str
    recipients: tuple[str, ...]
    raw: bytes
    client: str = ""

    @property
    def sender(self) -> str:
        return f"{self.mark}@{SENDING}"


def with_field(mail: Mail, name: str, value: str = "yes") -> Mail:
    """The message with one more header field."""
    return replace(mail, raw=f"{name}: {value}\r\n".encode() + mail.raw)


def mail(number: int, kind: str, rng: random.Random, prefix: str = "m") -> Mail:
    """Message number `number`, of a kind, for one to three recipients (if the kind has two domains, one in each)."""
    domains = KINDS[kind]
    count = max(len(domains), rng.choice((1, 1, 2, 3)))
    recipients = tuple(f"r{place}@{domains[place % len(domains)]}" for place in range(count))
    mark = f"{prefix}{number}"
    if kind == "mistaken":
        return Mail(mark, kind, recipients, _mistaken(mark, recipients), f"198.18.{number % 256}.7")
    raw = _plain(mark, recipients) if kind == "plain" else _forged(mark, recipients)
    return Mail(mark, kind, recipients, raw)


def mails(count: int, kinds: Sequence[str] = MIXTURE, prefix: str = "m", seed: int = 0) -> list[Mail]:
    """So many messages, with the kinds in turn. `seed` is the number that decides the random content."""
    rng = random.Random(seed)
    return [mail(number, kinds[number % len(kinds)], rng, prefix) for number in range(count)]


def _plain(mark: str, recipients: Sequence[str]) -> bytes:
    text = f"How are you? This is letter {mark}.\r\n"
    return _raw({"From": f"<{mark}@{SENDING}>", "Subject": f"Letter {mark}"}, mark, recipients, text)


def _forged(mark: str, recipients: Sequence[str]) -> bytes:
    """A message with a brand's own domain as author, from a server that its SPF record does not allow."""
    fields = {"From": "=?UTF-8?B?SjpDT00=?= <info@jcom.co.jp>", "Subject": "=?UTF-8?B?44GU6KuL5rGC?="}
    return _raw(fields, mark, recipients, f"Please pay {mark}.\r\n")


def _mistaken(mark: str, recipients: Sequence[str]) -> bytes:
    """A message that a rule may take for a lure, each from another author."""
    fields = {"From": f"<{mark}@{mark}.example>", "Subject": f"Letter {mark}", "Reply-To": "<x@gmail.com>"}
    return _raw(fields, mark, recipients, f"Please buy gift cards now, says letter {mark}.\r\n")


def _raw(fields: Mapping[str, str], mark: str, recipients: Sequence[str], text: str) -> bytes:
    head = {
        **fields,
        "To": ", ".join(f"<{each}>" for each in recipients),
        "Date": "Tue, 10 Nov 2026 09:00:00 +0900",
        "Message-ID": f"<{mark}@{SENDING}>",
        "X-Lab-Mark": mark,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return (lines + "\r\n" + text).encode()
