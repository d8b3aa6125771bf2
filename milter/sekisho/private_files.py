"""Files that only one user may read: the daemon's own files, and secrets.

The mode that is given to open(2) counts only if the file is made. If an earlier version made the file with wider
permissions, they are taken away when its owner opens it.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

from sekisho.plain_errors import of_system

MODE = 0o600
SECRET_BYTES = 32
_MAX_SECRET_BYTES = 1 << 20
"""Read at most, because a device has no end."""


class SecretError(Exception):
    """A file cannot be used as a secret; the text says why."""


class SecretMissingError(SecretError):
    """There is no file, or it is too short for a secret. `size` is its bytes; None if there is no file."""

    def __init__(self, reason: str, size: int | None) -> None:
        super().__init__(reason)
        self.size = size


def open_private(path: Path) -> int:
    """A descriptor for reading and writing. A missing file is made; a symbolic link is not followed. Raises OSError."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, MODE)
    if _is_too_open(os.fstat(descriptor)):
        with suppress(OSError):  # a file system without permissions; `sekisho doctor` checks them too
            os.fchmod(descriptor, MODE)
    return descriptor


def close_to_others(path: Path) -> None:
    """Take away the permissions of others without opening the file. For SQLite's files: closing a second descriptor
    would drop SQLite's locks. Does nothing if there is no file, or if another user owns it. Never raises."""
    with suppress(OSError):
        found = path.lstat()
        if stat.S_ISREG(found.st_mode) and _is_too_open(found):
            path.chmod(MODE)


def read_secret(path: Path) -> bytes:
    """The secret of a file, as 32 bytes: the SHA-256 of its content. Raises SecretMissingError if there is no file or
    it is too short, and SecretError if it cannot be read or others may read it."""
    try:
        with path.open("rb") as file:
            secret = file.read(_MAX_SECRET_BYTES)
            mode = os.fstat(file.fileno()).st_mode
    except FileNotFoundError as error:
        raise SecretMissingError(f"{path}: {of_system(error)}", None) from error
    except OSError as error:
        raise SecretError(f"{path}: {of_system(error)}") from error
    if len(secret) < SECRET_BYTES:
        raise SecretMissingError(f"{path}: holds {len(secret)} bytes, {SECRET_BYTES} are needed", len(secret))
    if mode & 0o007:
        raise SecretError(f"{path}: others may read it")
    return hashlib.sha256(secret).digest()


def _is_too_open(found: os.stat_result) -> bool:
    """True if the file is ours and others have permissions: only the owner can change that."""
    return found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077 != 0
