"""Address fields: the mailboxes that they name, and what mail programs may read differently.

RFC 5322 section 3.4 (addresses) and 4.4 (obsolete forms), RFC 6532 (UTF-8). The parser accepts much as a mailbox, and
reports everything that is ambiguous: a caller gets one author, or a problem. Dots may stand anywhere in a local part,
since Japanese carriers issued addresses such as `a..b@` and `x.@` for years.

Problem codes. They are stable, and callers put their family before them (`author.no_dot`): `several_addresses`
`no_address` `encoded_address` `source_route` `text_after_address` `quoted_local_at` `nul` `control` `bidi` `invisible`
`no_dot` `ip_literal` `group` `comment` `backslash` `several_brackets` `too_long` `unparsable` `bad_domain`,
`comma` (an unquoted comma or semicolon in a name), `quote` (a quotation mark that is never closed, in a field with more
than one `@`: closed at another place, it would give another author), `space` (inside an address), `raw_jis` (raw
ISO-2022-JP with bytes that look like specials).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from itertools import takewhile

from sekisho.address.spec import MAX_DOMAIN_CHARS, Mailbox, read_spec
from sekisho.address.tokens import Lexer, Token, TokenKind

MAX_DETAIL_CHARS = 200

_CONTROL = re.compile(
    "[\x01-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]|\r(?!\n)|\n(?![ \t])|\x1b(?!\\$[@B]|\\([BJ])"
)
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u2060-\u2064\u3164\ufeff\uffa0]"
)
_WORD = re.compile(r"=\?[^?\s]{1,64}\?([bBqQ])\?([^?]*)\?=")
_ADDRESS = re.compile(r"[A-Za-z0-9]@[A-Za-z0-9-]{1,63}\.[A-Za-z]")
_BRACKET = re.compile(r"[)\[\]]")
_FOLD = re.compile(r"[\r\n\t ]+")
# Most fields hold one mailbox and nothing odd. This pattern reads them in one step, with the result of `_parsed`.
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ORDINARY = re.compile(
    r"\s*+(?:\"([\s!#-\[\]-~]*+)\"|([\s!#-'*+\--9=?A-Z\[\]^-~]*+))\s*+"
    rf"<(([A-Za-z0-9_+.-]++)@((?:{_LABEL}\.)+(?![0-9]){_LABEL}))>\s*\Z",
    re.ASCII,
)

Problems = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class AddressList:
    """The mailboxes of a field in order, and (code, detail) for each problem. Details are hostile text."""

    mailboxes: tuple[Mailbox, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()


def parse(value: str, limit: int = 4096) -> AddressList:
    """The mailboxes of an address field. Never raises; linear in `limit`.

    `value` is the text after the colon, still folded, decoded as UTF-8 with surrogate escapes. Its first `limit`
    characters are read. Each problem code is reported once, with the first detail.
    """
    return _ordinary(value, limit) or _parsed(value, limit)


def _ordinary(value: str, limit: int) -> AddressList | None:
    found = _ORDINARY.match(value) if len(value) <= limit else None
    if found is None or len(found[5]) > MAX_DOMAIN_CHARS:
        return None
    if not value.isprintable() and _CONTROL.search(value):  # a line end that is no folding
        return None
    quoted, phrase, spec, local, domain = found.groups()
    name = " ".join((phrase if quoted is None else quoted).split())
    return AddressList((Mailbox(name, local, domain.lower(), spec),))


def _parsed(value: str, limit: int) -> AddressList:
    problems: Problems = []
    if len(value) > limit:
        problems.append(("too_long", str(len(value))))
        value = value[:limit]
    _characters(value, problems)
    lexer = Lexer(value.strip())
    chunks = _chunks(lexer.tokens(), problems)
    problems += lexer.odd
    mailboxes = _mailboxes(chunks, problems)
    if len(mailboxes) > 1:
        problems.append(("several_addresses", ", ".join(each.raw for each in mailboxes[:5])))
    return AddressList(tuple(mailboxes), _once(problems))


def _once(problems: Problems) -> tuple[tuple[str, str], ...]:
    seen: dict[str, str] = {}
    for code, detail in problems:
        seen.setdefault(code, detail[:MAX_DETAIL_CHARS])
    return tuple(seen.items())


def _characters(value: str, problems: Problems) -> None:
    """Report characters that no honest address field holds."""
    if value.isascii() and value.isprintable():
        return
    if "\0" in value:
        problems.append(("nul", ""))
    for code, pattern in (("control", _CONTROL), ("bidi", _BIDI), ("invisible", _INVISIBLE)):
        if match := pattern.search(value):
            problems.append((code, f"U+{ord(match[0][0]):04X}"))


def _chunks(tokens: list[Token], problems: Problems) -> list[list[Token]]:
    """The tokens between top-level commas and semicolons. Group names are removed and reported."""
    last_close = max((at for at, token in enumerate(tokens) if token.kind is TokenKind.CLOSE), default=-1)
    chunks: list[list[Token]] = [[]]
    inside = False
    for at, token in enumerate(tokens):
        if inside:
            inside = token.kind is not TokenKind.CLOSE
            chunks[-1].append(token)
        elif token.kind in {TokenKind.COMMA, TokenKind.SEMICOLON}:
            chunks.append([])
        elif token.kind is TokenKind.COLON:
            problems.append(("group", _raw(chunks[-1])))
            chunks[-1] = []
        else:
            inside = token.kind is TokenKind.OPEN and at < last_close
            chunks[-1].append(token)
    return [chunk for chunk in map(_without_outer_spaces, chunks) if chunk]


def _without_outer_spaces(tokens: list[Token]) -> list[Token]:
    start, end = 0, len(tokens)
    while start < end and tokens[start].kind is TokenKind.SPACE:
        start += 1
    while end > start and tokens[end - 1].kind is TokenKind.SPACE:
        end -= 1
    return tokens[start:end]


def _raw(tokens: list[Token]) -> str:
    return "".join(token.raw for token in tokens)


def _mailboxes(chunks: list[list[Token]], problems: Problems) -> list[Mailbox]:
    """A mailbox for each chunk that holds one. A chunk without an address belongs to the name of the next mailbox: an
    unquoted comma has cut the name in two."""
    found: list[Mailbox] = []
    waiting: list[Token] = []
    for chunk in chunks:
        if not any(token.kind in {TokenKind.AT, TokenKind.OPEN} for token in chunk):
            waiting += [*chunk, Token(TokenKind.ATOM, ", ", ", ")]
            continue
        mailbox = _bracketed(waiting, chunk, problems) if _has_open(chunk) else _bare(chunk, problems)
        if waiting:
            problems.append(("comma", _raw(waiting).rstrip(", ")))
            waiting = []
        found += [mailbox] if mailbox else []
    if waiting and found:
        problems.append(("comma", _raw(waiting).rstrip(", ")))
    if not found:
        problems.append(_missing(_raw(waiting).rstrip(", ")))
    return found


def _has_open(chunk: list[Token]) -> bool:
    return any(token.kind is TokenKind.OPEN for token in chunk)


def _missing(text: str) -> tuple[str, str]:
    """The problem of a field without a mailbox. An address inside an encoded word is `encoded_address`."""
    for word in _WORD.finditer(text):
        if b"@" in _decoded(word[1], word[2]):
            return "encoded_address", text
    return "no_address", text


def _decoded(coding: str, text: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    if coding in "qQ":
        return binascii.a2b_qp(data, header=True)
    try:
        return base64.b64decode(data + b"==")
    except ValueError:
        return b""


def _bracketed(before: list[Token], chunk: list[Token], problems: Problems) -> Mailbox | None:
    """`phrase <addr-spec> rest`."""
    phrase = list(takewhile(lambda token: token.kind is not TokenKind.OPEN, chunk))
    rest = chunk[len(phrase) + 1 :]
    inner = list(takewhile(lambda token: token.kind not in {TokenKind.CLOSE, TokenKind.OPEN}, rest))
    after = rest[len(inner) + 1 :]
    if any(token.kind is TokenKind.OPEN for token in rest[len(inner) : len(inner) + 1]):
        problems.append(("several_brackets", _raw(chunk)))
        return _mailbox(before + phrase, _innermost(rest), [], problems)
    if len(inner) == len(rest):
        problems.append(("unparsable", _raw(chunk)))
    return _mailbox(before + phrase, inner, after, problems)


def _innermost(rest: list[Token]) -> list[Token]:
    """The tokens from the last opening bracket to the closing one after it."""
    last = max(at for at, token in enumerate(rest) if token.kind is TokenKind.OPEN)
    return list(takewhile(lambda token: token.kind is not TokenKind.CLOSE, rest[last + 1 :]))


def _mailbox(name: list[Token], inner: list[Token], after: list[Token], problems: Problems) -> Mailbox | None:
    words = [token for token in after if token.kind not in {TokenKind.SPACE, TokenKind.COMMENT}]
    if any(token.kind is TokenKind.OPEN for token in words):
        problems.append(("several_brackets", _raw(after)))
    elif words:
        problems.append(("text_after_address", _raw(after)))
    if any(token.kind is TokenKind.CLOSE for token in name):
        problems.append(("unparsable", _raw(name)))
    if any(token.kind is TokenKind.QUOTED and _ADDRESS.search(token.text) for token in name) and any(
        token.kind is TokenKind.ATOM and _BRACKET.search(token.raw) for token in name
    ):
        problems.append(("comment", _raw(name)))  # some programs end the name at an unmatched bracket
    mailbox = read_spec(_without_outer_spaces(inner), _name(name) or _comment_text(after), problems)
    if any(token.kind is TokenKind.AT for token in name):
        _address_in_name(name, mailbox, problems)
    return mailbox


def _address_in_name(name: list[Token], mailbox: Mailbox | None, problems: Problems) -> None:
    """Report an unquoted address in front of the bracket, unless it is the address in the bracket."""
    shown = _raw(name).strip().strip("'").lower()
    inside = mailbox.raw if mailbox else ""
    if shown != inside.lower():
        problems.append(("several_addresses", f"{shown} {inside}"))


def _name(tokens: list[Token]) -> str:
    """The phrase without quotes. Comments stay, since programs show them."""
    text = "".join(token.raw if token.kind is TokenKind.COMMENT else token.text for token in tokens)
    return _FOLD.sub(" ", text).strip()


def _comment_text(tokens: list[Token]) -> str:
    return _FOLD.sub(" ", " ".join(token.text for token in tokens if token.kind is TokenKind.COMMENT)).strip()


def _bare(chunk: list[Token], problems: Problems) -> Mailbox | None:
    """The mailbox of `addr-spec (name)`: the name is the comment before or after the address."""
    start = next((at for at, token in enumerate(chunk) if token.kind not in _SKIPPED), len(chunk))
    end = next((at for at in range(len(chunk), start, -1) if chunk[at - 1].kind not in _SKIPPED), start)
    name = _comment_text(chunk[:start]) or _comment_text(chunk[end:])
    if any(token.kind is TokenKind.CLOSE for token in chunk):
        problems.append(("unparsable", _raw(chunk)))
    return read_spec(chunk[start:end], name, problems)


_SKIPPED = frozenset({TokenKind.SPACE, TokenKind.COMMENT})
