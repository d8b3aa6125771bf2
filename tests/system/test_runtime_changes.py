"""What an operator changes while mail flows: pause, lists, opt-out; through a real Postfix."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from lab.cases import Lab
from lab.place import wait_until
from lab.program import ROOT, as_user
from tests.system.mails import letter, spoof

RECIPIENTS = {"private.example": {"filter": False}}


@pytest.fixture(scope="module")
def steered(running_lab: Lab, place: object) -> Iterator[Lab]:
    """The session's lab with recipients who want nothing looked at."""
    before = running_lab.sekisho.settings
    running_lab.sekisho.stop()
    running_lab.sekisho.configure({**before, "recipients": {**before["recipients"], **RECIPIENTS}})
    running_lab.sekisho.start()
    yield running_lab
    running_lab.sekisho.stop()
    running_lab.sekisho.configure(before)
    running_lab.sekisho.start()


def command(lab: Lab, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "from sekisho.cli import main; main()", *words,
         "--config", str(lab.sekisho.config)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_pause_holds_for_the_next_message(steered: Lab) -> None:
    """Without a reload: the forgery is delivered untouched, decided and counted all the same; then held again."""
    assert not steered.send(spoof("hanako@example.jp")).deliveries
    assert "paused" in command(steered, "pause", "--for", "2h")
    paused = steered.send(spoof("taro@example.jp"))
    assert len(paused.deliveries) == 1
    assert b"x-sekisho" not in paused.deliveries[0].raw.lower()
    assert paused.line is not None
    assert (paused.line["verdict"], paused.line["mode"]) == ("quarantine", "shadow")
    wait_until(lambda: "sekisho_paused 1.0" in steered.sekisho.metrics(), "the gauge shows the pause")
    assert "ended" in command(steered, "resume")
    assert not steered.send(spoof("jiro@example.jp")).deliveries
    wait_until(lambda: "sekisho_paused 0.0" in steered.sekisho.metrics(), "the gauge shows its end")


def decided_by(lab: Lab, recipient: str) -> str:
    line = lab.send(spoof(recipient)).line
    return "" if line is None else str(line["decided_by"])


def test_an_entry_holds_within_seconds_and_over_a_restart(steered: Lab) -> None:
    """A list changed on the command line reaches the workers by itself, for whom it names only. The command returns
    when it is in force: the very next message shows it."""
    entry = ("allow", "jcom.co.jp", "--scope", "hanako@example.jp")
    assert command(steered, "list", "add", *entry, "--comment", "test").endswith("; in force\n")
    assert decided_by(steered, "hanako@example.jp") == "allow jcom.co.jp"
    assert decided_by(steered, "taro@example.jp") != "allow jcom.co.jp"
    assert steered.sekisho.stop() == 0
    steered.sekisho.start()
    assert decided_by(steered, "hanako@example.jp") == "allow jcom.co.jp"
    assert command(steered, "list", "remove", *entry).endswith("; in force\n")
    assert decided_by(steered, "hanako@example.jp") != "allow jcom.co.jp"


CHANGES = """
import sys, time
from sekisho.clock import SystemClock
from sekisho.policy import ListEntry
from sekisho.store.database import StoreOptions
from sekisho.store.lists import ListStore
store = ListStore.open(StoreOptions(url=sys.argv[1]), SystemClock())
for number in range(50):
    entry = ListEntry(entry="jcom.co.jp", scope=f"x{number}@example.jp")
    store.add([("allow", entry)])
    time.sleep(0.1)
    print(store.remove("allow", entry, "test").version)
    time.sleep(0.1)
print(store.add([("allow", ListEntry(entry="jcom.co.jp", scope="hanako@example.jp"))]).version)
"""


def changing(lab: Lab) -> subprocess.Popen[str]:
    """A hundred changes of the lists within half a minute, by the daemon's own user."""
    program = lab.sekisho.program
    assert program is not None
    return subprocess.Popen(
        [program.python, "-c", CHANGES, f"sqlite:///{lab.sekisho.store}"],
        env=program.environment, cwd=lab.sekisho.directory, text=True, stdout=subprocess.PIPE, **as_user(),
    )  # fmt: skip


def taken_up(lab: Lab, version: int) -> set[int]:
    """The workers that say that a version of the lists is in force."""
    return {
        int(line["worker"])
        for line in lab.sekisho.lines()[0]
        if line["event"] == "list_changed" and line["version"] == version
    }


def events(lab: Lab, words: str) -> int:
    return sum(words == line["event"] for line in lab.sekisho.lines()[0])


def test_a_hundred_changes_make_no_new_generation(steered: Lab) -> None:
    """While they are made every message is taken, no worker is replaced, and the last one holds in every worker;
    an allow entry that is taken back holds no longer, as quickly."""
    generations = events(steered, "reloaded")
    sent = [steered.send(letter("taro@example.jp")).sent.reply.code]
    with changing(steered) as process:
        while process.poll() is None:
            sent.append(steered.send(letter("taro@example.jp")).sent.reply.code)
        assert process.returncode == 0
        assert process.stdout is not None
        last = int(process.stdout.read().split()[-1])
    assert set(sent) == {250}
    workers = len(os.sched_getaffinity(0))
    wait_until(lambda: len(taken_up(steered, last)) == workers, "every worker has the last version")
    assert decided_by(steered, "hanako@example.jp") == "allow jcom.co.jp"
    steered.sekisho.cli("list", "remove", "allow", "jcom.co.jp", "--scope", "hanako@example.jp")
    wait_until(lambda: len(taken_up(steered, last + 1)) == workers, "every worker has the removal")
    assert decided_by(steered, "hanako@example.jp") != "allow jcom.co.jp"
    assert events(steered, "reloaded") == generations


def test_a_store_that_is_gone_at_the_start_changes_no_list(steered: Lab) -> None:
    """The last good lists stand in a file: with the database unreadable, an entry holds all the same."""
    command(steered, "list", "add", "allow", "jcom.co.jp", "--scope", "hanako@example.jp")
    wait_until(lambda: decided_by(steered, "hanako@example.jp") == "allow jcom.co.jp", "the entry holds", 60)
    steered.sekisho.stop()
    store = steered.sekisho.store
    kept = {path: path.read_bytes() for path in store.parent.glob(f"{store.name}*")}
    try:
        store.write_bytes(b"no database " * 1000)
        steered.sekisho.start("healthz")
        wait_until(steered.sekisho.socket.exists, "the daemon takes mail")
        assert decided_by(steered, "hanako@example.jp") == "allow jcom.co.jp"
        steered.sekisho.stop()
    finally:
        for path, content in kept.items():
            path.write_bytes(content)
    steered.sekisho.start()
    assert command(steered, "list", "remove", "allow", "jcom.co.jp", "--scope", "hanako@example.jp").endswith(
        "; in force\n"
    )
    assert decided_by(steered, "hanako@example.jp") != "allow jcom.co.jp"


def test_of_mail_that_nobody_wants_looked_at_only_the_count_is_kept(steered: Lab) -> None:
    """Delivered untouched; the log line says that it came and nothing of whom or what."""
    seen = steered.send(spoof("hanako@private.example"))
    assert len(seen.deliveries) == 1
    assert b"x-sekisho" not in seen.deliveries[0].raw.lower()
    assert seen.line is not None
    assert seen.line["decided_by"] == "opt_out"
    told = {
        "sender",
        "recipients",
        "author_domain",
        "subject",
        "findings",
        "claims",
        "proofs",
        "client",
        "digest",
    }
    assert told & seen.line.keys() == set()
    both = steered.send(letter("hanako@private.example"))
    assert both.verdict == "accept"
