"""One held message on its whole way: kept, released through a port that does not filter, delivered, traced."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lab.cases import Lab
from lab.place import a_place, answers, free_port, wait_until
from tests.system.mails import letter, spoof

from sekisho.config import load
from sekisho.doctor import Diagnosis
from sekisho.doctor.postconf import Postfix
from sekisho.doctor.postfix import examine


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    """A lab whose Postfix got its port for released mail from the command that doctor prints."""
    if os.geteuid() != 0:
        pytest.skip("Postfix's master starts as root: `make test` uses sudo")
    port = free_port()
    with a_place() as place, Lab(place, {"release": {"port": port}, "policy": {"reject": 90}}) as made:
        (missing,) = [each for each in found(made) if each.code == "postfix.bypass_missing"]
        for command in missing.mend.split(" && "):
            words = shlex.split(command)
            if words[0] == "postconf":
                subprocess.run(["/usr/sbin/postconf", *words[1:]], check=True)
        record = (made.postfix.directory / "lab.pid").read_text().split()[0]
        os.kill(int(record), signal.SIGHUP)
        wait_until(lambda: answers(port, greets=True), "Postfix listens for released mail")
        yield made


def found(lab: Lab) -> list[Diagnosis]:
    return list(examine(Postfix.read(lab.postfix.config), load(lab.sekisho.config)))


def test_the_port_that_doctor_makes_satisfies_doctor(lab: Lab) -> None:
    """After its own command there is no finding about the port left."""
    assert [each.code for each in found(lab) if each.code.startswith("postfix.bypass")] == []


def test_a_released_message_arrives_as_it_was(lab: Lab) -> None:
    """The recipient gets the bytes that were sent, without what was forged, under our results of that time and
    a Received field of the original client; the sender is null; nobody judges it again."""
    forged = b"X-Sekisho-Verdict: accept\r\nAuthentication-Results: mx.lab.invalid; dkim=pass\r\n"
    body = b"".join((b"\r\n", b".\r\n", b"..two\r\n", "日本語\r\n".encode(), b"\xe3\x81 raw\r\n"))
    mail = spoof("hanako@example.jp")
    mail = replace(mail, raw=forged + mail.raw + body)
    outcome = lab.send(mail)
    assert outcome.verdict == "quarantine"
    assert outcome.line is not None
    name = str(outcome.held[0]["id"])
    judged = lab.sekisho.log.read_bytes().count(b'"event": "message"')
    told = json.loads(lab.sekisho.cli("quarantine", "release", name, "--reason", "test", "--format", "json"))
    assert [each["state"] for each in told] == ["released"]
    (delivery,) = lab.sink.wait(1)
    assert (delivery.sender, delivery.recipients) == ("", ("hanako@example.jp",))
    assert delivery.raw.endswith(mail.raw.removeprefix(forged))
    assert delivery.fields("X-Sekisho-Verdict")[0].startswith("released; score=")
    (results,) = delivery.fields("Authentication-Results")
    assert "spf=fail" in results
    original = delivery.fields("Received")[1]
    assert original.startswith("from x.example (unknown [192.0.2.7])")
    assert f"id {outcome.line['queue_id']}" in original
    assert lab.sekisho.log.read_bytes().count(b'"event": "message"') == judged


def test_the_story_is_told_by_any_name(lab: Lab) -> None:
    """`trace` by queue id and by Message-ID: kept (before Postfix heard anything), judged, released."""
    outcome = lab.send(replace(spoof("story@example.jp"), raw=spoof().raw.replace(b"<1@", b"<story@")))
    assert outcome.line is not None
    lab.sekisho.cli("quarantine", "release", str(outcome.held[0]["id"]), "--reason", "test")
    for name in (str(outcome.line["queue_id"]), "<story@jcom.co.jp>"):
        story = json.loads(lab.sekisho.cli("trace", name, "--format", "json"))
        whats = [each["what"] for each in story if each["what"] != "quarantine_operation"]
        assert whats == ["kept in the quarantine", "judged", "release"], name


def test_a_delivered_message_is_traced_too(lab: Lab) -> None:
    """What was let through is in the log only, and found there by its Message-ID."""
    lab.send(letter("hanako@example.jp"))
    story = json.loads(lab.sekisho.cli("trace", "2@friend.example", "--format", "json"))
    assert [(each["what"], each["reply"]) for each in story] == [("judged", "accept")]


def test_the_maintenance_tells_of_releases(lab: Lab) -> None:
    """Log and metrics of the daemon know what the command line did."""
    count = 'sekisho_releases_total{reason="test"}'
    released = len([line for line in operations(lab) if line["operation"] == "release"])
    assert released > 0

    def told() -> bool:
        lines = [line for line in lab.sekisho.metrics().splitlines() if line.startswith(count)]
        return bool(lines) and float(lines[0].rsplit(" ", 1)[1]) == released

    wait_until(told, "the maintenance process counts the releases", 60)
    line = b'"event": "quarantine_operation"'
    wait_until(lambda: line in Path(lab.sekisho.log).read_bytes(), "the maintenance process logs a release")


def operations(lab: Lab) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(lab.sekisho.cli("quarantine", "history", "--format", "json"))
    return found
