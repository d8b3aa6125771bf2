"""A command that root gives acts as the user that the daemon runs as.

The daemon cannot write a file that root has made. So every file beside the store is opened and made with the rights of
the owner of the store's directory. A file that the person asked for (an exported message, a backup) belongs to that
person.
"""

from __future__ import annotations

import os
import pwd
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from sekisho import compose
from sekisho.config import Config
from sekisho.plain_errors import of_system
from sekisho.preconditions.account import daemon_account, name_of
from sekisho.private_files import STATE_MODE
from sekisho.store.database import database_file, lock_file, state_directory


@contextmanager
def as_owner(config: Config, *, reading: bool = False) -> Iterator[None]:
    """Within the block root has the rights of the owner of the store's directory. For any other user nothing changes.
    If the owner cannot be known, raises ClickException with the command that helps; a command that is only `reading`
    makes nothing, so it stays root then."""
    owner = None
    if os.geteuid() == 0:
        try:
            owner = _owner(config)
        except click.ClickException:
            if not reading:
                raise
    if owner is None:
        yield
        return
    before = os.getegid(), os.getgroups()
    _become(*owner)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(before[0])
        os.setgroups(before[1])


@contextmanager
def as_caller() -> Iterator[None]:
    """Within `as_owner`: the rights of the person who gave the command."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == os.getuid():
        yield
        return
    os.seteuid(os.getuid())
    os.setegid(os.getgid())
    try:
        yield
    finally:
        os.setegid(gid)
        os.seteuid(uid)


def _owner(config: Config) -> tuple[int, int] | None:
    """The user id and group id that root is to take; None to stay root. Raises ClickException."""
    directory = state_directory(config.store)
    database = database_file(config.store)
    owner = _owner_of(directory)
    where = shlex.quote(str(directory))
    if owner is None:
        if database is None:
            return None
        raise click.ClickException(
            f"{directory} is not there: {_for_daemon(directory, f'install -d -o {{user}} -m {STATE_MODE} {where}')}"
        )
    if owner[0]:
        return owner
    made = [each for each in _made_by_daemon(config, database) if each.exists()]
    if not made:
        raise click.ClickException(
            f"{directory} belongs to root, and what root makes there the daemon may not be able to write. Start the "
            f"daemon first, or give the directory to its user: {_for_daemon(directory, f'chown {{user}}: {where}')}"
        )
    if other := next((each for each in made if each.stat().st_uid), None):
        name = name_of(other.stat().st_uid)
        user = name.removeprefix("#")  # a number, where it has no name
        raise click.ClickException(f"{other} belongs to {name}, its directory to root: chown {user}: {where}")
    return None


def _for_daemon(directory: Path, command: str) -> str:
    """The command with the daemon's user in the place of `{user}`; with a word for it if this machine does not know."""
    account = daemon_account(directory)
    typed = command.format(user=account.name if account.uid else "USER")
    return typed if account.uid else f"{typed} (USER: the user that the daemon runs as)"


def _made_by_daemon(config: Config, database: Path | None) -> tuple[Path, ...]:
    switch = compose.switch_file(config)
    return (switch,) if database is None else (database, lock_file(database), switch)


def _owner_of(directory: Path) -> tuple[int, int] | None:
    try:
        found = directory.stat()
    except OSError:
        return None
    return found.st_uid, found.st_gid


def _become(uid: int, gid: int) -> None:
    try:
        try:
            os.setgroups(os.getgrouplist(pwd.getpwuid(uid).pw_name, gid))
        except KeyError:
            os.setgroups([gid])
        os.setegid(gid)
        os.seteuid(uid)
    except OSError as error:
        raise click.ClickException(f"cannot act as user {name_of(uid)}: {of_system(error)}") from error
