"""Each action, and several recipients with different ones, through a real Postfix."""

from __future__ import annotations

import json

import pytest
from lab.cases import Lab
from tests.system.mails import letter, spoof


def test_wanted_mail_is_delivered_with_our_results(lab: Lab) -> None:
    """A proven friend's mail reaches its recipient, with our results and verdict on top and the rest unchanged."""
    mail = letter("hanako@example.jp")
    outcome = lab.send(mail)
    (delivery,) = outcome.deliveries
    assert outcome.verdict == "accept"
    assert delivery.recipients == ("hanako@example.jp",)
    assert delivery.raw.endswith(mail.raw)
    assert delivery.fields("X-Sekisho-Verdict")[0].startswith("accept;")
    results = delivery.fields("Authentication-Results")
    assert len(results) == 1
    assert results[0].startswith("mx.lab.invalid;")
    assert "dkim=pass" in results[0]
    assert "spf=pass" in results[0]


def test_quarantined_mail_is_kept_and_not_delivered(lab: Lab) -> None:
    """The sender hears 250, the sink gets nothing, and the store holds the mail for that recipient."""
    outcome = lab.send(spoof("hanako@example.jp"))
    assert outcome.verdict == "quarantine"
    assert outcome.sent.reply.code == 250
    (record,) = outcome.held
    assert record["recipients"] == [{"rcpt": "hanako@example.jp", "state": "held"}]
    lab.postfix.wait_empty()
    assert len(lab.sink) == 0


def test_the_quarantine_keeps_the_bytes_as_they_came(lab: Lab) -> None:
    """What the store gives back is the message that was sent, byte for byte."""
    mail = spoof("bytes@example.jp")
    outcome = lab.send(mail)
    assert lab.sekisho.cli_bytes("quarantine", "show", outcome.held[0]["id"], "--raw") == mail.raw


def test_held_mail_is_exported_judged_again_and_reported(lab: Lab) -> None:
    """The case of a message that came through Postfix, with DNS answers of that moment, gets the score that it got; the
    report has the message with its recipient's domain."""
    (held,) = lab.send(spoof("case@example.jp")).held
    file = lab.sekisho.directory / "case.eml"
    lab.sekisho.cli("quarantine", "export", held["id"][:20], "--output", str(file))
    again = json.loads(lab.sekisho.cli("check", str(file), "--format", "json"))
    assert (again["score"], again["verdict"]) == (held["score"], held["verdict"])
    assert json.loads(file.with_suffix(".json").read_text("utf-8"))["dns"]
    report = json.loads(lab.sekisho.cli("report", "--since", "1h", "--format", "json"))
    assert report["totals"]["held"] >= 1
    assert report["by"]["recipient_domain"]["example.jp"]["quarantine"] >= 1


def test_tagged_mail_is_delivered_with_verdict_reason_and_mark(lab: Lab) -> None:
    """Where the severest action is tag, a spoof is delivered with headers that say so and a marked subject."""
    outcome = lab.send(spoof("hanako@tag.example"))
    (delivery,) = outcome.deliveries
    assert (
        "quarantine" in delivery.fields("X-Sekisho-Verdict")[0]
        or "tag" in delivery.fields("X-Sekisho-Verdict")[0]
    )
    assert "brand.own_domain_unproven" in delivery.fields("X-Sekisho-Reason")[0]
    assert delivery.fields("Subject")[0].startswith("=?")


def test_rejected_mail_gets_a_dull_reply_with_a_reference(lab: Lab) -> None:
    """The sender hears 550 with a reference and nothing of the reasons; nothing is delivered or kept."""
    before = len(lab.sekisho.quarantine())
    outcome = lab.send(spoof("hanako@strict.example"))
    assert outcome.verdict == "reject"
    assert outcome.sent.reply.code == 550
    assert outcome.line is not None
    assert str(outcome.line["id"]) in outcome.sent.reply.text
    assert "brand" not in outcome.sent.reply.text.lower()
    assert "jcom" not in outcome.sent.reply.text.lower()
    assert len(lab.sink) == 0
    assert len(lab.sekisho.quarantine()) == before


def test_each_recipient_has_its_own_outcome(lab: Lab) -> None:
    """Of four recipients two get the mail, and two copies, the would-be-rejected one included, are held."""
    outcome = lab.send(spoof("a@tag.example", "b@lenient.example", "c@strict.example", "d@example.jp"))
    assert outcome.sent.reply.code == 250
    got = {recipient for delivery in outcome.deliveries for recipient in delivery.recipients}
    assert got == {"a@tag.example", "b@lenient.example"}
    (record,) = outcome.held
    assert {each["rcpt"] for each in record["recipients"]} == {"c@strict.example", "d@example.jp"}


def test_shadow_leaves_the_message_untouched(lab: Lab) -> None:
    """For a recipient in shadow the spoof is delivered as it came, forged headers and all, and only logged."""
    mail = spoof("hanako@shadow.example")
    outcome = lab.send(mail)
    (delivery,) = outcome.deliveries
    assert outcome.verdict == "quarantine"
    assert delivery.raw.endswith(mail.raw)
    assert delivery.fields("X-Sekisho-Verdict") == ()
    assert delivery.fields("Authentication-Results") == ()


@pytest.mark.parametrize("copies", [1, 5, 50])
def test_forged_results_and_verdicts_are_removed(lab: Lab, copies: int) -> None:
    """However many results under our name and verdicts a mail brings along, only ours are delivered; a
    stranger's results stay."""
    forged = b"Authentication-Results: mx.lab.invalid; dkim=pass header.d=bank.example\r\n" * copies
    forged += b"AUTHENTICATION-RESULTS: MX.lab.invalid (really); spf=pass\r\n"
    forged += b"X-Sekisho-Verdict: accept; score=0\r\nx-sekisho-anything: 1\r\n"
    foreign = b"Authentication-Results: elsewhere.example; spf=fail\r\n"
    outcome = lab.send(letter("hanako@example.jp", head=forged + foreign))
    (delivery,) = outcome.deliveries
    results = delivery.fields("Authentication-Results")
    assert sorted(each.partition(";")[0] for each in results) == ["elsewhere.example", "mx.lab.invalid"]
    assert b"bank.example" not in delivery.raw
    assert len(delivery.fields("X-Sekisho-Verdict")) == 1
    assert delivery.fields("X-Sekisho-Anything") == ()
