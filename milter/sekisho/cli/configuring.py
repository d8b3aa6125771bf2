"""`sekisho config check | show | set`: what would keep the daemon from starting, what is in force, and a change of one
option.
"""

from __future__ import annotations

import math
import os
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from sekisho import preconditions
from sekisho.cli import toml_edit
from sekisho.cli.describe import toml
from sekisho.cli.options import DEFAULT_PATH
from sekisho.cli.output import say, shown, write, write_document
from sekisho.clock import SystemClock
from sekisho.config import Config, ConfigError, groups, load
from sekisho.data_files import ContentError, UnreadableError, parse_toml, read_bytes, text_of
from sekisho.directory import TableError, types
from sekisho.options import takes_effect
from sekisho.plain_errors import BARE_KEY, of_system
from sekisho.policy import configured_doubts
from sekisho.preconditions import Account
from sekisho.store.database import state_directory
from sekisho.store.lists import snapshot
from sekisho.store.lists.snapshot import FOREIGN_LISTS

MAY_HOLD_PASSWORD = ("store", "url")  # which is an error, and never repeated
_NO_FILE = f"{DEFAULT_PATH} is not there, the defaults hold"


def account_of(config: Config, user: str | None) -> Account:
    """The daemon's account. Raises UsageError if this machine has no user of that name."""
    try:
        return preconditions.daemon_account(state_directory(config.store), user)
    except KeyError:
        raise click.UsageError(f"--user: there is no user {user!r} on this machine") from None


def check(path: Path | None, user: str | None) -> None:
    """Print that the configuration is good, and for which user. Raises ConfigError with every error, and
    ClickException if the files cannot be read as that user."""
    account = account_of(_readable(path), user)
    try:
        faults = preconditions.checked(path, account)
    except OSError as error:
        raise click.ClickException(f"as user {account.name}: {of_system(error)}") from error
    if faults:
        if account.uid != os.geteuid():
            say(f"as user {account.name} ({account.why}):", err=True)
        raise ConfigError(faults if path else tuple(f"{_NO_FILE}: {each}" for each in faults))
    say(f"configuration: {path or _NO_FILE}: ok for user {account.name} ({account.why})")
    for doubt in _doubts(load(path)):
        say(f"warning: {f'{path}: ' if path else ''}{doubt}", err=True)


def _doubts(config: Config) -> Iterator[str]:
    """What works, and is probably not meant. It keeps nothing from starting."""
    for name, doubt in configured_doubts(config.lists, SystemClock().now().timestamp()):
        yield f"lists.{name}: {doubt}"
    if other := snapshot.foreign(config.store):
        yield f"store.url: {FOREIGN_LISTS.format(entries=other[1], store=other[0])}"
    if config.directory.used:
        try:
            types(config.directory.postfix_directory)
        except TableError as error:
            yield f"directory.postfix_directory: Postfix does not say which types of tables it has: {error}"


def _readable(path: Path | None) -> Config:
    """As much of the configuration as can be read. It is enough to find the daemon's user."""
    try:
        return load(path)
    except ConfigError as error:
        return error.rest or Config()


def show(config: Config, style: str) -> None:
    """Print the configuration as a file would have it, or as JSON."""
    if style == "json":
        write_document(config.model_dump_json(indent=2))
    else:
        write("\n".join(_file_lines(config.model_dump(mode="json"))) + "\n")


def _file_lines(values: dict[str, Any]) -> Iterator[str]:
    """The lines of a file with these values: the single options, and then a table for each group."""
    tables = {name: value for name, value in values.items() if isinstance(value, dict)}
    yield from (f"{name} = {toml(value)}" for name, value in values.items() if name not in tables)
    for name, table in tables.items():
        if name == "recipients":
            for entry, options in table.items():
                said = {key: value for key, value in options.items() if value is not None}
                yield from ("", f"[recipients.{toml(entry)}]", *_rows(said))
        else:
            yield from ("", f"[{name}]", *_rows(table))


def _rows(table: dict[str, Any]) -> Iterator[str]:
    return (
        f"{key if BARE_KEY.fullmatch(key) else toml(key)} = {toml(value)}" for key, value in table.items()
    )


def set_option(path: Path, key: str, value: str) -> None:
    """Set one option in the file, which is replaced as a whole or left as it is. Raises ConfigError with what would be
    wrong, or ClickException."""
    try:
        text = text_of(read_bytes(path)) if os.path.lexists(path) else None
        before = parse_toml(text or "")
    except UnreadableError as error:
        raise click.ClickException(str(error)) from error
    except ContentError as error:
        raise click.ClickException(f"{path}: {error}") from error
    for part, typed in (("key", key), ("value", value)):
        if not typed.isascii() and typed != typed.encode("utf-8", "replace").decode("utf-8"):
            raise click.ClickException(f"the {part} {shown(typed)} is not text in UTF-8")
    wrong: ConfigError | None = None
    for meant in _meanings(value):
        try:
            option = toml_edit.path_of(key)
            _replace(path, toml_edit.edited(text or "", option, meant))
        except toml_edit.EditError as error:
            raise click.ClickException(f"{path}: {key}: {error}") from error
        except ConfigError as error:
            wrong = wrong or error
            continue
        except OSError as error:
            raise click.ClickException(f"{path}: {of_system(error)}") from error
        old = None if option == MAY_HOLD_PASSWORD else toml_edit.value_at(before, option)
        note = " (a new file)" if text is None else "" if old is None else f" (was {toml(old)})"
        say(f"{path}: {key} = {toml(meant)}{note}", _in_force_after(option))
        return
    assert wrong is not None
    raise wrong


def _in_force_after(option: tuple[str, ...]) -> str:
    """The command that puts a change of the option in force."""
    models = {name: model for name, _, model in groups()}
    group = models.get(option[0]) if len(option) > 1 else None
    fields = (group or models[""]).model_fields
    names = (name for name in option[bool(group) :] if name in fields)
    effect = takes_effect(fields[next(names)])
    return f"in force after: systemctl {effect} sekisho-milter"


def _meanings(value: str) -> Iterator[Any]:
    """What the typed value may mean: TOML, if it can be read as such, then plain text."""
    with suppress(ValueError, RecursionError):
        found = tomllib.loads(f"x = {value}")
        if found.keys() == {"x"} and not (isinstance(found["x"], float) and not math.isfinite(found["x"])):
            yield found["x"]
    yield value


def _replace(path: Path, text: str) -> None:
    """Replace the file by the text, with the same owner and mode. Raises ConfigError, and changes nothing, if the text
    is not a good configuration."""
    path = Path(os.path.realpath(path))  # the target of a link is replaced, the link stays
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
            old = path.stat() if path.exists() else None
            os.fchmod(stream.fileno(), old.st_mode & 0o7777 if old else 0o640)
            where = old or path.parent.stat()
            if (where.st_uid, where.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(stream.fileno(), old.st_uid if old else -1, where.st_gid)
        try:
            load(Path(name))
        except ConfigError as error:
            raise ConfigError(tuple(each.replace(name, str(path), 1) for each in error.errors)) from error
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
