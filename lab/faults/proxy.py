"""A relay between Postfix and the daemon's socket that reads the milter protocol and can cut the connection."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

Watch = Callable[[str, bytes], bool]
"""Is called with each packet before it is passed on: its direction (`in` to the daemon, `out` of it), and the packet
without its length. If it returns False, the connection is cut."""


class Proxy:
    """A context manager that listens on a UNIX socket of its own."""

    def __init__(self, path: Path, target: Path, watch: Watch) -> None:
        self.path = path
        self._target = target
        self._watch = watch
        self._listener = socket.socket(socket.AF_UNIX)
        self._pairs: list[tuple[socket.socket, socket.socket]] = []

    @property
    def milter(self) -> str:
        """The entry for `smtpd_milters`."""
        return f"{{ unix:{self.path}, default_action=tempfail }}"

    def __enter__(self) -> Proxy:
        self._listener.bind(str(self.path))
        self.path.chmod(0o666)
        self._listener.listen(512)
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for pair in self._pairs:
            _end(pair)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            pair = (client, server)
            try:
                server.connect(str(self._target))
            except OSError:
                _end(pair)
                continue
            self._pairs.append(pair)
            for source, sink, way in ((client, server, "in"), (server, client, "out")):
                threading.Thread(target=self._pass, args=(source, sink, way, pair), daemon=True).start()

    def _pass(
        self, source: socket.socket, sink: socket.socket, way: str, pair: tuple[socket.socket, socket.socket]
    ) -> None:
        try:
            while packet := _packet(source):
                if not self._watch(way, packet):
                    break
                sink.sendall(struct.pack(">I", len(packet)) + packet)
        except OSError:
            pass
        finally:
            _end(pair)


def _packet(source: socket.socket) -> bytes:
    """One packet without its length; empty at the end."""
    head = _exactly(source, 4)
    return _exactly(source, struct.unpack(">I", head)[0]) if head else b""


def _exactly(source: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = source.recv(size - len(data))
        if not more:
            return b""
        data += more
    return data


def _end(pair: tuple[socket.socket, socket.socket]) -> None:
    for each in pair:
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


class Cutter:
    """Cuts at one step of the protocol, so many times; everything else passes. `cuts` counts the cuts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._step: tuple[str, bytes] = ("", b"")
        self._left = 0
        self._then: Callable[[], None] = lambda: None
        self.cuts: Counter[tuple[str, bytes]] = Counter()

    def arm(self, way: str, command: bytes, times: int, then: Callable[[], None] = lambda: None) -> None:
        """Cut at the next `times` packets of this command in this direction. `then` is called before each cut."""
        with self._lock:
            self._step, self._left, self._then = (way, command), times, then

    def __call__(self, way: str, packet: bytes) -> bool:
        with self._lock:
            if (way, packet[:1]) != self._step or self._left <= 0:
                return True
            self._left -= 1
            self.cuts[self._step] += 1
            self._then()
            return False
