"""PostgreSQL as the store: the server dies, is full or read-only, or its answer to a commit does not come."""

from __future__ import annotations

import importlib.util
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

from lab.cluster import Cluster, programs
from lab.faults.row import Trial, Untried, row
from lab.faults.rows.disk import bulky
from lab.faults.rows.kill import MUST, see_ready
from lab.faults.site import Site
from lab.faults.storage import errors, fill, own, small_disk, suffer
from lab.place import LabError
from lab.sekisho import merged
from sekisho.store.database import StoreOptions, state_directory

BACK = MUST + "; 451 while it lasts, counted; mail is stored as soon as it is over, without a restart"
_COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"


@contextmanager
def server(directory: Path | None = None) -> Iterator[Cluster]:
    """A private server. Raises Untried if PostgreSQL is not installed."""
    where = programs()
    if where is None or importlib.util.find_spec("psycopg") is None:
        raise Untried("PostgreSQL or psycopg is not installed")
    cluster = Cluster(where, directory)
    try:
        cluster.start()
        yield cluster
    finally:
        with suppress(subprocess.CalledProcessError):
            cluster.stop("immediate")
        if directory is None:
            cluster.remove()


@contextmanager
def stored(trial: Trial, cluster: Cluster, host: Path | None = None) -> Iterator[Site]:
    """A running site, under load, whose store is a new database of this server."""
    site = trial.site()
    name = cluster.new_database().split("@/")[1].split("?")[0]
    site.daemon.settings = merged(site.daemon.settings, {"store": {"url": cluster.url(name, host)}})
    with _state_directory(), site, site.load(trial.size, per_second=30):
        yield site


@contextmanager
def _state_directory() -> Iterator[None]:
    """Without a database file, the daemon keeps guard and lists in one fixed directory. The row has this directory
    during the block. Raises Untried if the machine uses it."""
    directory = state_directory(StoreOptions(url="postgresql://nobody@/x"))
    there = directory.exists()
    if there and any(directory.iterdir()):
        raise Untried(f"{directory} is in use")
    with small_disk(directory, "size=4m"):
        own(directory)
        yield
    if not there:
        directory.rmdir()


@row("postgresql-killed", "PostgreSQL crashes (immediate stop) and comes back, three times", BACK)
def killed(trial: Trial) -> None:
    _stopped(trial, "immediate", 3)


@row("postgresql-stopped", "PostgreSQL is stopped in order and started again", BACK)
def stopped(trial: Trial) -> None:
    _stopped(trial, "fast", 1)


def _stopped(trial: Trial, mode: str, times: int) -> None:
    with server() as cluster, stored(trial, cluster) as site:
        for turn in range(times):
            suffer(trial, site, lambda: cluster.stop(mode), cluster.start, f"time {turn + 1}")
        see_ready(trial, site)
        trial.balance(site)


@row("postgresql-restarted", "PostgreSQL is restarted five times under load", MUST)
def restarted(trial: Trial) -> None:
    with server() as cluster, stored(trial, cluster) as site:
        for _ in range(5):
            cluster.stop()
            cluster.start()
            time.sleep(1)
        see_ready(trial, site)
        trial.balance(site)


@row(
    "postgresql-frozen",
    "PostgreSQL is stopped (SIGSTOP) for 60 s: connections stay open and nothing is answered",
    BACK + "; no worker is lost, mail that is not held goes on",
)
def frozen(trial: Trial) -> None:
    with server() as cluster, stored(trial, cluster) as site:
        begun = time.monotonic()

        def go_on() -> None:
            others = site.sender(sessions=2)
            others.offer(site.mails(8, ["plain"]))
            trial.see("mail that is not held goes on", others.finish(60), dict(others.replies))
            trial.wait("a minute", lambda: time.monotonic() - begun > 60, 90)
            cluster.signal(signal.SIGCONT)

        try:
            suffer(trial, site, lambda: cluster.signal(signal.SIGSTOP), go_on, "frozen")
        finally:
            cluster.signal(signal.SIGCONT)
        see_ready(trial, site)
        trial.balance(site)
        trial.see("no worker is lost", site.metric("sekisho_worker_restarts_total") == 0)


@row("postgresql-connections", "others use up max_connections, and ours are ended", BACK)
def connections(trial: Trial) -> None:
    with server() as cluster, stored(trial, cluster) as site, ExitStack() as others:
        suffer(trial, site, lambda: _use_up(cluster, others), others.close, "no connection")
        see_ready(trial, site)
        trial.balance(site)


def _use_up(cluster: Cluster, others: ExitStack) -> None:
    """Take every connection of the server. The daemon's own ones are ended again and again until they are taken,
    too."""
    import psycopg  # noqa: PLC0415 - an extra

    end = time.monotonic() + 30
    ours = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sekisho'"
    control = others.enter_context(closing(psycopg.connect(cluster.url("postgres"), autocommit=True)))
    while time.monotonic() < end:
        control.execute(ours)
        try:
            while True:
                others.enter_context(closing(psycopg.connect(cluster.url("postgres"))))
        except psycopg.OperationalError:
            count = control.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sekisho'"
            )
            if (found := count.fetchone()) and found[0] == 0:
                return
    raise LabError("the connections are not used up")


@row(
    "postgresql-commit-cut",
    "the connection is cut after COMMIT was carried out and before its answer, 20 times",
    MUST + "; the retry finds the entry",
)
def commit_cut(trial: Trial) -> None:
    with (
        server() as cluster,
        _Proxy(trial.place / "proxy", cluster.socket) as proxy,
        stored(trial, cluster, proxy.directory) as site,
    ):
        proxy.cut(20)
        probe = site.sender(sessions=4)
        probe.offer(site.mails(60, ["held", "mixed"]))
        trial.see("all is answered", probe.finish(200), dict(probe.replies))
        trial.see("20 commits were cut", proxy.left == 0, f"{20 - proxy.left}")
        trial.see("counted as errors of the store", errors(site) > 0, f"{errors(site):g}")
        see_ready(trial, site)
        trial.balance(site)


class _Proxy:
    """A proxy between the daemon and the server, on a UNIX socket in a directory of its own. While `left` is above 0, a
    COMMIT is carried out, but the client gets no answer."""

    def __init__(self, directory: Path, server: Path) -> None:
        self.directory = directory
        self.left = 0
        self._server = server
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX)

    def __enter__(self) -> _Proxy:
        self.directory.mkdir()
        path = self.directory / self._server.name
        self._listener.bind(str(path))
        self._listener.listen(64)
        own(self.directory, path)
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def cut(self, times: int) -> None:
        with self._lock:
            self.left = times

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as backend, suppress(OSError):
            backend.connect(str(self._server))
            threading.Thread(target=_copy, args=(backend, client), daemon=True).start()
            while data := client.recv(65536):
                if _COMMIT in data and self._takes():
                    client.shutdown(socket.SHUT_RDWR)  # the client gets nothing from the server
                    backend.sendall(data)
                    time.sleep(0.3)  # the server commits
                    return
                backend.sendall(data)

    def _takes(self) -> bool:
        with self._lock:
            cut = self.left > 0
            self.left -= cut
            return cut


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@row("postgresql-disk-full", "the file system of PostgreSQL's data is full, then has room", BACK)
def disk_full(trial: Trial) -> None:
    with small_disk(trial.place / "pg", "size=160m,mode=700") as disk:
        own(disk)
        with server(disk) as cluster, stored(trial, cluster) as site:
            filler = disk / "filler"
            suffer(trial, site, lambda: fill(disk), lambda: _room(cluster, filler), "full", bulky, some=True)
            see_ready(trial, site)
            trial.balance(site)


def _room(cluster: Cluster, filler: Path) -> None:
    """Make room. A server that could not write its log has ended; it is started again, as its unit would do."""
    filler.unlink()
    with suppress(subprocess.CalledProcessError):
        cluster.start()


@row("postgresql-read-only", "the server turns read-only, as after a failover to a standby", BACK)
def turned_read_only(trial: Trial) -> None:
    with server() as cluster, stored(trial, cluster) as site:
        suffer(
            trial,
            site,
            lambda: _read_only(cluster, "ALTER SYSTEM SET default_transaction_read_only = on"),
            lambda: _read_only(cluster, "ALTER SYSTEM RESET default_transaction_read_only"),
            "read-only",
        )
        see_ready(trial, site)
        trial.balance(site)


def _read_only(cluster: Cluster, change: str) -> None:
    cluster.do(
        "SET default_transaction_read_only = off",
        change,
        "SELECT pg_reload_conf()",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sekisho'",
    )


@row(
    "postgresql-not-durable",
    "the server is found with synchronous_commit=off, and with fsync=off",
    MUST
    + "; the first is overridden: a crash loses nothing; with the second the daemon does not start and says why",
)
def not_durable(trial: Trial) -> None:
    with server() as cluster:
        cluster.do("ALTER SYSTEM SET synchronous_commit = off", "SELECT pg_reload_conf()")
        with stored(trial, cluster) as site:
            for _ in range(3):
                time.sleep(1)
                cluster.stop("immediate")
                cluster.start()
            see_ready(trial, site)
            trial.balance(site)
            site.daemon.stop()
            cluster.do("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
            try:
                site.daemon.start()
                trial.see("with fsync=off it does not start", False)
            except LabError as refusal:
                trial.see("with fsync=off it does not start and says why", "'fsync': 'off'" in str(refusal))
