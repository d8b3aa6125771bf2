"""Where the message wants its reader to go: the destinations of its links, and whose they are.

Nothing is ever fetched. Redirect and protection wrappers are unwrapped from the text of the URL alone, as far as their
target can be read there. The destinations are found once, and all later checks read them in the evidence.

It cannot see what a shortener hides.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote

from sekisho.checks.facts.links import FOLLOWED_KINDS
from sekisho.checks.facts.sender import organisation
from sekisho.domains import host_of, split_url
from sekisho.evidence import Destination, Evidence
from sekisho.message import Link, Message
from sekisho.ports import Context, Providers
from sekisho.words import Vocabulary

IN_PATH = re.compile(r"https?:/{1,2}(?=[^/])|/RU=|/(?:amp|c|v)/s/", re.IGNORECASE)
IN_BASE64 = re.compile(r"a1(?=aHR0c)((?:[A-Za-z0-9_-]{4})+)")
MAX_QUERY_FIELDS = 64  # of one URL that are looked at
MAX_WRAPPERS = 3  # inside each other that are opened
MAX_URL_CHARS = 8_192  # of one URL that are read


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """The links that a reader may follow, in the order of the message; mail addresses and pictures are none."""
    return Evidence(destinations=tuple(_destinations(message.links, context)))


def _destinations(links: tuple[Link, ...], context: Context) -> Iterator[Destination]:
    owners = {host: organisation(host) for host in {link.host for link in links} if host}
    providers = context.providers
    wrappers = {
        host
        for host, owner in owners.items()
        if providers.kind(host) == "redirect" or providers.redirect_pages(owner)
    }
    for link in links:
        host = link.host
        if not host or link.kind not in FOLLOWED_KINDS:
            continue
        if host not in wrappers:
            yield Destination(host, owners[host], link)
        else:
            behind = unwrapped(link.target, host, context)
            yield Destination(behind, organisation(behind), link, behind != host)


def unwrapped(target: str, host: str, context: Context) -> str:
    """The host behind redirect and protection wrappers, as far as the URL itself says it."""
    for _ in range(MAX_WRAPPERS):
        if not redirects(target, host, context.providers):
            return host
        if (inner := _inner(target, context.vocabulary)) is None:
            return host
        target, found = inner, host_of(inner)
        if found is None:
            return host
        host = found
    return host


def redirects(target: str, host: str, providers: Providers) -> bool:
    """True for a URL that leads on to another: all of a wrapper's, and one page of some others."""
    if providers.kind(host) == "redirect":
        return True
    pages = providers.redirect_pages(organisation(host))
    return bool(pages) and split_url(target[:MAX_URL_CHARS]).path.startswith(pages)


def _inner(url: str, words: Vocabulary) -> str | None:
    """The URL that another carries: in its query, in its path, or in the name of a translated host."""
    parts = split_url(url[:MAX_URL_CHARS])
    if parts.host and parts.host.endswith(".translate.goog"):
        name = (
            parts.host.removesuffix(".translate.goog")
            .replace("--", "\0")
            .replace("-", ".")
            .replace("\0", "-")
        )
        return f"https://{name}{parts.path}"
    for name, value in parse_qsl("&".join(parts.query.split("&", MAX_QUERY_FIELDS)[:MAX_QUERY_FIELDS])):
        if name.lower() in words.links.redirect_parameters and (plain := _plain(value)) is not None:
            return plain
    return _in_path(unquote(parts.path))


def _in_path(path: str) -> str | None:
    """`/L0/https://host`, Yahoo's `/RU=https://host/RK=2`, and the pages that are kept for phones (`/amp/s/host`)."""
    found = IN_PATH.search(path)
    if found is None:
        return None
    mark, rest = found[0].lower(), path[found.end() :]
    if mark == "/ru=":
        return _plain(rest)
    return f"https://{rest}" if "." in rest.partition("/")[0] else None


def _plain(value: str) -> str | None:
    """A query value that is a URL, also as Proofpoint writes it (`https-3A__host_path`) and as Bing does (in
    base64 behind `a1`)."""
    text = unquote(value)
    if found := IN_BASE64.match(text):
        text = urlsafe_b64decode(found[1]).decode("ascii", "replace")
    if text.startswith(("https-3A__", "http-3A__")):
        text = text.replace("-3A__", "://", 1).replace("_", "/")
    return text if text.lower().startswith(("http://", "https://")) else None
