"""Delivers a message as its description says: signed by its author, sent, passed on, sealed.

Nothing is pretended but what the description says to pretend: signatures are real (dkimpy), a host that changes the
body breaks them, and a sealer writes down what it really saw, unless `saw` makes it lie.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace
from unittest.mock import patch

import dkim

from lab.variations import message
from lab.variations.description import Case, Hop, domain_of
from lab.variations.zone import PRIVATE_KEY, SELECTOR, Zone
from sekisho.domains import together

SIGNED = (b"from", b"to", b"subject", b"date", b"message-id", b"reply-to", b"mime-version", b"content-type")
SEALED = (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"content-type")
END = b"\r\n"


@dataclass
class Sent:
    """A message on its way: its bytes, and the client that holds it."""

    case: Case
    raw: bytes
    at: datetime
    client: str
    address: str
    mail_from: str
    spf: str
    zone: Zone = field(default_factory=Zone)


def delivered(case: Case) -> tuple[bytes, dict[str, object]]:
    """The bytes that the last client sends, and the facts of the session and of DNS for the sidecar."""
    began = case.arrived - timedelta(seconds=3 + 2 * len(case.hops))
    sent = _sent(case, message.written(case, began), began)
    for hop in case.hops:
        _pass_on(sent, hop)
    facts: dict[str, object] = {
        "client_ip": sent.address,
        "client_name": sent.client or "unknown",
        "helo": sent.client or f"[{sent.address}]",
        "envelope_from": sent.mail_from,
        "rcpt": case.rcpt,
        "now": case.arrived.isoformat(),
        "dns": sent.zone.listed(case.dns),
    }
    return sent.raw, facts


def _sent(case: Case, raw: bytes, began: datetime) -> Sent:
    """The message as the author's server sends it, with what the author's domains publish."""
    client = f"mta.{case.domain}" if case.client is None else case.client
    mail_from = f"bounce@{case.domain}" if case.mail_from is None else case.mail_from
    zone = Zone()
    address = zone.address(client or f"nameless.{case.domain}", named=bool(client))
    zone.domain(case.domain)
    _publish_spf(zone, case, domain_of(mail_from) or client, address)
    if case.dmarc:
        zone.dmarc(case.domain, case.dmarc)
    sent = Sent(case, raw, began, client, address, mail_from, case.spf, zone)
    for each in (case.domain,) if case.sign is None else case.sign:
        _sign(sent, each)
    _received(sent, "localhost", client or "mail", "192.168.3.8")
    return sent


def _publish_spf(zone: Zone, case: Case, sender: str, address: str) -> None:
    """SPF of the domain of MAIL FROM (with the null sender, of the host: RFC 7208 section 2.4), and of the author's.
    The author's names only a client that writes for it."""
    if case.spf == "none":
        return
    rest = {"softfail": "~all", "fail": "-all"}.get(case.spf, case.spf_all)
    own = case.sign is None or case.domain in case.sign or together(sender, case.domain)
    for each in dict.fromkeys(filter(None, (sender, case.domain))):  # in this order, always
        named = case.spf == "pass" and (own or each == sender)
        zone.spf(each, address if named else zone.address(f"mx.{each}"), rest)


def _pass_on(sent: Sent, hop: Hop) -> None:
    """What one host does: it receives, looks, changes, signs, seals, and sends on under its own address."""
    saw = hop.saw or _seen(sent)
    sent.at += timedelta(seconds=1)
    _received(sent, sent.client or "unknown", hop.by, sent.address, hop.at)
    if hop.at:
        sent.raw = f"Delivered-To: {hop.at}\r\n".encode() + sent.raw
        sent.zone.domain(domain_of(hop.at))
    _change(sent, hop)
    for each in hop.sign:
        _sign(sent, each)
    if hop.arc:
        _seal(sent, hop, saw)
    sent.client, sent.address = hop.by, sent.zone.address(hop.by)
    if hop.mail_from == "keep":
        sent.spf = (
            {"-all": "fail", "~all": "softfail"}.get(sent.case.spf_all, "neutral")
            if sent.spf == "pass"
            else sent.spf
        )
        return
    sent.mail_from = (
        _srs(sent.mail_from, hop.at or f"list@{hop.by}") if hop.mail_from == "srs" else hop.mail_from
    )
    sent.spf = "pass"
    if sent.mail_from:
        sent.zone.spf(domain_of(sent.mail_from), sent.address, "-all")


def _srs(sender: str, at: str) -> str:
    """The envelope sender, rewritten by the domain of a mailbox (Sender Rewriting Scheme)."""
    local, _, domain = sender.partition("@")
    return f"SRS0=h7Qx=2C={domain}={local}@{domain_of(at)}" if sender else ""


def _received(sent: Sent, name: str, by: str, address: str, to: str = "") -> None:
    """The trace field of one hop on top (RFC 5321 section 4.4)."""
    wanted = f"\r\n\tfor <{to}>" if to else ""
    client = f"Received: from {name} ({name} [{address}])\r\n\t"
    server = f"by {by} (Postfix) with ESMTPS id 4D{sent.at:%H%M%S}7Q{wanted};\r\n\t"
    sent.raw = (client + server + format_datetime(sent.at)).encode() + END + sent.raw


def _change(sent: Sent, hop: Hop) -> None:
    """Fields and text as the host changes them. A footer breaks every signature over the body."""
    head, _, body = sent.raw.partition(END * 2)
    if hop.tag:
        head = re.sub(
            rb"(?m)^Subject: ", f"Subject: {message.field('X: ' + hop.tag)[3:]} ".encode(), head, count=1
        )
    if hop.author:
        head = re.sub(
            rb"(?m)^From: .*(?:\r\n[ \t].*)*", message.field(f"From: {hop.author}").encode(), head, count=1
        )
    more = "".join(message.field(each) + "\r\n" for each in hop.headers).encode()
    sent.raw = more + head + END * 2 + (_with_footer(body, hop.footer.encode()) if hop.footer else body)


def _with_footer(body: bytes, footer: bytes) -> bytes:
    """The body with a footer: after a text, encoded as that is, or as a text part at the end of a multipart."""
    last = re.search(rb"\r\n(--=_[^\r\n]+)--\r\n\Z", body)
    text = footer.replace(b"\n", END) + END
    if last is None and re.fullmatch(rb"[A-Za-z0-9+/=\r\n]+", body):
        whole = base64.b64decode(body) + END + text
        return base64.encodebytes(whole).replace(b"\n", END)
    if last is None:
        return body + END + text
    part = (
        last[1]
        + b"\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        + text
    )
    return body[: last.start()] + END + part + last[0]


def _sign(sent: Sent, domain: str) -> None:
    """One DKIM signature on top, and its key in DNS."""
    sent.zone.key(domain)
    with _clock(sent.at):
        sent.raw = (
            dkim.sign(
                sent.raw,
                SELECTOR.encode(),
                domain.encode(),
                PRIVATE_KEY,
                canonicalize=(b"relaxed", b"relaxed"),
                include_headers=[each for each in SIGNED if re.search(rb"(?mi)^%s:" % each, sent.raw)],
            )
            + sent.raw
        )


def _seal(sent: Sent, hop: Hop, saw: str) -> None:
    """One ARC set on top (RFC 8617). A forged one has the form, and no key fits it."""
    sent.zone.key(hop.arc)
    server = f"mx.{hop.arc}"
    results = f"Authentication-Results: {server}; {saw}\r\n".encode()
    if b"\r\nARC-Seal:" in b"\r\n" + sent.raw:
        results = results[:-2] + f"; arc={_chain(sent)}\r\n".encode()
    fields = [each for each in SEALED if re.search(rb"(?mi)^%s:" % each, sent.raw)]
    names = (SELECTOR.encode(), hop.arc.encode(), PRIVATE_KEY, server.encode())
    lines = dkim.arc_sign(
        results + sent.raw, *names, include_headers=fields, timestamp=int(sent.at.timestamp())
    )
    sealed = b"".join(lines)
    if hop.forged:
        sealed = re.sub(rb"(\bb=\s*)([A-Za-z0-9+/]{6})", rb"\1Forged", sealed)
    sent.raw = sealed + results + sent.raw


def _chain(sent: Sent) -> str:
    with _clock(sent.at):
        state: bytes = dkim.arc_verify(sent.raw, dnsfunc=sent.zone.text)[0]
    return state.decode()


def _seen(sent: Sent) -> str:
    """The results of a receiver that really looks (RFC 8601): SPF, the first signature, DMARC."""
    author = sent.case.domain
    signers = re.findall(rb"(?m)^DKIM-Signature:[^;]*;(?:[^;]*;)*?\s*d=([^;\s]+);", sent.raw)
    passed = []
    with _clock(sent.at):
        for place, signer in enumerate(signers):
            with suppress(dkim.DKIMException):  # what it says of a changed body
                if dkim.DKIM(sent.raw).verify(idx=place, dnsfunc=sent.zone.text):
                    passed.append(signer.decode())
    own = next((each for each in passed if together(each, author)), None)
    signer_shown = own or (passed or [signers[0].decode() if signers else ""])[0]
    aligned = own or (sent.spf == "pass" and together(domain_of(sent.mail_from), author))
    results = [f"spf={sent.spf} smtp.mailfrom={sent.mail_from}" if sent.mail_from else f"spf={sent.spf}"]
    results += [f"dkim={'pass' if passed else 'fail'} header.d={signer_shown}"] if signers else ["dkim=none"]
    results += [f"dmarc={'pass' if aligned else 'fail'} header.from={author}"] if sent.case.dmarc else []
    return "; ".join(results)


@contextmanager
def _clock(at: datetime) -> Iterator[None]:
    """The clock of dkimpy stands at this moment: it takes no time as an argument."""
    with patch.object(dkim, "time", SimpleNamespace(time=at.timestamp)):
        yield
