"""A page that comes as a file and is to be opened: what it does then, and whether the text leads its reader into it.

A page in a file has no address that anybody could look up. It leads its reader on by a script, or asks for a password
itself. Under a text that says `open the file and sign in` no more is needed.

Services for secret mail send such files as well: the page leads to a host of the service, or of the sender itself, and
the sender is proven. Reports and saved pages have scripts that lead nowhere.

It cannot run a script, nor see what a page fetches.
"""

from __future__ import annotations

import re
from itertools import islice

from sekisho.checks.facts.nobody import names_a_firm
from sekisho.checks.facts.requests import letter
from sekisho.checks.facts.sender import home_domains
from sekisho.domains import host_of
from sekisho.evidence import NOTHING, Evidence, FindingKind
from sekisho.message import Message, Part
from sekisho.ports import Context

OPENED = FindingKind(
    "attachment.opened_page",
    4,
    "The text asks to open a file that is a page, and the page leads on by a script, hides its code or asks for "
    "a password: {name}.",
    "本文が開くよう求める添付ファイルは Web ページで、スクリプトで移動するか、コードを隠すか、"
    "パスワードを求めます（{name}）。",
)
ENVELOPE = FindingKind(
    "attachment.secure_envelope",
    0,
    "The page that comes as a file leads to the sender's own host, or to a service for secret mail: {host}.",
    "添付された Web ページの送信先は、差出人自身のホストか、暗号化メールのサービスです（{host}）。",
)
KINDS = (OPENED, ENVELOPE)

MAX_FILES = 20  # files of one message that are looked at
MAX_PAGE_OCTETS = 200_000  # of one page that are searched
MAX_TARGETS = 20  # of forms in a page that are looked at; services have one or two
NAVIGATES = re.compile(
    rb"location\s{0,9}=|location\.(?:href\s{0,9}=|replace|assign)|http-equiv=.?refresh|window\.open\(",
    re.IGNORECASE,
)
HIDES = re.compile(rb"\batob\(|\beval\(|fromCharCode|\bunescape\(", re.IGNORECASE)
PASSWORD = re.compile(rb"type=.?password", re.IGNORECASE)
TARGET = re.compile(rb"<form[^<>]{0,500}?action=.?(https?://[^'\"\s>]{1,300})", re.IGNORECASE)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding: for the first file that is such a page."""
    for part in message.parts[:MAX_FILES]:
        if _is_page(part, context):
            found = _of_page(part, message, seen, context)
            if found is not NOTHING:
                return found
    return NOTHING


def _is_page(part: Part, context: Context) -> bool:
    ending = (part.filename or "").rstrip(". ").lower().rpartition(".")[2]
    return part.disposition == "attachment" and ending in context.vocabulary.files.page_endings


def _of_page(part: Part, message: Message, seen: Evidence, context: Context) -> Evidence:
    page, name = part.content[:MAX_PAGE_OCTETS], part.filename or part.media
    navigates, secret = NAVIGATES.search(page) is not None, PASSWORD.search(page) is not None
    if secret and not navigates and (host := _envelope(page, message, seen, context)) is not None:
        return Evidence(findings=(ENVELOPE.found(host=host),))
    targets = TARGET.search(page) is not None
    if not (navigates or HIDES.search(page) or (secret and targets)):
        return NOTHING
    words = context.vocabulary
    text, asked = letter(message, words), words.requests
    if asked.opens.search(text) is None or not (navigates or asked.signs_in.search(text)):
        return NOTHING
    if not navigates and not targets and seen.authenticated and names_a_firm(message, words):
        return NOTHING  # a bank's statement that is encrypted in the page itself
    return Evidence(findings=(OPENED.found(name=name),))


def _envelope(page: bytes, message: Message, seen: Evidence, context: Context) -> str | None:
    """The host to which all forms of a page lead, if it is the proven sender's or a service's for secret mail."""
    urls = [each[1].decode("ascii", "replace") for each in islice(TARGET.finditer(page), MAX_TARGETS + 1)]
    hosts = {host for url in urls if (host := host_of(url)) is not None}
    if not hosts or len(urls) > MAX_TARGETS or not seen.authenticated:
        return None
    known = (*home_domains(message, seen), *context.vocabulary.files.secure_mail_hosts)
    if all(f".{host}".endswith(tuple(f".{each}" for each in known)) for host in hosts):
        return min(hosts)
    return None
