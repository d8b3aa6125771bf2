"""Writes and parses the Authentication-Results field (RFC 8601), and tells whether a field claims to be ours.

`field` writes one value from results. Of what stood in a message only identifiers that match a strict pattern get into
it. Any other value is left out: some readers believe what stands in quotes. A result that is unknown is not written.

`claims` tells whether a field carries our authserv-id, however it is folded, commented, cased or quoted. `parse` reads
the value of any host.

It cannot see whether a field of another authserv-id is true.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from sekisho.domains import to_ascii
from sekisho.message import Field
from sekisho.results import AuthResult, MethodResult

MAX_VALUE_CHARS = 65_535  # of a field that is read; a longer one never reaches a milter
MAX_HEAD_CHARS = 2_048  # in which the authserv-id of a field must stand
MAX_LINE_CHARS = 78

# What is written of each method, in this order (IANA "Email Authentication Methods").
FIELD_ORDER = ("iprev", "spf", "dkim", "arc", "dmarc")
PROPERTIES = frozenset(
    {
        "policy.iprev",
        "smtp.mailfrom",
        "smtp.helo",
        "header.d",
        "header.s",
        "header.a",
        "header.b",
        "header.from",
        "policy.dmarc",
    }
)
SAFE_VALUE = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252}[A-Za-z0-9_])?\Z")
ADDRESS = re.compile(r"[0-9A-Fa-f:][0-9A-Fa-f.:]{0,43}[0-9A-Fa-f:]\Z")
BASE64 = re.compile(r"[A-Za-z0-9+/]{1,16}={0,2}\Z")
REASON = re.compile(r"[A-Za-z0-9 ,.'_-]{1,100}\Z")
TOKEN = re.compile(r"[!#$%&'*+.^_`{|}~A-Za-z0-9-]+\Z")


def field(authserv_id: str, results: Iterable[MethodResult], user: str | None = None) -> str:
    """The value of our Authentication-Results field, folded with LF and a space (RFC 8601 section 2.2).

    `user` is the SASL login of the client (RFC 8601 section 2.7.4). The value is `authserv_id; none` when nothing is
    known. Every line stays under 78 octets unless a single property is longer (a domain name has at most 253), never
    near the 998 of RFC 5322.
    """
    known = tuple(results)
    ordered = (result for method in FIELD_ORDER for result in known if result.method == method)
    parts = [part for result in ordered if (part := _part(result))]
    if user and SAFE_VALUE.match(user):
        parts.insert(0, ["auth=pass", f"smtp.auth={_value(user)}"])
    if not parts:
        return f"{_id(authserv_id)}; none"
    return _folded(_id(authserv_id), parts)


def _id(authserv_id: str) -> str:
    return authserv_id if TOKEN.match(authserv_id) else _quoted(authserv_id)


def _quoted(text: str) -> str:
    """A quoted-string of printable ASCII; any other character becomes a question mark."""
    shown = "".join(char if " " <= char <= "~" else "?" for char in text)
    return '"' + shown.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _part(result: MethodResult) -> list[str]:
    """The words of one result; none at all for what is unknown."""
    if result.result is AuthResult.UNKNOWN:
        return []
    words = [f"{result.method}={result.result}"]
    if result.recorded:
        words.append("(recorded)")
    if result.reason and REASON.match(result.reason):
        words.append(f'reason="{result.reason}"')
    words += [
        f"{name}={_value(value)}"
        for name, value in result.properties
        if name in PROPERTIES and _safe(name, value)
    ]
    return words


def _safe(name: str, value: str) -> bool:
    if name == "policy.iprev":
        return ADDRESS.match(value) is not None
    if name == "header.b":
        return BASE64.match(value) is not None
    return SAFE_VALUE.match(value) is not None


def _value(value: str) -> str:
    """A safe value as pvalue: quoted if it holds a character that a token may not have (`:`, `/`, `=`)."""
    return value if TOKEN.match(value) else _quoted(value)


def _folded(head: str, parts: list[list[str]]) -> str:
    """The results on lines of their own, long ones broken between their words."""
    lines = [f"{head};"]
    for place, words in enumerate(parts):
        end = ";" if place < len(parts) - 1 else ""
        line = " ".join(words) + end
        if len(line) < MAX_LINE_CHARS:
            lines.append(line)
            continue
        line = ""
        for word in [*words[:-1], words[-1] + end]:
            if line and len(line) + len(word) + 2 > MAX_LINE_CHARS:
                lines.append(line)
                line = f" {word}"
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return "\n ".join(line.strip() for line in lines)


def claims(field: Field, authserv_id: str) -> bool | None:
    """True if a field has our authserv-id, None if its authserv-id is unclear.

    None: it names nobody, or what it names is no host, of which a lenient reader may make ours (`=?utf-8?q?mx…?=`,
    `mx.example.jp/1`, `<mx.example.jp>`)."""
    claimed = claimed_id(field.value.decode("utf-8", "replace"))
    if claimed is None:
        return None
    name = comparable(claimed)
    if name == comparable(authserv_id):
        return True
    return False if _HOST.fullmatch(name) else None


def comparable(authserv_id: str) -> str:
    """An authserv-id in the form in which two are compared. A U-label is its A-label, and what IDNA leaves out or maps
    (soft hyphens, full width) is no difference."""
    name = authserv_id.strip().rstrip(".").lower()
    return name if name.isascii() else to_ascii(name) or name


def claimed_id(value: str) -> str | None:
    """The authserv-id at the head of a field; None when there is none, or none within a sane distance."""
    tokens = _tokens(value[:MAX_HEAD_CHARS])
    first = next(tokens, None)
    if first is None or first == ";":
        return None
    # `a . b` and `"a".b` are read as one name by lenient readers, so they are joined here
    words = [first]
    for word in tokens:
        if word == ";" or not (word.startswith(".") or words[-1].endswith(".")):
            return "".join(words)
        words.append(word)
    return "".join(words) if len(value) <= MAX_HEAD_CHARS else None


@dataclass(frozen=True, slots=True)
class ReadResult:
    """One result of a field: method and result in lower case, `ptype.property` pairs in order."""

    method: str
    result: str
    reason: str = ""
    properties: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """The first property of that name; None if there is none."""
        return next((value for key, value in self.properties if key == name), None)


@dataclass(frozen=True, slots=True)
class Parsed:
    """An Authentication-Results value, or what follows `i=N;` in ARC's."""

    authserv_id: str
    version: str = "1"
    results: tuple[ReadResult, ...] = ()


def parse(value: str) -> Parsed | None:
    """Read a value of RFC 8601 section 2.2; None when it is none. Comments are dropped. Never raises."""
    sections = list(_sections(_tokens(value[:MAX_VALUE_CHARS])))
    if not sections or not sections[0]:
        return None
    head = sections[0]
    version = head[1] if len(head) > 1 else "1"
    if len(head) > 2 or not version.isdigit() or version != "1":
        return None
    results = []
    for words in sections[1:]:
        if not words or [word.lower() for word in words] == ["none"]:
            continue
        result = _read_result(words)
        if result is None:
            return None
        results.append(result)
    return Parsed(head[0], version, tuple(results))


def _sections(tokens: Iterable[str]) -> Iterator[list[str]]:
    words: list[str] = []
    for word in tokens:
        if word == ";":
            yield words
            words = []
        else:
            words.append(word)
    yield words


def _read_result(words: list[str]) -> ReadResult | None:
    """`method [/ version] = result [reason = value] (ptype . property = value)*`"""
    pairs = _pairs(words)
    if not pairs:
        return None
    method, word = pairs[0]
    rest = pairs[1:]
    reason = next((value for name, value in rest if name == "reason"), "")
    properties = tuple((name, value) for name, value in rest if name != "reason")
    return ReadResult(method.partition("/")[0], word.lower(), reason, properties)


def _pairs(words: list[str]) -> list[tuple[str, str]] | None:
    """The words around each `=`; blanks around `.` and `/` of a name, and around `@` of a value, are taken
    out. None for anything that is no pair."""
    joined = _joined(words)
    if len(joined) % 3:
        return None
    triples = [(joined[at], joined[at + 1], joined[at + 2]) for at in range(0, len(joined), 3)]
    if any(equals != "=" or "=" in (name, value) for name, equals, value in triples):
        return None
    return [(name.lower(), value) for name, _, value in triples]


def _joined(words: list[str]) -> list[str]:
    out: list[str] = []
    for word, after in zip_longest(words, words[1:], fillvalue=""):
        named = after == "=" and out[-2:-1] == ["="]  # a name follows a value: a dot ends the value
        if out and not named and _glued(out[-1], word):
            out[-1] += word
        else:
            out.append(word)
    return out


def _glued(before: str, word: str) -> bool:
    """True if two words are one: beside a dot, slash or @ that was not quoted. A quoted local part has its @
    behind it (`"a b"@example.jp`)."""
    if not before or "=" in (before, word) or isinstance(word, _Quoted):
        return False
    if isinstance(before, _Quoted):
        return word[:1] == "@"
    return before[-1] in "./@" or word[:1] in "./@"


class _Quoted(str):
    """The content of a quoted string: its characters are literal."""

    __slots__ = ()


def _tokens(value: str) -> Iterator[str]:
    """Atoms, the content of quoted strings, `=` and `;`; comments (nested, bounded by the value) and blanks
    are skipped. A quote or comment that never closes reaches to the end."""
    at, size = 0, len(value)
    while at < size:
        char = value[at]
        if char in " \t\r\n":
            at += 1
        elif char == "(":
            at = _after_comment(value, at)
        elif char in ";=":
            yield char
            at += 1
        elif char == '"':
            text, at = _quoted_string(value, at + 1)
            yield _Quoted(text)
        else:
            match = ATOM.match(value, at)
            assert match is not None, "every other character can begin an atom"
            yield match[0]
            at = match.end()


_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?")  # that others write: also without a dot
ATOM = re.compile(r'[^ \t\r\n();="]+|.', re.DOTALL)
COMMENT_MARK = re.compile(r"[()]|\\.", re.DOTALL)
QUOTE_MARK = re.compile(r'"|\\.', re.DOTALL)


def _after_comment(value: str, at: int) -> int:
    depth = 0
    for mark in COMMENT_MARK.finditer(value, at):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if depth == 0:
            return mark.end()
    return len(value)


def _quoted_string(value: str, at: int) -> tuple[str, int]:
    """The content from `at` to the closing quote, unescaped and unfolded, and where reading goes on."""
    pieces = []
    for mark in QUOTE_MARK.finditer(value, at):
        pieces.append(value[at : mark.start()])
        at = mark.end()
        if mark[0] == '"':
            return re.sub(r"\r?\n", "", "".join(pieces)), at
        pieces.append(mark[0][1])
    pieces.append(value[at:])
    return "".join(pieces), len(value)
