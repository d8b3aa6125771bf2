"""A secret of this site in a file beside the store: made once, and kept for good.

It draws which mail a roll-out reaches. Whoever could compute that would send the variation of a message that it leaves
out; and what has been drawn must stay drawn, so that it never changes by itself.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
from pathlib import Path

from sekisho.private_files import MODE, SECRET_BYTES, SecretMissingError, read_secret

LOG = logging.getLogger("sekisho.memory")


def make(path: Path) -> bytes:
    """The secret as `read_secret` has it; made where there is none, or only a part of one. A whole one is never
    changed. Raises SecretError for a file that cannot be used, and OSError where none can be made.

    The file is made under a lock on its directory: all processes that start at once read the same. It is written under
    another name first: a power cut leaves no part of it.
    """
    try:
        return read_secret(path)
    except SecretMissingError:
        pass
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        try:
            return read_secret(path)  # another process has made it meanwhile
        except SecretMissingError as error:
            if error.size is not None:
                LOG.error("%s: a new secret is made, and what a roll-out reaches is drawn anew", error)
        _write(path)
        os.fsync(directory)
    finally:
        os.close(directory)
    return read_secret(path)


def _write(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE), "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
