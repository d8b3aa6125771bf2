"""The lexical tokens of an address field (RFC 5322 section 3.2), in one pass and linear time.

Nothing is rejected. A quotation mark or parenthesis that is never closed is an ordinary character, as in most mail
programs. If programs differ here, that is reported.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple


class TokenKind(StrEnum):
    """The kinds of token. A special character is a kind of its own."""

    SPACE = "space"
    ATOM = "atom"
    QUOTED = "quoted"
    COMMENT = "comment"
    OPEN = "<"
    CLOSE = ">"
    AT = "@"
    COMMA = ","
    SEMICOLON = ";"
    COLON = ":"


class Token(NamedTuple):
    """`text` is the token without quotes, parentheses and escapes. `raw` is the token as written."""

    kind: TokenKind
    text: str
    raw: str


# In Shift_JIS, GBK and Big5 the second byte of a character can be @ [ \ or ]. After a byte that is not UTF-8
# (a surrogate escape), such a character belongs to the text.
_RAW = "\udc80-\udcff"
_ATOM = re.compile(rf"(?:[{_RAW}][@\[\\\]]?|[^\s\"()<>@,;:\\\x1b])+")
_SPACE = re.compile(r"\s+")
_QUOTED = re.compile(r'"((?:[^"\\]+|\\.)*+)"', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_LITERAL = re.compile(r"\[[^\[\]\s@<>]*\]")
_COMMENT_MARK = re.compile(r"\\.|[()]", re.DOTALL)
# Raw ISO-2022-JP, from programs that do not know encoded words.
_JIS = re.compile(r"\x1b\$[@B][!-~\s]*(?:\x1b\([BJ]|\Z)")
_SPECIAL = frozenset("<>@,;:")
_ADDRESS_LIKE = re.compile(r"[<>@]")


class Lexer:
    """Splits one field into tokens. `odd` collects (code, detail) for what mail programs read differently."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.odd: list[tuple[str, str]] = []
        self._quotes = True
        self._comments = True

    def tokens(self) -> list[Token]:
        """All tokens. Their `raw` texts joined give the value again."""
        found: list[Token] = []
        at = 0
        while at < len(self.value):
            after_at = bool(found) and found[-1].kind is TokenKind.AT
            token = self._next(at, after_at)
            found.append(token)
            at += len(token.raw)
        return found

    def _next(self, at: int, after_at: bool) -> Token:
        char = self.value[at]
        if char in _SPECIAL:
            return Token(TokenKind(char), char, char)
        if after_at and char == "[" and (literal := _LITERAL.match(self.value, at)):
            return Token(TokenKind.ATOM, literal[0], literal[0])
        if match := _ATOM.match(self.value, at):
            return Token(TokenKind.ATOM, match[0], match[0])
        if match := _SPACE.match(self.value, at):
            return Token(TokenKind.SPACE, " ", match[0])
        if char == '"':
            return self._quoted(at)
        return self._comment(at) if char == "(" else self._stray(at)

    def _quoted(self, at: int) -> Token:
        match = _QUOTED.match(self.value, at) if self._quotes else None
        if match is None:
            if self._quotes and self.value.count("@") > 1:
                self.odd.append(("quote", self.value[at : at + 80]))
            self._quotes = False  # no later quotation mark is closed either
            return Token(TokenKind.ATOM, '"', '"')
        text = match[1]
        if "\\" in text:
            if _ADDRESS_LIKE.search(text):
                self.odd.append(("backslash", match[0]))
            text = _ESCAPE.sub(r"\1", text)
        return Token(TokenKind.QUOTED, text, match[0])

    def _comment(self, at: int) -> Token:
        end = self._comment_end(at) if self._comments else None
        if end is None:
            if self._comments:
                self.odd.append(("comment", self.value[at : at + 80]))
            self._comments = False
            return Token(TokenKind.ATOM, "(", "(")
        raw = self.value[at:end]
        if _ADDRESS_LIKE.search(raw):
            self.odd.append(("comment", raw))
        return Token(TokenKind.COMMENT, _ESCAPE.sub(r"\1", raw[1:-1]), raw)

    def _comment_end(self, at: int) -> int | None:
        depth = 0
        for mark in _COMMENT_MARK.finditer(self.value, at):
            depth += {"(": 1, ")": -1}.get(mark[0], 0)
            if depth == 0:
                return mark.end()
        return None

    def _stray(self, at: int) -> Token:
        """The token of a backslash or an escape sequence outside quotes, or of an unmatched closing parenthesis."""
        if match := _JIS.match(self.value, at):
            if any(char in _SPECIAL or char in '"()' for char in match[0][3:-3]):
                self.odd.append(("raw_jis", match[0]))
            return Token(TokenKind.ATOM, match[0], match[0])
        char = self.value[at]
        if char != "\\":
            return Token(TokenKind.ATOM, char, char)
        raw = self.value[at : at + 2]
        self.odd.append(("backslash", raw))
        return Token(TokenKind.ATOM, raw[1:] or char, raw)
