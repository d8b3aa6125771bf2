"""The author of a message, and the mailboxes of Sender and Reply-To (RFC 5322 section 3.6.2).

A message has one author, or a problem. If mail programs may read the author differently, `Author.mailbox` is None, or
`Author.problems` says why. The codes are those of `address` with `author.` before them, and `author.several_fields`,
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
_MAX_MAILBOXES = 100
"""Mailboxes, and fields of one name, that are read."""
_decoded = remembered(1024)(charsets.decode_words)
"""Decoded display names are cached, since the same senders write again."""


def read_author(block: Block, limits: Limits, budget: FieldBudget) -> tuple[Author, tuple[Problem, ...]]:
    """The author, and the problems of decoding the display name. Those belong to the message, not to the author."""
    fields = block.headers.all("from")
    problems = [Problem(f"author.{code}", detail) for code, detail in _field_problems(fields, block)]
    if not fields:
        others = block.headers.all("sender") or block.headers.all("resent-from")
        return Author(problems=(Problem("author.sender_only" if others else "author.no_from"), *problems)), ()
    most = limits.address_bytes
    granted = [budget.granted(_text(field), most, reports_cut=True) for field in fields]
    parsed = [parse(text, most) for text in granted]
    for each in parsed:
        problems += [Problem(f"author.{code}", detail) for code, detail in each.problems]
    mailboxes = [box for each in parsed for box in each.mailboxes]
    author = _with_decoded_name(mailboxes[0]) if len(fields) == 1 and len(mailboxes) == 1 else None
    if author and author.domain is None and not any(problem.code in _DOMAIN_PROBLEMS for problem in problems):
        problems.append(Problem("author.bad_domain", author.raw))
    lengths = [len(text[:most]) for text in granted]
    shown = [
        _decoded(field_text(field.value)[:length]) for field, length in zip(fields, lengths, strict=True)
    ]
    odd = tuple(Problem(*problem) for each in shown for problem in each.problems)
    text = ", ".join(" ".join(each.text.split()) for each in shown)
    return Author(author, text, tuple(dict.fromkeys(problems))), odd


_DOMAIN_PROBLEMS = frozenset({"author.bad_domain", "author.ip_literal"})


def _field_problems(fields: tuple[Field, ...], block: Block) -> list[tuple[str, str]]:
    """The problems of the From fields that the header block shows, as (code, detail)."""
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
    """The mailboxes of all fields with that name, at most 100. `budget`: that of a message that is being read."""
    budget = budget or FieldBudget(limits)
    fields = headers.all(name)
    found: list[Mailbox] = []
    for field in fields[:_MAX_MAILBOXES]:
        found += parse(budget.granted(_text(field), limits.address_bytes), limits.address_bytes).mailboxes
        if len(found) >= _MAX_MAILBOXES:
            break
    if len(found) > _MAX_MAILBOXES or len(fields) > _MAX_MAILBOXES:
        budget.note_cut()
    return tuple(_with_decoded_name(mailbox) for mailbox in found[:_MAX_MAILBOXES])


def _text(field: Field) -> str:
    return field.value.decode("utf-8", "surrogateescape")


def _with_decoded_name(mailbox: Mailbox) -> Mailbox:
    """The mailbox with its name decoded and its domain in ASCII (None if it is no domain)."""
    name = _decoded(mailbox.name).text if mailbox.name else ""
    domain = domains.to_ascii(mailbox.domain) if mailbox.domain else None
    return Mailbox(" ".join(name.split()), mailbox.local, domain, mailbox.raw)
