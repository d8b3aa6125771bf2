"""Messages to systemd (sd_notify(3)), if NOTIFY_SOCKET is set."""

from __future__ import annotations

import logging
import os
import socket

from sekisho.events import lifecycle

LOG = logging.getLogger("sekisho.daemon")


def notify(*lines: str) -> None:
    """Send the lines as one message. If systemd cannot be reached, that is logged as a warning."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    target = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)  # a systemd that does not read must not stop us
            sock.sendto("\n".join(lines).encode("utf-8", "backslashreplace"), target)
    except OSError as error:
        lifecycle.SYSTEMD_UNREACHABLE.write(LOG, told=lines[0], reason=error.strerror or error)


def status(text: str) -> None:
    """Set the text that systemctl shows."""
    notify(f"STATUS={text}")


def reloading(monotonic: float) -> None:
    """A reload begins at this time (seconds). `ready` ends it, whether it succeeded or not."""
    notify("RELOADING=1", f"MONOTONIC_USEC={int(monotonic * 1_000_000)}")


def ready(status: str) -> None:
    """The daemon serves. systemctl shows `status`."""
    notify("READY=1", f"STATUS={status}")
