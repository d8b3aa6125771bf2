"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta
from gettext import gettext as _
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sekisho.config import Config

DEFAULT_PATH = Path("/etc/sekisho/sekisho.toml")
EVER = "ever"  # the span without an end
_AGE = re.compile(r"(\d{1,6})([dhm])")
_SCORES = re.compile(r"(-?\d{1,6}(?:\.\d{1,6})?)?\.\.(-?\d{1,6}(?:\.\d{1,6})?)?")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}

config_option = click.option(
    "--config",
    "path",
    # `readable=False`: a file that cannot be read is reported like every other fault of a configuration
    type=click.Path(path_type=Path, readable=False),
    help=f"Configuration file (default: {DEFAULT_PATH} if it exists).",
)
format_option = click.option(
    "--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True
)
user_option = click.option(
    "--user",
    default=None,
    metavar="NAME",
    help="The daemon's user (default: the unit's, else sekisho, else the owner of the state directory).",
)
without_option = click.option(
    "--without",
    default="",
    metavar="client,auth",
    help="Judge as if the cases did not carry the client's or authentication's facts.",
)


def existing(path: Path | None) -> Path | None:
    """The named file, else the installed one if there is one, else None, which stands for the defaults."""
    if path is not None:
        return path
    try:
        return DEFAULT_PATH if DEFAULT_PATH.is_file() else None
    except OSError:  # without the right to look, reading fails with a message; defaults would hide the file
        return DEFAULT_PATH


def configuration(path: Path | None) -> Config:
    """The configuration of the named file, else of the installed one, else the defaults. Raises ConfigError."""
    from sekisho.config import load  # noqa: PLC0415 - it brings all options: `--help` does without

    return load(existing(path))


def parse_without(text: str) -> frozenset[str]:
    """`client,auth` as a set. Raises UsageError for any other word."""
    words = frozenset(word.strip() for word in text.split(",") if word.strip())
    if unknown := words - {"client", "auth"}:
        raise click.UsageError(f"--without knows client and auth, not {', '.join(sorted(unknown))}")
    return words


def language_of_locale() -> str:
    """`ja` in a Japanese locale, `en` in an English one; `both` where the locale does not say, as with C. As in GNU
    gettext, LANGUAGE may choose another language, but not in C."""
    named = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next(filter(None, named), "")
    if locale.partition(".")[0] in ("", "C", "POSIX"):
        return "both"
    wanted = (re.split("[_.@]", each)[0] for each in (*os.environ.get("LANGUAGE", "").split(":"), locale))
    return next((each for each in wanted if each in ("en", "ja")), "both")


def of_locale(words: tuple[str, str]) -> str:
    """The English or the Japanese one of two texts, as the locale says; where it does not say, the English one."""
    return words[language_of_locale() == "ja"]


class Age(click.ParamType):  # type: ignore[type-arg]
    """`30d`, `12h` or `5m` as a timedelta."""

    name = "age"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The age. Raises BadParameter."""
        if isinstance(value, timedelta):
            return value
        match = _AGE.fullmatch(str(value))
        if match is None:
            self.fail(_("{value!r} is no age such as 30d, 12h or 5m").format(value=value), param, ctx)
        return timedelta(**{_UNITS[match[2]]: int(match[1])})


class Span(click.ParamType):  # type: ignore[type-arg]
    """A time as of `Age`, above zero; `ever` gives None: without an end."""

    name = "span"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta | None:
        """The span, or None for `ever`. Raises BadParameter."""
        if value == EVER:
            return None
        try:
            span = Age().convert(value, param, ctx)
        except (click.BadParameter, OverflowError):
            self.fail(
                _("{value!r} is no time such as 30m, 2h or 1d, and not `ever`").format(value=value),
                param,
                ctx,
            )
        if not span:
            self.fail(_("{value!r} is no time at all").format(value=value), param, ctx)
        return span


class Since(click.ParamType):  # type: ignore[type-arg]
    """A moment: an age before now (`7d`) as a timedelta, or a date or time of RFC 3339 as an aware datetime, by this
    machine's zone if it names none. `cli.moments` makes a moment of both."""

    name = "since"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime | timedelta:
        """The age or the moment. Raises BadParameter."""
        if isinstance(value, (datetime, timedelta)):
            return value
        try:
            if _AGE.fullmatch(str(value)):
                return Age().convert(value, param, ctx)
            return datetime.fromisoformat(str(value)).astimezone()
        except (ValueError, OverflowError):
            self.fail(
                _("{value!r} is no age such as 7d or 12h, and no date such as 2026-11-23").format(
                    value=value
                ),
                param,
                ctx,
            )


class ScoreRange(click.ParamType):  # type: ignore[type-arg]
    """`8..12`, `8..` or `..12` as the bounds, both included; None is no bound."""

    name = "score"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float | None, float | None]:
        """The bounds. Raises BadParameter."""
        if isinstance(value, tuple):
            return value
        match = _SCORES.fullmatch(str(value))
        if match is None:
            self.fail(
                _("{value!r} is no range of scores such as 8..12, 8.. or ..12").format(value=value),
                param,
                ctx,
            )
        lowest, highest = (float(each) if each else None for each in match.groups())
        if lowest is not None and highest is not None and lowest > highest:
            self.fail(_("{value!r}: the first number is above the second").format(value=value), param, ctx)
        return lowest, highest
