"""Mails written for the system tests, as cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import dkim
from lab.mails import new_key

from sekisho.cases import Case
from sekisho.message import Client, Envelope, Recipient

FRIEND = "friend.example"


def case(
    raw: bytes,
    sender: str,
    recipients: Sequence[str],
    client: Client,
    dns: Sequence[Mapping[str, Any]] = (),
) -> Case:
    """A case as the lab sends it."""
    people = tuple(Recipient(each, each) for each in recipients)
    envelope = Envelope(sender=sender, raw_sender=sender, recipients=people, client=client)
    return Case(Path("written-here.eml"), raw, envelope, dns=tuple(dns))


def spoof(*recipients: str) -> Case:
    """Jcom's own domain as author, from a server that its SPF does not know."""
    raw = (
        b"From: =?UTF-8?B?SjpDT00=?= <info@jcom.co.jp>\r\nTo: <hanako@example.jp>\r\n"
        b"Subject: =?UTF-8?B?44GU6KuL5rGC?=\r\nDate: Tue, 10 Nov 2026 09:00:00 +0900\r\n"
        b"Message-ID: <1@jcom.co.jp>\r\n\r\nPlease pay.\r\n"
    )
    records = [
        {"name": "jcom.co.jp", "type": "TXT", "value": "v=spf1 ip4:198.51.100.1 -all"},
        {"name": "_dmarc.jcom.co.jp", "type": "TXT", "value": "v=DMARC1; p=none"},
    ]
    return case(raw, "info@jcom.co.jp", recipients, Client(address="192.0.2.7", helo="x.example"), records)


def letter(*recipients: str, head: bytes = b"", subject: bytes = b"Hello", name: str = "taro") -> Case:
    """A friend's mail, signed and with SPF; `head` is put on top of it."""
    private, public = key()
    raw = b"From: <%s@friend.example>\r\nTo: <hanako@example.jp>\r\nSubject: " % name.encode() + subject
    raw += (
        b"\r\nDate: Tue, 10 Nov 2026 09:00:00 +0900\r\nMessage-ID: <2@friend.example>\r\n\r\nHow are you?\r\n"
    )
    raw = (
        dkim.sign(
            raw, b"k", FRIEND.encode(), private.encode(), include_headers=[b"From", b"Subject", b"Date"]
        )
        + raw
    )
    records = [
        {"name": FRIEND, "type": "TXT", "value": "v=spf1 ip4:198.51.100.7 -all"},
        {"name": f"k._domainkey.{FRIEND}", "type": "TXT", "value": f"v=DKIM1; k=rsa; p={public}"},
    ]
    client = Client(address="198.51.100.7", name=f"mail.{FRIEND}", resolve="ok", helo=f"mail.{FRIEND}")
    return case(head + raw, f"{name}@{FRIEND}", recipients, client, records)


@cache
def key() -> tuple[str, str]:
    return new_key()
