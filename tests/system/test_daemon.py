"""The daemon's life beside Postfix."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.cases import Lab, find, settings_of
from lab.place import a_place, wait_until
from lab.program import ROOT
from lab.sender import Session
from tests.system.mails import letter

from sekisho.case_runner import judge
from sekisho.cases import Case
from sekisho.config import Config

SAMPLES = ROOT / "samples"


def test_a_restart_between_messages_loses_none(lab: Lab) -> None:
    """A message before, one while the daemon is down, one after: accepted, told to come again, accepted."""
    assert lab.send(letter("hanako@example.jp")).sent.reply.code == 250
    assert lab.sekisho.stop() == 0
    mail = letter("hanako@example.jp")
    with Session(lab.postfix.port, mail.envelope.client) as session:
        assert session.mail(mail.envelope.sender, ["hanako@example.jp"], mail.raw).reply.code // 100 == 4
    lab.sekisho.start()
    assert lab.send(mail).verdict == "accept"


def test_the_daemon_runs_without_privileges(lab: Lab) -> None:
    """No process of the daemon runs as root or keeps a capability."""
    status = Path(f"/proc/{lab.sekisho.pid}/status").read_text()
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert "0" not in facts["Uid"].split()
    assert int(facts["CapEff"], 16) == 0


def test_every_message_is_counted_once(lab: Lab) -> None:
    """The metrics count a message that was sent, under its verdict, and only once."""
    before = _counted(lab)
    lab.send(letter("hanako@example.jp"))
    wait_until(lambda: _counted(lab) == before + 1, "the message is counted")


def _counted(lab: Lab) -> float:
    lines = lab.sekisho.metrics().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("sekisho_messages_total{"))


@pytest.fixture(scope="module")
def sample_lab() -> Iterator[Lab]:
    """A lab with the configuration that the samples bring along."""
    if os.geteuid() != 0:
        pytest.skip("Postfix's master starts as root: `make test` uses sudo")
    with a_place() as place, Lab(place, settings_of(SAMPLES)) as lab:
        yield lab


@pytest.mark.parametrize("case", find(SAMPLES), ids=lambda case: case.path.stem)
def test_run_and_check_judge_alike(sample_lab: Lab, case: Case) -> None:
    """Through Postfix and from the command line a case gets the same verdict, score, findings and results."""
    live = sample_lab.send(case)
    told = judge(Config.model_validate(settings_of(SAMPLES)), ask_dns=False)(case)
    assert live.line is not None
    assert live.verdict == told["verdict"]
    assert live.score == told["score"]
    kind, entry = told["decided_by"].partition(" ")[::2]
    shown = live.line["decided_by"]
    assert shown == told["decided_by"] or (shown.startswith(f"{kind} ~") and "@" in entry)  # a pseudonym
    assert live.findings == {each["id"]: each["points"] for each in told["findings"]}
    assert {method: live.line[method] for method in told["auth"]} == told["auth"]
    assert list(live.line.get("degraded") or ()) == told["degraded"]


def test_run_shows_every_verdict_and_ends() -> None:
    """`make run` on a terminal-less machine with --once prints a row for each case and where to look."""
    done = subprocess.run([*_RUN, "--once"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for case in find(SAMPLES):
        assert case.path.stem in done.stdout
    assert "/metrics" in done.stdout
    assert "quarantine" in done.stdout


def test_run_in_shadow_holds_nothing(tmp_path: Path) -> None:
    """A folder with a configuration of its own, as of a real site: its mode counts, its places do not."""
    case = find(SAMPLES)[0]
    for end in (".eml", ".json"):
        shutil.copy(case.path.with_suffix(end), tmp_path)
    store = tmp_path / "of the site.db"
    (tmp_path / "sekisho.toml").write_text(
        f'mode = "shadow"\n[store]\nurl = "sqlite:///{store}"\n[wire]\nsocket = "unix:{tmp_path}/m.sock"\n'
    )
    done = subprocess.run(
        [*_RUN, str(tmp_path), "--once"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "(0 held)" in done.stdout
    assert not store.exists()


def _sekisho_in(lines: list[str], command: str) -> list[str]:
    """The words of a command that `make run` prints."""
    (line,) = (line for line in lines if f"bin/sekisho {command}" in line)
    return line.split()


def test_run_is_a_site_in_which_commands_work_and_ctrl_c_stops_it() -> None:
    """What it prints can be typed: held mail is released and arrives, and doctor has nothing to mend. On SIGINT the run
    ends with status 0, and its Postfix, daemon and directory are gone."""
    process = subprocess.Popen(_RUN, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "until Ctrl-C" in line:
            break
    (place,) = {part for line in lines for part in line.split() if part.endswith("/sekisho.log")}
    directory = Path(place).parent.parent
    pids = [int(record.read_text().split()[0]) for record in directory.glob("*/lab.pid")]
    assert len(pids) == 2
    sink = directory / "sink"
    before = len(list(sink.iterdir()))
    record = json.loads(_told([*_sekisho_in(lines, "quarantine list"), "--format", "json"]))[0]["id"]
    assert "released" in _told(
        [record if word == "ID" else word for word in _sekisho_in(lines, "quarantine release")]
    )
    wait_until(lambda: len(list(sink.iterdir())) == before + 1, "the released message arrives")
    doctor = json.loads(_told([*_sekisho_in(lines, "doctor"), "--skip", "clock", "--format", "json"]))
    assert doctor == []
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert not directory.exists()
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def _told(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


_RUN = [sys.executable, "-m", "lab.run"]
