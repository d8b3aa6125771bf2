"""The milter socket as Postfix's user sees it: where it is, who may reach it, and whether the daemon answers there.

As root, it is really tried: for each smtpd that uses our milter, a child process with the root directory, working
directory, user and groups of that smtpd connects to its path. Without root, the modes and groups of the file and of
every directory above it are examined.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
import socket
import stat
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from sekisho.doctor.commands import Commands, both, systemctl
from sekisho.doctor.milter_clients import (
    DIRECTORY_MODE,
    MilterClient,
    milter_clients,
    moved,
    queue,
    sees,
    told,
    unix,
)
from sekisho.doctor.model import Diagnosis, error, warning
from sekisho.doctor.postconf import Postfix
from sekisho.judging.listen import unix_path
from sekisho.plain_errors import of_number, of_system
from sekisho.wire.options import WireOptions

_TIMEOUT_SECONDS = 3.0
_NEGOTIATION = struct.pack(">IcIII", 13, b"O", 6, 0x1FF, 0x1FFFFF)
_SHARED = 0o1002  # mode bits of a directory in which every user may make files (as /tmp)


@dataclass(frozen=True, slots=True)
class MilterSocket:
    """Our socket, Postfix's user, and Postfix's settings if they could be read."""

    options: WireOptions
    owner: str
    commands: Commands
    postfix: Postfix | None = None


def examine(
    options: WireOptions,
    owner: str,
    postfix: Postfix | None = None,
    commands: Commands = Commands(),  # noqa: B008
) -> Iterator[Diagnosis]:
    """Diagnoses of the socket; `owner` is Postfix's user."""
    milter = MilterSocket(options, owner, commands, postfix)
    path = unix_path(options)
    if path is None:
        yield from _inet(options.socket, commands)
    elif not path.exists():
        yield error("socket.missing", f"{path} is not there: the daemon does not run", systemctl("restart"))
    elif not stat.S_ISSOCK(path.stat().st_mode):
        mend = both(f"rm {quote(str(path))}", systemctl("restart"))
        yield error("socket.no_socket", f"{path} is no socket", mend)
    else:
        yield from _rights(milter, path)
        yield from _answers(path)


def _rights(milter: MilterSocket, path: Path) -> Iterator[Diagnosis]:
    try:
        user = pwd.getpwnam(milter.owner)
    except KeyError:
        yield warning("socket.no_postfix", f"there is no user {milter.owner} here", _known_user(milter))
        return
    if milter.postfix is not None and not _seeing(milter):
        return  # no smtpd uses this path; the diagnoses of Postfix say so
    groups = set(os.getgrouplist(milter.owner, user.pw_gid))
    way = _way(milter, path)
    closed = next(
        (each for each in way if not _may(each.stat(), user.pw_uid, groups, 2 if each == path else 1)), None
    )
    if closed is not None:
        found = closed.stat()
        what = "write to" if closed == path else "pass through"
        rights = f"group {_group(found.st_gid)}, mode {stat.S_IMODE(found.st_mode):04o}"
        yield error(
            "socket.rights",
            f"{milter.owner} may not {what} {closed} ({rights})",
            _open_to_postfix(milter, path, closed),
        )
    elif reason := next(filter(None, (_unreachable(milter, each, user) for each in _seeing(milter))), None):
        yield error("socket.rights", reason, _elsewhere(milter, path))
    elif path.stat().st_mode & 0o002 and path.parent.stat().st_mode & 0o001:
        yield warning(
            "socket.open", f"anybody on this machine may speak to {path}", _closed_to_others(milter, path)
        )


def _known_user(milter: MilterSocket) -> str:
    """The command that makes Postfix's user one that exists: the default, `postfix`, if the machine has it."""
    try:
        pwd.getpwnam("postfix")
    except KeyError:
        return "apt-get install postfix"
    return milter.postfix.set("mail_owner", "postfix") if milter.postfix else "apt-get install postfix"


def _way(milter: MilterSocket, path: Path) -> Iterator[Path]:
    """The socket, and the directories above it that must be passed: up to the queue directory if every smtpd that uses
    our milter starts there, else up to the root."""
    from_queue = False
    if milter.postfix is not None:
        seen = [each for each in _seeing(milter)]
        from_queue = bool(seen) and all(each.service.chroot or not _absolute(each) for each in seen)
    top = queue(milter.postfix) if from_queue and milter.postfix else None
    for each in (path, *path.parents):
        yield each
        if each == top:
            return


def _seeing(milter: MilterSocket) -> list[MilterClient]:
    """The services that use our milter and whose path leads to it. `postfix.chroot` reports the others."""
    postfix = milter.postfix
    if postfix is None:
        return []
    return [
        each
        for each in milter_clients(postfix, milter.options.socket)
        if sees(postfix, each, milter.options.socket)
    ]


def _absolute(client: MilterClient) -> bool:
    return (unix(client.entry.place) or "").startswith("/")


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _may(found: os.stat_result, uid: int, groups: set[int], need: int) -> bool:
    if uid in (0, found.st_uid):
        return uid == 0 or bool(found.st_mode >> 6 & need)
    if found.st_gid in groups:
        return bool(found.st_mode >> 3 & need)
    return bool(found.st_mode & need)


def _unreachable(milter: MilterSocket, client: MilterClient, user: pwd.struct_passwd) -> str | None:
    """Why this smtpd does not reach the socket, found by a connection as that smtpd makes it. None if it reaches it, or
    if we are not root. A socket on which no process listens is another diagnosis."""
    path = unix(client.entry.place)
    if os.geteuid() != 0 or path is None or milter.postfix is None:
        return None
    child = os.fork()
    if child == 0:
        _connect(queue(milter.postfix), path, user, chroot=client.service.chroot)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status in (0, errno.ECONNREFUSED, errno.EAGAIN):
        return None
    return f"{client.service.label} cannot reach {path} as {milter.owner}: {of_number(abs(status))}"


def _connect(directory: Path, path: str, user: pwd.struct_passwd, *, chroot: bool) -> None:
    """In the child: take the rights of that smtpd, connect, and end with errno as the status."""
    status = errno.EIO
    try:
        os.chdir(directory)
        if chroot:
            os.chroot(".")
        os.initgroups(user.pw_name, user.pw_gid)
        os.setgid(user.pw_gid)
        os.setuid(user.pw_uid)
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(_TIMEOUT_SECONDS)
            probe.connect(path)
        status = 0
    except OSError as failure:
        status = failure.errno or errno.EIO
    finally:
        os._exit(status)


def _open_to_postfix(milter: MilterSocket, path: Path, closed: Path) -> str:
    """The commands that give access to Postfix's group. If the directory is not for the socket alone, the socket is
    moved to one that is. The group outlives a restart: by setgid the directory gives it to new sockets."""
    if closed not in (path, path.parent) or not _own(milter, path):
        return _elsewhere(milter, path)
    group = _postfix_group(milter)
    where = quote(str(path))
    return both(
        milter.commands.directory(path.parent, DIRECTORY_MODE, group),
        _group_may_write(milter),
        f"chgrp {group} {where}",
        f"chmod 0660 {where}",
    )


def _closed_to_others(milter: MilterSocket, path: Path) -> str:
    """The commands that take access away from other users. Postfix's group gets access first, so mail is not
    stopped."""
    if not _own(milter, path):
        return _elsewhere(milter, path)
    directory = milter.commands.directory(path.parent, DIRECTORY_MODE, _postfix_group(milter))
    return both(directory, milter.commands.set("wire.socket_mode", "0660"), systemctl("restart"))


def _group_may_write(milter: MilterSocket) -> str:
    allowed = int(milter.options.socket_mode, 8) & 0o020
    return "" if allowed else milter.commands.set("wire.socket_mode", "0660")


def _postfix_group(milter: MilterSocket) -> str:
    return milter.postfix.group() if milter.postfix else _group(pwd.getpwnam(milter.owner).pw_gid)


def _own(milter: MilterSocket, path: Path) -> bool:
    """True if the socket's directory is for the socket alone, or can become so."""
    found = path.parent.stat()
    below = milter.postfix is not None and path.parent.parent == queue(milter.postfix)
    return below or (found.st_uid == path.stat().st_uid != 0 and found.st_mode & _SHARED != _SHARED)


def _elsewhere(milter: MilterSocket, path: Path) -> str:
    """The commands that move the socket below the queue directory and tell Postfix. If it is there already, those that
    open the directories above it."""
    postfix = milter.postfix
    if postfix is None or path.is_relative_to(queue(postfix) / "sekisho"):
        where = quote(str(path))
        closed = (each for each in path.parents if not each.stat().st_mode & 1)
        own = (f"chgrp {_postfix_group(milter)} {where}", f"chmod 0660 {where}")
        return both(*(f"chmod o+x {quote(str(each))}" for each in closed), *own)
    steps, where = moved(postfix, milter.options.socket, milter.commands)
    return both(steps, told(postfix, milter.options.socket, where))


def _answers(path: Path) -> Iterator[Diagnosis]:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_TIMEOUT_SECONDS)
        try:
            probe.connect(str(path))
        except PermissionError:
            return  # it is this user who may not connect; that says nothing about Postfix
        except OSError as failure:
            yield error(
                "socket.silent", f"nobody answers at {path}: {of_system(failure)}", systemctl("restart")
            )


def _inet(place: str, commands: Commands) -> Iterator[Diagnosis]:
    kind, _, rest = place.partition(":")
    port, _, host = rest.partition("@")
    family = socket.AF_INET6 if kind == "inet6" else socket.AF_INET
    local = "::1" if kind == "inet6" else "127.0.0.1"
    with socket.socket(family) as probe:
        probe.settimeout(_TIMEOUT_SECONDS)
        try:
            probe.connect((host if host not in ("", "0.0.0.0", "::") else local, int(port)))  # noqa: S104 - compared
            if not _is_milter(probe):
                text = f"what answers at {place} is no milter: the port is another program's"
                other = commands.set("wire.socket", f"{kind}:{_free_port(family, local)}@{host}")
                yield error("socket.other", text, both(other, systemctl("restart")))
        except OSError as failure:
            text = f"nobody answers at {place}: {of_system(failure)}"
            yield error("socket.silent", text, systemctl("restart"))
    if host not in ("127.0.0.1", "::1", "localhost"):
        yield warning(
            "socket.remote",
            f"{place} can be reached from other machines, and a milter socket asks nobody who is there",
            both(commands.set("wire.socket", f"{kind}:{port}@{local}"), systemctl("restart")),
        )


def _is_milter(line: socket.socket) -> bool:
    """True if the peer answers to the first message of the milter protocol (SMFIC_OPTNEG, version 6) with one of the
    same kind."""
    try:
        line.sendall(_NEGOTIATION)
        return line.recv(5)[4:] == b"O"
    except OSError:
        return False


def _free_port(family: int, host: str) -> int:
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
