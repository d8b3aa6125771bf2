"""Files that only one user may read: the daemon's own files, and secrets.

The mode that is given to open(2) counts only if the file is made. If an earlier version made the file with wider
permissions, they are taken away when its owner opens it.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import stat
from contextlib import suppress
from pathlib import Path

from sekisho.plain_errors import of_system

MODE = 0o600
STATE_MODE = "0700"
"""Of /var/lib/sekisho, as `install -m` takes it: nobody else may read held mail. The units have the same."""
RUNTIME_MODE = "0750"
"""Of /run/sekisho, which has the figures of the metrics."""
CONFIG_MODE = "0750"
"""Of /etc/sekisho and the directories in it: the daemon's group may read them, and only root may write them."""
SECRET_BYTES = 32
_MAX_SECRET_BYTES = 1 << 20
"""Read at most, because a device has no end."""
MAX_PASSWORD_CHARS = 1000


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
    secret, mode = _read(path)
    if len(secret) < SECRET_BYTES:
        raise SecretMissingError(f"{path}: holds {len(secret)} bytes, {SECRET_BYTES} are needed", len(secret))
    _check_closed(path, mode)
    return hashlib.sha256(secret).digest()


def read_password(path: Path) -> str:
    """The first line of a file. Raises SecretMissingError if there is no file or nothing in that line, and SecretError
    if it cannot be read, is no text, or others may read it. No text of an error has a part of the file."""
    content, mode = _read(path)
    _check_closed(path, mode)
    line = content.partition(b"\n")[0].removesuffix(b"\r")
    if not line:
        raise SecretMissingError(f"{path}: its first line is empty, and should be the password", len(content))
    try:
        password = line.decode("utf-8")
    except UnicodeDecodeError:
        raise SecretError(f"{path}: its first line is not UTF-8") from None
    if "\0" in password or len(password) > MAX_PASSWORD_CHARS:
        raise SecretError(f"{path}: its first line is no password")
    return password


def _read(path: Path) -> tuple[bytes, int]:
    """The content and the mode of a file. Raises SecretMissingError or SecretError."""
    try:
        with path.open("rb") as file:
            return file.read(_MAX_SECRET_BYTES), os.fstat(file.fileno()).st_mode
    except FileNotFoundError as error:
        raise SecretMissingError(f"{path}: {of_system(error)}", None) from error
    except OSError as error:
        raise SecretError(f"{path}: {of_system(error)}") from error


def _check_closed(path: Path, mode: int) -> None:
    if mode & 0o007:
        raise SecretError(f"{path}: others may read it: chmod o-rwx {shlex.quote(str(path))}")


def _is_too_open(found: os.stat_result) -> bool:
    """True if the file is ours and others have permissions: only the owner can change that."""
    return found.st_uid == os.geteuid() and stat.S_IMODE(found.st_mode) & 0o077 != 0
