"""A private PostgreSQL, on a UNIX socket only, owned by an unprivileged user."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy import NullPool, create_engine, text

_NAMES = itertools.count()


def programs() -> Path | None:
    """The directory with the programs of the newest server, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Cluster:
    """One server. A test may call `start` and `stop` several times; `remove` is called at the end."""

    def __init__(self, where: Path, directory: Path | None = None, password: str | None = None) -> None:
        """`where` has the programs. The data go into `directory`, which must be empty, or into a new one. With a
        `password` the server asks everybody for it (SCRAM)."""
        self._programs = where
        self._user = "nobody" if os.geteuid() == 0 else None
        self._directory = directory or Path(tempfile.mkdtemp(prefix="sekisho-pg-"))
        if self._user:
            entry = pwd.getpwnam(self._user)
            os.chown(self._directory, entry.pw_uid, entry.pw_gid)
        self._password = password
        words = ["--auth=trust"]
        if password is not None:
            secret = self._directory / "password"
            secret.write_text(f"{password}\n", "utf-8")
            words = ["--auth=scram-sha-256", f"--pwfile={secret}"]
        self._run("initdb", "-D", self._data, "-U", "sekisho", *words, "--encoding=UTF8", "--locale=C")

    @property
    def _data(self) -> str:
        return str(self._directory / "data")

    def start(self) -> None:
        settings = f"-c listen_addresses= -c unix_socket_directories={self._directory} -c shared_buffers=16MB"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", f"{self._data}/log", "-o", settings, "start")

    def stop(self, mode: str = "fast") -> None:
        """Stop the server. `immediate` is a crash: nothing is flushed, and the next start recovers."""
        self._run("pg_ctl", "-D", self._data, "-w", "-m", mode, "stop")

    def remove(self) -> None:
        shutil.rmtree(self._directory)

    @property
    def socket(self) -> Path:
        """The UNIX socket on which the server listens."""
        return self._directory / ".s.PGSQL.5432"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the server and all of its processes."""
        first = int((Path(self._data) / "postmaster.pid").read_text().split()[0])
        found = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        for pid in (first, *map(int, found)):
            os.kill(pid, number)

    def url(self, name: str, host: Path | None = None) -> str:
        """The URL of a database. `host` is the directory of the socket, if it is not the server's own."""
        return f"postgresql://sekisho@/{name}?host={host or self._directory}"

    def new_database(self) -> str:
        name = f"test{next(_NAMES)}"
        self.do(f"CREATE DATABASE {name}")
        return self.url(name)

    def do(self, *statements: str) -> None:
        """Run statements without a transaction, as the cluster's owner."""
        url = self.url("postgres").replace("postgresql://", "postgresql+psycopg://")
        asked = {} if self._password is None else {"password": self._password}
        engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool, connect_args=asked)
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def _run(self, program: str, *arguments: str) -> None:
        # No pipe: the server would inherit it, and waiting for its end would wait for the end of the server.
        subprocess.run(
            [str(self._programs / program), *arguments],
            user=self._user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
