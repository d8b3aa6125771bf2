from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.store.kit import EVIDENCE, SetClock, message, outcomes

from sekisho.evidence import NOTHING
from sekisho.journal import Journal, JournalOptions
from sekisho.log import Logfmt
from sekisho.message import Recipient
from sekisho.privacy import Privacy
from sekisho.private_files import SecretError
from sekisho.verdict import OPT_OUT, Action, Disposition, Reply

SECRET_NAME = "taro.yamada.19700101"


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [Logfmt().format(record) for record in caplog.records]


@pytest.fixture(autouse=True)
def _capture(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sekisho")


def journal_of(options: JournalOptions) -> Journal:
    return Journal(options, Privacy(options, SetClock()))


def write(journal: Journal, weights: Mapping[str, float] | None = None) -> None:
    held = message(sender=f"{SECRET_NAME}@sender.example", queue_id="4XyZ")
    envelope = replace(held.envelope, recipients=(Recipient(f"{SECRET_NAME}@ours.example"),))
    action = Action(
        Reply.ACCEPT,
        outcomes("a@x") + outcomes("b@x", "c@x", disposition=Disposition.ACCEPT),
        reference="01ABC",
    )
    journal.message(replace(held, envelope=envelope), EVIDENCE, action, 0.0123, weights=weights)


def test_the_line_of_a_message(caplog: pytest.LogCaptureFixture) -> None:
    """One line holds the whole judgement: ids, verdict, counts, results, findings, claims, proofs, time."""
    write(journal_of(JournalOptions()), {"brand.display_name": 6.0})
    (line,) = lines(caplog)
    for part in (
        "logger=journal event=message queue_id=4XyZ id=01ABC",
        "verdict=quarantine score=12.5 decided_by=points mode=enforce",
        "outcomes=accept>accept:2,quarantine>quarantine:1 reply=accept",
        "client=192.0.2.7 client_name=mx.sender.example helo=mx.sender.example",
        "spf=pass dkim=unknown dmarc=unknown arc=unknown iprev=unknown",
        "findings=brand.display_name:6 claims=eki-net proofs=spf:jyaqfmf.cn",
        "seconds=0.0123",
    ):
        assert part in line


def test_no_subject_and_no_local_part_by_default(caplog: pytest.LogCaptureFixture) -> None:
    """What identifies a person is not in the line; the domain is."""
    write(journal_of(JournalOptions()))
    (line,) = lines(caplog)
    assert SECRET_NAME not in line
    assert "重要" not in line
    assert "@sender.example" in line
    assert "@ours.example" in line


def test_more_is_shown_when_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    """The options bring subject and addresses back."""
    write(journal_of(JournalOptions(subject=True, local_parts=True)))
    (line,) = lines(caplog)
    assert f"sender={SECRET_NAME}@sender.example" in line
    assert 'subject="【重要】"' in line


def test_a_pseudonym_correlates_within_its_period_only() -> None:
    """The same address has one name for a day, in any case of letters, and another the next day."""
    clock = SetClock()
    privacy = Privacy(JournalOptions(), clock)
    first = privacy.address("Taro@ours.example")
    assert first == privacy.address("taro@OURS.example")
    assert first != privacy.address("jiro@ours.example")
    clock.pass_by(hours=11)
    assert privacy.address("taro@ours.example") == first
    clock.pass_by(hours=2)
    assert privacy.address("taro@ours.example") != first


def test_two_keys_give_two_names_and_one_file_one(tmp_path: Path) -> None:
    """Without a key file each start has names of its own; with one they outlast it."""
    clock = SetClock()
    assert Privacy(JournalOptions(), clock).address("a@x") != Privacy(JournalOptions(), clock).address("a@x")
    path = tmp_path / "key"
    path.write_bytes(bytes(32))
    path.chmod(0o600)
    options = JournalOptions(key_file=path)
    assert Privacy(options, clock).address("a@x") == Privacy(options, clock).address("a@x")


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        (b"abcde", 0o600, "5 bytes"),
        (bytes(32), 0o644, "others"),
        (None, 0, "No such"),
    ],
)
def test_a_key_that_is_none_is_refused(tmp_path: Path, content: bytes | None, mode: int, reason: str) -> None:
    """A short, a readable or a missing key file is said plainly at the start."""
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
        path.chmod(mode)
    with pytest.raises(SecretError, match=reason):
        journal_of(JournalOptions(key_file=path))


@pytest.mark.parametrize(("address", "shown"), [(None, None), ("", "<>")])
def test_senders_that_are_nobody(address: str | None, shown: str | None) -> None:
    """The null sender and an unknown one are told apart."""
    assert Privacy(JournalOptions(), SetClock()).address(address) == shown


def test_an_address_without_a_domain_is_hidden_whole() -> None:
    """Nothing of an address without @ is shown, and undecodable bytes are no accident."""
    shown = Privacy(JournalOptions(), SetClock()).address("taro\udcff")
    assert shown is not None
    assert len(shown) == 11
    assert shown.startswith("~")


def test_no_outcome_is_no_accident(caplog: pytest.LogCaptureFixture) -> None:
    """A message without recipients has its line as well."""
    journal_of(JournalOptions()).message(message(), NOTHING, Action(Reply.TEMPFAIL), 0.1)
    assert "reply=tempfail" in lines(caplog)[0]


def test_every_event_has_one_wording(caplog: pytest.LogCaptureFixture) -> None:
    """Each method writes its event, failures as errors."""
    journal = journal_of(JournalOptions())
    journal.error("spf", ValueError("x"), queue_id="4X")
    journal.store_unavailable(OSError("full"))
    assert [(record.levelname, record.msg) for record in caplog.records] == [
        ("ERROR", "error"),
        ("ERROR", "store_unavailable"),
    ]
    assert "stage=spf queue_id=4X exception=ValueError exception_text=x" in lines(caplog)[0]


def test_of_those_who_opted_out_nothing_is_written(caplog: pytest.LogCaptureFixture) -> None:
    """Where nobody wants his mail looked at the line only counts it; beside others he is not named."""
    journal = journal_of(JournalOptions(local_parts=True, subject=True))
    seen, unseen = outcomes("seen@x.example", "unseen@y.example")
    unseen = replace(unseen, verdict=replace(unseen.verdict, decided_by=OPT_OUT))
    mail = message(recipients=(seen.recipient, unseen.recipient))
    journal.message(mail, EVIDENCE, Action(Reply.ACCEPT, (seen, unseen)), 0.1)
    journal.message(mail, EVIDENCE, Action(Reply.ACCEPT, (unseen,)), 0.1)
    both, alone = lines(caplog)
    assert "seen@x.example" in both
    assert "y.example" not in both
    for word in ("x.example", "y.example", "sender.example", "重要", "eki-net", "192.0.2.7", "digest"):
        assert word not in alone
    assert "decided_by=opt_out" in alone
