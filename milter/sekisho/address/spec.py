"""The addr-spec of header fields and SMTP paths: local part, `@`, domain (RFC 5322 section 3.4.1)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from sekisho.address.tokens import Token, TokenKind

MAX_DOMAIN_CHARS = 253

_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_BROKEN = re.compile("[\x00-\x20\x7f-\x9f\ud800-\udfff]")
_UNPAIRED = re.compile(r"[\"()\[\]]")
_NEEDS_QUOTES = re.compile(r"[@<>,;:\s]")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox of an address field.

    `name` is the display name without quotes. `local` is the local part without quotes, case kept. `domain` is the text
    after the `@`, in lower case, without the final dot. `raw` is the addr-spec as written.

    The parser leaves encoded words in `name` and U-labels in `domain`. The message reader replaces both: `name` is
    then decoded, and `domain` is ASCII, or None if it is no domain.
    """

    name: str
    local: str
    domain: str | None
    raw: str

    @property
    def address(self) -> str:
        """`local@domain` to compare and to show; `raw` if there is no valid domain."""
        return f"{self.local}@{self.domain}" if self.domain else self.raw


def read_spec(tokens: list[Token], name: str, problems: list[tuple[str, str]]) -> Mailbox | None:
    """The mailbox of an addr-spec; None if it holds no `@`. Problems are added to `problems` as (code, detail)."""
    raw = "".join(token.raw for token in tokens)
    tokens = _route(_without_comments(tokens, problems), problems)
    cut = max((at for at, token in enumerate(tokens) if token.kind is TokenKind.AT), default=None)
    if cut is None:
        return None
    local = _local(_words(tokens[:cut], raw, problems), problems)
    domain = "".join(token.raw for token in _words(tokens[cut + 1 :][::-1], raw, problems)[::-1])
    if _INVISIBLE.search(raw):
        problems.append(("invisible", raw))
    if "=?" in raw and "?=" in raw:
        problems.append(("encoded_address", raw))
    judge_domain(domain, problems)
    return Mailbox(name, local, domain.lower().removesuffix(".") or None, raw)


def _without_comments(tokens: list[Token], problems: list[tuple[str, str]]) -> list[Token]:
    kept = [token for token in tokens if token.kind is not TokenKind.COMMENT]
    if len(kept) < len(tokens):
        problems.append(("comment", "".join(token.raw for token in tokens)))
    while kept and kept[-1].kind is TokenKind.SPACE:
        kept.pop()
    return kept


def _words(tokens: list[Token], raw: str, problems: list[tuple[str, str]]) -> list[Token]:
    """The last word of the tokens, which is the one beside the `@`. Other words and spaces are reported."""
    spaces = [at for at, token in enumerate(tokens) if token.kind is TokenKind.SPACE]
    if spaces and spaces[-1] == len(tokens) - 1:
        problems.append(("space", raw))
        spaces.pop()
        tokens = tokens[:-1]
    if spaces:
        problems.append(("unparsable", raw))
    return tokens[spaces[-1] + 1 :] if spaces else tokens


def _route(tokens: list[Token], problems: list[tuple[str, str]]) -> list[Token]:
    """The address without an obsolete route: `user@host` of `@relay,@relay:user@host` (RFC 5322 section 4.4)."""
    colon = max((at for at, token in enumerate(tokens) if token.kind is TokenKind.COLON), default=None)
    if colon is None:
        return tokens
    code = "source_route" if tokens[0].kind is TokenKind.AT else "unparsable"
    problems.append((code, "".join(token.raw for token in tokens)))
    return tokens[colon + 1 :]


def _local(tokens: list[Token], problems: list[tuple[str, str]]) -> str:
    text = "".join(token.text for token in tokens).strip()
    raw = "".join(token.raw for token in tokens)
    quoted = any(token.kind is TokenKind.QUOTED for token in tokens)
    if quoted and (_NEEDS_QUOTES.search(text) or len(tokens) > 1):
        problems.append(("quoted_local_at" if "@" in text else "unparsable", raw))
    if any(token.kind is TokenKind.AT for token in tokens):
        problems.append(("bad_domain", raw + "@"))
    elif not text or _BROKEN.search(text) or any(_misplaced(token) for token in tokens):
        problems.append(("unparsable", raw))
    return text


def _misplaced(token: Token) -> bool:
    """True if a token cannot stand in a local part: a special, or an unmatched quote or bracket."""
    if token.kind is TokenKind.ATOM:
        return _UNPAIRED.search(token.raw) is not None
    return token.kind is not TokenKind.QUOTED


def judge_domain(domain: str, problems: list[tuple[str, str]]) -> None:
    """Add the problem of a domain that is an IP address, has no dot, or cannot be a host name."""
    if domain.startswith("[") or _IPV4.fullmatch(domain):
        problems.append(("ip_literal", domain))
        return
    labels = _DOTS.split(domain.lower())
    if labels[-1] == "" and len(labels) > 1:
        labels.pop()
    if len(domain) > MAX_DOMAIN_CHARS or not all(_is_label(label) for label in labels):
        problems.append(("bad_domain", domain))
    elif len(labels) < 2:
        problems.append(("no_dot", domain))


def _is_label(label: str) -> bool:
    if label.isascii():
        return len(label) <= 63 and _LABEL.fullmatch(label) is not None
    return all(char == "-" or unicodedata.category(char)[0] in "LMN" for char in label)
