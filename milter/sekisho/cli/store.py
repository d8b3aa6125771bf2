"""`sekisho store check | backup | restore | copy`."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path

import click
from pydantic import ValidationError

from sekisho import compose
from sekisho.cli import output
from sekisho.cli.owner import as_caller, as_owner
from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.plain_errors import of_system
from sekisho.ports import StoreUnavailable
from sekisho.preconditions.account import name_of
from sekisho.private_files import STATE_MODE, SecretError, read_password
from sekisho.store.copying import CopyError, copy_store
from sekisho.store.database import (
    BackupError,
    SchemaError,
    StoreFlaw,
    StoreOptions,
    backup,
    database_file,
    database_url,
    never_made,
    restore,
    state_directory,
    store_name,
)
from sekisho.store.database.postgresql import password_path
from sekisho.store.quarantine import count_entries, examine_store


def check(config: Config, style: str) -> int:
    """Print what is wrong with the store. Returns the exit status: 1 if anything is, else 0. Nothing is wrong with a
    store that was never made."""
    unmade = never_made(config.store)
    flaws: tuple[StoreFlaw, ...] = ()
    if not unmade:
        with as_owner(config, reading=True):
            flaws = examine_store(config.store)
    if style == "json":
        rows = [{"code": each.code, "text": each.text} for each in flaws]
        output.write_json({"ok": not flaws, "store": config.store.url, "flaws": rows})
        return 1 if flaws else 0
    for each in flaws:
        output.say(f"{each.code}: {each.text}")
    if not flaws:
        output.say(f"{config.store.url}: {'nothing was ever stored' if unmade else 'nothing is wrong'}")
    return 1 if flaws else 0


def write_backup(config: Config, target: Path) -> None:
    """Write a backup to `target`, a new file. Raises ClickException."""
    password, url = _for_postgresql(config)
    _sqlite_only(config, f"{password}pg_dump --format=custom --file={shlex.quote(str(target))} {url}")
    target = target.absolute()
    try:
        # In a directory of the daemon's user, that user may replace files by links: root must not write there.
        with as_owner(config) if _is_owners(config, target.parent) else nullcontext():
            backup(config.store, target, lambda: as_owner(config))
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    output.say(f"{target}: {target.stat().st_size} bytes, read through and on the disk")


def _is_owners(config: Config, directory: Path) -> bool:
    """True if the directory belongs to the owner of the store. Raises ClickException."""
    try:
        owner = directory.stat().st_uid
    except OSError as error:
        raise click.ClickException(f"{directory}: {of_system(error)}") from error
    with as_owner(config):
        return owner == os.geteuid()


def restore_backup(config: Config, source: Path) -> None:
    """Put a backup in the place of the store. Raises ClickException."""
    password, url = _for_postgresql(config)
    _sqlite_only(
        config,
        "systemctl stop sekisho-milter",
        f"{password}pg_restore --clean --if-exists --single-transaction --exit-on-error "
        f"--dbname={url} {shlex.quote(str(source))}",
        "systemctl start sekisho-milter",
    )
    file = database_file(config.store)
    if file is not None and os.path.realpath(file) == os.path.realpath(source):
        raise click.ClickException(f"{source}: is the store itself: name a backup")
    with as_owner(config), ExitStack() as opened:
        with as_caller():
            try:
                data = opened.enter_context(source.open("rb"))
                beside = source.with_name(f"{source.name}-wal")
                log = opened.enter_context(beside.open("rb")) if beside.exists() else None
            except OSError as error:
                raise click.ClickException(f"{source}: {of_system(error)}") from error
        try:
            kept = restore(config.store, data, log, SystemClock().now())
            messages = count_entries(config.store)
        except (BackupError, StoreUnavailable) as error:
            raise click.ClickException(str(error)) from error
    output.say(f"{file}: {messages} messages, from {source}")
    if kept is not None:
        output.say(f"the database before it is kept as {kept}")


def copy_to(config: Config, source: str, target: str, secret: Path | None) -> int:
    """Copy one store into another. Returns the exit status: 1 if a message was damaged already, else 0. Raises
    ClickException, and UsageError for what names no store."""
    typed = secret and secret.absolute()  # a relative one in the configuration is a credential of systemd
    used = typed or config.store.password_file
    old, new = (_named(name, place, used) for name, place in (("FROM", source), ("TO", target)))
    with _as_owner_of(old, new, config):
        try:
            if typed:
                read_password(typed)  # whether or not a store needs it
            done = copy_store(old, new)
        except SecretError as error:
            raise click.ClickException(f"--password-file: {error}") from error
        except (CopyError, StoreUnavailable, SchemaError) as error:
            # a store that was typed is mended there, not in the configuration
            raise click.ClickException(str(error).replace("store.url", "FROM or TO")) from error
        left = _left_beside(old, new)
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in done.rows.items())
    output.say(f"{store_name(old)} to {store_name(new)}: {counts}; read again and equal")
    output.say(f"next: sekisho config set store.url {shlex.quote(new.url)}")
    if left:
        words = shlex.join(("cp", "-a", *map(str, left), str(state_directory(new))))
        output.say(
            f"the state of the guard and the secret of the roll-out are files beside the store: {words}"
        )
    for digest in done.damaged:
        output.say(f"damaged already, and copied as it is: content {digest}", err=True)
    return 1 if done.damaged else 0


@contextmanager
def _as_owner_of(old: StoreOptions, new: StoreOptions, config: Config) -> Iterator[None]:
    """Within the block root has the rights of the owner of the old store, if that is a file, else of the new one, else
    of the configured one. Raises ClickException if files may not be made beside either."""
    file = database_file(old)
    if file is not None and not file.exists():
        raise click.ClickException(f"FROM: {file}: there is no store")
    acting = next((Config(store=each) for each in (old, new) if database_file(each)), config)
    with as_owner(acting):
        for name, options in (("FROM", old), ("TO", new)):
            _refuse_closed(name, options, state_directory(acting.store))
        yield


def _named(name: str, place: str, secret: Path | None) -> StoreOptions:
    """The options of the store at a path or URL. Raises UsageError, which does not repeat a URL."""
    if not place or not place.isprintable():
        wrong = "has characters that cannot be seen" if place else "an empty text"
        raise click.UsageError(f"{name}: {wrong}: name a path or a URL as in store.url")
    file = None if "://" in place else Path(place).absolute()
    try:
        options = StoreOptions(url=place if file is None else f"sqlite:///{file}", password_file=secret)
    except ValidationError as error:
        raise click.UsageError(f"{name}: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None
    if file is not None and database_file(options) != file:
        raise click.UsageError(
            f"{name}: {file}: cannot stand in store.url: name a path without special characters"
        )
    return options


def _refuse_closed(name: str, options: StoreOptions, owned: Path) -> None:
    """Raises ClickException if we may not make files beside a store. `owned`: the directory whose owner we act as."""
    file = database_file(options)
    if file is None or os.access(file.parent, os.W_OK | os.X_OK, effective_ids=True):
        return
    user, where = name_of(os.geteuid()), shlex.quote(str(file.parent))
    typed = user.removeprefix("#")  # a number, where it has no name
    if not file.parent.exists():
        raise click.ClickException(
            f"{name}: {file}: its directory is not there: install -d -o {typed} -m {STATE_MODE} {where}"
        )
    owner = name_of(file.parent.stat().st_uid)
    raise click.ClickException(
        f"{name}: {file}: its directory belongs to {owner}, and {user}, the owner of {owned}, may not write there: "
        f"chown {typed}: {where}"
    )


def _left_beside(old: StoreOptions, new: StoreOptions) -> list[Path]:
    """The files of the daemon beside the old store that are not beside the new one."""
    pairs = (
        (each(Config(store=old)), each(Config(store=new)))
        for each in (compose.switch_file, compose.secret_file, compose.failure_file, compose.policy_file)
    )
    return [here for here, there in pairs if here.exists() and not there.exists()]


def _for_postgresql(config: Config) -> tuple[str, str]:
    """What a command of PostgreSQL gets before its name, so that it reads the password from our file, and the URL."""
    secret = password_path(config.store)
    password = f'PGPASSWORD="$(head -n 1 {shlex.quote(str(secret))})" ' if secret else ""
    url = database_url(config.store.url).set(drivername="postgresql")
    return password, shlex.quote(url.render_as_string(hide_password=True))


def _sqlite_only(config: Config, *commands: str) -> None:
    """For a store in PostgreSQL, which has its own tools, print the `commands` and raise ClickException: nothing was
    done."""
    if database_file(config.store) is None:
        output.say(*commands)
        raise click.ClickException("the store is in PostgreSQL, nothing was done: type what is printed above")
