"""Everything that the daemon needs before it can serve. Each row of the table is one thing that it opens or makes.

Nothing is made here. If a file does not exist yet, its directory is examined: may a file be made there? What a restart
may solve (a port in use, a database that is starting) is no fault of the configuration, and is not examined.
"""

from __future__ import annotations

import errno
import grp
import os
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sekisho import compose
from sekisho.brands import BrandOptions
from sekisho.clock import SystemClock
from sekisho.config import Config, ConfigError
from sekisho.guard import Switch, SwitchError
from sekisho.judging.listen import unix_path
from sekisho.metrics.options import endpoint
from sekisho.plain_errors import of_number, of_system
from sekisho.preconditions.account import Account, as_account, name_of
from sekisho.privacy import Privacy
from sekisho.private_files import SecretError, SecretMissingError, read_password, read_secret
from sekisho.smtp.options import host_and_port
from sekisho.store.database import database_file, state_directory
from sekisho.store.database.postgresql import CREDENTIALS, password_path
from sekisho.vocabulary import VocabularyOptions

Fault = tuple[str, str]
"""The option, and what is wrong with its value."""


@dataclass(frozen=True, slots=True)
class Needs:
    """A configuration, and the directories that the service manager makes before the daemon starts."""

    config: Config
    made: tuple[Path, ...] = ()

    def unwritable(self, directory: Path) -> str | None:
        """Why no file can be made in the directory; None if one can."""
        if directory in self.made and not os.path.lexists(directory):
            return None
        try:
            if not stat.S_ISDIR(directory.stat().st_mode):
                return of_number(errno.ENOTDIR)
        except OSError as error:
            return of_system(error)
        allowed = os.access(directory, os.W_OK | os.X_OK, effective_ids=True)
        return None if allowed else of_number(errno.EACCES)

    def file(self, key: str, path: Path, *, reading: bool = False, plain: bool = False) -> Iterator[Fault]:
        """Faults of a file that the daemon opens for writing, and makes if it does not exist. `reading`: it also reads
        it. `plain`: the file must not be a symbolic link."""
        try:
            found = path.lstat() if plain else path.stat()
        except FileNotFoundError:
            if reason := self.unwritable(path.parent):
                yield key, f"{path}: {reason}"
            return
        except OSError as error:
            yield key, f"{path}: {of_system(error)}"
            return
        wanted = os.W_OK | (os.R_OK if reading else 0)
        if stat.S_ISDIR(found.st_mode):
            yield key, f"{path}: {of_number(errno.EISDIR)}"
        elif plain and stat.S_ISLNK(found.st_mode):
            yield key, f"{path}: {of_number(errno.ELOOP)}"
        elif not os.access(path, wanted, effective_ids=True):
            yield key, f"{path}: {of_number(errno.EACCES)}"


def faults(
    path: Path | None, config: Config, *, made: tuple[Path, ...] = (), bound: bool = False, smtp: bool = False
) -> tuple[str, ...]:
    """Every fault, each with file and key, as this process's user finds it. `made`: directories that the service
    manager will make. `bound`: the daemon is running, so its socket is not examined; neither are log and metrics,
    because their failure must not stop a reload. `smtp`: the daemon has the SMTP door, not the milter."""
    needs = Needs(config, made)
    where = f"{path}: " if path else ""
    doors = (_next_hop, _smtp_socket) if smtp else (_socket,)
    running = (_socket, _smtp_socket, _log, _metrics, _metrics_port)
    rows = [row for row in (*_ROWS, *doors) if not (bound and row in running)]
    return tuple(f"{where}{key}: {reason}" for row in rows for key, reason in row(needs))


def checked(path: Path | None, account: Account) -> tuple[str, ...]:
    """All faults of the configuration file, of what it names, and of what the daemon needs, as that account finds
    them. Raises OSError."""
    return as_account(account, lambda: _loaded(path, account.made))


def _loaded(path: Path | None, made: tuple[Path, ...]) -> tuple[str, ...]:
    try:
        config, _ = compose.load(path)
    except ConfigError as error:
        return error.errors
    smtp = faults(path, config, made=made, smtp=True) if config.smtp.next_hop else ()
    return tuple(dict.fromkeys((*faults(path, config, made=made), *smtp)))


def _log(needs: Needs) -> Iterator[Fault]:
    """A log daemon that is not there yet is waited for."""
    if needs.config.log.file is not None:
        yield from needs.file("log.target", needs.config.log.file)


def _key(needs: Needs) -> Iterator[Fault]:
    try:
        Privacy(needs.config.journal, SystemClock())
    except SecretError as error:
        yield "journal.key_file", str(error)


def _rollout(needs: Needs) -> Iterator[Fault]:
    """The secret of the roll-out is made if it is missing or too short. If it exists, we must be able to read it, and
    no other user may."""
    if needs.config.journal.key_file is not None or not compose.draws(needs.config):
        return
    try:
        read_secret(compose.secret_file(needs.config))
    except SecretMissingError:
        return
    except SecretError as error:
        yield "policy.rollout", str(error)


def _overlay(needs: Needs) -> Iterator[Fault]:
    """The default directory need not exist; one that the operator configured must."""
    brands, words = needs.config.brands.overlay, needs.config.vocabulary.overlay
    named = (
        ("brands.overlay", brands, BrandOptions().overlay),
        ("vocabulary.overlay", words, VocabularyOptions().overlay),
    )
    for key, folder, usual in named:
        if folder is not None and folder != usual and not os.path.exists(folder):
            yield key, f"{folder}: {of_number(errno.ENOENT)}"


def _metrics(needs: Needs) -> Iterator[Fault]:
    """A missing directory is made, with those above it."""
    directory = needs.config.metrics.directory
    if any(directory.is_relative_to(each) and not os.path.lexists(each) for each in needs.made):
        return
    above = next((each for each in (directory, *directory.parents) if os.path.exists(each)), directory)
    if reason := needs.unwritable(above):
        yield "metrics.directory", f"{above}: {reason}"
        return
    for each in sorted(directory.glob("*.*")) if above == directory else ():
        if each.suffix in (".db", ".lock") and not os.access(each, os.R_OK | os.W_OK, effective_ids=True):
            yield "metrics.directory", f"{each}: {of_number(errno.EACCES)}"


def _metrics_port(needs: Needs) -> Iterator[Fault]:
    """The address of the metrics must be one of this machine. A port that is in use is no fault: it is tried again."""
    host, port = endpoint(needs.config.metrics.listen)
    if reason := _unbindable(socket.AF_INET6 if ":" in host else socket.AF_INET, host, port):
        yield "metrics.listen", f"{needs.config.metrics.listen}: {reason}"


def _state(needs: Needs) -> Iterator[Fault]:
    """The directory of the database, with the guard's file, the failures and the lists."""
    directory = state_directory(needs.config.store)
    if reason := needs.unwritable(directory):
        yield "store.url", f"{directory}: {reason}"
        return
    yield from _guard(needs, compose.switch_file(needs.config))
    failures = needs.config.wire.failure_memory
    key = "store.url" if failures is None else "wire.failure_memory"
    yield from needs.file(key, Path(failures or compose.failure_file(needs.config)), reading=True, plain=True)


def _root(needs: Needs) -> Iterator[Fault]:
    """As root, the daemon would make files in another user's directory, and that user could not write to them later."""
    directory = state_directory(needs.config.store)
    if os.geteuid() != 0 or not directory.exists() or not (owner := directory.stat().st_uid):
        return
    name = name_of(owner)
    yield (
        "store.url",
        f"{directory} belongs to {name}, and what root makes there {name} cannot write: "
        f"runuser -u {name} -- sekisho serve",
    )


def _guard(needs: Needs, file: Path) -> Iterator[Fault]:
    if not os.path.lexists(file):
        return
    wrong = list(needs.file("store.url", file, reading=True, plain=True))
    try:
        if not wrong and file.stat().st_size:
            Switch(file).close()
    except SwitchError as error:
        wrong = [("store.url", f"the guard's file beside it: {error}")]
    yield from wrong


def _database(needs: Needs) -> Iterator[Fault]:
    """An SQLite file must be readable and writable. The driver of a server's database was tested at loading."""
    file = database_file(needs.config.store)
    if file is None:
        return
    for each in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
        if os.path.exists(each):
            yield from needs.file("store.url", each, reading=True)


def _password(needs: Needs) -> Iterator[Fault]:
    """The file with the password of a server's database. A credential is there for the unit only, so elsewhere it is
    not looked for."""
    file = password_path(needs.config.store)
    if file is None or database_file(needs.config.store) is not None:
        return
    if needs.config.store.password_file != file and CREDENTIALS not in os.environ:
        return
    try:
        read_password(file)
    except SecretError as error:
        yield "store.password_file", str(error)


def _socket(needs: Needs) -> Iterator[Fault]:
    if "LISTEN_FDS" in os.environ:  # systemd has opened it
        return
    path = unix_path(needs.config.wire)
    if path is None:
        yield from _inet("wire.socket", needs.config.wire.socket)
    else:
        yield from _group(needs.config.wire.socket_group)
        yield from _unix(needs, path)


def _group(name: str | None) -> Iterator[Fault]:
    """Only a member of a group may give a file to it (chown(2))."""
    if name is None:
        return
    try:
        group = grp.getgrnam(name).gr_gid
    except KeyError:
        yield "wire.socket_group", f"no group {name!r} on this machine"
        return
    if os.geteuid() != 0 and group not in (os.getegid(), *os.getgroups()):
        yield "wire.socket_group", f"the daemon's user is not in the group {name!r}"


def _unix(needs: Needs, path: Path) -> Iterator[Fault]:
    if reason := needs.unwritable(path.parent):
        yield "wire.socket", f"{path.parent}: {reason}"
    elif os.path.lexists(path) and not stat.S_ISSOCK(path.lstat().st_mode):
        yield "wire.socket", f"{path}: exists and is not a socket"
    elif os.path.lexists(path) and not os.access(path, os.W_OK, effective_ids=True):
        yield "wire.socket", f"{path}: {of_number(errno.EACCES)}"


def _inet(key: str, place: str) -> Iterator[Fault]:
    """The address must be one of this machine."""
    kind, _, rest = place.partition(":")
    port, _, host = rest.partition("@")
    if reason := _unbindable(socket.AF_INET6 if kind == "inet6" else socket.AF_INET, host, int(port)):
        yield key, f"{place}: {reason}"


def _unbindable(family: socket.AddressFamily, host: str, port: int) -> str | None:
    """Why nobody can listen at an address; None if we can. It is tested with port 0, so that a running daemon does not
    disturb."""
    try:
        found = socket.getaddrinfo(host or None, 0, family, socket.SOCK_STREAM, 0, socket.AI_PASSIVE)
        with socket.socket(family) as probe:
            probe.bind(found[0][4])
    except OSError as error:
        return of_system(error)
    if os.geteuid() != 0 and 0 < port < _first_free_port():
        return f"a port below {_first_free_port()} is for root alone"
    return None


def _next_hop(needs: Needs) -> Iterator[Fault]:
    if not needs.config.smtp.next_hop:
        yield (
            "smtp.next_hop",
            "the SMTP door needs it: the host and port of the MTA behind it, as 127.0.0.1:10025",
        )


def _smtp_socket(needs: Needs) -> Iterator[Fault]:
    host, port = host_and_port(needs.config.smtp.listen)
    yield from _inet("smtp.listen", f"{'inet6' if ':' in host else 'inet'}:{port}@{host}")


def _first_free_port() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text("ascii"))
    except (OSError, ValueError):
        return 1024


_ROWS: tuple[Callable[[Needs], Iterator[Fault]], ...] = (
    _log,
    _key,
    _rollout,
    _overlay,
    _metrics,
    _metrics_port,
    _root,
    _state,
    _database,
    _password,
)
