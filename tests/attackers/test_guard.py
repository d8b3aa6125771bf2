"""The guard is there for our own mistakes. How much a sender sends, and what, must not move it: the fall-back to
tagging would be a switch in the sender's hand."""

from __future__ import annotations

import struct
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.store.kit import SetClock

from sekisho import compose
from sekisho.config import Config
from sekisho.domains import network_of
from sekisho.guard import GuardOptions, Switch, Watch
from sekisho.guard.switch import FOREVER, MAGIC, PAGE_BYTES
from sekisho.judgement import Judged
from sekisho.message import Client, Envelope, Recipient
from sekisho.pipeline import Pipeline
from sekisho.ports import Severe, Stance

SHIPPED = GuardOptions()
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)


def known(guard: Watch, clock: SetClock) -> None:
    """A day of ordinary mail: the guard relies on what it knows, and its window is empty."""
    for number in range(1_500):
        guard.count(
            Severe(f"10.0.{number % 256}.0/24", f"p{number}.example", "x") if not number % 50 else None
        )
        clock.pass_by(minutes=1)
    clock.pass_by(minutes=11)
    guard.count(None)


@pytest.fixture
def guard(tmp_path: Path, clock: SetClock) -> Watch:
    made = Watch(Switch(tmp_path / "guard"), SHIPPED, clock)
    known(made, clock)
    return made


# -- through the whole judgement -------------------------------------------------------------------------------


def pipeline(guard: Watch, clock: SetClock, **changes: object) -> Pipeline:
    """The real one. Mail that asks for gift cards is quarantined by its points."""
    config = Config.model_validate(
        {
            "mode": "enforce",
            "authserv_id": "mx.ours.example",
            "policy": {"points": {"lure.business": 9.0, "author.several_fields": 1.0}},
            "lists": {"block": [".blocked.example"], "block_action": "quarantine"},
            **changes,
        }
    )
    return compose.pipeline(config, replace(compose.offline(config), guard=guard, clock=clock))


def send(judge: Pipeline, address: str, domain: str, head: bytes = b"") -> Judged:
    text = b"body" if head else b"Please buy gift cards now"
    raw = b"From: <info@%s>\r\nSubject: hello\r\nReply-To: <x@gmail.com>\r\n%s\r\n%s\r\n"
    raw %= domain.encode(), head, text
    sender = f"info@{domain}"
    envelope = Envelope(sender, sender, recipients=(Recipient("a@ours.example"),), client=Client(address))
    return judge.process(raw, envelope)


GENUINE = b"Message-ID: <1@x.example>\r\nDate: Sun, 1 Mar 2026 12:00:00 +0000\r\n"


@pytest.mark.parametrize(
    "fake",
    [
        lambda n: ("198.51.100.7", "bad.example"),
        lambda n: (f"198.51.100.{n}", f"bad{n}.example"),
        lambda n: (f"2001:db8:7:{n:x}::1", f"bad{n}.example"),
        lambda n: (f"2001:db8:{n:x}::1", f"bad{n}.example"),
        lambda n: (f"10.{n}.3.4", f"mail{n}.bad.example"),
    ],
    ids=["one server", "one network", "one IPv6 network", "one IPv6 allocation", "one author"],
)
def test_fakes_of_one_sender_beside_genuine_mail(guard: Watch, clock: SetClock, fake: object) -> None:
    """Two hundred blatant fakes of one network or one author beside two hundred genuine mails move nothing."""
    judge = pipeline(guard, clock)
    for number in range(200):
        judged = send(judge, *fake(number))  # type: ignore[operator]
        assert judged.outcomes[0].verdict.decided_by == "points"
        assert judged.outcomes[0].verdict.disposition.word == "quarantine"
        send(judge, f"192.0.{number}.9", f"g{number}.example", GENUINE)
        clock.pass_by(seconds=3)
    assert guard.stance() is Stance.OPEN


def test_a_mistake_of_ours_is_stopped(guard: Watch, clock: SetClock) -> None:
    """The same verdict over the genuine mail of many senders: from then on it is tagged at most."""
    judge = pipeline(guard, clock)
    stances = []
    for number in range(80):
        send(judge, f"192.{number}.0.9", f"g{number}.example")
        stances.append(guard.stance())
    assert stances[40] is Stance.OPEN
    assert stances[-1] is Stance.TAGGING


@pytest.mark.parametrize(("networks", "stance"), [(1, Stance.OPEN), (40, Stance.OPEN), (100, Stance.TAGGING)])
def test_mail_of_few_networks_does_not_move_it(
    guard: Watch, clock: SetClock, networks: int, stance: Stance
) -> None:
    """As docs/operating.md says: where all mail comes from fewer networks than `minimum`, as by a gateway, the guard
    stays silent about a mistake of ours, too."""
    for number in range(1_000):
        guard.count(Severe(f"10.{number % networks}.0.0/24", f"g{number}.example", "x"))
    assert guard.stance() is stance


@pytest.mark.parametrize(
    ("domain", "head", "by"),
    [
        ("bad%d.example", b"From: <x@other.example>\r\n" + GENUINE, "ambiguous_author"),
        ("n%d.blocked.example", GENUINE, "block .blocked.example"),
    ],
)
def test_what_is_certain_moves_nothing(
    guard: Watch, clock: SetClock, domain: str, head: bytes, by: str
) -> None:
    """A combination or an entry of the block list decided: that is no mistake of a rule's weight, however many senders
    it falls on, and it is neither counted as severe nor as mail."""
    judge = pipeline(guard, clock)
    for number in range(200):
        name = domain % number
        judged = send(judge, f"192.{number}.0.9", name, head)
        assert judged.outcomes[0].verdict.decided_by.split()[0] == by.split(maxsplit=1)[0]
        assert judged.outcomes[0].verdict.disposition.word == "quarantine"
    assert guard.stance() is Stance.OPEN


# -- whatever one sender sends ---------------------------------------------------------------------------------

NAMES = st.integers(0, 10_000)
SHARED = st.one_of(
    st.lists(NAMES, min_size=1, max_size=150).map(
        lambda each: [Severe("192.0.2.0/24", f"d{name}.example", f"f{name % 3}") for name in each]
    ),
    st.lists(NAMES, min_size=1, max_size=150).map(
        lambda each: [
            Severe(f"10.{name // 256}.{name % 256}.0/24", "bad.example", f"f{name % 3}") for name in each
        ]
    ),
)
OPTIONS = st.builds(
    GuardOptions,
    window_minutes=st.floats(0.1, 60),
    factor=st.floats(1.1, 20),
    minimum=st.integers(1, 300),
    least_percent=st.floats(0.01, 50),
    history=st.integers(1, 200),
)


@settings(max_examples=60, deadline=None)
@given(SHARED, OPTIONS, st.integers(0, 200), st.integers(1, 30), st.floats(0, 60))
def test_one_sender_never_changes_the_stance(
    fakes: list[Severe], options: GuardOptions, mild: int, times: int, seconds: float
) -> None:
    """For any options, any mail beside it and any rhythm: severe mail that shares a network or an author leaves the
    stance as it is."""
    clock = SetClock(START)
    with TemporaryDirectory() as directory:
        guard = Watch(Switch(Path(directory) / "guard"), options, clock)
        for _ in range(options.history + 1):
            guard.count(None)
        clock.pass_by(minutes=2 * options.window_minutes)
        for _ in range(mild + 1):
            guard.count(None)
        for fake in fakes:
            for _ in range(times):
                guard.count(fake)
            clock.pass_by(seconds=seconds)
            assert guard.stance() is Stance.OPEN


def test_one_sender_does_not_spoil_the_long_run(guard: Watch, clock: SetClock, tmp_path: Path) -> None:
    """A week of fakes from one network, twice as many as there is mail, does not make severe verdicts usual: our
    mistake would not be seen any more."""
    before = Switch(tmp_path / "guard").long_run()[1].share
    for number in range(7 * 24 * 2):
        for _ in range(20):
            guard.count(Severe("192.0.2.0/24", f"d{number}.example", "x"))
        for _ in range(10):
            guard.count(None)
        clock.pass_by(minutes=30)
    assert Switch(tmp_path / "guard").long_run()[1].share < max(2 * before, 0.15)


def test_nobody_can_aim_at_the_buckets(tmp_path: Path, clock: SetClock) -> None:
    """The same senders fall into other buckets at another site: a list of names that evade or flood is of no use."""
    secrets = set()
    for name in ("one", "two"):
        made = Watch(Switch(tmp_path / name), SHIPPED, clock)
        made.count(Severe("192.0.2.0/24", "bad.example", "x"))
        with Switch(tmp_path / name).locked():
            secrets.add(Switch(tmp_path / name).secret())
    assert len(secrets) == 2
    assert not {bytes(16)} & secrets


# -- the file of an earlier version ----------------------------------------------------------------------------


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The one page of a version that knew no buckets: paused for ever, tagging, and a long run."""
    page = bytearray(MAGIC.ljust(PAGE_BYTES, b"\0"))
    struct.pack_into("<ddd", page, 8, FOREVER, 4e9, 5.0)
    struct.pack_into("<ddd", page, 64, 1e9, 5000.0, 50.0)
    struct.pack_into("<ddd", page, 88, 123.0, 10.0, 10.0)
    file = tmp_path / "guard"
    file.write_bytes(page)
    return file


def test_an_earlier_file_is_taken_over(earlier: Path, clock: SetClock) -> None:
    """Pause, fall-back and long run of an earlier version hold, and counting goes on in the same file."""
    guard = Watch(Switch(earlier), SHIPPED, clock)
    assert guard.stance() is Stance.PAUSED
    guard.count(Severe("192.0.2.0/24", "bad.example", "x"))
    guard.count(None)
    switch = Switch(earlier)
    assert (switch.paused_until, switch.tagging_until, switch.armed_from) == (FOREVER, 4e9, 5.0)
    assert switch.long_run()[1].total == 5000
    number = int(clock.now().timestamp() // (SHIPPED.window_minutes * 60 / 8))
    assert switch.stretch(number)[1:] == (1.0, 1.0)


def test_both_versions_work_side_by_side(earlier: Path, clock: SetClock) -> None:
    """While an upgrade replaces the processes, an old one reads and writes the first page: what either switches holds
    for both, and neither cuts the other's file."""
    guard = Watch(Switch(earlier), SHIPPED, clock)
    guard.count(Severe("192.0.2.0/24", "bad.example", "x"))
    size = earlier.stat().st_size
    Switch(earlier).resume(0.0)
    with earlier.open("r+b") as old:
        page = old.read(PAGE_BYTES)
        assert page.startswith(MAGIC)
        old.seek(8)
        old.write(struct.pack("<d", FOREVER))
    assert guard.stance() is Stance.PAUSED
    assert earlier.stat().st_size == size > PAGE_BYTES


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8::/32"),
        ("2001:db9::1", "2001:db9::/32"),
        (None, ""),
        ("x", ""),
    ],
)
def test_networks(address: str | None, network: str) -> None:
    """A sender is taken to have a /24 or an IPv6 /32 whole, as a provider gets it; who is not known is one sender."""
    assert network_of(address) == network
