"""What each finding means: its role and its signals, which other checks and pages go by."""

from __future__ import annotations

import pytest

from sekisho.checks.table import CONTRADICTING, KINDS
from sekisho.evidence import Role, Signal

MENTIONS = {
    "brand.content",
    "brand.name_mentioned",
    "brand.subject",
    "brand.topic",
    "display_name.writes_for",
}
# Families that are about the author's identity as a whole.
IDENTITY = ("author.", "brand.", "proof.", "display_name.", "lookalike.", "site.", "organisation.")

SIGNALS = {
    Signal.IMPERSONATES: {
        "brand.callback", "brand.display_name", "brand.document", "brand.headed", "brand.invites",
        "brand.note_answered", "brand.note_leads_away", "brand.note_speaks",
        "brand.leads_away", "brand.local_name",
        "brand.local_part", "brand.own_domain_leads_away", "brand.own_domain_person", "brand.own_domain_shared",
        "brand.own_domain_customer", "brand.borrowed_voice", "brand.borrowed_asks", "brand.customers_voice",
        "brand.own_domain_unproven", "brand.pictured", "brand.possible_domain_unproven", "brand.signed",
        "brand.speaks_as", "brand.only_name",
        "brand.namesake_asks", "brand.open_tenancy", "brand.unlisted_asks", "brand.unlisted_domain",
        "display_name.address", "display_name.host", "display_name.host_inside", "display_name.unknown_host",
        "author.host_inside", "author.impossible_domain", "lookalike.asks", "lookalike.composition",
        "lookalike.confusable", "lookalike.edit", "lure.account_from_private_mailbox", "lure.account_of_a_person",
        "organisation.office", "organisation.passing_domain", "organisation.passing_page",
        "organisation.random_domain", "organisation.two_strangers", "organisation.unproven",
        "organisation.unrelated", "recipient.chief",
        "recipient.insider", "recipient.lookalike", "recipient.office", "recipient.own_name",
        "recipient.own_office", "recipient.own_provider", "site.lookalike", "site.own_domain_unproven",
        "site.person",
        "lure.account_announced", "lure.account_pressed", "lure.favour", "lure.gift_for_a_fee", "lure.leaders_task",
        "lure.loan_for_a_friend", "lure.offer_in_messenger", "lure.papers_to_private_mailbox",
        "recipient.secret_payment", "recipient.shared_as_office", "recipient.staff_office",
    },
    Signal.STANDS_ALONE: {
        "author.host_inside", "brand.borrowed_voice", "brand.customers_voice", "brand.display_name",
        "brand.own_domain_customer", "brand.speaks_as", "brand.unlisted_domain",
        "lure.account_and_answers_elsewhere", "lure.account_from_private_mailbox", "lure.account_of_a_person",
        "lure.answered_elsewhere", "lure.asks_for_a_secret", "lure.extorts", "lure.from_a_calming_domain",
        "lure.from_a_nameless_authority",
        "lure.from_a_stranger", "lure.from_an_unreachable_office", "lure.from_anothers_domain",
        "lure.from_nobody",
        "lure.from_private_mailbox", "lure.from_thrown_away", "recipient.chief", "recipient.insider",
        "recipient.lookalike", "recipient.office", "recipient.own_name", "recipient.own_office",
        "recipient.own_provider",
        "lure.account_announced", "lure.account_pressed", "lure.favour", "lure.gift_for_a_fee", "lure.leaders_task",
        "lure.loan_for_a_friend", "lure.offer_in_messenger", "lure.papers_to_private_mailbox",
        "recipient.secret_payment", "recipient.shared_as_office", "recipient.staff_office",
    },
    Signal.LEADS_AWAY: {
        "brand.leads_away", "brand.note_leads_away", "link.borrowed_ground", "link.brand_button",
        "link.brand_in_path", "link.carried_page", "link.disguised_host", "link.host_inside", "link.only_qr",
        "link.only_strangers", "link.open_redirect", "link.passing_domain", "link.qr", "link.scan_asked",
        "link.script", "link.shortened", "link.text_mismatch", "link.translated", "link.user_info",
    },
    Signal.DISPOSABLE_DOMAIN: {
        "organisation.passing_domain", "organisation.random_domain", "origin.random_domain", "origin.service_words",
        "origin.unusual_suffix",
    },
    Signal.UNNAMED_SERVER: {"auth.no_iprev"},
    Signal.HIRED_PLATFORM: {"auth.platform_unaligned"},
    Signal.ANSWERS_TO_MAILBOX: {"reply_to.mailbox"},
    Signal.HARMS_BY_ANSWER: {
        "lure.account_announced", "lure.favour", "lure.leaders_task", "lure.loan_for_a_friend",
        "lure.offer_in_messenger", "lure.papers_to_private_mailbox", "recipient.secret_payment",
        "recipient.staff_office",
    },
}  # fmt: skip


@pytest.mark.parametrize("signal", Signal)
def test_who_gives_a_signal(signal: Signal) -> None:
    """A finding that gains or loses a signal changes what later checks find, so each set is written down here."""
    assert {kind.id for kind in KINDS if signal in kind.signals} == SIGNALS[signal]


def test_the_roles() -> None:
    """A brand that is only spoken of is a mention, what doubts the author's identity is identity, all else supports."""
    for kind in KINDS:
        about_the_author = kind.id.startswith(IDENTITY)
        expected = Role.IDENTITY if about_the_author else Role.SUPPORT
        wanted = Role.MENTION if kind.id in MENTIONS else expected
        assert kind.role is wanted, (
            f"{kind.id} is in a family of {wanted}: take another, or add it to MENTIONS"
        )


def test_a_page_shows_as_contradiction_what_no_support_is() -> None:
    """Identity findings and mentions stand under `Contradiction`."""
    shown = {kind.id for kind in KINDS if kind.id.startswith(IDENTITY)}
    assert shown == CONTRADICTING
