"""Structured field values of MIME: a token and its parameters (RFC 2045 5.1, RFC 2231), as leniently as mail
programs read them: missing quotes, blanks, comments, separators and bytes beyond ASCII are all daily mail."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sekisho import charsets
from sekisho.message.model import Problem

LONGEST = 16_384
"""Characters of one value that are read."""
_TOKEN = re.compile(r"\s*+\"?([^\s;\"=,(]*)")
# A run of blanks is tried from its first one only: from each of them, 16 kB of blanks cost a quarter of a second.
_PARAMETER = re.compile(
    r"(?:;|(?<!\s)\s)\s*+([^\s=;\"]++)\s*+=\s*+(?:\"((?:[^\"\\]++|\\.)*+)(?:\"|\Z)|([^;]*+))", re.DOTALL
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_COMMENT = re.compile(r"\([^()\"]{0,500}+\)")
_MOST_OTHERS = 20
_SECTION = re.compile(r"([^*]++)\*(?:(\d{1,3})(\*?)|)\Z")


@dataclass(frozen=True, slots=True)
class Value:
    """`token` in lower case (`text/html`, `attachment`, `base64`; "" if there is none); parameters by
    lower-case name, as written except for quotes; of repeated ones the first. `others` are the repeated ones
    that say something else, as (name, value)."""

    token: str
    parameters: Mapping[str, str]
    others: tuple[tuple[str, str], ...] = ()

    @property
    def _starred(self) -> bool:
        """True if a parameter may be a section of RFC 2231, which most mail never sends."""
        return "*" in "".join(self.parameters)

    @property
    def repeated(self) -> tuple[str, ...]:
        """The names of the parameters that contradict each other."""
        return tuple(name for name, _ in self.others)

    def readings(self, name: str) -> tuple[str, ...]:
        """Every value that a program may take a parameter for: the first, the repeated ones, the sections of
        RFC 2231 put together, those decoded, and what stands before a stray quotation mark."""
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
        """A parameter that is not text for people (boundary, charset …)."""
        return self.parameters.get(name) or self._joined(name)

    def text(self, name: str) -> tuple[str | None, tuple[Problem, ...]]:
        """A parameter for people: RFC 2231 joined and decoded, else the RFC 2047 words that many send."""
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
        """The sections as one `charset'language'percent-encoded` text; None if none is encoded."""
        sections = self._sections(name)
        if not any(encoded for _, encoded, _ in sections):
            return None
        return "".join(text if encoded else text.replace("%", "%25") for _, encoded, text in sections)


_NOTHING = Value("", {})


def parse(text: str | None) -> Value:
    """Read a Content-Type, Content-Disposition or Content-Transfer-Encoding value. Never raises; linear."""
    if not text:
        return _NOTHING
    text = text[:LONGEST]
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
            readings.append(value.split()[0])  # some programs end it at the blank
        for reading in readings:
            if parameters.setdefault(key, reading) != reading and len(others) < _MOST_OTHERS:
                others.append((key, reading))
    return Value(found[1].lower(), parameters, tuple(others))


def without_comments(text: str) -> str:
    """The value without RFC 5322 comments, for programs that know them; nested ones only from the inside."""
    return _COMMENT.sub(" ", text[:LONGEST]).strip()
