"""The free space for the quarantine, as far as this machine knows it."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

from sekisho.store.database.options import StoreOptions, database_url


def free_bytes(options: StoreOptions) -> float:
    """Bytes free for us on the file system of a SQLite quarantine; NaN for another machine's disk."""
    url = database_url(options.url)
    if url.get_backend_name() != "sqlite" or not url.database:
        return math.nan
    try:
        return float(shutil.disk_usage(Path(url.database).parent).free)
    except OSError:
        return math.nan
