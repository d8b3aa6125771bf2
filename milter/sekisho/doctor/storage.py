"""The quarantine: where it is, whether its disk is reliable, how full it is, and what needs an operator."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from sekisho.clock import uptime
from sekisho.config import Config
from sekisho.doctor.commands import Commands, both, systemctl
from sekisho.doctor.model import Diagnosis, error, note, warning
from sekisho.held import State, Wanted
from sekisho.ports import Clock, StoreUnavailable
from sekisho.private_files import STATE_MODE
from sekisho.store.database import SchemaError, database_file, never_made, revision_of, up_to_date
from sekisho.store.database.migrate import known_revisions
from sekisho.store.database.schema import HEAD
from sekisho.store.quarantine import Quarantine
from sekisho.verdict import Mode

MAX_NAMED_MESSAGES = 100  # in one command
MIN_FREE_BYTES = 1_000_000_000
MIN_PURGE_BYTES = 32_000_000
"""Room that `purge` needs: SQLite writes pages to its log, and then to the database, before any is free."""
SET_ASIDE = re.compile(r"\.[0-9]{8}T[0-9]{6}Z(?:-wal|-shm)?")
REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "glusterfs", "ceph"})
STATE_DIRECTORY = Path("/var/lib/sekisho")
VOLATILE = frozenset({"tmpfs", "ramfs"})


def examine(
    config: Config,
    clock: Clock,
    commands: Commands = Commands(),  # noqa: B008 - frozen
) -> Iterator[Diagnosis]:
    """Diagnoses of the store. It is opened if it exists, and never made."""
    file = database_file(config.store)
    if file is not None:
        yield from _place(file, config.mode is Mode.ENFORCE, commands)
        if not file.exists():
            if not never_made(config.store):
                yield error(
                    "store.gone",
                    f"{file} was there and is gone: nothing can be quarantined",
                    "systemctl restart sekisho-milter  # makes an empty one; with a backup: sekisho store restore",
                )
            elif file.parent.is_dir():
                yield note("store.none", f"{file} is not there yet: it is made when something is held")
            return
        yield from _file(file)
    yield from _content(config, clock, commands)


def _place(file: Path, enforcing: bool, commands: Commands) -> Iterator[Diagnosis]:
    directory = file.parent
    if not directory.is_dir():
        yield (error if enforcing else note)(
            "store.directory",
            f"{directory} is not there: nothing can be held",
            both(commands.directory(directory, STATE_MODE), systemctl("restart")),
        )
        return
    kind = file_system(directory)
    if kind in REMOTE:
        yield error(
            "store.remote",
            f"{directory} is on a network file system ({kind}), where SQLite cannot keep what it promises",
            _moved(file, commands),
        )
    elif kind in VOLATILE:
        yield error(
            "store.fleeting",
            f"{directory} is in memory ({kind}): held mail is gone after a restart",
            _moved(file, commands),
        )
    found = os.statvfs(directory)
    free = found.f_bavail * found.f_frsize
    if free < MIN_FREE_BYTES:
        purge = (
            f"{commands.sekisho('quarantine', 'purge', '--older-than', '7d')}   # or give it a larger disk"
        )
        said = f"{free // 1_000_000} MB are free at {directory}"
        if free < MIN_PURGE_BYTES:
            text = f"{said}: mail is deferred, and purge needs room, too. Make room first"
            yield error("store.space", text, both(_room(file), purge))
        else:
            yield warning("store.space", f"{said}: when it is full, mail is deferred", purge)


def _room(file: Path) -> str:
    """The command that makes room on the disk of the store: the databases that were set aside by `store restore` are
    removed, else old logs and packages."""
    aside = sorted(
        each
        for each in file.parent.glob(f"{file.name}.*")
        if SET_ASIDE.fullmatch(each.name[len(file.name) :])
    )
    if aside:
        return shlex.join(("rm", *map(str, aside)))
    return "journalctl --vacuum-size=100M && apt-get clean"


def _moved(file: Path, commands: Commands) -> str:
    """The commands that move the directory of the database: also the guard's file, the lists and the failures."""
    return both(
        systemctl("stop"),
        commands.directory(STATE_DIRECTORY, STATE_MODE),
        f"cp -a {shlex.quote(str(file.parent))}/. {STATE_DIRECTORY}/",
        commands.set("store.url", f"sqlite:///{STATE_DIRECTORY / file.name}"),
        systemctl("start"),
    )


def file_system(directory: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """The type of the file system that a directory is on, such as `ext4`; empty if unknown."""
    real = directory.resolve()
    best, kind = -1, ""
    try:
        lines = mounts.read_text("utf-8", "replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        _, point, found = [*line.split(), "", "", ""][:3]
        point = point.encode().decode("unicode_escape") if "\\" in point else point
        if real.is_relative_to(point or "?") and len(point) >= best:
            best, kind = len(point), found
    return kind


def _file(file: Path) -> Iterator[Diagnosis]:
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o007:
        yield error(
            "store.open",
            f"{file} has mode {mode:04o}: anybody on this machine may read held mail",
            f"chmod o-rwx {shlex.quote(str(file))}*",
        )
    if file.stat().st_uid == 0 and file.parent.stat().st_uid != 0:
        yield error(
            "store.owner",
            f"{file} belongs to root: the daemon may not be able to write to it",
            f"chown --reference={shlex.quote(str(file.parent))} {shlex.quote(str(file))}*",
        )


def _content(config: Config, clock: Clock, commands: Commands) -> Iterator[Diagnosis]:
    try:
        if (found := revision_of(config.store)) != HEAD:
            yield _version(config, found)
            if not up_to_date(config.store):
                return
        quarantine = Quarantine.open(config.store, clock)
    except (StoreUnavailable, SchemaError) as failure:
        mend = _usable(config, failure, commands)
        yield error("store.unavailable", f"the quarantine cannot be used: {failure}", mend)
        return
    try:
        yield from _counts(config, quarantine, commands)
    except StoreUnavailable as failure:
        mend = _usable(config, failure, commands)
        yield error("store.unavailable", f"the quarantine cannot be read: {failure}", mend)
    finally:
        quarantine.close()


def _version(config: Config, found: str | None) -> Diagnosis:
    """Tables of an earlier version become ours at the daemon's next start. Those of a newer one are used if they are
    ours with more, and must not be touched otherwise."""
    if found is None or found in known_revisions():
        text = (
            f"the tables are at version {found or 'none'}, and the daemon's next start brings them to {HEAD}"
        )
        return note("store.version", text)
    if up_to_date(config.store):
        text = (
            f"the tables are at version {found} of a newer sekisho, which has only added to those of {HEAD}"
        )
        return note("store.extended", text)
    file = database_file(config.store)
    backup = "the backup from before the upgrade" if file is None else "sekisho store restore BACKUP"
    return error(
        "store.newer",
        f"the store is of a newer sekisho: its tables are at version {found}, and this program knows them up to {HEAD}",
        f"pip install --upgrade sekisho   # the newer version again; or: {backup}",
    )


def _usable(config: Config, failure: Exception, commands: Commands) -> str:
    """The commands that make the store usable. A damaged file is moved away, so that mail can be held again; its
    content must come from a backup. For a server's database: start the server. Otherwise this user may not use the
    file: try as the daemon's user."""
    file = database_file(config.store)
    if file is None and "password" in str(failure):
        named = commands.set("store.password_file", "/etc/sekisho/store.password")
        return f"{named}   # the first line of that file is the password; only {commands.user} may read it"
    if file is None:
        return "systemctl start postgresql"
    if "DatabaseError" not in str(failure):  # no right to it, no room for it, locked: not the file's fault
        return f"sudo -u {commands.user} {commands.sekisho('doctor')}"
    aside = file.parent / "unusable"
    return both(
        systemctl("stop"),
        commands.directory(aside, STATE_MODE),
        f"mv {shlex.quote(str(file))}* {shlex.quote(str(aside))}/",
        systemctl("start"),
    )


def _counts(config: Config, quarantine: Quarantine, commands: Commands) -> Iterator[Diagnosis]:
    if paused := quarantine.retention(config.retention, uptime()).paused:
        yield warning(
            "store.retention_paused",
            f"retention is paused, nothing expires: {paused}; when `date -u` is right, resume it",
            commands.sekisho("store", "retention", "--resume"),
        )
    stats = quarantine.stats()
    uncertain = stats.messages[State.UNCERTAIN]
    if uncertain:
        ids = [entry.id for entry in quarantine.list(Wanted(states=(State.UNCERTAIN,)), MAX_NAMED_MESSAGES)]
        yield warning(
            "store.uncertain",
            f"{uncertain} messages may or may not have been delivered when they were released",
            f"{commands.sekisho('quarantine', 'release', '--uncertain', *ids)}   # a copy may arrive a second time",
        )
    for name, value, most in (
        ("messages", stats.messages[State.HELD], config.retention.max_messages),
        ("bytes", stats.bytes, config.retention.max_bytes),
    ):
        if value > most * 0.9:
            yield warning(
                "store.full",
                f"the quarantine holds {value} {name} of {most} allowed: the oldest will expire early",
                both(commands.set(f"retention.max_{name}", most * 2), systemctl("reload")),
            )
