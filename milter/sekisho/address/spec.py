"""The addr-spec: local part, `@`, domain (RFC 5322 3.4.1), as header fields and SMTP paths share it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from sekisho.address.tokens import Token, TokenKind

MAX_DOMAIN = 253

_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_DOTS = re.compile("[.\u3002\uff0e\uff61]")
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u2060-\u2065\u206a-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff]"
)
_BROKEN = re.compile("[\x00-\x20\x7f-\x9f\ud800-\udfff]")
_UNPAIRED = re.compile(r"[\"()\[\]]")
_TELLING = re.compile(r"[@<>,;:\s]")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox as a field names it.

    `name` is the display name: unquoted but still encoded from the parser, decoded once the message reader
    has replaced it. `local` is the local part without quotes, case kept. `domain` is the text after the `@`,
    lower case, without final dot, U-labels and A-labels as written; the message reader replaces it by the
    ASCII form, or None when it is not a domain. `raw` is the addr-spec as written.
    """

    name: str
    local: str
    domain: str | None
    raw: str

    @property
    def address(self) -> str:
        """`local@domain` for comparing and showing; the raw text where there is no valid domain."""
        return f"{self.local}@{self.domain}" if self.domain else self.raw


def read_spec(tokens: list[Token], name: str, problems: list[tuple[str, str]]) -> Mailbox | None:
    """The mailbox that the tokens of an addr-spec name, or None where there is no `@` at all."""
    raw = "".join(token.raw for token in tokens)
    tokens = _route(_without_comments(tokens, problems), problems)
    cut = max((at for at, token in enumerate(tokens) if token.kind is TokenKind.AT), default=None)
    if cut is None:
        return None
    local = _local(_words(tokens[:cut], raw, problems), problems)
    domain = "".join(token.raw for token in _words(tokens[cut + 1 :][::-1], raw, problems)[::-1])
    if _UNSEEN.search(raw):
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
    """What touches the `@`, which is the end of the list, when words stand beside the address."""
    spaces = [at for at, token in enumerate(tokens) if token.kind is TokenKind.SPACE]
    if spaces and spaces[-1] == len(tokens) - 1:
        problems.append(("space", raw))
        spaces.pop()
        tokens = tokens[:-1]
    if spaces:
        problems.append(("unparsable", raw))
    return tokens[spaces[-1] + 1 :] if spaces else tokens


def _route(tokens: list[Token], problems: list[tuple[str, str]]) -> list[Token]:
    """`@relay,@relay:user@host` is obsolete; what follows the last colon is the address (RFC 5322 4.4)."""
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
    if quoted and (_TELLING.search(text) or len(tokens) > 1):
        problems.append(("quoted_local_at" if "@" in text else "unparsable", raw))
    if any(token.kind is TokenKind.AT for token in tokens):
        problems.append(("bad_domain", raw + "@"))
    elif not text or _BROKEN.search(text) or any(_misplaced(token) for token in tokens):
        problems.append(("unparsable", raw))
    return text


def _misplaced(token: Token) -> bool:
    """True for what cannot stand in a local part: a special, a quote or bracket that pairs with nothing."""
    if token.kind is TokenKind.ATOM:
        return _UNPAIRED.search(token.raw) is not None
    return token.kind is not TokenKind.QUOTED


def judge_domain(domain: str, problems: list[tuple[str, str]]) -> None:
    """Report a domain that is an address, has no dot, or cannot be a host name."""
    if domain.startswith("[") or _IPV4.fullmatch(domain):
        problems.append(("ip_literal", domain))
        return
    labels = _DOTS.split(domain.lower())
    if labels[-1] == "" and len(labels) > 1:
        labels.pop()
    if len(domain) > MAX_DOMAIN or not all(_is_label(label) for label in labels):
        problems.append(("bad_domain", domain))
    elif len(labels) < 2:
        problems.append(("no_dot", domain))


def _is_label(label: str) -> bool:
    if label.isascii():
        return len(label) <= 63 and _LABEL.fullmatch(label) is not None
    return all(char == "-" or unicodedata.category(char)[0] in "LMN" for char in label)
