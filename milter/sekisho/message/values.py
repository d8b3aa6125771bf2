"""Structured values of MIME fields: a token and its parameters (RFC 2045 section 5.1, RFC 2231).

They are read as leniently as in mail programs, since missing quotes, blanks, comments, missing separators and bytes
beyond ASCII are common.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sekisho import charsets
from sekisho.message.model import Problem

MAX_VALUE_CHARS = 16_384
"""Characters of one value that are read."""
_TOKEN = re.compile(r"\s*+\"?([^\s;\"=,(]*)")
# A match begins at the first blank of a run only. From each blank, 16 kB of blanks would take a quarter of a second.
_PARAMETER = re.compile(
    r"(?:;|(?<!\s)\s)\s*+([^\s=;\"]++)\s*+=\s*+(?:\"((?:[^\"\\]++|\\.)*+)(?:\"|\Z)|([^;]*+))", re.DOTALL
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_COMMENT = re.compile(r"\([^()\"]{0,500}+\)")
_MAX_OTHERS = 20
_SECTION = re.compile(r"([^*]++)\*(?:(\d{1,3})(\*?)|)\Z")


@dataclass(frozen=True, slots=True)
class Value:
    """A token and its parameters.

    - `token`: in lower case (`text/html`, `attachment`, `base64`); "" if there is none.
    - `parameters`: by their name in lower case, as written but without quotes. Of repeated ones the first.
    - `others`: repeated parameters with a different value, as (name, value).
    - `unclosed`: the number of quotation marks is odd.
    """

    token: str
    parameters: Mapping[str, str]
    others: tuple[tuple[str, str], ...] = ()
    unclosed: bool = False

    @property
    def _starred(self) -> bool:
        """True if a parameter may be a section of RFC 2231, which is rare."""
        return "*" in "".join(self.parameters)

    def readings(self, name: str) -> tuple[str, ...]:
        """Every value that a program may read for a parameter, the likeliest first.

        They are the first value, the repeated ones, the sections of RFC 2231 joined and decoded, and of each the part
        before an unmatched quotation mark.
        """
        plain = self.parameters.get(name)
        if not self.others and (plain is None or '"' not in plain) and not self._starred:
            return (plain,) if plain else ()
        extended = self._extended(name)
        values = [
            plain,
            *(value for other, value in self.others if other == name),
            self._joined(name) if extended is None else charsets.decode_rfc2231(extended).text,
        ]
        values += [value.partition('"')[0] for value in values if value and '"' in value]
        return tuple(dict.fromkeys(value for value in values if value))

    def get(self, name: str) -> str | None:
        """A parameter for programs, such as boundary or charset, as written; None if there is none."""
        return self.parameters.get(name) or self._joined(name)

    def text(self, name: str) -> tuple[str | None, tuple[Problem, ...]]:
        """A parameter for people, such as a file name, and its problems; None if there is none.

        Sections of RFC 2231 are joined and decoded. If there are none, encoded words of RFC 2047 are decoded: many
        programs send them here, although the RFC forbids it.
        """
        extended = self._extended(name)
        if extended is not None:
            decoded = charsets.decode_rfc2231(extended)
        else:
            plain = self.parameters.get(name) or self._joined(name)
            if plain is None:
                return None, ()
            decoded = charsets.decode_words(plain)
        return decoded.text, tuple(Problem(*problem) for problem in decoded.problems)

    def _sections(self, name: str) -> list[tuple[int, bool, str]]:
        """Number, whether percent-encoded, and text of each section of an RFC 2231 parameter, in order."""
        found: list[tuple[int, bool, str]] = []
        if not self._starred:
            return found
        for key, value in self.parameters.items():
            section = _SECTION.match(key) if "*" in key else None
            if section and section[1] == name:
                found.append((int(section[2] or 0), section[2] is None or bool(section[3]), value))
        return sorted(found, key=lambda each: each[0])

    def _joined(self, name: str) -> str | None:
        sections = self._sections(name)
        return "".join(text for _, _, text in sections) if sections else None

    def _extended(self, name: str) -> str | None:
        """The sections joined to one `charset'language'percent-encoded` text; None if no section is encoded."""
        sections = self._sections(name)
        if not any(encoded for _, encoded, _ in sections):
            return None
        return "".join(text if encoded else text.replace("%", "%25") for _, encoded, text in sections)


_NO_VALUE = Value("", {})


def parse(text: str | None) -> Value:
    """The value of a Content-Type, Content-Disposition or Content-Transfer-Encoding field. Never raises; linear."""
    if not text:
        return _NO_VALUE
    text = text[:MAX_VALUE_CHARS]
    found = _TOKEN.match(text)
    assert found is not None, "the pattern matches the empty text"
    if ";" not in text and "=" not in text:
        return Value(found[1].lower(), {})
    parameters: dict[str, str] = {}
    others: list[tuple[str, str]] = []
    for name, quoted, bare in _PARAMETER.findall(text, found.end()):
        key = name.lower()
        value = _ESCAPE.sub(r"\1", quoted) if quoted else bare.strip()
        readings = [value]
        if key == "boundary" and not quoted and " " in value and "(" not in value:
            readings.append(value.split()[0])  # some programs end a boundary at the blank
        for reading in readings:
            if parameters.setdefault(key, reading) != reading and len(others) < _MAX_OTHERS:
                others.append((key, reading))
    unclosed = text.count('"') % 2 == 1 and "\\" not in text
    return Value(found[1].lower(), parameters, tuple(others), unclosed)


def without_comments(text: str) -> str:
    """The value without RFC 5322 comments. Of nested comments only the innermost is removed."""
    return _COMMENT.sub(" ", text[:MAX_VALUE_CHARS]).strip()
