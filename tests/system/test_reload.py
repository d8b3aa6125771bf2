"""Reload under load: senders notice nothing, whether the new configuration is good or not."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from lab.cases import Lab
from lab.place import wait_until
from lab.postfix import Postfix
from lab.sekisho import Sekisho
from lab.sender import Mail, Session, flood
from lab.sink import Sink

BATCH, SESSIONS, RELOADS = 500, 20, 10
BODY = (
    b"From: Hanako <hanako@shop.example>\r\nTo: <taro@example.jp>\r\nSubject: hello\r\n\r\n"
    + b"line\r\n" * 400
)


def _mails(count: int) -> list[Mail]:
    return [
        Mail("hanako@shop.example", "taro@example.jp", b"X-Number: %d\r\n" % number + BODY + b".\r\n")
        for number in range(count)
    ]


def _events(lab: Lab, words: str) -> int:
    return sum(words == line["event"] for line in lab.sekisho.lines()[0])


def _reload(lab: Lab) -> None:
    """One reload, until the new workers have taken over."""
    before = _events(lab, "reloaded")
    os.kill(lab.sekisho.pid, signal.SIGHUP)
    wait_until(lambda: _events(lab, "reloaded") > before, "the new workers are ready", 60)


def test_ten_reloads_under_load_are_invisible(lab: Lab) -> None:
    """Twenty sessions send for as long as ten reloads take: every message is taken at once, and none is lost."""
    taken: Counter[int] = Counter()
    with ThreadPoolExecutor(1) as pool:
        reloads = pool.submit(lambda: [_reload(lab) for _ in range(RELOADS)])
        while not reloads.done():
            taken.update(flood(lab.postfix.port, _mails(BATCH), SESSIONS).replies)
        reloads.result()
    assert set(taken) == {250}
    wait_until(lambda: len(list(lab.sink)) == taken[250], "every message is delivered", 120)


def _figures_of(sekisho: Sekisho) -> str:
    """The metrics page; empty while its server, which the reload before replaced, is not there yet."""
    try:
        return sekisho.metrics()
    except OSError:
        return ""


def test_a_bad_configuration_changes_nothing(lab: Lab) -> None:
    """The old workers serve on, every error is in the log with its key, and the metric says so."""
    good = lab.sekisho.config.read_text("utf-8")
    try:
        lab.sekisho.config.write_text('mode = "enfroce"\nbogus = 1\n[policy]\ntag = "five"\n', "utf-8")
        os.kill(lab.sekisho.pid, signal.SIGHUP)
        wait_until(lambda: _events(lab, "config_fault") >= 3, "every error is logged")
        said = [str(line) for line in lab.sekisho.lines()[0] if line["event"] == "config_fault"]
        assert all(any(key in line for line in said) for key in ("mode", "bogus", "policy.tag"))
        wait_until(
            lambda: "sekisho_config_last_reload_success 0.0" in _figures_of(lab.sekisho),
            "the metric says that it failed",
        )
        assert flood(lab.postfix.port, _mails(50), 5).replies == {250: 50}
    finally:
        lab.sekisho.config.write_text(good, "utf-8")
        _reload(lab)


@contextmanager
def _own_daemon(place: Path, **wire: float) -> Iterator[tuple[Sekisho, Postfix]]:
    """A daemon with these options of the wire, and a Postfix of its own."""
    with (
        Sink() as sink,
        Sekisho(place, settings={"wire": wire}, name="reloaded") as sekisho,
        Postfix(place, sink.port, [sekisho.milter()], name="postfix-reloaded") as postfix,
    ):
        yield sekisho, postfix


def _again_and_again(port: int, stop: threading.Event) -> list[int]:
    """One SMTP session that sends message after message until told; the replies' codes."""
    codes = []
    with Session(port) as session:
        while not stop.is_set():
            codes.append(session.mail("hanako@shop.example", ["taro@example.jp"], BODY).reply.code)
    return codes


def _processes(pid: int) -> int:
    return len(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())


def test_long_sessions_outlive_reloads(place: Path) -> None:
    """Sessions that last for many times `drain_timeout`, and reload upon reload: no message is refused, two
    generations exist at most, and when the sessions have ended, the reload that waited takes place."""
    with (
        _own_daemon(place, workers=2, drain_timeout=0.2) as (sekisho, postfix),
        ThreadPoolExecutor(8) as pool,
    ):
        stop = threading.Event()
        sessions = [pool.submit(_again_and_again, postfix.port, stop) for _ in range(8)]
        most = 0
        for _ in range(50):
            os.kill(sekisho.pid, signal.SIGHUP)
            time.sleep(0.2)
            most = max(most, _processes(sekisho.pid))
        stop.set()
        replies = Counter(code for each in sessions for code in each.result())
        wait_until(
            lambda: sekisho.log.read_text().count('"event": "reloaded"') == 2, "the reload that waited", 60
        )
        wait_until(lambda: _processes(sekisho.pid) == 3, "one generation and the maintenance process", 60)
    assert set(replies) == {250}
    assert replies[250] > 50
    assert most <= 2 * (2 + 1)


def test_a_session_that_never_ends_is_told_to_connect_again(place: Path) -> None:
    """Long after a reload its next message is answered with 421, Postfix ends the session, and a new one is judged."""
    with _own_daemon(place, workers=1, retire_timeout=1.0) as (sekisho, postfix):
        with Session(postfix.port) as session:
            assert session.mail("hanako@shop.example", ["taro@example.jp"], BODY).reply.code == 250
            os.kill(sekisho.pid, signal.SIGHUP)
            wait_until(lambda: "ends at its next message" in sekisho.log.read_text(), "its time is over", 60)
            assert session.mail("hanako@shop.example", ["taro@example.jp"], BODY).reply.code == 421
            with pytest.raises(ConnectionError):
                session.command("NOOP")
        with Session(postfix.port) as session:
            assert session.mail("hanako@shop.example", ["taro@example.jp"], BODY).reply.code == 250
        wait_until(lambda: _processes(sekisho.pid) == 2, "the old worker has left", 60)
