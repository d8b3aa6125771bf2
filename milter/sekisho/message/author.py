"""Who the header says wrote the message: From, Sender, Reply-To (RFC 5322 3.6.2).

One author or a problem: wherever mail programs could disagree, `Author.mailbox` is None or `Author.problems`
says what is odd. Codes are those of `address` with `author.` before them, and `author.several_fields`,
`author.no_from`, `author.sender_only`, `author.bad_domain`, `author.space_before_colon`, `author.nul`.
"""

from __future__ import annotations

from sekisho import charsets, domains
from sekisho.address import Mailbox, parse
from sekisho.bounded_cache import remembered
from sekisho.message.budget import FieldBudget
from sekisho.message.headers import Block, field_text
from sekisho.message.limits import Limits
from sekisho.message.model import Author, Field, Headers, Problem

_DEFAULT = Limits()
_MOST = 100
"""Mailboxes of one field that are kept."""
_decoded = remembered(1024)(charsets.decode_words)
"""Who writes, writes again."""


def read_author(block: Block, limits: Limits, budget: FieldBudget) -> tuple[Author, tuple[Problem, ...]]:
    """The author, and the problems of decoding the name (those are not the author's but the message's)."""
    fields = block.headers.all("from")
    problems = [Problem(f"author.{code}", detail) for code, detail in _field_problems(fields, block)]
    if not fields:
        others = block.headers.all("sender") or block.headers.all("resent-from")
        return Author(problems=(Problem("author.sender_only" if others else "author.no_from"), *problems)), ()
    most = limits.address_bytes
    granted = [budget.granted(_text(field), most, told=True) for field in fields]
    parsed = [parse(text, most) for text in granted]
    for each in parsed:
        problems += [Problem(f"author.{code}", detail) for code, detail in each.problems]
    mailboxes = [box for each in parsed for box in each.mailboxes]
    author = finished(mailboxes[0]) if len(fields) == 1 and len(mailboxes) == 1 else None
    if author and author.domain is None and not any(problem.code in _SAID for problem in problems):
        problems.append(Problem("author.bad_domain", author.raw))
    lengths = [len(text[:most]) for text in granted]
    shown = [
        _decoded(field_text(field.value)[:length]) for field, length in zip(fields, lengths, strict=True)
    ]
    odd = tuple(Problem(*problem) for each in shown for problem in each.problems)
    text = ", ".join(" ".join(each.text.split()) for each in shown)
    return Author(author, text, tuple(dict.fromkeys(problems))), odd


_SAID = frozenset({"author.bad_domain", "author.ip_literal"})


def _field_problems(fields: tuple[Field, ...], block: Block) -> list[tuple[str, str]]:
    """What the header block already knew of the From fields."""
    found: list[tuple[str, str]] = []
    if len(fields) > 1:
        found.append(("several_fields", str(len(fields))))
    for problem in block.problems:
        if problem.code in {"header.space_before_colon", "header.nul"} and problem.detail.lower() == "from":
            found.append((problem.code.removeprefix("header."), ""))
    return found


def mailboxes(
    headers: Headers, name: str, limits: Limits = _DEFAULT, budget: FieldBudget | None = None
) -> tuple[Mailbox, ...]:
    """Every mailbox of every field of that name, at most 100; `budget` is that of the message, if it is being read."""
    budget = budget or FieldBudget(limits)
    fields = headers.all(name)
    found: list[Mailbox] = []
    for field in fields[:_MOST]:
        found += parse(budget.granted(_text(field), limits.address_bytes), limits.address_bytes).mailboxes
        if len(found) >= _MOST:
            break
    if len(found) > _MOST or len(fields) > _MOST:
        budget.cut()
    return tuple(finished(mailbox) for mailbox in found[:_MOST])


def _text(field: Field) -> str:
    return field.value.decode("utf-8", "surrogateescape")


def finished(mailbox: Mailbox) -> Mailbox:
    """The mailbox with its name decoded and its domain in ASCII, None where that is no domain."""
    name = _decoded(mailbox.name).text if mailbox.name else ""
    domain = domains.to_ascii(mailbox.domain) if mailbox.domain else None
    return Mailbox(" ".join(name.split()), mailbox.local, domain, mailbox.raw)
