"""SMTP paths: the argument of MAIL FROM or RCPT TO (RFC 5321 section 4.1.2), and what is unsafe to print in it.

Problem codes: `route` `quote` `parenthesis` `several_at` `backslash` `nul` `control` `bad_domain` `no_dot`
`ip_literal` `unparsable` `too_long`. A quoted local part of harmless characters has no problem (`"a..b"@…`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sekisho.address.spec import judge_domain
from sekisho.bounded_cache import remembered

MAX_PATH_CHARS = 1024

_QUOTED_LOCAL = re.compile(r'"((?:[^"\\]++|\\.)*+)"(?=@)', re.DOTALL)
_PLAIN = re.compile(r"[^\s@\"()<>,;:\\\[\]]*")
_CONTROL = re.compile("[\x01-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Path:
    """`local` is the local part without quotes, `domain` the domain in lower case without the final dot.

    `<>`, the null path, has neither: "" and None. `postmaster` has no domain."""

    local: str = ""
    domain: str | None = None
    problems: tuple[tuple[str, str], ...] = ()


@remembered(4096)  # a site's recipients get mail every day
def split_path(value: str) -> Path:
    """The local part and the domain of a path, with or without angle brackets. Never raises."""
    problems: list[tuple[str, str]] = []
    if len(value) > MAX_PATH_CHARS:
        problems.append(("too_long", str(len(value))))
    text = value[:MAX_PATH_CHARS].strip(" ")
    text = text[1:-1] if text.startswith("<") and text.endswith(">") else text
    if not text:
        return Path()
    text = _route(text, problems)
    local, domain = _halves(text, problems)
    _characters(text, problems)
    if domain is not None:
        judge_domain(domain, problems)
        domain = domain.lower().removesuffix(".") or None
    return Path(local, domain, tuple(dict(reversed(problems)).items()))


def _route(text: str, problems: list[tuple[str, str]]) -> str:
    if not text.startswith("@"):
        return text
    problems.append(("route", text))
    return text.rpartition(":")[2]


def _halves(text: str, problems: list[tuple[str, str]]) -> tuple[str, str | None]:
    if quoted := _QUOTED_LOCAL.match(text):
        inner = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
        if not _PLAIN.fullmatch(inner):
            problems.append(("quote", text))
        return inner, _one_domain(text[quoted.end() + 1 :], problems)
    local, at, domain = text.rpartition("@")
    if not at:
        return text, None  # `postmaster` may stand without a domain (RFC 5321 section 4.5.1)
    if "@" in local:
        problems.append(("several_at", text))
    if not local:
        problems.append(("unparsable", text))
    return local, domain


def _one_domain(domain: str, problems: list[tuple[str, str]]) -> str:
    if "@" in domain:
        problems.append(("several_at", domain))
    return domain.rpartition("@")[2]


def _characters(text: str, problems: list[tuple[str, str]]) -> None:
    quoted = _QUOTED_LOCAL.match(text)
    bare = text[quoted.end() :] if quoted else text
    marks = {"parenthesis": "()", "quote": '"', "backslash": "\\", "nul": "\0"}
    problems += [(code, text) for code, chars in marks.items() if any(char in bare for char in chars)]
    if _CONTROL.search(text):
        problems.append(("control", text))
    if any(char in bare for char in "<>,;: "):
        problems.append(("unparsable", text))
