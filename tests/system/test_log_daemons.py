"""The log with the real programs that take it: rsyslog, systemd-journald and logrotate, all private to the test."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lab.milter_client import Client
from lab.place import a_place, answers, end_process, free_port, wait_until
from lab.program import ROOT, USER, as_user
from lab.sekisho import Sekisho

PATIENCE = 60.0
OUR_SOURCE = {"PYTHONPATH": str(ROOT / "milter")}
RSYSLOG, JOURNALD = "/usr/sbin/rsyslogd", "/lib/systemd/systemd-journald"
HOSTILE = 'x" level=info\r\n<0>1 - - - - - - forged\n\x00\x1b[2J\u202e\u2028 駅'
SAY = f"""
import logging, sys
from sekisho import log
from sekisho.events import lifecycle, mail
options = log.LogOptions.model_validate_json(sys.argv[1])
log.setup(options)
log.start()
logger = logging.getLogger("sekisho.journal")
mail.MESSAGE.write(logger, queue_id="4X", id="01K", helo={HOSTILE!r}, reply="accept", findings=["a.b:1", "c.d:2"])
mail.MESSAGE.write(logger, reply="accept", findings=[f"{{n}}" + "駅" * 130 for n in range(30)])
lifecycle.WORKER_DIED.write(logger, pid=8, cause="crash", how="signal 11", messages=0)
logging.shutdown()
"""
RSYSLOG_CONFIG = """
global(workDirectory="{place}")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{place}/socket" CreatePath="on")
module(load="imudp") input(type="imudp" address="127.0.0.1" port="{port}")
module(load="imtcp") input(type="imtcp" address="127.0.0.1" port="{port}" supportOctetCountedFraming="on")
template(name="all" type="list" option.jsonf="on") {{
    property(outname="app" name="app-name" format="jsonf")
    property(outname="msgid" name="msgid" format="jsonf")
    property(outname="pri" name="pri-text" format="jsonf")
    property(outname="input" name="inputname" format="jsonf")
    property(outname="msg" name="msg" format="jsonf")
}}
action(type="omfile" file="{place}/out" template="all")
"""


@pytest.fixture
def place() -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("needs a user of its own and a mount namespace: `make test` uses sudo")
    with a_place() as directory:
        yield directory


def say(**options: str) -> None:
    """Three lines from a process of ours."""
    text = json.dumps({"target": "syslog", **options})
    environment = {**os.environ, **OUR_SOURCE}
    subprocess.run([sys.executable, "-c", SAY, text], check=True, env=environment, timeout=PATIENCE)


def read(file: Path, count: int) -> list[dict[str, Any]]:
    """So many lines of JSON."""
    wait_until(lambda: file.is_file() and file.read_bytes().count(b"\n") >= count, f"{count} lines", PATIENCE)
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


@contextmanager
def rsyslog(home: Path, port: int) -> Iterator[Path]:
    """A private rsyslog, which runs as the lab's user. Yields the file that it writes."""
    if not os.path.exists(RSYSLOG):
        pytest.skip("rsyslog is not installed")
    home.mkdir()
    shutil.chown(home, USER)
    (home / "conf").write_text(RSYSLOG_CONFIG.format(place=home, port=port))
    process = subprocess.Popen(
        [RSYSLOG, "-n", "-C", "-f", str(home / "conf"), "-i", str(home / "pid")],
        stderr=subprocess.DEVNULL,
        **as_user(),  # type: ignore[call-overload]
    )
    try:
        wait_until(lambda: answers(port), "rsyslog listens", PATIENCE)
        yield home / "out"
    finally:
        end_process(process.pid)
        process.wait()


def test_rsyslog_reads_every_form(place: Path) -> None:
    """UNIX socket, UDP and TCP: program, event, priority and line as they were sent; three lines are three messages."""
    home, port = place / "rsyslog", free_port()
    with rsyslog(home, port) as out:
        say(syslog_address=f"unix:{home}/socket")
        say(syslog_address=f"udp:127.0.0.1:{port}", format="json")
        say(syslog_address=f"tcp:127.0.0.1:{port}", syslog_facility="local3")
        found = read(out, 9)
    assert len(found) == 9
    assert {each["app"] for each in found} == {"sekisho"}
    by_input = {
        name: [each for each in found if each["input"] == name] for name in ("imuxsock", "imudp", "imtcp")
    }
    assert {name: len(each) for name, each in by_input.items()} == {"imuxsock": 3, "imudp": 3, "imtcp": 3}
    assert [each["pri"] for each in by_input["imtcp"]] == ["local3.info", "local3.info", "local3.err"]
    assert [each["msgid"] for each in by_input["imudp"]] == ["message", "message", "worker_died"]
    assert [json.loads(each["msg"])["event"] for each in by_input["imudp"]] == [
        "message",
        "message",
        "worker_died",
    ]
    assert "駅" in json.loads(by_input["imudp"][0]["msg"])["helo"]
    assert by_input["imuxsock"][2]["msg"].endswith(
        'event=worker_died pid=8 cause=crash how="signal 11" messages=0'
    )
    assert by_input["imtcp"][1]["msg"].endswith('駅…"')


JOURNAL = """
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal /run/systemd/journald.conf.d
printf '[Journal]\\nStorage=volatile\\nReadKMsg=no\\nAudit=no\\nForwardToSyslog=no\\nRateLimitBurst=0\\n' \\
    > /run/systemd/journald.conf.d/test.conf
"$JOURNALD" & daemon=$!
for _ in $(seq 100); do [ -S /run/systemd/journal/socket ] && break; sleep 0.1; done
"$PYTHON" -c "$SAY" '{"target": "journald"}'
journalctl --sync
journalctl -o json --all SYSLOG_IDENTIFIER=sekisho
echo ---
journalctl -o cat SEKISHO_EVENT=worker_died
kill $daemon
"""


@pytest.mark.skipif(not os.path.exists(JOURNALD), reason="systemd is not installed")
def test_the_journal_has_a_field_for_each_key(place: Path) -> None:
    """systemd's own journald, in a mount namespace: each entry is one, with its priority, and is found by its event."""
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-eu", "-c", JOURNAL],
        env={
            **os.environ,
            "PYTHON": sys.executable,
            "SAY": SAY,
            "JOURNALD": JOURNALD,
            "PYTHONPATH": str(ROOT / "milter"),
        },
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    if b"unshare failed" in done.stderr or b"mount:" in done.stderr:
        pytest.skip("may not mount here")
    assert done.returncode == 0, done.stderr
    entries, _, died = done.stdout.decode("utf-8").partition("---\n")
    found = [json.loads(line) for line in entries.splitlines()]
    assert [each["SEKISHO_EVENT"] for each in found] == ["message", "message", "worker_died"]
    assert [each["PRIORITY"] for each in found] == ["6", "6", "3"]
    assert (found[0]["QUEUE_ID"], found[0]["SEKISHO_ID"]) == ("4X", "01K")
    assert found[0]["SEKISHO_FINDINGS"] == ["a.b:1", "c.d:2"]
    assert "forged" in found[0]["SEKISHO_HELO"]
    assert len(found[1]["SEKISHO_FINDINGS"]) == 30
    assert died.endswith('event=worker_died pid=8 cause=crash how="signal 11" messages=0\n')


def mail(sekisho: Sekisho) -> bytes:
    with Client(f"unix:{sekisho.socket}", timeout=PATIENCE) as client:
        client.connect()
        client.helo()
        return client.message().final


def test_logrotate_and_a_syslog_that_comes_late(place: Path) -> None:
    """The shipped file rotates the log of a running daemon, which writes into the new file: no line is lost. After a
    reload the log goes to a syslog that is not there yet: mail goes on, and the lines come when it is."""
    wire, late = {"workers": 1}, free_port()
    with Sekisho(place, settings={"wire": wire}) as sekisho:
        assert mail(sekisho) == b"a"
        wait_until(lambda: messages(sekisho.log) == 1, "its line", PATIENCE)
        rotate(sekisho.log, place)
        before = sekisho.log.with_name("sekisho.log.1")
        assert (before.stat().st_mode & 0o777, sekisho.log.stat().st_mode & 0o777) == (0o640, 0o640)
        assert mail(sekisho) == b"a"
        wait_until(lambda: messages(sekisho.log) == 1, "a line in the new file", PATIENCE)
        assert messages(before) == 1
        log = {"target": "syslog", "syslog_address": f"tcp:127.0.0.1:{late}"}
        sekisho.configure({"wire": wire, "log": log})
        os.kill(sekisho.pid, signal.SIGHUP)
        wait_until(lambda: b"log_moved" in sekisho.log.read_bytes(), "the log moves", PATIENCE)
        assert {mail(sekisho) for _ in range(20)} == {b"a"}
        with rsyslog(place / "late", late) as out:
            wait_until(
                lambda: out.is_file() and '"msgid":"reloaded"' in out.read_text("utf-8"), "lines", PATIENCE
            )
            assert {mail(sekisho) for _ in range(20)} == {b"a"}
            wait_until(
                lambda: out.read_text("utf-8").count('"msgid":"message"') + messages(sekisho.log) - 1 >= 40,
                "every line is in the one or the other",
                PATIENCE,
            )
        assert sekisho.stop() == 0


def messages(log: Path) -> int:
    """How many lines are about a message."""
    return log.read_bytes().count(b'"event": "message"')


def rotate(log: Path, place: Path) -> None:
    """Rotate with the shipped file, whose path and user are those of this place."""
    account = pwd.getpwnam(USER)
    text = (ROOT / "config" / "logrotate" / "sekisho").read_text("utf-8")
    text = text.replace("/var/log/sekisho/*.log", str(log))
    text = text.replace("sekisho sekisho\n", f"{USER} {grp.getgrgid(account.pw_gid).gr_name}\n")
    file = place / "logrotate"
    file.write_text(text)
    subprocess.run(["logrotate", "--force", "--state", str(place / "state"), str(file)], check=True)
