"""The parts of a row: Postfix, the real daemon, a name server and a sink, and a ledger of all mail."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lab.dns import DnsServer
from lab.faults.account import Account
from lab.faults.mails import MIXTURE, RECIPIENTS, RECORDS, Mail, mails
from lab.faults.sender import Habits, Sender
from lab.ledger import Ledger
from lab.place import LabError, free_port, wait_until
from lab.postfix import Postfix
from lab.sekisho import Sekisho, merged
from lab.sink import Sink
from lab.smtp_door import services

WORKERS = 2
# By default Postfix waits a minute before it restarts a program whose process died at once.
_POSTFIX = {
    "service_throttle_time": "1s",
    "smtpd_authorized_xclient_hosts": "127.0.0.0/8, 198.18.0.0/15",  # one session may be several clients
}
_PAGE = 10_000  # entries that one command lists
_KEPT = ("held", "expired")  # states of copies that are in the quarantine only
_PERHAPS = ("sending", "uncertain")  # states of copies that may have been delivered
_METRICS_TRIES = 10  # to read the metrics port, one second apart
_ACCEPTS = "00010000"  # flags of a UNIX socket that listens, in /proc/net/unix
_METRIC = re.compile(r"^(?P<name>\w+)(?:\{(?P<labels>[^}]*)\})? (?P<value>\S+)$", re.MULTILINE)


@dataclass
class Site:
    """A context manager: all parts run inside it, and are stopped at the end. A row may also start them one by one:
    `daemon`, `postfix`, `dns` and `sink` exist from the beginning. With a `door` (a position of `lab.smtp_door`) the
    daemon is the SMTP door.
    """

    place: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    postfix_settings: Mapping[str, str] = field(default_factory=dict)
    milter: Callable[[Site], str] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    wrap: tuple[str, ...] = ()
    hook: str = ""
    processes: int = 50
    door: str = ""
    ledger: Ledger = field(default_factory=Ledger)
    put_away: list[tuple[str, str]] = field(default_factory=list)
    """Mark and recipient of copies in a store that the row has removed. They count if they are nowhere else."""

    def __post_init__(self) -> None:
        self.dns = DnsServer(RECORDS)
        self.sink = Sink()
        released = free_port()
        own: dict[str, Any] = {
            "recipients": RECIPIENTS,
            "wire": {"workers": WORKERS},
            "release": {"port": released},
            # Nearly all mail of the lab is held; the guard must not take that for a mistake.
            "guard": {"enabled": False},
        }
        if self.door:
            own["smtp"] = {"position": self.door}
        self.daemon = Sekisho(
            self.place,
            self.dns.address,
            merged(own, self.settings),
            environment=self.environment,
            wrap=self.wrap,
            hook=self._hook(),
            next_hop=free_port() if self.door else 0,
        )
        self.postfix = Postfix(
            self.place,
            self.sink.port,
            (),
            {**_POSTFIX, **self.postfix_settings},
            processes=self.processes,
            released_port=released,
        )
        if self.door:
            self.postfix.master = services(self.door, self.postfix, self.daemon)
        self.senders: list[Sender] = []
        self._made = 0
        self._stack = ExitStack()

    def _hook(self) -> Path | None:
        """The directory with the program that every Python process of the daemon runs first."""
        if not self.hook:
            return None
        directory = self.place / "hook"
        directory.mkdir()
        (directory / "sitecustomize.py").write_text(self.hook)
        return directory

    def __enter__(self) -> Site:
        if not self.door:
            self.postfix.milters = [self.milter(self) if self.milter else self.daemon.milter()]
        with ExitStack() as stack:
            stack.callback(self._stop_senders)
            for each in (self.dns, self.sink, self.daemon, self.postfix):
                stack.enter_context(each)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _stop_senders(self) -> None:
        for each in self.senders:
            each.stop()

    # -- mail -----------------------------------------------------------------------------------------------

    def sender(self, **options: Any) -> Sender:
        """A new sender with these `Habits`. Its mail is in the site's ledger."""
        made = Sender(self.postfix.port, self.ledger, Habits(seed=len(self.senders), **options))
        self.senders.append(made)
        return made

    @contextmanager
    def load(
        self,
        count: int,
        kinds: Sequence[str] = MIXTURE,
        per_second: float = 0.0,
        begun: int = 5,
        **options: Any,
    ) -> Iterator[Sender]:
        """Send `count` messages while the block runs. The block begins after `begun` replies. At its end the sender
        goes on until every copy has a final reply."""
        sender = self.sender(**options)
        sender.offer(self.mails(count, kinds), per_second)
        sender.tell(lambda: sender.answered >= min(begun, count), 60)
        yield sender

    def mails(self, count: int, kinds: Sequence[str] = MIXTURE) -> list[Mail]:
        """`count` new messages; all messages of a site are different."""
        self._made += 1
        return mails(count, kinds, prefix=f"s{self._made}m", seed=self._made)

    def send(self, mail: Mail, **options: Any) -> Sender:
        """Send one message; returns when it has a final reply."""
        sender = self.sender(sessions=1, **options)
        sender.offer([mail])
        sender.finish()
        return sender

    # -- what is to be seen ---------------------------------------------------------------------------------

    def ready(self) -> bool:
        return self.daemon.health("readyz") == 200

    def workers(self) -> list[int]:
        """Process ids of the workers that take connections: without maintenance and processes that judge one
        message."""
        port = self.daemon.smtp_port
        inodes = _tcp_listeners(port) if self.door else _unix_listeners(self.daemon.socket)
        return [pid for pid in children(self.daemon.pid) if _has_open(pid, inodes)]

    def maintenance(self) -> int | None:
        """The process id of the maintenance process, which has the metrics port; None if there is none now."""
        inodes = _tcp_listeners(self.daemon.metrics_port)
        return next((pid for pid in children(self.daemon.pid) if _has_open(pid, inodes)), None)

    def metric(self, name: str, **labels: str) -> float:
        """The sum of a metric's samples with these labels; 0 if there are none. Raises OSError if the port does not
        answer after some tries (a new maintenance process may be about to open it)."""
        total = 0.0
        for found in _METRIC.finditer(self._page()):
            has = dict(re.findall(r'(\w+)="([^"]*)"', found["labels"] or ""))
            if found["name"] == name and all(has.get(key) == value for key, value in labels.items()):
                total += float(found["value"])
        return total

    def _page(self) -> str:
        for _ in range(_METRICS_TRIES - 1):
            with suppress(OSError):
                return self.daemon.metrics()
            time.sleep(1)
        return self.daemon.metrics()

    def logged(self, words: str) -> int:
        """How many lines of the daemon's log (or of its standard error) contain these words."""
        texts = [
            path.read_text(errors="replace")
            for path in (self.daemon.log, self.daemon.directory / "stderr")
            if path.is_file()
        ]
        return sum(words in line for text in texts for line in text.splitlines())

    def doctor(self) -> str:
        """What `sekisho doctor` prints about this site. Its diagnoses are no error here."""
        done = self.daemon.command("doctor", "--postfix-config", str(self.postfix.config))
        return (done.stdout + done.stderr).decode()

    # -- the account ----------------------------------------------------------------------------------------

    def settle(self, seconds: float = 300.0) -> Account:
        """Wait until no sender has open copies and Postfix's queue has only held mail, so many seconds at most; then
        count."""
        end = time.monotonic() + seconds
        for each in self.senders:
            if not each.finish(max(1.0, end - time.monotonic())):
                raise LabError(f"{each.open} tries are still open after {seconds:g} s; {dict(each.replies)}")
        self.postfix.wait_empty(max(1.0, end - time.monotonic()))
        self._quiet()
        return self.count()

    def _quiet(self) -> None:
        """Wait until the sink has everything that Postfix has just delivered."""
        size = -1
        while size != len(self.sink):
            size = len(self.sink)
            time.sleep(0.2)

    def count(self) -> Account:
        """Where every copy is now."""
        ledger = self.ledger
        ledger.delivered, ledger.quarantined = Counter(), Counter()
        unjudged: Counter[tuple[str, str]] = Counter()
        for delivery in self.sink:
            mark = _mark(delivery.sender or "".join(delivery.fields("X-Lab-Mark")[:1]))
            ledger.deliver(mark, delivery.recipients)
            if not delivery.fields("X-Sekisho-Verdict"):
                unjudged.update((mark, each) for each in delivery.recipients)
        for mark, recipient, state in self.copies():
            if state in _KEPT or (state in _PERHAPS and not ledger.delivered[mark, recipient]):
                ledger.hold(mark, [recipient])
        for mark, recipients in self._on_hold():
            ledger.hold(mark, recipients)
        for mark, recipient in self.put_away:
            if ledger.sent[mark, recipient] > ledger.seen[mark, recipient]:
                ledger.hold(mark, [recipient])
        self._forget_strangers()
        account = Account(ledger, unjudged=unjudged)
        for sender in self.senders:
            account.messages += sender.messages
            account.replies += sender.replies
            account.given_up += sender.given_up
        # A copy that was kept although its reply was lost, and whose retry is not finished, counts where it is kept.
        nowhere = Counter(entry for entry in account.given_up if not ledger.seen[entry])
        # A copy of the ledger: mail that is sent later is not part of this account.
        account.ledger = replace(
            ledger,
            sent=+ledger.sent,
            refused=ledger.refused + nowhere,
            unanswered=+ledger.unanswered,
        )
        return account

    def copies(self) -> list[tuple[str, str, str]]:
        """Mark, recipient and state of each copy in the quarantine."""
        return [
            (_mark(entry["envelope_from"]), copy["rcpt"], copy["state"])
            for entry in self.entries()
            for copy in entry["recipients"]
        ]

    def entries(self) -> list[dict[str, Any]]:
        """Every entry of the quarantine, the newest first, as the command line lists it."""
        found: list[dict[str, Any]] = []
        while page := self._listed(*(("--before", found[-1]["id"]) if found else ())):
            found += page
        return found

    def _forget_strangers(self) -> None:
        """Leave out mail that no sender of ours sent (fuzzed sessions). If a copy of ours had another mark, it would be
        missing under its own."""
        known = {mark for mark, _ in self.ledger.sent}
        for counter in (self.ledger.delivered, self.ledger.quarantined):
            for entry in [entry for entry in counter if entry[0] not in known]:
                del counter[entry]

    def _listed(self, *before: str) -> list[dict[str, Any]]:
        """One page of the quarantine, the newest first; empty if nothing was ever held."""
        words = ("quarantine", "list", "--format", "json", "--limit", str(_PAGE), *before)
        entries: list[dict[str, Any]] = json.loads(self.daemon.cli(*words))
        return entries

    def _on_hold(self) -> Iterator[tuple[str, list[str]]]:
        for entry in self.postfix.queued():
            yield _mark(entry["sender"]), [each["address"] for each in entry["recipients"]]

    def wait(self, condition: Callable[[], bool], what: str, seconds: float = 90.0) -> None:
        """Wait until a condition holds without which the row cannot go on. Raises LabError after so many seconds."""
        wait_until(condition, what, seconds)


def children(pid: int) -> list[int]:
    """The process ids of a process's children; empty if it is gone."""
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _mark(address: str) -> str:
    return address.partition("@")[0]


def _tcp_listeners(port: int) -> set[str]:
    """The sockets that listen on this loopback port, as links in /proc name them."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"}


def _unix_listeners(path: Path) -> set[str]:
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return {f"socket:[{row[6]}]" for row in rows if row[-1] == str(path) and row[3] == _ACCEPTS}


def _has_open(pid: int, links: set[str]) -> bool:
    for handle in Path(f"/proc/{pid}/fd").glob("*"):
        with suppress(OSError):
            if str(handle.readlink()) in links:
                return True
    return False
