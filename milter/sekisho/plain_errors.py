"""Errors of the operating system and of libraries in plain words, one function for each kind.

Every text that a person reads about a file, an option or an address comes from here: no words of a library and no error
number reach a person. A text is a reason, without the name of the file and without a full stop. What stands behind
its colon says how to mend it. The errors of databases are in `store/database/reasons.py`.
"""

from __future__ import annotations

import difflib
import errno
import json
import os
import pwd
import re
from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

MAX_SHOWN_CHARS = 80  # of a wrong value
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
UNKNOWN_KEY = "extra_forbidden"
_URL_USER = re.compile(r"://[^/@\s:]*+:")
_PASSWORD = re.compile(r"(password=)[^&\s'\"]*", re.IGNORECASE)
_TOML_PLACE = re.compile(r"\(at (line \d+, column \d+|end of document)\)$")
_NESTED = "is nested too deeply"

_MENDS = MappingProxyType(
    {
        errno.EISDIR: "a file is needed",
        errno.ENOTDIR: "a directory is needed there",
        errno.EEXIST: "name one that does not exist yet",
        errno.ENOSPC: "make room",
        errno.EDQUOT: "make room",
        errno.EMFILE: "raise the limit of open files",
        errno.ENFILE: "raise the limit of open files",
        errno.EADDRINUSE: "end the program that has it, or choose another",
        errno.EADDRNOTAVAIL: "choose an address of this machine",
        errno.ECONNREFUSED: "nothing listens there",
        errno.ELOOP: "a file is needed that is no symbolic link",
        errno.ENAMETOOLONG: "choose a shorter one",
    }
)
"""What helps, by the error of the operating system."""

_TOML = (
    ("Expected '=' after a key", "a key needs `=` and a value"),
    ("Invalid statement", "a line must be `key = value`, `[table]` or `# comment`"),
    ("Invalid value", "a text must stand in quotes"),
    ("Illegal character '\\n'", "a text must end with a quote on its line"),
    ("Unterminated string", "a text must end with a quote"),
    ('Expected "\'"', "a text must end with a quote"),
    ("Illegal character", "a control character must not stand there"),
    ("Found invalid character", "a control character must not stand there"),
    ("Unclosed array", "a list must end with `]`"),
    ("Unclosed inline table", "an inline table must end with `}`"),
    ("Expected newline or end of document", "the value ends there, and only a comment may follow"),
    ("Unescaped '\\'", "write a backslash twice, or the text in single quotes"),
    ("Cannot overwrite a value", "the key stands in the file twice"),
    ("Duplicate inline table key", "the key stands there twice"),
    ("Cannot declare", "the table stands in the file twice"),
    ("Cannot redefine", "the table stands in the file twice"),
    ("Cannot mutate", "the key stands in the file twice"),
    ("Invalid initial character for a key", "a key has letters, digits, `-` and `_`, or stands in quotes"),
    ("Expected ']'", "a table's name must end with `]`"),
    ("Invalid date", "there is no such day or time"),
    ("Invalid hex", "the code of a character is wrong"),
    ("Escaped character", "the code of a character is wrong"),
)
"""What a message of the parser begins with, and the same in words that say what to do."""

_TYPES = MappingProxyType(
    {
        "missing": "is missing",
        UNKNOWN_KEY: "there is no such key",
        "string_type": "must be a text in quotes",
        "int_type": "must be a whole number",
        "int_parsing": "must be a whole number",
        "int_parsing_size": "must be a smaller number",
        "int_from_float": "must be a whole number",
        "float_type": "must be a number",
        "float_parsing": "must be a number",
        "finite_number": "must be a number with an end",
        "bool_type": "must be true or false",
        "bool_parsing": "must be true or false",
        "tuple_type": "must be a list",
        "list_type": "must be a list",
        "dict_type": "must be a table of keys",
        "mapping_type": "must be a table of keys",
        "model_type": "must be a table of keys",
        "model_attributes_type": "must be a table of keys",
        "enum": "must be {expected}",
        "literal_error": "must be {expected}",
        "greater_than": "must be above {gt}",
        "greater_than_equal": "must be at least {ge}",
        "less_than": "must be below {lt}",
        "less_than_equal": "must be at most {le}",
        "string_too_long": "must have at most {max_length} characters",
        "string_too_short": "must have at least {min_length} characters",
        "too_long": "must have at most {max_length} entries",
        "too_short": "must have at least {min_length} entries",
        "string_pattern_mismatch": "must have the form {pattern} (a regular expression)",
        "path_type": "must be a path in quotes",
        "ip_any_address": "must be an IP address",
        "none_required": "must be left out",
        "timezone_aware": "must have a time zone, as +09:00",
    }
)
"""What is said for each type of pydantic's errors; the names in braces are from the error's context."""


def of_system(error: OSError | ValueError) -> str:
    """Why a file or an address cannot be used: the operating system's own words, and what helps. (A ValueError comes
    from a name that no file can have.)"""
    if isinstance(error, UnicodeError) or not isinstance(error, OSError):
        return "is not a name that a file can have"
    if isinstance(error, TimeoutError) and error.errno is None:
        return "no answer in time"
    return of_number(error.errno, error.strerror)


def of_number(number: int | None, words: str | None = None) -> str:
    """The same for an error number of the operating system (errno(3)); `words` are those that came with it."""
    if number in (errno.EACCES, errno.EPERM):
        return f"{os.strerror(number)}: user {own_user()} needs the right to it"
    plain = words or (os.strerror(number) if number else "cannot be used")
    mend = _MENDS.get(number or 0)
    return f"{plain}: {mend}" if mend else plain


def own_user() -> str:
    """The user whose rights count."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def of_encoding(error: UnicodeDecodeError) -> str:
    """Why bytes are not text."""
    return f"is not UTF-8 at byte {error.start}: save it in that encoding"


def of_toml(error: ValueError | RecursionError) -> str:
    """Why a text is not TOML, and where."""
    if isinstance(error, RecursionError):
        return _NESTED
    found = _TOML_PLACE.search(str(error))
    if found is None:
        return "is not TOML: a number has too many digits"
    words = next((mend for begin, mend in _TOML if str(error).startswith(begin)), "the line is not complete")
    return f"is not TOML at {found[1].replace('document', 'the file')}: {words}"


def of_json(error: ValueError | RecursionError) -> str:
    """Why a text is not JSON, and where."""
    if isinstance(error, RecursionError):
        return _NESTED
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON at line {error.lineno}, column {error.colno}"
    return "is not JSON: a number has too many digits"


class Wrong(NamedTuple):
    """One wrong value: its place in the table, the type of the error, and the reason."""

    loc: tuple[int | str, ...]
    type: str
    reason: str

    @property
    def key(self) -> str:
        """The place as it is written in TOML; empty for the whole table."""
        return dotted(self.loc)

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}" if self.key else self.reason


def of_model(error: ValidationError, model: type[BaseModel] | None = None) -> Iterator[Wrong]:
    """Every wrong value of a table. With its `model`, an unknown key gets a suggestion. A password is not repeated."""
    for each in error.errors(include_url=False):
        kind, loc = each["type"], each["loc"]
        if kind == UNKNOWN_KEY:
            near = "" if model is None else did_you_mean(str(loc[-1]), keys_at(model, loc[:-1]))
            yield Wrong(loc, kind, _TYPES[kind] + near)
            continue
        said = _said(kind, each["msg"], each.get("ctx", {}))
        # A wrong `url` is not shown: a password may stand in it in any form.
        repeated = kind == "missing" or loc[-1:] == ("url",) or repr(each["input"]) in said
        yield Wrong(loc, kind, said if repeated else said + _shown(each["input"]))


def _said(kind: str, message: str, context: dict[str, Any]) -> str:
    """The reason without the value. A text of a validator of ours is what the library calls a value error."""
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    shown = {name: f"{each:g}" if isinstance(each, float) else each for name, each in context.items()}
    return _TYPES.get(kind, "is not valid").format_map(shown)


def dotted(loc: Iterable[int | str]) -> str:
    """The key as it is written in TOML: `recipients."example.jp".tag`, `lists.block[2]` (from 0)."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part != "[key]":  # pydantic's mark for an invalid key
            text += "." + (part if BARE_KEY.fullmatch(part) else json.dumps(part, ensure_ascii=False))
    return text.removeprefix(".")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a reason that names the nearest of the known names; empty if none is near."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]}?" if near else ""


def keys_at(model: type[BaseModel], loc: Iterable[int | str]) -> list[str]:
    """The keys of the table at a place below a model; empty if there is no model for it."""
    for part in loc:
        field = model.model_fields.get(str(part))
        if field is None:  # an index of a list, or a name of the person's own: the same model
            continue
        inner = next((each for each in _parts(field.annotation) if hasattr(each, "model_fields")), None)
        if inner is None:
            return []
        model = inner
    return list(model.model_fields)


def _parts(kind: Any) -> Iterator[Any]:
    yield kind
    for each in get_args(kind):
        yield from _parts(each)


def _shown(value: object) -> str:
    if isinstance(value, (dict, list, tuple)):
        return ""
    text = _without_password(repr(value))  # errors are logged
    return f" (is {text if len(text) <= MAX_SHOWN_CHARS else text[:MAX_SHOWN_CHARS] + '…'})"


def _without_password(text: str) -> str:
    """The text without the password of a URL: what is between the user and the last `@`, or behind `password=`."""
    before, _, behind = text.rpartition("@")
    user = _URL_USER.search(before)
    return _PASSWORD.sub(r"\1***", f"{before[: user.end()]}***@{behind}" if user else text)
