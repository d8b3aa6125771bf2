"""Where the daemon writes its reports: the log's target, and the directory and port of the metrics."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from lab.faults.row import Trial, row
from lab.faults.rows.kill import see_ready
from lab.faults.sender import Sender
from lab.faults.site import Site
from lab.place import LabError

MUST = "mail and signals go on, no 4xx; lines that are not written are counted; 0 lost, 0 doubled, 0 unjudged"
_PIPE = 4096  # bytes that a pipe takes; a few messages log more


def see_no_refusal(trial: Trial, load: Sender) -> None:
    """There must be no 4xx and no lost connection."""
    bad = {code: count for code, count in load.replies.items() if code == 0 or 400 <= code < 500}
    trial.see("no 4xx", not bad, f"{bad}, {dict(load.texts)}" if bad else "none")


def see_reload(trial: Trial, site: Site) -> None:
    """The supervisor must still react to signals: a reload must bring a new generation."""
    before = set(site.workers())
    os.kill(site.daemon.pid, signal.SIGHUP)
    trial.wait("a reload brings new workers", lambda: bool(set(site.workers()) - before), 60)


def see_dropped(trial: Trial, site: Site) -> None:
    """Lines that could not be written must be counted, and the count must be readable."""
    trial.wait(
        "dropped lines are exported",
        lambda: site.metric("sekisho_log_lines_dropped_total") > 0,
        30,
        lambda: site.metric("sekisho_log_lines_dropped_total"),
    )


@contextmanager
def _pipe(place: Path) -> Iterator[tuple[FileIO, tuple[str, ...], Path]]:
    """A small pipe that becomes the daemon's standard error: our end, and the words to put before the command."""
    path = place / "pipe"
    os.mkfifo(path)
    path.chmod(0o666)
    reader = FileIO(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    holder = os.open(path, os.O_WRONLY)  # so that the pipe is open before the daemon starts
    fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, _PIPE)
    try:
        yield reader, ("/bin/sh", "-c", f'exec "$@" 2>{path}', "sh"), path
    finally:
        os.close(holder)
        reader.close()


_STDERR = {"log": {"target": "stderr"}}


@row("log-blocked", "the log is a pipe without a reader", MUST)
def log_blocked(trial: Trial) -> None:
    with _pipe(trial.place) as (reader, wrap, _), trial.site(_STDERR, wrap=wrap) as site:
        with site.load(trial.size, patience=200) as load:
            load.tell(lambda: load.open == 0, 60)
            trial.see("mail goes on while nobody reads", load.open == 0, f"{load.answered} answered")
            trial.wait("ready while nobody reads", site.ready, 20)
            see_reload(trial, site)
            see_dropped(trial, site)
            stop = threading.Event()
            drain = threading.Thread(target=_read_all, args=(reader, stop), daemon=True)
            drain.start()
            load.finish()
        see_no_refusal(trial, load)
        see_ready(trial, site)
        trial.balance(site)
        stop.set()
        drain.join()


def _read_all(reader: FileIO, stop: threading.Event) -> None:
    while not stop.wait(0.02):
        while reader.read(65536):
            pass


@row("log-closed", "the reader of the log's pipe goes away", MUST)
def log_closed(trial: Trial) -> None:
    with _pipe(trial.place) as (reader, wrap, path), trial.site(_STDERR, wrap=wrap) as site:
        drain = threading.Thread(target=_read_some, args=(reader,))
        drain.start()
        with site.load(trial.size, patience=200) as load:
            drain.join()  # now the other end is closed
            path.unlink()
            load.finish()
        see_no_refusal(trial, load)
        see_reload(trial, site)
        see_dropped(trial, site)
        see_ready(trial, site)
        trial.balance(site)


def _read_some(reader: FileIO) -> None:
    size = 0
    while size < 20_000:
        size += len(reader.read(4096) or b"")
        time.sleep(0.02)
    reader.close()


@row("log-full", "the file system of the log is full, then there is room again", MUST + "; lines come again")
def log_full(trial: Trial) -> None:
    with (
        small_disk(trial.place / "logs", "256k") as disk,
        trial.site({"log": {"target": str(disk / "log")}}) as site,
    ):
        with site.load(trial.size, per_second=60) as load:
            filler = filled(disk)
            load.finish()
        see_no_refusal(trial, load)
        see_reload(trial, site)
        see_dropped(trial, site)
        filler.unlink()
        before = (disk / "log").stat().st_size
        with site.load(10) as load:
            load.finish()
        trial.wait("lines come again", lambda: (disk / "log").stat().st_size > before, 30)
        see_ready(trial, site)
        trial.balance(site)


@contextmanager
def small_disk(where: Path, size: str) -> Iterator[Path]:
    """A small file system to which the daemon may write."""
    where.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "none", str(where)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise LabError(f"no small file system: {done.stderr.strip()}")
    try:
        yield where
    finally:
        subprocess.run(["umount", "-l", str(where)], check=False)


def filled(disk: Path) -> Path:
    """Fill the disk; returns the file that was written."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as stream, suppress(OSError):
        while stream.write(b"x" * 4096):
            pass
    return filler


@row("log-rotated", "the log is rotated again and again under load", MUST + "; no line is lost")
def log_rotated(trial: Trial) -> None:
    with trial.site() as site:
        old: list[Path] = []
        with site.load(trial.size, per_second=60) as load:
            while load.open and len(old) < 100:
                time.sleep(0.1)
                moved = site.daemon.log.with_name(f"log.{len(old)}")
                with suppress(FileNotFoundError):
                    site.daemon.log.rename(moved)
                    old.append(moved)
            load.finish()
        see_no_refusal(trial, load)
        site.send(site.mails(1)[0])
        judged = site.metric("sekisho_messages_total")

        def lines() -> int:
            files = [*old, site.daemon.log]
            texts = [each.read_text().splitlines() for each in files if each.exists()]
            return sum(json.loads(line).get("event") == "message" for text in texts for line in text)

        trial.note(f"{len(old)} rotations")
        trial.wait(
            "a line for each message", lambda: lines() >= judged, 20, lambda: f"{lines()} of {judged:g}"
        )
        see_ready(trial, site)
        trial.balance(site)


# -- metrics --------------------------------------------------------------------------------------------------

_GOES_ON = "mail goes on, no 4xx; 0 lost, 0 doubled, 0 unjudged"
METRICS_MUST = f"{_GOES_ON}; the failure is logged and counted, mail is counted again afterwards"


def _see_metrics_fault(trial: Trial, site: Site) -> None:
    """Mail must go on with workers from before and after a reload, and after one was killed."""
    with site.load(trial.size, per_second=60) as load:
        see_reload(trial, site)
        time.sleep(2)
        os.kill(site.workers()[0], signal.SIGKILL)  # its messages in progress get a 451
        load.finish()
    most = load.replies[451]
    trial.see("no 451 but for the kill", most <= 40, f"{most} of {load.answered}: {dict(load.texts)}")
    with site.load(trial.size // 2) as load:
        load.finish()
    see_no_refusal(trial, load)


def _see_counted(trial: Trial, site: Site, *, failed: bool = True) -> None:
    """What is judged now must be counted. If something has `failed`, that must be logged and counted too."""
    if failed:
        said = site.logged("metrics_unwritable")
        trial.see("the log says so", said, f"{said} lines")
    with site.load(10) as load:
        load.finish()
    before = site.metric("sekisho_messages_total")
    with site.load(10) as load:
        load.finish()

    def counted() -> float:
        site.send(site.mails(1)[0])  # with its next message, a worker tries the directory again
        return site.metric("sekisho_messages_total") - before

    trial.wait("mail is counted again", lambda: counted() >= 10, 30, lambda: f"{counted():g} of 10")
    if failed:
        failures = site.metric("sekisho_observer_failures_total", observer="metrics")
        trial.see("failures are counted", failures > 0, f"{failures:g}")


@row(
    "metrics-removed",
    "the metrics directory is removed, then a reload and a new worker",
    f"{_GOES_ON}; the directory is made again, mail is counted again",
)
def metrics_removed(trial: Trial) -> None:
    with trial.site() as site:
        site.send(site.mails(1)[0])
        shutil.rmtree(site.daemon.directory / "metrics")
        _see_metrics_fault(trial, site)
        _see_counted(trial, site, failed=False)
        trial.balance(site)


@row("metrics-full", "the metrics directory is full, then a reload and a new worker", METRICS_MUST)
def metrics_full(trial: Trial) -> None:
    with (
        small_disk(trial.place / "figures", "8m") as disk,
        trial.site({"metrics": {"directory": str(disk)}}) as site,
    ):
        site.send(site.mails(1)[0])
        filler = filled(disk)
        _see_metrics_fault(trial, site)
        filler.unlink()
        _see_counted(trial, site)
        trial.wait("ready with room again", site.ready)
        trial.balance(site)


@row("metrics-closed", "the metrics directory may no longer be entered", METRICS_MUST)
def metrics_closed(trial: Trial) -> None:
    with trial.site() as site:
        site.send(site.mails(1)[0])
        directory = site.daemon.directory / "metrics"
        before = directory.stat()
        os.chown(directory, 0, 0)
        directory.chmod(0o700)
        _see_metrics_fault(trial, site)
        os.chown(directory, before.st_uid, before.st_gid)
        directory.chmod(before.st_mode & 0o777)
        _see_counted(trial, site)
        trial.balance(site)


_SLOW = 40  # clients


@row(
    "metrics-slow-clients",
    f"{_SLOW} clients of the metrics port send nothing, send slowly or do not read",
    "health is answered within 2 s all the time; mail goes on",
    weight=0.4,
)
def metrics_slow_clients(trial: Trial) -> None:
    with trial.site() as site:
        stop = threading.Event()
        clients = [_slow_client(site.daemon.metrics_port, kind) for kind in range(_SLOW)]
        trickle = threading.Thread(target=_trickle, args=(clients, stop), daemon=True)
        trickle.start()
        try:
            with site.load(trial.size) as load:
                late = sum(not _answered(site, name) for _ in range(10) for name in ("readyz", "healthz"))
                trial.see("health is answered within 2 s", not late, f"{late} of 20 were not")
                load.finish()
            see_no_refusal(trial, load)
        finally:
            stop.set()
            trickle.join()
            for each in clients:
                each.close()
        see_ready(trial, site)
        trial.balance(site)


def _slow_client(port: int, kind: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), 5)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    with suppress(OSError):
        if kind % 3 == 1:
            client.sendall(b"GET /metrics HTTP/1.1\r\nX-Slow: ")
        elif kind % 3 == 2:
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
    return client


def _trickle(clients: list[socket.socket], stop: threading.Event) -> None:
    while not stop.wait(0.5):
        for client in clients[1::3]:
            with suppress(OSError):
                client.sendall(b"x")


def _answered(site: Site, name: str) -> bool:
    url = f"http://127.0.0.1:{site.daemon.metrics_port}/{name}"
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
