"""The store's files are taken away under a real daemon behind a real Postfix, and an operator brings them back."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab.cases import Lab, smtp_lines
from lab.place import LabError, wait_until
from lab.program import ROOT, USER
from lab.sender import Session
from tests.system.mails import spoof

FAILURES = "sekisho_store_identity_failures_total"


def files_of(lab: Lab) -> list[Path]:
    store = lab.sekisho.store
    return [store.with_name(f"{store.name}{end}") for end in ("", "-wal", "-shm")]


@pytest.fixture
def own_store(running_lab: Lab) -> Iterator[Lab]:
    """The session's lab with an empty store before and after."""
    _renew(running_lab)
    yield running_lab
    _renew(running_lab)


def _renew(lab: Lab) -> None:
    lab.sekisho.stop()
    for each in lab.sekisho.store.parent.glob("*quarantine.db*"):
        each.unlink()
    for each in lab.postfix.queued():
        lab.postfix.command("postsuper", "-d", str(each["queue_id"]))
    lab.sekisho.start()


def send(lab: Lab, number: int) -> bool:
    """Send a forgery to a recipient of its own; True if the sender heard 250."""
    case = spoof(f"n{number}@example.jp")
    lab.dns.serve(case.dns)
    with Session(lab.postfix.port, case.envelope.client) as session:
        sent = session.mail(case.envelope.sender, [f"n{number}@example.jp"], smtp_lines(case.raw))
    assert sent.reply.code in {250, 451}, sent.reply
    return sent.reply.code == 250


def places(lab: Lab) -> set[str]:
    """The recipients whose copy is in the store at the path, or in Postfix's hold queue."""
    held = set()
    for each in lab.postfix.queued():
        held |= {person["address"] for person in each["recipients"]}
    try:
        rows = lab.sekisho.cli("quarantine", "list", "--limit", "1000", "--format", "json")
    except LabError:
        return held
    return held | {person["rcpt"] for row in json.loads(rows) for person in row["recipients"]}


def counted(lab: Lab) -> float:
    found = re.search(rf"^{FAILURES} (\S+)$", lab.sekisho.metrics(), re.MULTILINE)
    assert found is not None
    return float(found[1])


def removed(lab: Lab) -> None:
    for each in files_of(lab):
        each.unlink(missing_ok=True)


def database_removed(lab: Lab) -> None:
    lab.sekisho.store.unlink()


def cut(lab: Lab) -> None:
    os.truncate(lab.sekisho.store, 4096)


def replaced(lab: Lab) -> None:
    """By a backup, as somebody does who has not read the documents."""
    copy = lab.sekisho.store.with_name("backup.db")
    copy.unlink(missing_ok=True)
    lab.sekisho.cli("store", "backup", str(copy))
    copy.replace(lab.sekisho.store)


def log_removed(lab: Lab) -> None:
    files_of(lab)[1].unlink()


@pytest.mark.parametrize("damage", [removed, database_removed, cut, replaced, log_removed])
def test_what_is_answered_is_somewhere(own_store: Lab, damage: Callable[[Lab], None]) -> None:
    """After the damage every message that was answered with 250 is in the store at the path or in Postfix's hold
    queue; the failure is counted; no database appears where one has vanished."""
    lab = own_store
    before = {f"n{number}@example.jp" for number in range(6) if send(lab, number)}
    assert before == places(lab)
    damage(lab)
    there = lab.sekisho.store.exists()
    after = {f"n{number}@example.jp" for number in range(100, 120) if send(lab, number)}
    assert after <= places(lab)
    assert len(after) == 20
    wait_until(lambda: counted(lab) >= 1, "the failure is counted")
    assert lab.sekisho.store.exists() is there
    if damage in {replaced, log_removed}:
        assert before <= places(lab)
        assert not lab.postfix.queued()


def test_a_running_daemon_makes_no_new_store_by_reload_or_by_a_new_worker(own_store: Lab) -> None:
    """A vanished store stays down over a reload and a killed worker; a start makes an empty one and says so."""
    lab = own_store
    assert send(lab, 1)
    removed(lab)
    os.kill(lab.sekisho.pid, 1)
    wait_until(lambda: '"event": "reloaded"' in lab.sekisho.last_words(), "a new generation")
    assert send(lab, 2)
    assert not lab.sekisho.store.exists()
    assert places(lab) == {"n2@example.jp"}
    lab.sekisho.stop()
    lab.sekisho.start()
    wait_until(lab.sekisho.store.exists, "an empty store is made")
    said = "was there and is gone or empty"
    wait_until(lambda: said in lab.sekisho.log.read_text("utf-8"), "the daemon says so")
    assert send(lab, 3)
    assert "n3@example.jp" in places(lab)


@pytest.fixture
def shell(own_store: Lab, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """A line of the document, run by root's shell with this lab's paths."""
    lab = own_store
    backups = lab.place / "backups"
    shutil.rmtree(backups, ignore_errors=True)
    programs = tmp_path_factory.mktemp("bin")
    assert lab.sekisho.program is not None
    wrapper = programs / "sekisho"
    words = shlex.join(lab.sekisho.program.command())
    wrapper.write_text(f"#!/bin/sh\nexec {words} \"$@\" --config '{lab.sekisho.config}'\n")
    wrapper.chmod(0o755)

    def run(line: str) -> str:
        if line == "systemctl stop sekisho-milter":
            assert lab.sekisho.stop() == 0
            return ""
        if line == "systemctl start sekisho-milter":
            lab.sekisho.start()
            return ""
        done = subprocess.run(
            ["sh", "-c", line.replace("/var/backups/sekisho", str(backups))],
            env={**lab.sekisho.program.environment, "PATH": f"{programs}:/usr/bin:/bin"},  # type: ignore[union-attr]
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}: {done.stdout}{done.stderr}"
        return done.stdout

    return run


def chapter() -> list[list[str]]:
    """The commands of the chapter Backup and restore, block by block."""
    text = (ROOT / "docs/operating.md").read_text("utf-8")
    text = text.partition("\n## Backup and restore\n")[2].partition("\n## ")[0]
    return [block.strip().splitlines() for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL)]


def test_the_commands_of_the_chapter_bring_held_mail_back(
    own_store: Lab, shell: Callable[[str], str]
) -> None:
    """Backup with the daemon running, loss, restore, as typed from docs/operating.md: what was held is held again, the
    lost state is kept, and a restore under the running daemon is refused."""
    lab = own_store
    backup, restore, *_ = chapter()  # behind them: password and copy of a store
    assert send(lab, 1)
    for line in backup:
        shell(line)
    (made,) = (lab.place / "backups").glob("quarantine-*.db")
    owner = lab.sekisho.store.stat()
    assert (made.stat().st_uid, stat.S_IMODE(made.stat().st_mode)) == (owner.st_uid, 0o600)
    assert send(lab, 2)
    with pytest.raises(AssertionError, match="a daemon works on"):
        shell(f"sekisho store restore {made}")
    removed(lab)
    wait_until(lambda: counted(lab) >= 1, "the loss is counted")
    for line in restore:
        answer = shell(line)
    assert "n1@example.jp" in answer
    assert places(lab) == {"n1@example.jp"}
    found = lab.sekisho.store.stat()
    assert (found.st_uid, found.st_gid) == (owner.st_uid, owner.st_gid)
    assert send(lab, 3)
    assert places(lab) == {"n1@example.jp", "n3@example.jp"}


def test_a_restore_keeps_the_database_that_was_there(own_store: Lab, shell: Callable[[str], str]) -> None:
    """With its log of a killed daemon written back: nothing of it is applied to the restored one."""
    lab = own_store
    assert send(lab, 1)
    copy = lab.place / "copy.db"
    copy.unlink(missing_ok=True)
    shell(f"sekisho store backup {copy}")
    assert send(lab, 2)
    mode = stat.S_IMODE(lab.sekisho.store.stat().st_mode)
    lab.sekisho.stop()
    shell(f"sekisho store restore {copy}")
    (old,) = lab.sekisho.store.parent.glob("quarantine.db.2*Z")
    assert stat.S_IMODE(lab.sekisho.store.stat().st_mode) == mode
    lab.sekisho.start()
    assert places(lab) == {"n1@example.jp"}
    lab.sekisho.stop()
    shell(f"sekisho store restore {old}")
    lab.sekisho.start()
    assert places(lab) == {"n1@example.jp", "n2@example.jp"}


def test_check_sees_that_the_daemon_has_another_file_open(
    own_store: Lab, shell: Callable[[str], str]
) -> None:
    """Right after the exchange, before anything was held: `store check` names the process."""
    lab = own_store
    assert send(lab, 1)
    shell("sekisho store check")
    pids = [
        int(each.parent.name) for each in Path("/proc").glob("[0-9]*/fd") if _opens(each, lab.sekisho.store)
    ]
    for pid in pids:
        os.kill(pid, 19)  # SIGSTOP: nobody notices by itself
    try:
        lab.sekisho.store.rename(lab.sekisho.store.with_name("aside.db"))
        shutil.copy(lab.sekisho.store.with_name("aside.db"), lab.sekisho.store)
        shutil.chown(lab.sekisho.store, USER)
        with pytest.raises(AssertionError, match="has another file open"):
            shell("sekisho store check")
    finally:
        for pid in pids:
            os.kill(pid, 18)


def _opens(folder: Path, store: Path) -> bool:
    try:
        return any(os.path.realpath(each) == str(store) for each in folder.iterdir())
    except OSError:
        return False


def test_a_postfix_hold_is_what_a_vanished_store_costs(own_store: Lab) -> None:
    """With the store gone, all of whose recipients would be held waits in Postfix's hold queue, and the operator's
    start brings quarantine back."""
    lab = own_store
    assert send(lab, 1)
    removed(lab)
    assert send(lab, 2)
    (queued,) = lab.postfix.queued()
    assert queued["queue_name"] == "hold"
    lab.sekisho.stop()
    lab.sekisho.start()
    assert send(lab, 3)
    wait_until(lambda: "n3@example.jp" in places(lab), "the empty store is used")
    assert lab.postfix.queued() == [queued]
