"""Reload under load: senders notice nothing, whether the new configuration is good or not."""

from __future__ import annotations

import os
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from lab.cases import Lab
from lab.place import wait_until
from lab.sender import Mail, flood

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
    return sum(words in str(line.get("event", "")) for line in lab.sekisho.lines()[0])


def _reload(lab: Lab) -> None:
    """One reload, until the new workers have taken over."""
    before = _events(lab, "workers ready")
    os.kill(lab.sekisho.pid, signal.SIGHUP)
    wait_until(lambda: _events(lab, "workers ready") > before, "the new workers are ready", 60)


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


def _figures(lab: Lab) -> str:
    """The metrics page; empty while its server, which the reload before replaced, is not there yet."""
    try:
        return lab.sekisho.metrics()
    except OSError:
        return ""


def test_a_bad_configuration_changes_nothing(lab: Lab) -> None:
    """The old workers serve on, every error is in the log with its key, and the metric says so."""
    good = lab.sekisho.config.read_text("utf-8")
    try:
        lab.sekisho.config.write_text('mode = "enfroce"\nbogus = 1\n[policy]\ntag = "five"\n', "utf-8")
        os.kill(lab.sekisho.pid, signal.SIGHUP)
        wait_until(lambda: _events(lab, "configuration not loaded") >= 3, "every error is logged")
        said = [
            str(line)
            for line in lab.sekisho.lines()[0]
            if "configuration not loaded" in str(line.get("event", ""))
        ]
        assert all(any(key in line for line in said) for key in ("mode", "bogus", "policy.tag"))
        wait_until(
            lambda: "sekisho_config_last_reload_success 0.0" in _figures(lab),
            "the metric says that it failed",
        )
        assert flood(lab.postfix.port, _mails(50), 5).replies == {250: 50}
    finally:
        lab.sekisho.config.write_text(good, "utf-8")
        _reload(lab)
