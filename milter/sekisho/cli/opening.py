"""How a command opens the store, and who gives the command."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager

import click

from sekisho import compose
from sekisho.cli.owner import as_owner
from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.ports import DamagedError, ErasedError, StoreUnavailable
from sekisho.release import UnclearRequestError
from sekisho.review import AgesUnknownError, NoSuchEntryError, NoSuchRecipientError, Review
from sekisho.store.database import SchemaError, database_file, never_made, revision_of
from sekisho.store.lists import ListStore, Stored
from sekisho.store.quarantine import Quarantine
from sekisho.text import printable


def who() -> str:
    """Who gives the command: the account's name; under sudo `hanako as root`."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    behind = os.environ.get("SUDO_USER", "")
    return printable(f"{behind} as {name}" if behind else name, 100)


class NeverMadeError(click.ClickException):
    """There is no quarantine yet, so nothing was ever held. What only lists or counts has nothing to list, then."""


@contextmanager
def opened(config: Config, *, reading: bool = False) -> Iterator[Quarantine]:
    """The store as configured, opened with the rights of the daemon's user. It is never created here. A command that is
    only `reading` does without the daemon's user if nobody knows it. Raises NeverMadeError, and ClickException with the
    reason if it cannot be used."""
    if never_made(config.store):
        file = database_file(config.store)
        if file is not None and not file.parent.is_dir():
            raise click.ClickException(f"{file.parent}: there is no such directory, which store.url names")
        raise NeverMadeError(
            f"{file}: there is no quarantine yet, so nothing is held; the daemon makes it as soon as it enforces, "
            "and `sekisho list add` makes it, too"
        )
    with as_owner(config, reading=reading):
        try:
            revision_of(config.store)  # a migration would wait a minute for a locked database
            quarantine = Quarantine.open(config.store, SystemClock())
        except (StoreUnavailable, SchemaError) as error:
            raise click.ClickException(str(error)) from error
        try:
            yield quarantine
        except (StoreUnavailable, DamagedError, ErasedError) as error:
            raise click.ClickException(str(error)) from error
        finally:
            quarantine.close()


@contextmanager
def reviewing(config: Config, *, reading: bool = False) -> Iterator[Review]:
    """The service for held mail on the store as configured (`reading`: as of `opened`). Raises NeverMadeError,
    ClickException for what it refuses, and UsageError if it is unclear which copy is to go where."""
    with opened(config, reading=reading) as quarantine:
        try:
            yield compose.review(config, quarantine)
        except NoSuchEntryError as error:
            raise click.ClickException(str(error)) from error
        except NoSuchRecipientError as error:
            raise click.UsageError(f"--rcpt: {error}") from error
        except UnclearRequestError as error:
            raise click.UsageError(str(error)) from error
        except AgesUnknownError as error:
            raise click.ClickException(
                f"{error}. Ages mean nothing by such a clock: set it right, then `sekisho store retention --resume`"
            ) from error


@contextmanager
def lists_of(config: Config, *, reading: bool = False) -> Iterator[ListStore]:
    """The lists of the store as configured, opened with the rights of the daemon's user (`reading`: as of `opened`).
    Raises ClickException if the store cannot be used."""
    try:
        with as_owner(config, reading=reading):
            revision_of(config.store)  # as above
            store = ListStore.open(config.store, SystemClock())
            try:
                yield store
            finally:
                store.close()
    except (StoreUnavailable, SchemaError) as error:
        raise click.ClickException(str(error)) from error


def stored_entries(config: Config) -> tuple[int, tuple[Stored, ...]]:
    """The version of the lists and their entries; 0 and none if nothing was ever stored: no database is made. Raises
    ClickException if the store cannot be used."""
    if never_made(config.store):
        return 0, ()
    with lists_of(config, reading=True) as store:
        return store.entries()
