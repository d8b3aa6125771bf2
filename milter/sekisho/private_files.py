"""Files for one user alone: what the daemon keeps, and secrets that it reads.

A mode that is given to open(2) holds only where the file is made. A file that an earlier version made with a wider one
is closed when its owner opens it.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

MODE = 0o600
SECRET_BYTES = 32
_MOST = 1 << 20
"""Bytes read of a secret: a device has no end."""


class SecretError(Exception):
    """A file cannot be used as a secret, and why."""


class SecretMissingError(SecretError):
    """There is no file, or it holds fewer bytes than a secret. `size` is how many; None without a file."""

    def __init__(self, reason: str, size: int | None) -> None:
        super().__init__(reason)
        self.size = size


def open_private(path: Path) -> int:
    """A descriptor for reading and writing; the file is made if it is not there. Follows no symbolic link. Raises
    OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
    if _is_too_open(os.fstat(descriptor)):
        with suppress(OSError):  # a file system without modes; `sekisho doctor` looks at them, too
            os.fchmod(descriptor, MODE)
    return descriptor


def close_to_others(path: Path) -> None:
    """The same for a file that may not be opened here, as SQLite's: closing a second descriptor would drop its locks.
    Nothing happens where there is no file, or where it belongs to another user. Never raises."""
    with suppress(OSError):
        found = path.lstat()
        if stat.S_ISREG(found.st_mode) and _is_too_open(found):
            path.chmod(MODE)


def read_secret(path: Path) -> bytes:
    """The secret that a file holds, as 32 bytes: the SHA-256 of its content. Raises SecretError."""
    try:
        with path.open("rb") as file:
            secret = file.read(_MOST)
            mode = os.fstat(file.fileno()).st_mode
    except FileNotFoundError as error:
        raise SecretMissingError(f"{path}: {error.strerror}", None) from error
    except OSError as error:
        raise SecretError(f"{path}: {error.strerror}") from error
    if len(secret) < SECRET_BYTES:
        raise SecretMissingError(f"{path}: holds {len(secret)} bytes, {SECRET_BYTES} are needed", len(secret))
    if mode & 0o007:
        raise SecretError(f"{path}: others may read it")
    return hashlib.sha256(secret).digest()


def _is_too_open(found: os.stat_result) -> bool:
    """True if the file is ours and its mode lets others in: the owner alone may change that."""
    return found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077 != 0
