"""The commands on the quarantine, `trace` and `doctor`, as they are typed."""

from __future__ import annotations

import gettext
import json
import mailbox
import re
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from tests.unit.release.kit import Port
from tests.unit.store.kit import SetClock, hold, message, outcomes

from sekisho.cli import main
from sekisho.cli import trace as tracing
from sekisho.clock import SystemClock
from sekisho.doctor.postconf import Postfix, PostfixUnreadable
from sekisho.held import Operation, State
from sekisho.message import Field, Headers, message_key
from sekisho.store.database import StoreOptions
from sekisho.store.quarantine import Quarantine

RAW = b"From: a@sender.example\r\nSubject: x\r\n\r\nFrom here on\r\n>From there\r\n.\r\n"


class Site:
    """A configuration with a store, and the command line on it."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.url = f"sqlite:///{directory}/q.db"
        self.file = directory / "sekisho.toml"
        self.log = directory / "sekisho.log"
        self.file.write_text(
            f'mode = "enforce"\nauthserv_id = "mx.ours.example"\n[store]\nurl = "{self.url}"\n'
            f'[release]\nport = {port}\nattempts = 1\n[log]\ntarget = "{self.log}"\n'
        )
        self.store = Quarantine.open(StoreOptions(url=self.url), SystemClock())


@pytest.fixture
def port() -> Iterator[Port]:
    with Port() as made:
        yield made


@pytest.fixture
def site(tmp_path: Path, port: Port) -> Iterator[Site]:
    made = Site(tmp_path, port.port)
    yield made
    made.store.close()


@pytest.fixture
def run(site: Site, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Any:
    def command(*words: str) -> tuple[int, bytes, str]:
        monkeypatch.setattr(sys, "argv", ["sekisho", *words, "--config", str(site.file)])
        with pytest.raises(SystemExit) as ended:
            main()
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return int(ended.value.code or 0), out, err.decode()

    return command


def states(site: Site, name: str) -> list[str]:
    entry = site.store.get(name)
    assert entry is not None
    return [copy.state.value for copy in entry.copies]


def test_release_says_what_became_of_each_copy(site: Site, run: Any, port: Port) -> None:
    """Exit 0 and the MTA's words when all went; a second time there is nothing to send, which is no failure."""
    name = hold(site.store, RAW, ["a@ours.example", "b@ours.example"])
    status, out, _ = run("quarantine", "release", name.lower(), "--reason", "false_positive")
    assert status == 0
    assert out.decode().count("released  250 2.0.0 kept") == 2
    assert run("quarantine", "release", name)[0] == 0
    assert len(port.messages) == 2


def test_a_release_that_failed_is_status_1(site: Site, run: Any, port: Port) -> None:
    """Any copy that did not go makes the status 1, and the copy stays held."""
    port.replies["RCPT"] = ["250 ok", "550 5.1.1 who"]
    name = hold(site.store, RAW, ["a@ours.example", "b@ours.example"])
    status, out, _ = run("quarantine", "release", name, "--format", "json")
    assert status == 1
    assert [(each["rcpt"], each["state"]) for each in json.loads(out)] == [
        ("a@ours.example", "released"),
        ("b@ours.example", "held"),
    ]
    assert sorted(states(site, name)) == ["held", "released"]


def test_wrong_words_are_status_2(site: Site, run: Any) -> None:
    """Unknown ids, states, ages and addresses are the operator's mistakes, and nothing is done."""
    name = hold(site.store, RAW, ["a@ours.example", "b@ours.example"])
    for words in (
        ("release", "NONE"),
        ("release", name, "NONE"),
        ("release", name, "--to", "no address"),
        ("release", name, "--to", "one@ours.example"),
        ("delete", "NONE"),
        ("purge", "--older-than", "soon"),
        ("purge",),
        ("list", "--state", "nowhere"),
        ("export", name, name),
    ):
        assert run("quarantine", *words)[0] == 2, words
    assert states(site, name) == ["held", "held"]


def test_uncertain_copies_are_listed_and_wait_for_a_word(site: Site, run: Any, port: Port) -> None:
    """They are named by list, left alone by release, and sent by release --uncertain."""
    name = hold(site.store, RAW, ["a@ours.example"])
    site.store.move(name, State.UNCERTAIN)
    listed = json.loads(run("quarantine", "list", "--state", "uncertain", "--format", "json")[1])
    assert [each["id"] for each in listed] == [name]
    status, out, _ = run("quarantine", "release", name)
    assert (status, port.messages) == (1, [])
    assert b"uncertain" in out
    assert run("quarantine", "release", name, "--uncertain")[0] == 0
    assert len(port.messages) == 1


def test_delete_and_purge(site: Site, run: Any) -> None:
    """Deleting closes one recipient's copy or all; purging removes what is closed, and nothing else."""
    name = hold(site.store, RAW, ["a@ours.example", "b@ours.example"])
    other = hold(site.store, RAW + b"x", ["a@ours.example"])
    assert run("quarantine", "delete", name, "--rcpt", "A@ours.example")[0] == 0
    assert states(site, name) == ["deleted", "held"]
    assert run("quarantine", "delete", name)[0] == 0
    assert run("quarantine", "delete", name)[0] == 1
    assert run("quarantine", "purge", "--older-than", "1h", "--yes")[1] == b"0 removed\n"
    assert run("quarantine", "purge", "--older-than", "0m", "--yes")[1] == b"1 removed\n"
    assert site.store.get(name) is None
    assert states(site, other) == ["held"]


def test_export_gives_the_very_bytes(site: Site, run: Any, tmp_path: Path) -> None:
    """eml is byte for byte; a file is never overwritten; each opening is in the audit."""
    name, other = hold(site.store, RAW, ["a@x"]), hold(site.store, RAW + b"2", ["a@x"])
    assert run("quarantine", "export", name)[1] == RAW
    folder = tmp_path / "out"
    folder.mkdir()
    assert run("quarantine", "export", name, other, "--output", str(folder))[0] == 0
    assert (folder / f"{name}.eml").read_bytes() == RAW
    assert (folder / f"{other}.eml").stat().st_mode & 0o077 == 0
    assert run("quarantine", "export", name, "--output", str(folder / f"{name}.eml"))[0] == 2
    assert run("quarantine", "show", name, "--raw")[1] == RAW
    assert [each.operation for each in site.store.operations(name)] == ["view"] * 4


def test_an_mbox_is_read_by_others(site: Site, run: Any, tmp_path: Path) -> None:
    """Python's own mailbox reads two messages of it, and their lines that begin with From stay theirs."""
    names = [hold(site.store, RAW, ["a@x"]), hold(site.store, RAW + b"2", ["a@x"])]
    target = tmp_path / "held.mbox"
    assert run("quarantine", "export", *names, "--format", "mbox", "--output", str(target))[0] == 0
    box = mailbox.mbox(target)
    assert [each["Subject"] for each in box] == ["x", "x"]
    assert b">From here on\n>>From there\n.\n" in target.read_bytes()
    box.close()


def test_history_names_who_did_what(site: Site, run: Any) -> None:
    """Newest first, of one message or of all."""
    name = hold(site.store, RAW, ["a@x"])
    run("quarantine", "show", name, "--raw")
    run("quarantine", "delete", name)
    done = json.loads(run("quarantine", "history", name, "--format", "json")[1])
    assert [each["operation"] for each in done] == ["delete", "view"]
    assert all(each["who"] for each in done)
    assert b"delete" in run("quarantine", "history")[1]


def test_history_shows_rows_of_an_older_version(site: Site, run: Any) -> None:
    """The daemon's own rows said `keeper` once, and say `maintenance` now; both are shown as they stand."""
    for who in ("keeper", "maintenance"):
        site.store.audit(Operation("expire", "ok", who, note="age"))
    done = json.loads(run("quarantine", "history", "--format", "json")[1])
    assert [each["who"] for each in done] == ["maintenance", "keeper"]
    assert b"keeper" in run("quarantine", "history")[1]


def test_commands_make_no_store(tmp_path: Path, site: Site, run: Any) -> None:
    """A store that root would make is one that the daemon cannot write. In shadow there is none: what lists or counts
    has nothing to list, and an id is not there."""
    site.store.close()
    for file in tmp_path.glob("q.db*"):
        file.unlink()
    assert run("quarantine", "list") == (0, b"nothing is held\n", "")
    assert run("quarantine", "list", "--format", "json") == (0, b"[]\n", "")
    assert run("quarantine", "history") == (0, b"nothing was done yet\n", "")
    assert run("quarantine", "purge", "--older-than", "1d", "--yes") == (0, b"0 removed\n", "")
    assert run("quarantine", "purge", "--older-than", "1d", "--dry-run") == (0, b"0 would be removed\n", "")
    status, _, err = run("quarantine", "show", "01KJMMA2G0X79C7QDB39JNVZAD")
    assert status == 2
    assert "there is no quarantine yet, so nothing is held" in err
    assert list(tmp_path.glob("q.db*")) == []


# -- trace ----------------------------------------------------------------------------------------------


def traced(site: Site) -> str:
    """A message in the store and in the log, in both of its formats, among others."""
    plain = message(RAW, queue_id="4XyZ123")
    held = type(plain)(
        **{
            name: getattr(plain, name)
            for name in ("raw", "body_start", "digest", "envelope", "author", "subject")
        },
        headers=Headers((Field(b"Message-ID", b" <1@sender.example>"),)),
    )
    name = site.store.hold(held, {}, outcomes("a@ours.example"))
    key = message_key("1@sender.example")
    site.log.write_text(
        "time=2026-01-01T00:00:00.000Z level=info logger=journal event=message queue_id=OTHER id=X reply=accept\n"
        f"time=2026-01-02T00:00:00.000Z level=info logger=journal event=message queue_id=4XyZ123 id={name} "
        f'message_key={key} verdict=quarantine reply=discard decided_by="a \\"b\\"" findings=x:1\n'
        + json.dumps(
            {"time": "2026-01-03T00:00:00.000Z", "event": "error", "queue_id": "4XyZ123", "stage": "dns"}
        )
        + "\nbroken {\n"
    )
    return name


@pytest.mark.parametrize("by", ["id", "queue", "message", "message-brackets"])
def test_a_message_is_traced_by_any_of_its_names(site: Site, run: Any, by: str) -> None:
    """Whichever name is typed, the lines of the log, the entry and what was done to it come in order."""
    name = traced(site)
    run("quarantine", "delete", name)
    typed = {
        "id": name,
        "queue": "4XyZ123",
        "message": "1@sender.example",
        "message-brackets": "<1@sender.example>",
    }[by]
    status, out, _ = run("trace", typed, "--format", "json")
    story = json.loads(out)
    assert status == 0
    assert [each["what"] for each in story] == ["judged", "error", "kept in the quarantine", "delete"]
    assert story[0]["decided_by"] == 'a "b"'
    assert "a@ours.example is deleted since" in story[2]["recipients"][0]


def test_the_place_of_postfixs_log_is_asked_for(
    site: Site, run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What Postfix's configuration names, else what syslog writes, else the service manager."""
    traced(site)
    mail_log = tmp_path / "a postfix.log"
    mail_log.write_text("")

    def hint(settings: dict[str, str] | None, *usual: Path) -> str:
        def read(_: object) -> Postfix:
            if settings is None:
                raise PostfixUnreadable("none")
            return Postfix(settings)

        monkeypatch.setattr(tracing.Postfix, "read", read)
        monkeypatch.setattr(tracing, "SYSLOG_FILES", tuple(map(str, usual)))
        return str(run("trace", "4XyZ123")[2].splitlines()[-1])

    assert hint({"maillog_file": str(mail_log)}).endswith(f": grep 4XyZ123 '{mail_log}'")
    assert hint({"maillog_file": ""}, mail_log).endswith(f": grep 4XyZ123 '{mail_log}'")
    assert hint(None, tmp_path / "none").endswith(": journalctl -u 'postfix*' | grep 4XyZ123")


def test_a_trace_of_nothing_says_so(site: Site, run: Any) -> None:
    """Exit status 1 and a sentence; no name is a pattern."""
    traced(site)
    for what in ("4XyZ", "nobody@x.example", ".*", "ABCDEFGH"):
        status, _, err = run("trace", what)
        assert status == 1, what
        assert "nothing is known" in err
    for what in ("", "  "):
        status, _, err = run("trace", what)
        assert status == 2
        assert "an empty text names no message" in err


REFERENCE = "6QAPB6ZPJDVX"
SHADOW = (
    f"time=2026-01-02T00:00:00.000Z level=info logger=journal event=message queue_id=4XyZ9 id={REFERENCE} "
    "verdict=reject score=18.8 decided_by=points mode=shadow outcomes=reject>accept:2 reply=accept "
    "client=203.0.113.45 findings=brand.display_name:6,no.such:-1 degraded=dns\n"
)


def test_the_beginning_of_a_reference_is_enough(site: Site, run: Any) -> None:
    """In shadow every id is a reference, which stands in the log only. What a person shall look for is the whole id."""
    traced(site)
    with site.log.open("a") as log:
        log.write(SHADOW)
    status, out, err = run("trace", REFERENCE[:6].lower(), "--format", "json")
    assert (status, [each["id"] for each in json.loads(out)]) == (0, [REFERENCE])
    with site.log.open("a") as log:
        log.write(SHADOW.replace(REFERENCE, f"{REFERENCE[:6]}000000"))
    status, out, err = run("trace", REFERENCE[:6])
    assert (status, out) == (2, b"")
    assert f"several begin so: {REFERENCE[:6]}000000, {REFERENCE}" in err


def test_hints_have_whole_ids(site: Site, run: Any, tmp_path: Path) -> None:
    """Neither Postfix nor grep knows what the beginning of an id stands for."""
    name = traced(site)
    short = name[:10]
    err = run("trace", short)[2]
    assert "grep 4XyZ123" in err
    assert f"grep {short}" not in err
    site.file.write_text(site.file.read_text().replace(f'target = "{site.log}"', 'target = "journald"'))
    err = run("trace", short)[2]
    assert name in err
    assert not re.search(rf"{short}\b", err)


def test_a_trace_is_a_story_in_words(site: Site, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Day, time, and sentences of the findings, in the language of the locale, at most 80 columns wide."""
    site.log.write_text(SHADOW)
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    lines = run("trace", REFERENCE)[1].decode().splitlines()
    assert lines[0] == f"id {REFERENCE}  queue id 4XyZ9"
    assert lines[2].startswith("2026-01-0")
    assert lines[3][10:] == "judged: reject, 18.8 points"
    assert [line.strip() for line in lines[4:8]] == [
        "accepted for 2 recipients (in shadow; would be rejected)",
        "from 203.0.113.45",
        "Postfix was told: accept",
        "could not be known: dns",
    ]
    assert [line.split() for line in lines if re.search(r" [+-]\d", line)] == [
        ["+6", "brand.display_name"],
        ["-1", "no.such"],
    ]
    assert "The display name says …" in "\n".join(lines)
    assert max(map(cell_len, lines)) <= 80
    monkeypatch.setenv("LC_ALL", "ja_JP.UTF-8")
    text = run("trace", REFERENCE)[1].decode()
    gettext.textdomain("messages")
    assert "判定: reject、18.8 点" in text
    assert "受信者 2 件: 受け入れ（shadow のため。本来は拒否）" in text
    assert "The display name" not in text
    assert max(map(cell_len, text.splitlines())) <= 80


def test_what_is_held_is_held_since_it_came(site: Site, run: Any, port: Port) -> None:
    """A release that failed does not change that. The step says for whom it was, and the sentences are the message's
    own."""
    finding = {
        "id": "brand.display_name",
        "points": 6.0,
        "reason_en": "It says Amazon.",
        "reason_ja": "Amazon です。",
    }
    plain = message(RAW, queue_id="4XyZ9")
    name = site.store.hold(
        plain, {"findings": [{**finding, "brand": None, "facts": {}}]}, outcomes("a@ours.example")
    )
    entry = site.store.get(name)
    assert entry is not None
    site.log.write_text(SHADOW.replace(REFERENCE, name))
    site.store.move(name, State.SENDING)
    time.sleep(1.1)
    failed = Operation("release", "failed", "hanako", name, entry.copies[0].number, "requested", "451 later")
    site.store.move(name, State.HELD, only=State.SENDING, done=failed)
    story = json.loads(run("trace", name, "--format", "json")[1])
    held = next(each for each in story if each["what"] == "kept in the quarantine")
    assert held["recipients"] == [f"a@ours.example is held since {entry.held_at:%Y-%m-%dT%H:%M:%SZ}"]
    text = run("trace", name)[1].decode()
    assert re.search(r"release failed, by hanako\n +a@ours\.example\n +requested: 451 later\n", text)
    assert "a@ours.example: held\n" in text
    assert "It says Amazon." in text


# -- doctor ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("postconf", path="/usr/sbin") is None, reason="Postfix is not installed")
def test_doctor_exits_1_with_findings_and_0_without(site: Site, run: Any, tmp_path: Path) -> None:
    """Text names code and command, JSON has them as keys; a subject that is left out is not looked at."""
    others = ("--skip", "dns", "--skip", "socket", "--skip", "clock", "--skip", "files")
    postfix = tmp_path / "postfix"
    postfix.mkdir()
    (postfix / "main.cf").write_text("compatibility_level = 3.6\n")
    (postfix / "master.cf").write_text("smtp inet n - n - - smtpd\n")
    status, out, _ = run("doctor", *others, "--postfix-config", str(postfix), "--format", "json")
    assert status == 1
    found = json.loads(out)
    assert {"postfix.not_asked", "postfix.bypass_missing"} <= {each["code"] for each in found}
    assert all(each["mend"] for each in found if each["severity"] != "note")
    status, out, _ = run("doctor", *others, "--postfix-config", str(postfix))
    assert b"mend: postconf -c " in out
    assert run("doctor", *others, "--skip", "postfix")[:2] == (0, b"nothing to mend\n")


def test_retention_goes_on_after_a_person_s_word(site: Site, run: Any) -> None:
    """The command says why retention is paused and what is due; purge refuses meanwhile; --resume ends it, and the
    audit remembers who said so."""
    assert b"has not run yet" in run("store", "retention")[1]
    future = SetClock(SystemClock().now() + timedelta(days=40))
    ahead = Quarantine.open(StoreOptions(url=site.url), future)
    hold(ahead, RAW, ["a@ours.example"])
    ahead.close()
    status, out, _ = run("store", "retention")
    assert status == 0
    assert b"paused: the clock stands 40 days before" in out
    shown = json.loads(run("store", "retention", "--format", "json")[1])
    assert shown.keys() == {"now", "last", "paused", "due"}
    status, _, err = run("quarantine", "purge", "--older-than", "0m", "--yes")
    assert status == 2
    assert "--resume" in err
    resumed = run("store", "retention", "--resume")[1]
    assert resumed.startswith(b"resumed; it was paused: the clock ")
    assert b"is paused" not in resumed
    again = run("store", "retention", "--resume")[1]
    assert again.startswith(b"Retention was not paused: there was nothing to resume.\n")
    said = json.loads(run("store", "retention", "--resume", "--format", "json")[1])
    assert said["resumed"] is False
    assert run("quarantine", "purge", "--older-than", "0m", "--yes")[0] == 0
    done = site.store.operations()
    assert [each.operation for each in done] == ["retention"]
    assert "40 days before" in done[0].note
