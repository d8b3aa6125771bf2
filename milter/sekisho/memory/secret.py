"""A secret of this site in a file beside the store: made once, and kept for good.

It draws which mail a roll-out reaches. Whoever could compute that would send the variation of a message that it leaves
out; and what has been drawn must stay drawn, so that it never changes by itself.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

LOG = logging.getLogger("sekisho.memory")
BYTES = 32
MOST = 4096  # octets read of a file that somebody has put there


class ShortError(OSError):
    """The file holds less than a secret."""


def read(path: Path) -> bytes:
    """The secret. Raises OSError, and of these ShortError for a file with fewer than `BYTES` octets."""
    with path.open("rb") as file:
        found = file.read(MOST)
    if len(found) < BYTES:
        raise ShortError(f"{path}: holds {len(found)} bytes, {BYTES} are needed")
    return found


def make(path: Path) -> bytes:
    """The secret, made with mode 0600 where there is none, or only a part of one. A whole one is never changed. Raises
    OSError.

    It is written whole under another name first: of two processes that start at once both read the first one's, and no
    power cut leaves a part of it.
    """
    place: Callable[[Path, Path], None]
    try:
        return read(path)
    except FileNotFoundError:
        place = _link
    except ShortError as error:
        LOG.error("%s: a new secret is made, and what a roll-out reaches is drawn anew", error)
        place = os.replace
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(secrets.token_bytes(BYTES))
            file.flush()
            os.fsync(file.fileno())
        place(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    _sync_directory(path.parent)
    return read(path)


def _link(draft: Path, path: Path) -> None:
    with suppress(FileExistsError):  # another process was first
        os.link(draft, path)


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
