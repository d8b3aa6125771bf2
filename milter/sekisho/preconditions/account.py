"""The account that the daemon runs as, and how to examine the machine with its rights."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

USER = "sekisho"
UNIT = "sekisho-milter.service"
_SYSTEMCTL_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine. `why` says to the operator how it was found. `made` are the directories that systemd
    makes for the unit before it starts."""

    name: str
    uid: int
    gid: int
    why: str
    made: tuple[Path, ...] = ()

    @property
    def group(self) -> str:
        """The name of its group, or the number if it has no name."""
        with suppress(KeyError):
            return grp.getgrgid(self.gid).gr_name
        return str(self.gid)

    def become(self) -> None:
        """Change from root to this account. For a child process. Raises OSError."""
        os.initgroups(self.name, self.gid)
        os.setgid(self.gid)
        os.setuid(self.uid)


def daemon_account(state: Path, named: str | None = None) -> Account:
    """The daemon's account: the named one, else the unit's, else `sekisho`, else the owner of the state directory,
    else our own. If we are not root it is always our own. Raises KeyError if the named account does not exist."""
    unit = _unit() if os.geteuid() == 0 else {}
    made = _made(unit)
    if named is not None:
        return _account(pwd.getpwnam(named), "--user", made)
    if os.geteuid() == 0:
        for name, why in (
            (unit.get("User", ""), f"User= of {UNIT}"),
            (USER, "the user of the packaged unit"),
        ):
            with suppress(KeyError):
                return _account(pwd.getpwnam(name), why, made)
        with suppress(KeyError, OSError):
            if owner := state.stat().st_uid:
                return _account(pwd.getpwuid(owner), f"owner of {state}", made)
    try:
        return _account(pwd.getpwuid(os.geteuid()), "who runs this command", made)
    except KeyError:
        return Account(str(os.geteuid()), os.geteuid(), os.getegid(), "who runs this command")


def name_of(uid: int) -> str:
    """The name of the user with this user id, or `#` and the id if it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"


def _account(entry: pwd.struct_passwd, why: str, made: tuple[Path, ...]) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid, why, made)


def _unit() -> dict[str, str]:
    """The unit's properties from systemd; empty if there is no systemd or no such unit."""
    program = shutil.which("systemctl", path="/usr/bin:/bin")
    if program is None:
        return {}
    wanted = "--property=User,RuntimeDirectory,StateDirectory,LogsDirectory,LoadState"
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program, no shell
            [program, "show", wanted, UNIT], capture_output=True, timeout=_SYSTEMCTL_SECONDS, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    found = {name: value for name, _, value in (line.partition("=") for line in lines)}
    return found if found.get("LoadState") == "loaded" else {}


def _made(unit: dict[str, str]) -> tuple[Path, ...]:
    roots = {
        "RuntimeDirectory": Path("/run"),
        "StateDirectory": Path("/var/lib"),
        "LogsDirectory": Path("/var/log"),
    }
    return tuple(root / name for key, root in roots.items() for name in unit.get(key, "").split())


def as_account(account: Account, look: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
    """What `look` returns when it runs as that account: in a forked child, if the account is not our own. Only for a
    process without threads. Raises OSError."""
    if account.uid == os.geteuid():
        return look()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _tell(account, look, reading, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        said = stream.read()
    os.waitpid(child, 0)
    return (
        tuple(json.loads(said))
        if said
        else (f"user {account.name}: what it may read could not be looked at",)
    )


def _tell(account: Account, look: Callable[[], tuple[str, ...]], reading: int, writing: int) -> None:
    """In the child: call `look`, send the result, and end without the parent's clean-up."""
    status = 1
    try:
        os.close(reading)
        account.become()
        with os.fdopen(writing, "wb") as stream:
            stream.write(json.dumps(look()).encode())
        status = 0
    finally:
        os._exit(status)
