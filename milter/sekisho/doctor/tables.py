"""The tables of `[directory]`: is their type installed, and does a query work as the daemon's user?"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from sekisho.directory import DirectoryOptions, TriedTable, missing, named, tried
from sekisho.directory.trial import KEY
from sekisho.doctor.commands import UNIT, Commands, both, systemctl
from sekisho.doctor.model import Diagnosis, note, warning
from sekisho.plain_errors import own_user

# What postmap makes of a text file.
_INDEXED = {"hash": ".db", "btree": ".db", "lmdb": ".lmdb", "cdb": ".cdb"}
PATIENCE_SECONDS = 5.0
_DROP_INS = f"/etc/systemd/system/{UNIT}.service.d"
DROP_IN = both(
    f"install -d {_DROP_INS}",
    rf"printf '[Service]\nRestrictAddressFamilies=AF_NETLINK\n' > {_DROP_INS}/directory.conf",
)
"""Postfix's programs ask the kernel for the addresses of this machine when they start. The unit takes away what most
sites do not need."""


def unit_families() -> str:
    """The address families that systemd allows the daemon; empty if it has no such unit, or allows all."""
    program = shutil.which("systemctl", path="/usr/bin:/bin")
    if program is None:
        return ""
    words = (program, "show", "--property=RestrictAddressFamilies", "--value", UNIT)
    try:
        done = subprocess.run(words, capture_output=True, timeout=PATIENCE_SECONDS, check=False)  # noqa: S603 - a fixed program
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if done.returncode else done.stdout.decode("utf-8", "replace").strip()


def examine(
    options: DirectoryOptions, commands: Commands, families: Callable[[], str] = unit_families
) -> Iterator[Diagnosis]:
    """Diagnoses of each table that is named. `families` tells what the daemon's unit allows."""
    if not options.used:
        return
    allowed = families()
    if allowed and not allowed.startswith("~") and "AF_NETLINK" not in allowed:
        text = f"the unit {UNIT} does not allow AF_NETLINK, without which postmap does not start"
        yield warning(
            "directory.sandbox", text, both(DROP_IN, "systemctl daemon-reload", systemctl("restart"))
        )
    user = _daemon(commands)
    for each in named(options):
        if faults := missing([each], options.postfix_directory):
            yield from (warning("directory.type", fault, _install(fault)) for fault in faults)
        else:
            asked_as = user if os.geteuid() == 0 else None
            yield _diagnosis(tried(each, options, asked_as), options, commands, user)


def _diagnosis(
    each: TriedTable, options: DirectoryOptions, commands: Commands, user: str | None
) -> Diagnosis:
    other = f"the user {own_user()} (the daemon asks as {commands.user}: run the doctor as root)"
    who = f"the daemon's user {user}" if user else other
    if each.fault is None:
        return note("directory.answers", f"{each.option}: {each.table} answers {who}")
    text = f"{each.option}: {each.table} does not answer {who}: {each.fault}"
    return warning("directory.fails", text, _mend(each, each.fault, options, commands))


def _daemon(commands: Commands) -> str | None:
    """The daemon's user, if we are that user or can ask as that user."""
    try:
        found = pwd.getpwnam(commands.user)
    except KeyError:
        return None
    return found.pw_name if os.geteuid() in (0, found.pw_uid) else None


def _install(fault: str) -> str:
    package = fault.rpartition("install ")[2]
    return f"apt-get install {package}" if package.startswith("postfix-") else "apt-get install postfix"


def _mend(each: TriedTable, fault: str, options: DirectoryOptions, commands: Commands) -> str:
    """The command that mends what the reason names. Else the query as the daemon makes it, which says more."""
    kind, _, name = each.table.partition(":")
    source = Path(name)
    file = Path(f"{name}{_INDEXED.get(kind, '')}")  # what is read of it
    if "main.cf" in fault:
        return f"{commands.set('directory.postfix_directory', '/etc/postfix')}   # or where its main.cf is"
    if file.is_absolute() and "ermission denied" in fault and file.is_file():
        return _copied(each.option, f"{kind}:/etc/sekisho/{source.name}", file, commands)
    if file.is_absolute() and "No such file" in fault and not file.exists():
        if kind in _INDEXED and source.is_file():
            return shlex.join((*_postmap(options), f"{kind}:{source}"))
        return f"# {file} is not there: name a table that is there in {each.option}"
    query = (*_postmap(options), "-v", "-q", KEY, each.table)
    return f"{shlex.join(('runuser', '-u', commands.user, '--', *query))}   # says more"


def _copied(option: str, table: str, file: Path, commands: Commands) -> str:
    """A copy for our group, since Postfix may need the file as it is."""
    copy = f"/etc/sekisho/{file.name}"
    words = ("install", "-m", "0640", "-o", "root", "-g", commands.group, str(file), copy)
    return f"{shlex.join(words)}   # and name {table} in {option}; again after each change of the table"


def _postmap(options: DirectoryOptions) -> tuple[str, ...]:
    where = ("-c", str(options.postfix_directory)) if options.postfix_directory else ()
    return ("postmap", *where)
