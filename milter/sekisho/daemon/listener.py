"""The supervisor's listening socket. At the start the supervisor waits for it; at the end its file is removed."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable

from sekisho.daemon import systemd
from sekisho.events import lifecycle
from sekisho.judging.listen import BusyError, Listening, listen, unix_path

LOG = logging.getLogger("sekisho.daemon")


class Listener:
    """The socket, and the identity of its file, so that only our own file is removed."""

    def __init__(self, options: Listening) -> None:
        """Open the socket. Raises ListenError; BusyError if it may succeed later."""
        self.socket = listen(options)
        self.open = True
        self._path = unix_path(options) if "LISTEN_FDS" not in os.environ else None
        found = self._path.lstat() if self._path else None
        self._identity = (found.st_dev, found.st_ino) if found else (0, 0)

    @property
    def sockets(self) -> list[socket.socket]:
        """The sockets that a child must not keep if it takes no connections."""
        return [self.socket] if self.open else []

    def close(self) -> None:
        """Close the socket in this process. Its file stays."""
        self.open = False
        self.socket.close()

    def remove(self) -> None:
        """Remove the socket's file, unless another daemon has put its own there."""
        if self._path is None:
            return
        try:
            found = self._path.lstat()
            if (found.st_dev, found.st_ino) == self._identity:
                self._path.unlink()
        except OSError as error:
            lifecycle.SOCKET_LEFT.write(LOG, reason=error)


def wait_for(options: Listening, give_up: Callable[[], bool], wait: Callable[[], None]) -> Listener:
    """The socket. While another process has it, try again after each `wait()`. Raises ListenError; BusyError if
    `give_up()` is true."""
    said = False
    while True:
        try:
            return Listener(options)
        except BusyError as error:
            if give_up():
                raise
            if not said:
                lifecycle.SOCKET_AWAITED.write(LOG, reason=error)
                systemd.status(f"waiting: {error}")
            said = True
        wait()
