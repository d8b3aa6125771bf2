"""The options of the store."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from sekisho.options import BLANK_IS_UNSET, Options

SCHEMES = ("sqlite", "postgresql")
SECRET_PARAMETERS = frozenset({"password", "sslpassword"})  # of libpq; they may stand behind the `?` of a URL
DEFAULT_STATE_DIRECTORY = Path("/var/lib/sekisho")  # where there is no database file to stand beside


class StoreOptions(Options):
    """Where held messages are kept, and how long the store may take."""

    url: str = Field(
        default="sqlite:////var/lib/sekisho/quarantine.db",
        description="Database of the quarantine: sqlite:////absolute/path or postgresql://user@host/name; "
        "the password for PostgreSQL stands in `password_file`, never here.",
    )
    password_file: Annotated[Path | None, BLANK_IS_UNSET] = Field(
        default=None,
        description="File whose first line is the password for PostgreSQL; other users must not be able to read it. A "
        "path that does not begin with / is a credential of systemd (LoadCredential=) with that name.",
    )
    hold: bool = Field(
        default=False,
        description="Keep what would be quarantined for all its recipients in Postfix's own hold queue (postqueue, "
        "postsuper -H) instead of the store; what is quarantined for some of them only is still stored.",
    )
    retry_window_days: float = Field(
        default=5.0,
        gt=0,
        le=60,
        description="For this many days the same message for the same recipient is a repeat of the held one, "
        "not a new entry; as long as senders retry.",
    )
    busy_timeout_seconds: float = Field(
        default=5.0,
        ge=0.05,
        le=60,
        description="Seconds to wait for a locked database or a free connection before giving the store up.",
    )
    pool_size: int = Field(
        default=4, ge=1, le=64, description="Database connections kept open by each process of sekisho."
    )
    compression_level: int = Field(
        default=3,
        ge=1,
        le=19,
        description="Zstandard level for the bytes of held messages; higher is smaller, slower.",
    )

    @field_validator("url")
    @classmethod
    def _portable(cls, value: str) -> str:
        url = database_url(value)
        if url.get_backend_name() not in SCHEMES:
            raise ValueError(f"must begin with sqlite:// or postgresql://, not {url.drivername}://")
        if url.get_backend_name() == "sqlite" and not (url.database or "").startswith("/"):
            raise ValueError(
                "a SQLite quarantine needs an absolute path (four slashes: sqlite:////var/lib/…)"
            )
        if url.password is not None or SECRET_PARAMETERS.intersection(url.query):
            raise ValueError(
                "must not hold a password: write it into a file, and name that in store.password_file"
            )
        return value


def database_url(value: str) -> URL:
    """The URL with the driver that we use. Raises ValueError, without repeating the URL, if it is none."""
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError("is not a database URL") from None
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def database_file(options: StoreOptions) -> Path | None:
    """The file of a SQLite quarantine; None for PostgreSQL."""
    url = database_url(options.url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def store_name(options: StoreOptions) -> str:
    """What distinguishes this store from others, for people: the file, or the server's URL without a password."""
    file = database_file(options)
    return str(file) if file is not None else database_url(options.url).render_as_string(hide_password=True)


def state_directory(options: StoreOptions) -> Path:
    """The directory of the files that stand beside the database: what is remembered, and the lists in force."""
    file = database_file(options)
    return file.parent if file is not None else DEFAULT_STATE_DIRECTORY


def missing_driver(options: StoreOptions) -> str | None:
    """What is wrong if the store's URL needs a package that cannot be used, as a line for the operator."""
    if database_url(options.url).get_backend_name() == "sqlite":
        return None
    try:
        importlib.import_module("psycopg")
    except ImportError as error:
        return (
            f"store.url: postgresql:// needs sekisho[postgresql]: pip install 'sekisho[postgresql]' ({error})"
        )
    return None
