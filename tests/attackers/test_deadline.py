"""A message that takes all time there is: what was not looked at must not let it through."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from sekisho import compose
from sekisho.checks.table import CHECKS, Check
from sekisho.config import Config
from sekisho.evidence import NOTHING, Evidence
from sekisho.message import Client, Envelope, Message, Recipient
from sekisho.pipeline import Judged, Pipeline
from sekisho.ports import Context, UnfinishedError
from sekisho.resolver import CaseResolver

NAMES = [check.name for check in CHECKS]
STRANGER = Client("192.0.2.66", "mail.stranger.test", "ok", "mail.stranger.test")
DNS = (
    {"name": "stranger.test", "type": "TXT", "value": "v=spf1 ip4:192.0.2.66 -all"},
    {"name": "amazon.co.jp", "type": "TXT", "value": "v=spf1 ip4:198.51.100.7 -all"},
    {"name": "_dmarc.amazon.co.jp", "type": "TXT", "value": "v=DMARC1; p=reject"},
)
SETTINGS: dict[str, Any] = {
    "mode": "enforce",
    "authserv_id": "mx.example.jp",
    "site": {"domains": ["own.example"]},
    "trust": {"clients": ["192.0.2.200/32"]},
    "lists": {"allow": ["friend@stranger.test"]},
    "recipients": {
        "shadow.example": {"mode": "shadow"},
        "unfiltered.example": {"filter": False},
        "tagged.example": {"max_action": "tag"},
    },
}


class Hurried:
    """A clock that stands until a check takes its time."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def now(self) -> datetime:
        return datetime(2026, 6, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.at


def hurried(before: str, **settings: Any) -> Pipeline:
    """A pipeline whose time is over when it comes to this check."""
    clock = Hurried()

    def sleep(_: Message, __: Evidence, ___: Context) -> Evidence:
        clock.at += 60.0
        return NOTHING

    config = Config.model_validate(SETTINGS | settings)
    made = compose.pipeline(config, compose.Ports(clock, compose.knowledge(config)))
    at = NAMES.index(before)
    checks = (*CHECKS[:at], Check("sleep", sleep), *CHECKS[at:])
    return replace(made, checks=checks, context=lambda: replace(made.context(), resolver=CaseResolver(DNS)))


def judged(
    pipeline: Pipeline, author: str, *rcpt: str, client: Client = STRANGER, subject: str = "Hello"
) -> Judged:
    raw = f"From: {author}\r\nSubject: {subject}\r\n\r\nHello.\r\n".encode()
    sender = author.rpartition("<")[2].rstrip(">")
    recipients = tuple(map(Recipient, rcpt or ("help@example.jp",)))
    return pipeline.process(raw, Envelope(sender=sender, recipients=recipients, client=client))


@pytest.mark.parametrize("before", NAMES[: NAMES.index("media_claims") + 1])
def test_nothing_is_accepted_of_which_nobody_knows_whom_it_claims_to_be(before: str) -> None:
    """Time was over before the claims had been looked for."""
    with pytest.raises(UnfinishedError):
        judged(hurried(before), "somebody@stranger.test")


@pytest.mark.parametrize(
    "author",
    [
        "Amazon.co.jp <somebody@stranger.test>",  # a brand's name
        "somebody@amazon.co.jp",  # a brand's own domain, unproven
        "somebody@own.example",  # the site's
        "somebody@example.jp",  # the recipient's
        "somebody@arnazon.co.jp",  # a domain that reads as a brand's
    ],
)
def test_a_claim_on_somebody_known_does_not_pass_for_want_of_time(author: str) -> None:
    """It was found, and what weighs it was not looked at."""
    with pytest.raises(UnfinishedError):
        judged(hurried("impersonation"), author)


@pytest.mark.parametrize(
    ("author", "client"),
    [
        ("Tom <somebody@stranger.test>", STRANGER),  # nobody who is known
        (
            "Amazon.co.jp <somebody@amazon.co.jp>",
            Client("198.51.100.7", "a.amazon.co.jp", "ok", "a.amazon.co.jp"),
        ),
        ("Amazon.co.jp <friend@stranger.test>", STRANGER),  # allowed
        (
            "somebody@own.example",
            Client("192.0.2.200", "pc.own.example", "ok", "pc.own.example"),
        ),  # our own client
    ],
)
def test_other_mail_is_judged_from_what_is_known(author: str, client: Client) -> None:
    """No claim stands, or the site said what is to be done: the verdict says that it is not whole."""
    done = judged(hurried("impersonation"), author, client=client)
    assert "deadline" in done.evidence.degraded or "trusted" in done.outcomes[0].verdict.decided_by


@pytest.mark.parametrize(
    ("rcpt", "raises"),
    [
        (["a@shadow.example"], False),
        (["a@unfiltered.example"], False),
        (["a@shadow.example", "a@unfiltered.example"], False),
        (["a@shadow.example", "a@example.jp"], True),
        (["a@unfiltered.example", "a@example.jp"], True),
        (["a@tagged.example"], True),
    ],
)
def test_what_counts_is_who_would_get_it(rcpt: list[str], raises: bool) -> None:
    """One recipient in enforce is enough; for those in shadow it is an ordinary verdict, and a degraded one."""
    pipeline = hurried("impersonation")
    if raises:
        with pytest.raises(UnfinishedError):
            judged(pipeline, "Amazon.co.jp <somebody@stranger.test>", *rcpt)
    else:
        done = judged(pipeline, "Amazon.co.jp <somebody@stranger.test>", *rcpt)
        assert "deadline" in done.evidence.degraded or not done.outcomes[0].verdict.judged


def test_what_is_held_anyway_is_held() -> None:
    """What was found before time was over is enough, so nothing is missing."""
    done = judged(hurried("lure"), "Amazon.co.jp <somebody@amazon.co.jp>", subject="Amazon")
    assert done.action.strictest is not None
    assert done.action.strictest.disposition.word == "quarantine"
    assert "deadline" in done.evidence.degraded


def test_a_single_file_shows_its_verdict() -> None:
    """The command line judges in the same way and is told what is missing: nobody gets the message for it."""
    pipeline = hurried("impersonation")
    raw = b"From: Amazon.co.jp <somebody@stranger.test>\r\n\r\nHello.\r\n"
    done = pipeline.judge(pipeline.examine(raw, Envelope(), pipeline.context()))
    assert "deadline" in done.evidence.degraded
