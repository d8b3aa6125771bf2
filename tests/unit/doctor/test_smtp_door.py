"""The SMTP door and Postfix agree, or the doctor says what to type."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.unit.release.kit import Port

from sekisho.config import Config
from sekisho.doctor.commands import Commands
from sekisho.doctor.examine import Patient, examine
from sekisho.doctor.model import Severity
from sekisho.doctor.postconf import Postfix, Service

PROXY = {"smtpd_proxy_filter": "127.0.0.1:10024", "smtpd_proxy_timeout": "150s"}
FILTER = {"content_filter": "sekisho:[127.0.0.1]:10024"}


def looked_at(
    settings: dict[str, str], position: str, behind: dict[str, str] | None = None, *, port: int | None = None
) -> list[str]:
    """The codes about the door, each with a command that a shell takes."""
    with Port() as next_hop:
        hop = port or next_hop.port
        services = (
            Service("smtp", "inet", False, "smtpd", settings),
            Service(f"127.0.0.1:{hop}", "inet", False, "smtpd", behind or {}),
        )
        config = Config.model_validate({"smtp": {"next_hop": f"127.0.0.1:{hop}", "position": position}})
        patient = Patient(config, commands=Commands(), _read=[Postfix({}, services)])
        found = examine(patient, frozenset({"dns", "store", "clock", "guard", "files"}))
    listed = [
        each for each in found if each.subject in {"smtp", "socket"} or each.code == "postfix.not_asked"
    ]
    assert all(each.severity > Severity.NOTE for each in listed)
    for each in listed:
        assert subprocess.run(["/bin/sh", "-n", "-c", each.mend], check=False).returncode == 0, each.mend
    return [each.code for each in listed]


@pytest.mark.parametrize(("settings", "position"), [(FILTER, "after-queue"), (PROXY, "before-queue")])
def test_a_door_that_is_used_as_it_says(settings: dict[str, str], position: str) -> None:
    """Nothing to say; nor that there is no milter, nor that its socket is not there."""
    assert looked_at(settings, position) == []


@pytest.mark.parametrize(("settings", "position"), [(PROXY, "after-queue"), (FILTER, "before-queue")])
def test_the_wrong_position(settings: dict[str, str], position: str) -> None:
    """After the queue a refusal would be a bounce."""
    assert looked_at(settings, position) == ["smtp.position"]


@pytest.mark.parametrize("position", ["after-queue", "before-queue"])
def test_nobody_uses_it(position: str) -> None:
    """Mail passes unseen."""
    assert looked_at({}, position) == ["smtp.not_asked"]


def test_the_next_hop_asks_again() -> None:
    """Mail would go round."""
    assert looked_at(FILTER, "after-queue", FILTER) == ["smtp.loop"]


def test_a_next_hop_that_does_not_answer() -> None:
    """Or that is something else."""
    with Port({"GREETING": "554 no"}) as wrong:
        assert looked_at(FILTER, "after-queue", port=wrong.port) == ["smtp.next_hop"]


def test_postfix_gives_up_too_early() -> None:
    """Its time-out must leave room for the verdict and the next hop."""
    assert looked_at({**PROXY, "smtpd_proxy_timeout": "100s"}, "before-queue") == ["smtp.proxy_timeout"]


def test_without_a_door_nothing_is_said(tmp_path: Path) -> None:
    """The milter is examined as ever."""
    patient = Patient(Config(), _read=[Postfix({}, (Service("smtp", "inet", False, "smtpd"),))])
    found = examine(patient, frozenset({"dns", "store", "clock", "guard", "files", "socket"}))
    assert [each.code for each in found if each.code == "postfix.not_asked"] == ["postfix.not_asked"]
    assert [each for each in found if each.subject == "smtp"] == []
