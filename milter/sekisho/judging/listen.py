"""The listening socket: the supervisor binds it once, and all workers share it.

It is non-blocking, because all workers accept from it: a worker must not wait for a connection that another one took.
An existing UNIX socket is replaced only if nothing listens there; a live listener, or a file that is no socket, is an
error. A TCP socket gets TCP_NODELAY, which accepted sockets inherit: libmilter answers in small writes, which Nagle's
algorithm would delay.
"""

from __future__ import annotations

import errno
import grp
import os
import socket
import stat
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from sekisho.plain_errors import of_system

_FIRST_INHERITED = 3  # SD_LISTEN_FDS_START
_MAY_PASS = {
    errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM,
    errno.ENOSPC,
}  # fmt: skip


class Listening(Protocol):
    """Where and how to listen."""

    @property
    def socket(self) -> str:
        """`unix:/path`, `inet:port@host` or `inet6:port@host`."""

    @property
    def socket_mode(self) -> str:
        """The permissions of a UNIX socket, octal."""

    @property
    def socket_group(self) -> str | None:
        """The group of a UNIX socket; None keeps our own."""

    @property
    def backlog(self) -> int:
        """How many connections may wait to be taken."""


class ListenError(Exception):
    """The socket cannot be opened. The text says why, for the operator."""


class BusyError(ListenError):
    """Another process has the socket, or the machine has no resources for it now: waiting may help."""


def listen(options: Listening, environ: Mapping[str, str] | None = None) -> socket.socket:
    """The socket of the options, or the one that systemd passes to us. Raises ListenError; BusyError if it may succeed
    later."""
    with ExitStack() as on_error:
        try:
            sock = inherit(os.environ if environ is None else environ) or _open(options)
            on_error.enter_context(sock)
            sock.listen(options.backlog)
            sock.setblocking(False)
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            kind = BusyError if error.errno in _MAY_PASS else ListenError
            raise kind(f"{options.socket}: {of_system(error)}") from error
        on_error.pop_all()
        return sock


def inherit(environ: Mapping[str, str]) -> socket.socket | None:
    """The first socket of systemd's socket activation (sd_listen_fds(3)); None if there is none for this process."""
    if environ.get("LISTEN_PID") != str(os.getpid()) or environ.get("LISTEN_FDS", "0") == "0":
        return None
    sock = socket.socket(fileno=_FIRST_INHERITED)
    sock.set_inheritable(False)
    return sock


def unix_path(options: Listening) -> Path | None:
    """The path of a UNIX socket; None for TCP."""
    kind, _, rest = options.socket.partition(":")
    return Path(rest) if kind == "unix" else None


def _open(options: Listening) -> socket.socket:
    """A bound socket. Raises ListenError or OSError; the socket is closed then."""
    path = unix_path(options)
    sock = socket.socket(socket.AF_UNIX if path else _family(options.socket), socket.SOCK_STREAM)
    with ExitStack() as on_error:
        on_error.enter_context(sock)
        if path is None:
            _bind_inet(sock, options.socket)
        else:
            _bind_unix(sock, path, options)
        on_error.pop_all()
    return sock


def _family(spec: str) -> socket.AddressFamily:
    return socket.AF_INET6 if spec.startswith("inet6:") else socket.AF_INET


def _bind_inet(sock: socket.socket, spec: str) -> None:
    port, _, host = spec.partition(":")[2].partition("@")
    try:
        found = socket.getaddrinfo(host or None, int(port), sock.family, sock.type, 0, socket.AI_PASSIVE)
    except socket.gaierror as error:
        kind = BusyError if error.errno == socket.EAI_AGAIN else ListenError
        raise kind(f"{spec}: {of_system(error)}") from error
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(found[0][4])


def _bind_unix(sock: socket.socket, path: Path, options: Listening) -> None:
    group = None if options.socket_group is None else _group(options.socket_group)
    _remove_stale(path)
    before = os.umask(0o177)  # no other user can connect before the mode is set
    try:
        sock.bind(str(path))
    finally:
        os.umask(before)
    if group is not None:  # only if configured: a sandbox may forbid chown(2)
        os.chown(path, -1, group)
    path.chmod(int(options.socket_mode, 8))


def _group(name: str) -> int:
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError:
        raise ListenError(f"socket_group: no group {name!r} on this machine") from None


def _remove_stale(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise ListenError(f"{path}: exists and is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(2)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        except (TimeoutError, BlockingIOError):  # the listener's queue is full
            raise BusyError(f"{path}: another process listens there and takes no connection") from None
        else:
            raise BusyError(f"{path}: another process listens there")
