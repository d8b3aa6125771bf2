"""A secret of this site, in a file beside the store. It is made once and kept for good.

It decides which mail a roll-out covers. A sender that knew the secret could try variations of a message until one is
not covered. The secret never changes by itself: a message that was covered once stays covered.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
from pathlib import Path

from sekisho.events import keeping
from sekisho.private_files import MODE, SECRET_BYTES, SecretMissingError, read_secret

LOG = logging.getLogger("sekisho.memory")


def make(path: Path) -> bytes:
    """The secret as `read_secret` gives it. A new one is made if the file is missing or too short; a complete one is
    never changed. Raises SecretError if the file cannot be used, and OSError if none can be made.

    The file is made under a lock on its directory, so processes that start at the same time read the same secret. It
    is written under another name first, so a power cut leaves no partial file.
    """
    try:
        return read_secret(path)
    except SecretMissingError:
        pass
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        try:
            return read_secret(path)  # another process has made it in the meantime
        except SecretMissingError as error:
            if error.size is not None:
                keeping.SECRET_REPLACED.write(LOG, reason=error)
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
