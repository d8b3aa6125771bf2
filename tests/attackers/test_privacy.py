"""What the privacy options say is not kept stands nowhere: not in the log, the audit or the metrics, whatever part of a
message, list or reply it came by. And the files that do hold it are closed whatever umask we were started with."""

from __future__ import annotations

import json
import logging
import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lab.cases import Lab
from lab.place import a_place
from tests.system.mails import case, letter, spoof
from tests.unit.release.kit import Port
from tests.unit.store.kit import SetClock, hold, message, outcomes

from sekisho import compose
from sekisho.auth.forged_fields import OwnFields
from sekisho.config import Config
from sekisho.events import lifecycle
from sekisho.journal import Journal, JournalOptions
from sekisho.log import JsonLines, Logfmt
from sekisho.message import Client, Envelope, Recipient
from sekisho.observers import Isolation, Observers
from sekisho.ports import StoreUnavailable
from sekisho.privacy import Privacy
from sekisho.release import ReleaseOptions, Releaser, ReleaseRequest
from sekisho.service.recorder import Recorder
from sekisho.store.database import StoreOptions
from sekisho.store.quarantine import Quarantine, RetentionOptions

ROOT = Path(__file__).parent.parent.parent
LOCALS = ("zqsender", "zqauthor", "zqallowed", "zqblocked", "zqhanako", "zqtaro", "zqreply")
SUBJECT = "zqsubject"
NAMES = ("zqdisplay",)
MODES = [{}, {"subject": True}, {"local_parts": True}, {"subject": True, "local_parts": True}]
RAW = (
    b'From: "zqdisplay" <%s@stranger.example>\r\nReply-To: <zqreply@else.example>\r\nTo: <zqhanako@ours.example>\r\n'
    b"Subject: zqsubject\r\nMessage-ID: <1@stranger.example>\r\n\r\nbody\r\n"
)


def forbidden(mode: Mapping[str, bool]) -> tuple[str, ...]:
    """What must not be found in that mode. A display name is never written down."""
    return (
        *NAMES,
        *(() if mode.get("subject") else (SUBJECT,)),
        *(() if mode.get("local_parts") else LOCALS),
    )


def leaks(text: str, mode: Mapping[str, bool]) -> list[str]:
    return [each for each in forbidden(mode) if each in text.lower()]


class Metrics:
    """Stands aside: its labels are of closed sets, which the test with the daemon looks at."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: None


class Lines(logging.Handler):
    """The lines as the daemon writes them."""

    def __init__(self, privacy: Privacy) -> None:
        super().__init__()
        self.formatters = (Logfmt(privacy=privacy), JsonLines(privacy=privacy))
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        for each in self.formatters:
            self.text += each.format(record) + "\n"


@pytest.fixture(params=MODES, ids=lambda mode: "+".join(mode) or "as shipped")
def mode(request: pytest.FixtureRequest) -> dict[str, bool]:
    chosen: dict[str, bool] = request.param
    return chosen


@pytest.fixture
def privacy(mode: dict[str, bool]) -> Privacy:
    return Privacy(JournalOptions(**mode), SetClock())


@pytest.fixture
def log(privacy: Privacy) -> Iterator[Lines]:
    handler, logger = Lines(privacy), logging.getLogger("sekisho")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(before)


LISTS = {
    "nothing listed": {},
    "allowed": {"allow": ["zqallowed@stranger.example"]},
    "blocked": {"block": ["zqblocked@stranger.example"]},
    "blocked and quoted": {"block": ['"zqblocked x"@stranger.example']},
}


@pytest.mark.parametrize("listed", LISTS)
def test_a_judged_message(log: Lines, privacy: Privacy, mode: dict[str, bool], listed: str) -> None:
    """The line of a message, whatever decided it: an entry of a list may be an address, and names nobody either."""
    settings = {
        "mode": "enforce",
        "authserv_id": "mx.ours.example",
        "lists": LISTS[listed],
        "journal": mode,
        "recipients": {"zqtaro@ours.example": {"max_action": "tag"}},
    }
    config = Config.model_validate(settings)
    recorder = Recorder(Journal(config.journal, privacy), Metrics(), Isolation())  # type: ignore[arg-type]
    judge = replace(compose.pipeline(config, compose.offline(config)), observers=Observers((recorder,)))
    entry = next(iter(LISTS[listed].values()), ["zqauthor@"])[0]
    sender = "zqsender@stranger.example" if listed == "nothing listed" else entry
    people = tuple(Recipient(each, f"<{each}>") for each in ("zqhanako@ours.example", "zqtaro@ours.example"))
    envelope = Envelope(
        sender, sender, recipients=people, client=Client("192.0.2.7", helo="mail.stranger.example")
    )
    local = entry.rpartition("@")[0].encode() if listed != "nothing listed" else b"zqauthor"
    judged = judge.process(RAW % local, envelope)
    decided = judged.outcomes[0].verdict.decided_by
    assert decided.startswith({"a": "allow zq", "b": "block "}.get(listed[0], "points"))
    assert "event=message" in log.text
    assert leaks(log.text, mode) == []
    assert ("stranger.example" in log.text) is True
    if mode.get("local_parts"):
        assert "zqhanako@ours.example" in log.text


def _fails(*errors: BaseException) -> list[BaseException]:
    return list(errors)


ERRORS = _fails(
    ValueError("invalid literal for int() with base 10: 'zqsubject'"),
    KeyError("zqsubject"),
    RuntimeError("it doesn't know 'zqsubject' and isn't sure"),
    RuntimeError("x='zqhanako@ours.example' y='zqsubject'"),
    KeyError("o'x \"q\" zqsubject's"),
    TypeError("cannot use \"zqdisplay\" as b'zqsender'"),
    StoreUnavailable("DataError: recipient zqhanako@ours.example is too long"),
    OSError(5, "Input/output error", "/var/lib/sekisho/quarantine.db"),
    RuntimeError("<zqhanako@ours.example>, \"zqtaro\"@ours.example and zqreply@else.example. failed"),
)  # fmt: skip


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_error_that_quotes_the_message(
    log: Lines, privacy: Privacy, mode: dict[str, bool], error: Exception
) -> None:
    """An exception that says what it was given: its kind and place are told, and of its words what names nobody."""
    journal = Journal(JournalOptions(**mode), privacy)
    try:
        raise error
    except Exception as raised:
        journal.error("parse", raised)
        journal.store_unavailable(raised)
        logging.getLogger("sekisho.wire").exception("the judgement failed on message %s", "abc")
        logging.getLogger("sekisho.store").error(
            "the store is down: %s", StoreUnavailable(str(privacy.error(raised)))
        )
    if not (mode.get("subject") and mode.get("local_parts")):
        assert leaks(log.text, mode if "@" in str(error) else {}) == []
    assert f"exception={type(error).__name__}" in log.text
    assert "test_privacy.py" in log.text
    if isinstance(error, OSError):
        assert "/var/lib/sekisho/quarantine.db" in log.text


@pytest.mark.parametrize("reply", [
    "550 5.1.1 <zqhanako@ours.example>: Recipient address rejected: User unknown",
    "550 5.1.1 No such user zqhanako here",
    "250 2.0.0 Ok: queued for \"ZQhanako\"@OURS.example as 4XYZ",
])  # fmt: skip
@pytest.mark.parametrize("to", ["", "zqtaro@ours.example"])
def test_the_audit_of_a_release(
    tmp_path: Path, privacy: Privacy, mode: dict[str, bool], reply: str, to: str
) -> None:
    """The audit says that and how a copy was released; of the address, and of what the MTA said of it, as much as the
    options allow."""
    store = Quarantine.open(StoreOptions(url=f"sqlite:///{tmp_path / 'q.db'}"), SetClock())
    name = hold(store, RAW % b"zqauthor", ["zqhanako@ours.example"])
    entry = store.get(name)
    assert entry is not None
    verb = "END" if reply.startswith("250") else "RCPT"
    with Port({verb: reply}) as port:
        options = ReleaseOptions(port=port.port, attempts=1)
        Releaser(store, options, OwnFields("mx.ours.example"), "mx.ours.example", privacy).release(
            entry, ReleaseRequest("root", to=to)
        )
    (done, *_) = store.operations(name)
    assert done.operation == "release"
    assert reply[:3] in done.note
    if not mode.get("local_parts"):
        assert leaks(done.note, {"subject": True}) == []
        assert "~" in done.note


@given(
    st.lists(st.sampled_from(["zqtaro@ours.example", '"zq x"@ours.example', "<", ">", " ", "~abcdefghij@x.example",
                              "@", '"', "\\", "zq", "x@", "é", ".", "user=", "a" * 50])).map("".join)
)  # fmt: skip
def test_any_text_loses_its_addresses(text: str) -> None:
    """Whatever stands around it, an address is not found in the text afterwards; what is a pseudonym stays one."""
    privacy = Privacy(JournalOptions(), SetClock())
    once = privacy.words(text)
    assert not re.search(r"(?<![^\s<>])zqtaro@ours", once)
    shown = privacy.address(text)
    assert shown is not None
    assert privacy.words(shown) == shown


@pytest.mark.parametrize("local", [
    "bounces+123-zqhanako=example.jp", "SRS0=a1b2=TT=example.jp=zqhanako", "SRS0=a/b2=TT=example.jp=zqhanako",
    "o'zqhanako", "zqhanako%example.jp", "help/zqhanako", "/G=zqhanako/S=zqtaro/", '"a\\"zqhanako"', '"zqhanako x"',
    'zqtaro."zqhanako x"', "09012345678zqtaro", "zqhanako\\",
])  # fmt: skip
@pytest.mark.parametrize(
    "around", ["{}", "<{}>: gone", "x: '{}' is", 'in "{}",', "({})", "mailto:{}", "https://{}/"]
)
def test_a_local_part_is_hidden_whole(local: str, around: str) -> None:
    """With all that may stand in it: `=` and `'` (VERP, SRS), `/`, and quotes with escaped ones inside."""
    privacy = Privacy(JournalOptions(), SetClock())
    if '"' in local and '"' in around.format(""):
        local = local.replace("\\", "\\\\").replace('"', '\\"')
    shown = privacy.words(around.format(f"{local}@list.example"))
    assert leaks(shown, {}) == []
    assert "@list.example" in shown


def test_a_telephone_number_is_a_local_part() -> None:
    """Digits alone are one, unless they are the port of a socket."""
    shown = Privacy(JournalOptions(), SetClock()).words("<09012345678@docomo.example> and 1234@127.0.0.1")
    assert "09012345678" not in shown
    assert "1234" not in shown


@pytest.mark.parametrize("text", [
    "wire.socket: inet:8894@127.0.0.1: Address already in use", "inet6:8894@[::1]", "socket=inet:8894@mail.example",
    "/run/sekisho@prod/milter.sock: Permission denied", "[Errno 13] Permission denied: '/run/sekisho@prod/x'",
    "sqlite:////var/lib/sekisho@2/quarantine.db", "store.url=/var/lib/sekisho@2/q.db", "b'/run/sekisho@2'",
])  # fmt: skip
def test_our_own_places_stay(text: str) -> None:
    """What an administrator has configured, or has to look at, is no address although it has an `@`."""
    privacy = Privacy(JournalOptions(), SetClock())
    assert privacy.words(text) == text
    assert privacy.error(OSError(text)) == text


def test_an_event_says_what_it_was_given(log: Lines, privacy: Privacy) -> None:
    """Facts that were decided on do not pass a second time: the socket of a start line, ids with an `@`."""
    journal = Journal(JournalOptions(), privacy)
    started = {"version": "1", "schema": 1, "workers": 2, "mode": "enforce", "socket": "inet:8894@127.0.0.1"}
    lifecycle.STARTED.write(logging.getLogger("sekisho.daemon"), **started)
    journal.error("spf", ValueError("x"), queue_id="4XyZ@mx")
    assert log.text.count("socket=inet:8894@127.0.0.1") == 1
    assert log.text.count('"socket": "inet:8894@127.0.0.1"') == 1
    assert "queue_id=4XyZ@mx" in log.text


def test_names_that_a_stranger_chose_may_be_addresses(
    log: Lines, privacy: Privacy, mode: dict[str, bool]
) -> None:
    """HELO and the reverse name should be of hosts; where one is an address, the line has it as one."""
    journal = Journal(JournalOptions(**mode), privacy)
    judge = compose.pipeline(config := Config.model_validate({"journal": mode}), compose.offline(config))
    recorder = Recorder(journal, Metrics(), Isolation())  # type: ignore[arg-type]
    client = Client("192.0.2.7", "zqtaro@reverse.example", helo="zqhanako@helo.example")
    envelope = Envelope("", "", recipients=(Recipient("a@ours.example"),), client=client)
    replace(judge, observers=Observers((recorder,))).process(RAW % b"zqauthor", envelope)
    assert "@helo.example" in log.text
    assert "@reverse.example" in log.text
    assert leaks(log.text, mode) == []


@pytest.mark.parametrize(("known", "text"), [
    ("mailbox@ours.example", "550 5.2.2 the mailbox is full"), ("the@ours.example", "550 the end"),
    ("250@ours.example", "250 2.0.0 Ok: queued as 250ABC"), ("ours.example@ours.example", "250 ok from ours.example"),
    ("ours@x.example", "451 ours.example: see mx.ours and ours-mx"), ("zq@x.example", "250 zq1 queued"),
])  # fmt: skip
def test_a_local_part_that_is_a_word_leaves_the_text_alone(known: str, text: str) -> None:
    """A word of a reply, a number or a part of a domain names nobody, although a mailbox is called so."""
    assert Privacy(JournalOptions(), SetClock()).words(text, known) == text


def test_a_long_text_costs_no_time() -> None:
    """Text of a hostile other side is cut before it is looked through."""
    for unit in ('"\\', '"', "a", "@", "a@", '"a@', "'", "\\"):
        shown = Privacy(JournalOptions(), SetClock()).words(unit * 1_000_000 + "@x")
        assert len(shown) < 100_000


# -- the files -------------------------------------------------------------------------------------------------

MAKE = r"""
import os, sys
os.umask(0)
from pathlib import Path
from sekisho import compose
from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.guard import Switch
from sekisho.log import setup
from sekisho.log.options import LogOptions
from sekisho.service.service import make_files_beside
from sekisho.runtime_changes import ListWatch
from sekisho.store.database import backup
from sekisho.store.quarantine import Quarantine
from sekisho.store.database.lock import StoreLock
from sekisho.judging.in_flight import Failures
from tests.unit.store.kit import hold

place = Path(sys.argv[1])
policy = {"defer_unknown": 5, "rollout": 50}
config = Config.model_validate({"store": {"url": f"sqlite:///{place}/quarantine.db"}, "policy": policy})
setup(LogOptions(target=str(place / "log")))
lock = StoreLock(config.store)
lock.take()
store = Quarantine.open(config.store, SystemClock())
hold(store, b"Subject: x\r\n\r\nbody\r\n", ["a@ours.example"])
lock.mark()
make_files_beside(config, SystemClock())
Failures(str(compose.failure_file(config)))
Switch(compose.switch_file(config)).pause(1.0)
ListWatch(config.store, SystemClock()).turn()
backup(config.store, place / "backup")
for each in place.iterdir():
    print(each.name, oct(each.stat().st_mode & 0o777), sep="=")
"""


def test_files_are_closed_under_any_umask(tmp_path: Path) -> None:
    """With a umask of 0, every file of the daemon is for its user alone; the log for its group as well."""
    tmp_path.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", MAKE, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'milter'}:{ROOT}"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}
    assert {"quarantine.db", ".quarantine.db.lock", "guard", "log"} <= set(modes)
    assert len(modes) >= 7, modes
    log = modes.pop("log")
    assert log == 0o640
    shown = dict(line.split("=") for line in done.stdout.splitlines() if "=" in line)
    assert {"quarantine.db-wal", "quarantine.db-shm"} <= set(shown)
    del shown["log"]
    assert set(shown.values()) == {"0o600"}, shown


def test_files_of_an_earlier_version_are_closed(tmp_path: Path) -> None:
    """Files that were made for the group, too, are for the daemon's user alone once it has opened them; what they hold
    stays."""

    def run() -> dict[str, int]:
        subprocess.run(
            [sys.executable, "-c", MAKE, str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'milter'}:{ROOT}"},
            capture_output=True,
            timeout=100,
            check=True,
        )
        return {each.name: stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir()}

    first = run()
    for name in first.keys() - {"secret"}:  # no earlier version had that
        (tmp_path / name).chmod(0o640)
    (tmp_path / "backup").unlink()
    assert {name: mode for name, mode in run().items() if mode != 0o600} == {"log": 0o640}
    with closing(sqlite3.connect(tmp_path / "quarantine.db")) as found:
        assert found.execute("select count(*) from entries").fetchone() == (1,)


# -- through the real daemon -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def closed_lab() -> Iterator[Lab]:
    if os.geteuid() != 0:
        pytest.skip("Postfix's master starts as root: `make attackers` uses sudo")
    lists = {"allow": ["zqallowed@friend.example"], "block": ["zqblocked@friend.example"]}
    with a_place() as directory, Lab(directory, {"lists": lists}) as lab:
        yield lab


@pytest.mark.system
@pytest.mark.timeout(300)
def test_through_the_daemon(closed_lab: Lab) -> None:
    """With the options as shipped, nobody's name reaches the log or the metrics by way of a real Postfix."""
    lab = closed_lab
    for mail in (
        letter("zqhanako@example.jp", name="zqallowed", subject=b"zqsubject"),
        letter("zqhanako@example.jp", name="zqblocked", subject=b"zqsubject"),
        spoof("zqhanako@example.jp", "zqtaro@example.jp"),
        case(RAW % b"zqauthor", "zqsender@stranger.example", ["zqhanako@example.jp"], Client("192.0.2.7")),
    ):
        outcome = lab.send(mail)
        assert outcome.line is not None
        assert leaks(json.dumps(outcome.line), {}) == []
    assert leaks(lab.sekisho.log.read_text("utf-8"), {}) == []
    assert leaks(lab.sekisho.metrics(), {}) == []


def test_an_erased_message_is_not_quoted_any_more(tmp_path: Path) -> None:
    """When author, subject and content of a closed message go, so does what its evidence quotes of them; ids, points
    and results stay."""
    clock = SetClock()
    store = Quarantine.open(StoreOptions(url=f"sqlite:///{tmp_path / 'q.db'}"), clock)
    quoted = {
        "id": "x.y",
        "points": 2.0,
        "reason_en": "It says zqsubject",
        "reason_ja": SUBJECT,
        "facts": {"t": SUBJECT},
    }
    document = {
        "schema": 1,
        "claims": [{"brand": "eki-net", "where": "subject", "text": SUBJECT}],
        "findings": [quoted],
        "auth": {"spf": "pass"},
    }
    name = store.hold(message(RAW % b"zqauthor"), document, outcomes("a@ours.example"))
    clock.pass_by(days=60)
    options = RetentionOptions(held_days=30, closed_days=1)
    store.retain(options, clock.uptime())
    clock.pass_by(days=2)
    assert store.retain(options, clock.uptime()).erased == 1
    entry = store.get(name)
    assert entry is not None
    assert leaks(json.dumps(dict(entry.document)), {}) == []
    assert entry.document["claims"] == [{"brand": "eki-net", "where": "subject", "text": ""}]
    assert (entry.document["findings"][0]["id"], entry.document["findings"][0]["points"]) == ("x.y", 2.0)
    assert entry.document["auth"] == {"spf": "pass"}
