"""The supervisor's listening socket: waited for at the start, closed when we stop, its file removed at the end."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable

from sekisho.daemon import systemd
from sekisho.wire.listen import BusyError, listen, unix_path
from sekisho.wire.options import WireOptions

LOG = logging.getLogger("sekisho.daemon")


class Listener:
    """The socket, and whose file stands at its path, so that only our own is removed."""

    def __init__(self, options: WireOptions) -> None:
        """Raises ListenError; BusyError if it may be had later."""
        self.socket = listen(options)
        self.open = True
        self._path = unix_path(options) if "LISTEN_FDS" not in os.environ else None
        found = self._path.lstat() if self._path else None
        self._identity = (found.st_dev, found.st_ino) if found else (0, 0)

    @property
    def sockets(self) -> list[socket.socket]:
        """What a child that serves no mail must not keep."""
        return [self.socket] if self.open else []

    def close(self) -> None:
        """Take no more connections."""
        self.open = False
        self.socket.close()

    def remove(self) -> None:
        """Remove the socket's file, unless another daemon has put its own there since."""
        if self._path is None:
            return
        try:
            found = self._path.lstat()
            if (found.st_dev, found.st_ino) == self._identity:
                self._path.unlink()
        except OSError as error:
            LOG.warning("the socket's file stays: %s", error)


def wait_for(options: WireOptions, give_up: Callable[[], bool], wait: Callable[[], None]) -> Listener:
    """The socket, tried again after each `wait` while it is taken. Raises ListenError; BusyError when `give_up`."""
    said = False
    while True:
        try:
            return Listener(options)
        except BusyError as error:
            if give_up():
                raise
            if not said:
                LOG.warning("%s; it is waited for", error)
                systemd.status(f"waiting: {error}")
            said = True
        wait()
