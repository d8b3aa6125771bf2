"""Forged messages, and what a stranger can add to them, for the property that no such addition helps a forgery.

Everything is made fresh: the messages, the keys, the DNS. A stranger owns its domains: some of them are in order, the
name servers of others fail, on purpose or not.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from PIL import Image
from tests.golden.sign import Key, Mail, ed25519, seal, sign

from sekisho.case_runner import judge
from sekisho.cases import Case, parse_case
from sekisho.config import Config
from sekisho.message import Limits

CONFIG = {"mode": "enforce", "authserv_id": "mx.example.jp", "site": {"domains": ["kaisha.example"]}}
HEALTHY = ("stranger.example", "news.other.example", "cheap.test", "sendgrid.net")
FAILING = {"dead.example": "SERVFAIL", "slow.example": "TIMEOUT"}
STRANGERS = (*HEALTHY, *FAILING, "missing.example")
NOW = "2026-04-01T10:00:00+09:00"
PAGE = '<html><body><p>{text}</p><p><a href="https://{host}/login">{shown}</a></p></body></html>'


@dataclass(frozen=True)
class Forgery:
    """A forged message without its MIME structure: header lines, and a page; and what is known of how it came.

    `signed_by`: a domain whose valid signature it bears, made as `signed` says (see `tests.golden.sign`); `added` is a
    header line that was put on top of it afterwards."""

    head: str
    page: str
    dns: tuple[Mapping[str, str], ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    signed_by: str = ""
    signed: Mapping[str, Any] = field(default_factory=dict)
    added: str = ""


def txt(name: str, value: str) -> dict[str, str]:
    return {"name": name, "type": "TXT", "value": value}


URGENT = (
    "お客様のアカウントは一時的に停止されています。24時間以内に下記よりログインして本人確認を行ってください。"
)
PAGE_AWAY = PAGE.format(text=URGENT, host="login.throwaway.example", shown="ログイン")
PAGE_TO_STRANGER = PAGE.format(text=URGENT, host="login.stranger.example", shown="ログイン")
REFUSING = (txt("_dmarc.throwaway.example", "v=DMARC1; p=reject"),)
QUIET = (txt("_dmarc.quiet.example", "v=DMARC1; p=reject"),)
STRICT = (
    txt("_dmarc.amazon.co.jp", "v=DMARC1; p=reject"),
    txt("amazon.co.jp", "v=spf1 ip4:192.0.2.250 -all"),
)
OWN_SITE = (txt("_dmarc.kaisha.example", "v=DMARC1; p=reject"), txt("kaisha.example", "v=spf1 -all"))
OPEN = (txt("_dmarc.shop.example", "v=DMARC1; p=none"),)
FORGERIES: Mapping[str, Forgery] = {
    "a brand's own domain": Forgery(
        "From: Amazon <info@amazon.co.jp>\nSubject: アカウントの確認", PAGE_AWAY, STRICT
    ),
    "a brand's own domain, its own envelope": Forgery(
        "From: Amazon <info@amazon.co.jp>\nSubject: アカウントの確認",
        PAGE_AWAY,
        STRICT,
        {"envelope_from": "bounce@amazon.co.jp"},
    ),
    "the site's own domain": Forgery(
        "From: 総務部 <soumu@kaisha.example>\nSubject: 給与明細のご確認", PAGE_AWAY, OWN_SITE
    ),
    "the recipient's own address": Forgery("From: hanako@example.jp\nSubject: security", PAGE_AWAY),
    "a display name": Forgery("From: Amazon <x@throwaway.example>\nSubject: アカウントの確認", PAGE_AWAY),
    "a display name, authenticated": Forgery(
        "From: Amazon <x@throwaway.example>\nSubject: アカウントの確認",
        PAGE_AWAY,
        signed_by="throwaway.example",
    ),
    "a domain that looks alike": Forgery("From: Amazon <x@arnazon.co.jp>\nSubject: 確認", PAGE_AWAY),
    "a domain that asks for nothing": Forgery(
        "From: Shop <x@shop.example>\nSubject: 請求書", PAGE_AWAY, OPEN
    ),
    "a domain that is not known": Forgery("From: Shop <x@quiet.example>\nSubject: 請求書", PAGE_AWAY),
    "answers to a free mailbox": Forgery(
        "From: Director <x@quiet.example>\nReply-To: director.office@gmail.com\nSubject: 送金のお願い",
        PAGE.format(
            text="至急、振込先の変更をお願いします。返信してください。", host="forms.test", shown="x"
        ),
        signed_by="quiet.example",
    ),
    "an organisation that nobody knows": Forgery(
        "From: Tanuki Insurance Support <x@throwaway.example>\nSubject: Tanuki Insurance",
        PAGE.format(
            text="Tanuki Insurance: confirm your account now. Tanuki Insurance", host="a.test", shown="x"
        ),
    ),
    "a brand's own domain, that leads to a stranger": Forgery(
        "From: Amazon <info@amazon.co.jp>\nSubject: アカウントの確認", PAGE_TO_STRANGER, STRICT
    ),
    "a display name, that leads to a stranger": Forgery(
        "From: Amazon <x@throwaway.example>\nSubject: アカウントの確認", PAGE_TO_STRANGER, REFUSING
    ),
    "a domain that asks for nothing, that leads to a stranger": Forgery(
        "From: Shop <x@shop.example>\nSubject: 請求書", PAGE_TO_STRANGER, OPEN
    ),
    "a domain that is not known, that leads to a stranger": Forgery(
        "From: Shop <x@quiet.example>\nSubject: 請求書", PAGE_TO_STRANGER, QUIET
    ),
    "a genuine message with another subject": Forgery(
        "From: Amazon <info@amazon.co.jp>\nSubject: ご注文の確認",
        PAGE.format(text="ご注文ありがとうございます。", host="www.amazon.co.jp", shown="注文履歴"),
        STRICT,
        signed_by="amazon.co.jp",
        added="Subject: 当選のお知らせ",
    ),
    "a genuine message sent again": Forgery(
        "From: Amazon <info@amazon.co.jp>\nCc: taro@other.example\nSubject: ご注文の確認",
        PAGE.format(text="ご注文ありがとうございます。", host="www.amazon.co.jp", shown="注文履歴"),
        (*STRICT, txt("throwaway.example", "v=spf1 -all")),
        signed_by="amazon.co.jp",
        signed={"t": "2026-03-25T10:00:00+09:00", "h": "from:subject:date:message-id"},
    ),
    "a broken header": Forgery("From: a@amazon.co.jp, b@other.example\nSubject: x", PAGE_AWAY, STRICT),
}


@cache
def key(name: str) -> Key:
    """One for each name in DNS and run."""
    return ed25519()


@dataclass
class Draft:
    """A message as it is being made."""

    forgery: Forgery
    extra: list[str] = field(default_factory=list)  # header lines above
    below: list[str] = field(default_factory=list)  # header lines below the author's
    front: list[str] = field(default_factory=list)  # parts before the page
    parts: list[str] = field(default_factory=list)  # and behind it
    multipart: str = "mixed"
    seals: list[Callable[[Mail], None]] = field(default_factory=list)
    dns: list[Mapping[str, str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def case(self) -> Case:
        text = base64.encodebytes(self.forgery.page.encode()).decode()
        first = f"Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{text}"
        body = "".join(f"--b\n{part}\n" for part in (*self.front, first, *self.parts)) + "--b--\n"
        lines = [*self.extra, encoded(self.forgery.head), *self.below]
        lines += [
            "To: hanako@example.jp",
            "Date: Wed, 01 Apr 2026 09:59:00 +0900",
            "Message-ID: <1@x.example>",
        ]
        head = "\n".join(
            [*lines, "MIME-Version: 1.0", f"Content-Type: multipart/{self.multipart}; boundary=b"]
        )
        mail = Mail(f"{head}\n\n{body}".encode())
        if self.forgery.signed_by:
            signature(self.forgery.signed_by, "s0", **self.forgery.signed)(mail)
        if self.forgery.added:
            mail.raw = encoded(self.forgery.added).encode() + b"\n" + mail.raw
        for each in self.seals:
            each(mail)
        keys = [txt(name, each.record) for name, each in mail.keys.items()]
        failing = [{"name": name, "rcode": code} for name, code in _failing()]
        facts = {
            "client_ip": "203.0.113.7", "client_name": "mail.stranger.example", "helo": "mail.stranger.example",
            "envelope_from": "x@throwaway.example", "rcpt": "hanako@example.jp", "now": NOW,
            **self.forgery.facts, **self.facts, "dns": [*self.forgery.dns, *self.dns, *keys, *failing],
        }  # fmt: skip
        return parse_case(Path("forged.eml"), mail.raw, facts)


def encoded(head: str) -> str:
    """Header lines as they may be sent: RFC 2047 where they are not ASCII."""
    words = []
    for line in head.split("\n"):
        name, _, value = line.partition(": ")
        shown, angle, address = value.partition(" <")
        if not shown.isascii():
            shown = f"=?UTF-8?B?{base64.b64encode(shown.encode()).decode()}?="
        words.append(f"{name}: {shown}{angle}{address}")
    return "\n".join(words)


def _failing() -> list[tuple[str, str]]:
    names = ("", "_dmarc.", *(f"s{number}._domainkey." for number in range(8)))
    return [(f"{prefix}{domain}", code) for domain, code in FAILING.items() for prefix in names]


def signature(domain: str, selector: str, broken: bool = False, **more: Any) -> Callable[[Mail], None]:
    """Puts a DKIM signature on top."""

    def put(mail: Mail) -> None:
        name = f"{selector}._domainkey.{domain}"
        mail.keys.setdefault(name, key(name))
        sign(mail, {"d": domain, "s": selector, **more})
        if broken:
            mail.raw = mail.raw.replace(b" bh=", b" bh=AAAA", 1)
        if domain in STRANGERS and domain not in HEALTHY:
            mail.keys.pop(name)

    return put


def chain(domain: str) -> Callable[[Mail], None]:
    """Puts an ARC set on top that says what a forger would like to hear."""

    def put(mail: Mail) -> None:
        name = f"s0._domainkey.{domain}"
        mail.keys.setdefault(name, key(name))
        saw = "dmarc=pass header.from=amazon.co.jp; spf=pass smtp.mailfrom=x@amazon.co.jp; dkim=pass header.d=a.example"
        seal(mail, {"d": domain, "s": "s0", "saw": saw})
        if domain not in HEALTHY:
            mail.keys.pop(name)

    return put


def part(media: str, content: bytes, *lines: str) -> str:
    text = base64.encodebytes(content).decode()
    return "\n".join([f"Content-Type: {media}", *lines, "Content-Transfer-Encoding: base64", "", text])


@cache
def picture(form: str, side: int) -> bytes:
    out = io.BytesIO()
    Image.effect_mandelbrot((side, side), (-2, -1.5, 1, 1.5), 20).save(out, form)
    return out.getvalue()


LINKS = "".join(f'<a href="https://n{at}.test/">n</a>' for at in range(30)).encode()
Addition = Callable[[Draft], None]


def _signatures() -> st.SearchStrategy[Addition]:
    return st.builds(
        lambda domain, number, broken, times, length: lambda draft: draft.seals.extend(
            [signature(domain, f"s{number}", broken, l=length)] * times
        ),
        st.sampled_from(STRANGERS), st.integers(0, 7), st.booleans(), st.integers(1, 7), st.booleans(),
    )  # fmt: skip


def _envelopes() -> st.SearchStrategy[Addition]:
    """MAIL FROM of a stranger, whatever SPF says of it; it takes the place of another stranger's."""
    records = st.sampled_from(
        ["v=spf1 +all", "v=spf1 -all", "v=spf1 ~all", "v=spf1 ?all", "v=spf1 include:dead.example -all",
         "v=spf1 mx ptr exists:%{i}.slow.example -all", "v=spf1 include:loop.test", "v=spf1 nonsense", ""]
    )  # fmt: skip

    def build(domain: str, record: str) -> Addition:
        def add(draft: Draft) -> None:
            if "envelope_from" not in draft.forgery.facts:
                draft.facts["envelope_from"] = f"bounce@{domain}"
                draft.dns += [txt(domain, record)] if record and domain in HEALTHY else []

        return add

    return st.builds(build, st.sampled_from(STRANGERS), records)


def _fields() -> st.SearchStrategy[Addition]:
    lines = st.sampled_from(
        ["List-Id: <news.{0}>", "List-Unsubscribe: <https://{0}/u>", "List-Post: <mailto:l@{0}>", "Precedence: list",
         "Precedence: bulk", "Auto-Submitted: auto-replied", "Sender: l-bounces@{0}", "Reply-To: answers@{0}",
         "Resent-From: me@{0}", "Errors-To: l@{0}", "X-Mailing-List: l@{0}", "X-Forwarded-To: hanako@example.jp",
         "X-Original-To: hanako@{0}", "Delivered-To: hanako@{0}", "In-Reply-To: <9@{0}>", "References: <9@{0}>",
         "Received: from mx.{0} (mx.{0} [192.0.2.25]) by relay.{0} (Postfix) id 1; Wed, 01 Apr 2026 09:00:00 +0900",
         "Received: by {0} id 1", "Authentication-Results: {0}; spf=pass; dkim=pass header.d=amazon.co.jp; dmarc=pass",
         "Authentication-Results: mx.{0}; dmarc=pass header.from=amazon.co.jp", "Received-SPF: pass client-ip=1.2.3.4",
         "X-Google-DKIM-Signature: v=1; d={0}", "X-Spam-Status: No", "Feedback-ID: 1:{0}", "Comments: {0}"]
    )  # fmt: skip

    def build(line: str, domain: str, below: bool) -> Addition:
        return lambda draft: (draft.below if below else draft.extra).append(line.format(domain))

    return st.builds(build, lines, st.sampled_from(STRANGERS), st.booleans())


def _chains() -> st.SearchStrategy[Addition]:
    return st.builds(
        lambda domain: lambda draft: draft.seals.append(chain(domain)), st.sampled_from(STRANGERS)
    )


def _parts() -> st.SearchStrategy[Addition]:
    """Parts that speak of nobody and lead nowhere: what is in them is not the forger's page."""
    made = st.sampled_from(
        [lambda: part("text/plain; charset=utf-8", b"Thank you.\n"),
         lambda: part("text/plain; charset=utf-8", "またのご利用をお待ちしております。\n".encode()),
         lambda: part("text/html; charset=utf-8", b"<p>Thank you.</p>"),
         lambda: part("text/html; charset=utf-8", b'<p><a href="https://stranger.example/a">here</a></p>'),
         lambda: part("text/html; charset=utf-8", LINKS),
         lambda: part("image/png", picture("PNG", 64), "Content-Disposition: inline"),
         lambda: part("image/jpeg", picture("JPEG", 300), "Content-Disposition: attachment; filename=a.jpg"),
         lambda: part("application/pdf", b"%PDF-1.4\n", "Content-Disposition: attachment; filename=a.pdf"),
         lambda: part("application/octet-stream", bytes(range(256)), "Content-Disposition: attachment; filename=a.bin"),
         lambda: part("application/pkcs7-signature", b"0\x80", "Content-Disposition: attachment; filename=smime.p7s"),
         lambda: part("application/pgp-signature", b"-----BEGIN PGP SIGNATURE-----\n"),
         lambda: part("text/calendar; charset=utf-8", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"),
         lambda: part("image/jpeg", b"\xff\xd8\xff\xe0 no picture")]
    )  # fmt: skip
    return st.builds(lambda make: lambda draft: draft.parts.append(make()), made)


ADDITIONS: Mapping[str, st.SearchStrategy[Addition]] = {
    "signature": _signatures(),
    "envelope": _envelopes(),
    "field": _fields(),
    "chain": _chains(),
    "part": _parts(),
}


MANY = 1_001
"""Fields, one more than are read."""
LONG = 2_200_000
"""Characters, more than are read."""
DEEP = 40
"""Levels, more than are opened."""
_PLAIN = "text/plain; charset=utf-8"


def _fillers(where: str) -> Addition:
    return lambda draft: getattr(draft, where).extend(f"X-F{number}: a" for number in range(MANY))


def _before(make: Callable[[], list[str]], multipart: str = "mixed") -> Addition:
    def add(draft: Draft) -> None:
        draft.front += make()
        draft.multipart = multipart

    return add


def _nested(levels: int) -> str:
    """A part of that many multiparts, one in the other."""
    heads = [
        f"Content-Type: multipart/mixed; boundary=n{number}x\n\n--n{number}x\n" for number in range(levels)
    ]
    return "".join(heads) + "\nThank you."


def _long(unit: bytes, media: str = _PLAIN) -> list[str]:
    return [part(media, unit * (LONG // len(unit)))]


FILLERS: Mapping[str, Addition] = {
    "fields above the author's": _fillers("extra"),
    "fields below the author's": _fillers("below"),
    "a bulky field above": lambda draft: draft.extra.extend(["X-F: " + "\n y".ljust(900) * 10] * 40),
    "a short text": _before(lambda: [part(_PLAIN, b"Thank you.\n")], "alternative"),
    "600 texts": _before(lambda: [part(_PLAIN, b"x")] * 600),
    "600 attachments": _before(lambda: [part("application/octet-stream", b"x")] * 600),
    "600 pages": _before(lambda: [part("text/html", b"x")] * 600),
    "deep parts": _before(lambda: [_nested(DEEP)]),
    "long fields of parts": _before(lambda: ["Content-Type: text/plain;" + " x=y;" * 2_900 + "\n\nx"] * 80),
    "long text": _before(lambda: _long(b"Thank you very much for your order.\n"), "alternative"),
    "long text, in lines": _before(lambda: _long(b"x\n"), "alternative"),
    "blanks": _before(lambda: _long(b" \n"), "alternative"),
    "blanks in a page": _before(lambda: _long(b" \r\n", "text/html; charset=utf-8"), "alternative"),
    "a long page": _before(lambda: _long(b"<p>Thank you for your order.</p>\n", "text/html"), "alternative"),
    "a page of links": _before(
        lambda: [
            part("text/html", b"".join(b'<a href="https://n%d.test/">n</a>' % at for at in range(2_001)))
        ]
    ),
    "links": _before(lambda: [part(_PLAIN, b"".join(b"https://n%d.test/\n" % at for at in range(2_001)))]),
}
"""What a sender puts in front of what is to be read, so that it is not read. Each is more than a limit allows, but for
the short text and the blanks, which are no text."""


@cache
def judged(limits: Limits | None = None) -> Callable[[Case], dict[str, Any]]:
    return judge(Config.model_validate({**CONFIG, "limits": limits or Limits()}), ask_dns=False)


def points(draft: Draft) -> tuple[float, dict[str, float]]:
    """The score of a message, and the points of each finding in it."""
    found = judged()(draft.case())
    return found["score"], {each["id"]: each["points"] for each in found["findings"]}
