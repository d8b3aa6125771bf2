"""Whether Postfix's user can reach the milter socket, judged from modes and groups, and whether somebody
answers there."""

from __future__ import annotations

import grp
import os
import pwd
import shlex
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from sekisho.doctor.model import Finding, error, warning
from sekisho.wire.listen import unix_path
from sekisho.wire.options import WireOptions

_TIMEOUT = 3.0


def examine(options: WireOptions, owner: str) -> Iterator[Finding]:
    """Findings about the socket; `owner` is Postfix's user."""
    path = unix_path(options)
    if path is None:
        yield from _inet(options.socket)
    elif not path.exists():
        yield error("socket.missing", f"{path} is not there: the daemon does not run", _start())
    elif not stat.S_ISSOCK(path.stat().st_mode):
        yield error("socket.no_socket", f"{path} is no socket", f"rm {shlex.quote(str(path))} && {_start()}")
    else:
        yield from _rights(path, owner)
        yield from _answers(path)


def _start() -> str:
    return "systemctl start sekisho-milter"


def _rights(path: Path, owner: str) -> Iterator[Finding]:
    try:
        user = pwd.getpwnam(owner)
    except KeyError:
        yield warning("socket.no_postfix", f"there is no user {owner} here", "apt-get install postfix")
        return
    groups = set(os.getgrouplist(owner, user.pw_gid))
    for place in (path, *path.parents):
        need = 0o2 if place == path else 0o1
        if not _may(place.stat(), user.pw_uid, groups, need):
            group = grp.getgrgid(place.stat().st_gid).gr_name
            yield error(
                "socket.rights",
                f"{owner} may not {'write to' if place == path else 'pass through'} {place} (group {group}, mode "
                f"{stat.S_IMODE(place.stat().st_mode):04o})",
                f"usermod -a -G {shlex.quote(group)} {owner} && systemctl restart postfix"
                if group != "root"
                else f'sekisho.toml, [wire]: socket_group = "{owner}" && systemctl restart sekisho-milter',
            )
            return
    if path.stat().st_mode & 0o002 and path.parent.stat().st_mode & 0o001:
        yield warning(
            "socket.open",
            f"anybody on this machine may speak to {path}",
            'sekisho.toml, [wire]: socket_mode = "0660" && systemctl restart sekisho-milter',
        )


def _may(found: os.stat_result, uid: int, groups: set[int], need: int) -> bool:
    if uid in (0, found.st_uid):
        return uid == 0 or bool(found.st_mode >> 6 & need)
    if found.st_gid in groups:
        return bool(found.st_mode >> 3 & need)
    return bool(found.st_mode & need)


def _answers(path: Path) -> Iterator[Finding]:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_TIMEOUT)
        try:
            probe.connect(str(path))
        except PermissionError:
            return  # ours, not Postfix's
        except OSError as failure:
            yield error("socket.silent", f"nobody answers at {path}: {failure.strerror}", _start())


def _inet(place: str) -> Iterator[Finding]:
    kind, _, rest = place.partition(":")
    port, _, host = rest.partition("@")
    family = socket.AF_INET6 if kind == "inet6" else socket.AF_INET
    local = "::1" if kind == "inet6" else "127.0.0.1"
    with socket.socket(family) as probe:
        probe.settimeout(_TIMEOUT)
        try:
            probe.connect((host if host not in ("", "0.0.0.0", "::") else local, int(port)))  # noqa: S104 - compared
        except OSError as failure:
            yield error(
                "socket.silent", f"nobody answers at {place}: {failure.strerror or failure}", _start()
            )
    if host not in ("127.0.0.1", "::1", "localhost"):
        yield warning(
            "socket.remote",
            f"{place} can be reached from other machines, and a milter socket asks nobody who he is",
            'sekisho.toml, [wire]: socket = "unix:/run/sekisho/milter.sock"',
        )
