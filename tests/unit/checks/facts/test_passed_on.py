"""What an alias service tells of who wrote to it, and what its customers could write themselves."""

from __future__ import annotations

import pytest
from tests.auth_support import context, message

from sekisho.checks.facts.passed_on import shown_addresses, true_sender
from sekisho.evidence import AuthorStatus, Evidence

PROVEN = Evidence(author_status=AuthorStatus.AUTHENTICATED)
KINDS = {"alias.com": "alias", "customer.alias.com": "alias", "lists.org": "forwarder", "shop.com": "esp"}


def told(name: str, author: str, seen: Evidence = PROVEN) -> str | None:
    read = message(f'From: "{name}" <{author}>\r\n\r\n'.encode())
    return true_sender(read, seen, context(kinds=KINDS))


@pytest.mark.parametrize(
    ("name", "local", "domain"),
    [
        ("Shop", "order-update_at_shop.co.jp_hanako7", "shop.co.jp"),
        ("Shop", "mail_at_contact_shop_ne_jp_8fk2", "contact.shop.ne.jp"),
        ("Shop", "kai.9f+order=shop.jp", "shop.jp"),
        ("Jane", "jane=40shop.com", "shop.com"),
        ("news@rope-and-sail.net", "news_at_rope_and_sail_net_q71", "rope-and-sail.net"),
        ("Shop - news(a)rope-and-sail.net", "news_at_rope_and_sail_net_q71", "rope-and-sail.net"),
        ("'news at shop.com'", "news_at_shop_com_q71", "shop.com"),
        ("Shop", "news_at_rope_and_sail_q71", None),
        ("support@bank.jp", "x_at_stranger.com_hanako7", None),
        ("support@bank.jp - x(a)stranger.com", "x_at_stranger_com_q71", None),
        ("Bank", "a_at_bank.jp_at_stranger.com_x", None),
        ("Bank", "mail_at_bank.jp_x.word1", None),
        ("mail@bank.jp", "mail_at_bank_jp.word1", None),
        ("support@bank.jp", "hayashi.k22", None),
    ],
)
def test_what_the_address_tells(name: str, local: str, domain: str | None) -> None:
    """The service writes the sender's address into its own; what the name shows may only be the same."""
    assert told(name, f"{local}@alias.com") == domain


def test_the_whole_domain_counts() -> None:
    """A brand's domain at the beginning of a stranger's is the stranger's."""
    assert told("Bank", "a_at_bank.jp.stranger.com_x@alias.com") == "bank.jp.stranger.com"


@pytest.mark.parametrize(
    ("author", "seen"),
    [
        ("a_at_shop.jp_x@stranger.com", PROVEN),
        ("a_at_shop.jp_x@shop.com", PROVEN),
        ("a_at_shop.jp_x@alias.com", Evidence()),
    ],
)
def test_only_a_proven_service_tells(author: str, seen: Evidence) -> None:
    """Anybody can write such a local part."""
    assert told("Shop", author, seen) is None


@pytest.mark.parametrize(
    ("author", "domain"),
    [
        ("service_at_bank.jp@customer.alias.com", None),
        ("shop+service=bank.jp@customer.alias.com", "bank.jp"),
        ("service_at_bank.jp.3.customer@alias.com", None),
        ("service_at_bank.jp@lists.org", None),
    ],
)
def test_customers_choose_addresses(author: str, domain: str | None) -> None:
    """Below a service's own name, and at forwarders where people have addresses, the local part is the customer's."""
    assert told("Bank", author) == domain


def test_ways_to_write_an_address() -> None:
    """Services write `(a)` and ` at `, so that no program takes the name for an address."""
    assert shown_addresses("Shop - news(a)shop.com") == ("news@shop.com",)
    assert shown_addresses("'news at shop.com'") == ("news@shop.com",)
    assert shown_addresses("Meet us at noon") == ()
