"""A sender under a name of its own over a brand's text: judged with the shipped registry and words."""

from __future__ import annotations

import functools
from dataclasses import replace
from email.header import Header
from pathlib import Path
from typing import Any

import pytest
from tests.auth_support import WORDS, context, letter

from sekisho import cases
from sekisho.basis import Basis
from sekisho.case_runner import CaseRunner, judge
from sekisho.checks.facts.other_identity import says_another
from sekisho.config import Config

BORROWED, ASKS, CUSTOMERS = "brand.borrowed_voice", "brand.borrowed_asks", "brand.customers_voice"
LINK = "https://www.alderbrook-joinery.example/m/1"
FROM = "info@alderbrook-joinery.example"


@functools.cache
def judged() -> Any:
    return judge(Config.model_validate({"mode": "enforce", "authserv_id": "mx.example.jp"}), ask_dns=False)


@pytest.fixture
def found(tmp_path: Path) -> Any:
    """A function that gives the ids of a message's findings."""

    def of(name: str, text: str, subject: str = "Notice", address: str = FROM) -> set[str]:
        head = f"From: {Header(name, 'utf-8').encode()} <{address}>\nSubject: {Header(subject, 'utf-8').encode()}\n"
        raw = f"{head}Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n"
        mail = tmp_path / "a.eml"
        mail.write_bytes(raw.encode())
        return {each["id"] for each in judged()(cases.load(mail))["findings"]}

    return of


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Owen Hale", f"Hello,\n\nyour payment was declined. Update your card: {LINK}\n\n© 2011-2026, Netflix, Inc."),
        ("森 あかね", f"メルカリをご利用いただきありがとうございます。\nお支払い方法を更新してください。\n{LINK}"),
        ("Alderbrook Joinery", f"Your card was blocked. Verify your identity: {LINK}\n\nThe Monzo Team"),
        (
            "Owen Hale",
            f"Your Monzo account was limited. Verify your identity:\n{LINK}\n\nOwen Hale\nCard Security\nMonzo",
        ),
        ("Owen Hale", "Update your card: type alderbrook-joinery dot com.\n\nThe Monzo Team"),
    ],
)  # fmt: skip
def test_a_mask_over_a_brands_voice(found: Any, name: str, text: str) -> None:
    """The text speaks as the brand, wants access or money, and tells of nobody else: neither of the sender's name nor,
    but for an address to type, of its domain. Somebody who signs for the brand is nobody else."""
    assert {BORROWED, ASKS} <= found(name, text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Dana Hale", f"Hi, update your card for Meta: {LINK}\n\nThe Meta Team says Thursday.\n\nDana Hale"),
        ("Licence Corner", f"Your Norton plan ends. Pay here: {LINK}\n\nLicence Corner\nThe Norton Team sends it."),
        ("Owen Hale", f"Please pay your Netflix share: {LINK}\n\nBest,\nMarta"),
        ("Owen Hale", f"Alderbrook Joinery now takes PayPal. Pay your invoice: {LINK}\n\n© PayPal"),
        ("Owen Hale", f"Verify your account: {LINK}\n\n© Monzo\nHarbour Cards Ltd"),
        ("Owen Hale", "Your Netflix payment failed. Update it: https://www.netflix.com/\n\nThe Netflix Team"),
        ("日産プリンス北販売", f"日産のお客様\nお支払いを確認してください。\n{LINK}\n日産プリンス北販売"),
    ],
)  # fmt: skip
def test_a_sender_that_says_who_it_is(found: Any, name: str, text: str) -> None:
    """Its name, its domain's, a person's below the letter, or another company's; or it leads to the brand alone."""
    assert {BORROWED, CUSTOMERS}.isdisjoint(found(name, text))


@pytest.mark.parametrize(
    ("name", "customers"),
    [("Owen Hale", True), ("Alderbrook Joinery", False), ("あおぞら工房", False), ("Monzo Fan Club", False)],
)
def test_a_brands_customers_are_addressed(found: Any, name: str, customers: bool) -> None:
    """Strangers speak of `your … account`, too. It counts where name and domain do not know each other, and the name is
    not an organisation's."""
    text = f"Your Monzo account was limited and will be closed. Verify your identity today: {LINK}"
    assert (CUSTOMERS in found(name, text)) is customers


def test_several_brands_alike_are_nobodys_voice(found: Any) -> None:
    """A text that speaks as two organisations is about both."""
    text = f"Verify your account: {LINK}\n\n© Monzo\n© Revolut"
    assert {BORROWED, CUSTOMERS}.isdisjoint(found("Owen Hale", text))


def test_what_is_quoted_or_called_suspicious_is_no_voice(found: Any) -> None:
    """Whoever answers a report of phishing shows what was reported, with its brand and its threats."""
    reported = "> Your Monzo account was limited. Verify your identity now.\n> The Monzo Team"
    answers = ("We have had the page taken down.", f"This is a phishing mail: {LINK}")
    assert all(
        {BORROWED, CUSTOMERS}.isdisjoint(found("Owen Hale", f"{own}\n\n{reported}")) for own in answers
    )


def test_a_name_of_which_nothing_is_left() -> None:
    """A sender called as a brand, beside which its name says nothing, tells of nobody else."""
    runner = CaseRunner.of(Basis(config=Config()))
    at = replace(context(), registry=runner.knowledge.registry, vocabulary=WORDS.checks)
    assert not says_another("netflix", letter("s", "Log in.", author="Monzo <a@velmora.test>"), at)
