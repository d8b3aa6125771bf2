"""The tables of `[directory]`: is their type installed, and does a query work as the daemon's user?"""

from __future__ import annotations

import os
import pwd
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from sekisho.directory import DirectoryOptions, TableError, TableUse, missing, query
from sekisho.doctor.commands import UNIT, Commands, both, systemctl
from sekisho.doctor.model import Diagnosis, note, warning

KEY = "sekisho-doctor.invalid"
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
    for use in TableUse:
        for table in getattr(options, use.value):
            option = f"directory.{use}"
            if faults := missing([(option, table)], options.postfix_directory):
                yield from (warning("directory.type", fault, _install(fault)) for fault in faults)
            else:
                yield from _asked(option, table, options, commands, user)


def _asked(
    option: str, table: str, options: DirectoryOptions, commands: Commands, user: str | None
) -> Iterator[Diagnosis]:
    whose = f" as the user {user}" if user else ""
    try:
        query(table, [KEY], PATIENCE_SECONDS, options.postfix_directory, user)
    except TableError as failure:
        text = f"{option}: {table} cannot be asked{whose}: {failure}"
        yield warning("directory.fails", text, _mend(option, table, str(failure), options, commands))
    else:
        yield note("directory.answers", f"{option}: {table} answers{whose}")


def _daemon(commands: Commands) -> str | None:
    """The daemon's user, if we can ask as that user."""
    try:
        return pwd.getpwnam(commands.user).pw_name if os.geteuid() == 0 else None
    except KeyError:
        return None


def _install(fault: str) -> str:
    package = fault.rpartition("install ")[2]
    return f"apt-get install {package}" if package.startswith("postfix-") else "apt-get install postfix"


def _mend(option: str, table: str, reason: str, options: DirectoryOptions, commands: Commands) -> str:
    """The command that makes the table readable: a copy for our group, since Postfix may need the file as it is. Else
    the query that fails, with the whole reason."""
    file = Path(table.partition(":")[2])
    if "ermission denied" in reason and file.is_absolute() and file.is_file():
        copy = f"/etc/sekisho/{file.name}"
        words = ("install", "-m", "0640", "-o", "root", "-g", commands.group, str(file), copy)
        return f"{shlex.join(words)}   # and name {copy} in {option}"
    where = ("-c", str(options.postfix_directory)) if options.postfix_directory else ()
    return shlex.join(("postmap", *where, "-v", "-q", KEY, table))
