"""Who is asking: what is a doubt about him, and what clears it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from tests.auth_support import context, envelope, led, message

from sekisho.checks.content import link_tricks, links
from sekisho.checks.facts.links import MAX_PAGE_DOMAINS
from sekisho.checks.identity import (
    impersonation,
    lookalike,
    own_domain,
    own_office,
    recipient,
    reply_to,
    sender_domain,
    site,
    unknown_organisation,
)
from sekisho.checks.lure import sender_doubts
from sekisho.evidence import NOTHING, AuthorStatus, Cue, Evidence, FindingKind, Proof
from sekisho.message import Recipient

UNPROVEN = Evidence(author_status=AuthorStatus.UNAUTHENTICATED)
PROVEN = Evidence(proofs=(Proof("shop.test", "dkim", True),), author_status=AuthorStatus.AUTHENTICATED)


def about(*themes: str) -> Evidence:
    return Evidence(cues=tuple(Cue("theme", name, name, "text") for name in themes))


def of(*kinds: FindingKind) -> Evidence:
    return Evidence(findings=tuple(kind.found() for kind in kinds))


def found(
    seen: Evidence,
    text: str = "hello",
    *,
    author: str = "Example Shop <a@shop.test>",
    subject: str = "s",
    kinds: Mapping[str, str] | None = None,
    rcpt: str = "b@reader.test",
) -> list[str]:
    head = f"From: {author}\r\nSubject: {subject}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    to = replace(envelope(), recipients=(Recipient(rcpt),))
    read, at = message((head + text).encode(), to), context(kinds=kinds)
    # Where nothing is wanted, nobody is doubted. This theme and this action lead to no finding of their own.
    wanted = about("romance") + Evidence(cues=(Cue("action", "confirm", "confirm", "text"),))
    doubts = sender_doubts.check(read, led(read, at) + seen + wanted, at).doubts
    return [each.kind.id.removeprefix("lure.") for each in doubts]


def test_where_nothing_is_wanted_nobody_is_doubted() -> None:
    """A letter without a theme, or with a theme and no request, is not looked at."""
    read, at = message(b"From: a@b.test\r\n\r\nhello"), context()
    assert sender_doubts.check(read, led(read, at) + UNPROVEN, at) is NOTHING
    assert sender_doubts.check(read, led(read, at) + UNPROVEN + about("account"), at) is NOTHING


@pytest.mark.parametrize(
    ("kind", "doubts"),
    [
        (impersonation.DISPLAY_NAME, "in_a_name"),
        (own_domain.OWN_DOMAIN, "in_a_name"),
        (unknown_organisation.OFFICE, "in_a_name"),
        (site.KINDS[0], "in_a_name"),
        (lookalike.KINDS[0], "in_a_name"),
        (own_office.PROVIDER, "in_a_name"),
        (recipient.LOOKALIKE, "in_a_name"),
        (impersonation.AWAY, "in_a_name leads_away"),
        (links.STRANGERS, "leads_away"),
        (links.SHORTENED, "leads_away"),
        (link_tricks.KINDS[0], "leads_away"),
        (sender_domain.RANDOM, "from_passing_domain"),
        (sender_domain.UNUSUAL_SUFFIX, "from_passing_domain"),
        (impersonation.SUBJECT, None),
        (impersonation.CONTENT, None),
        (impersonation.TOPIC, None),
        (links.BRAND_IN_HOST, None),
        (links.ADDRESS, None),
        (recipient.ADDRESS, None),
    ],
)
def test_what_others_found_is_a_doubt(kind: FindingKind, doubts: str | None) -> None:
    """Of a sender of whom nothing is known, one doubt is enough; a brand that is only spoken of is none."""
    expected = doubts.split() if doubts else []
    assert found(of(kind)) == expected


def test_a_name_that_could_be_anybodys() -> None:
    """`Customer Support` says what its bearer does and not who he is."""
    assert found(Evidence(), author="Customer Support <a@shop.test>") == ["from_an_office"]
    assert found(Evidence(), author="Example Customer Support <a@shop.test>") == []
    assert found(Evidence(), author="a@shop.test") == []


def test_a_proven_sender_needs_two_doubts() -> None:
    """Proof takes the first doubt back, unless he calls himself by a brand that is not his."""
    assert found(PROVEN) == []
    assert found(PROVEN + of(links.STRANGERS)) == []
    assert found(PROVEN + of(impersonation.SIGNED)) == []
    assert found(PROVEN + of(impersonation.DISPLAY_NAME)) == ["in_a_name"]
    both = of(links.STRANGERS, impersonation.SIGNED)
    assert found(PROVEN + both) == ["in_a_name", "leads_away"]


def test_a_proof_of_somebody_else_is_no_proof_of_the_author() -> None:
    """Only what is aligned with the author vouches for him."""
    seen = Evidence(proofs=(Proof("relay.test", "dkim", aligned=False),))
    assert found(seen + of(links.STRANGERS)) == ["leads_away"]


def test_nothing_known_is_no_doubt() -> None:
    """Without a look at authentication, and with a temporary error, nobody is doubted for it."""
    assert found(Evidence()) == []


def test_links_that_all_lead_elsewhere() -> None:
    """In a letter that is harmless, in a demand it is a doubt; one link that leads home clears it."""
    assert found(Evidence(), "See https://other.test/") == ["leads_away"]
    assert found(Evidence(), "See https://other.test/ and https://www.shop.test/") == []
    assert found(Evidence(), "Write to a@other.test") == []
    many = " ".join(f"https://site{number}.test/" for number in range(MAX_PAGE_DOMAINS + 1))
    assert found(Evidence(), many) == []


FREE = {"free.test": "mailbox"}


@pytest.mark.parametrize(
    ("author", "theme", "doubted"),
    [
        ("Shop Support <a@free.test>", "account", True),
        ("代表取締役 <a@free.test>", "business", True),
        ("Ann Smith, CEO <a@free.test>", "business", True),
        ("Ann Smith <a@free.test>", "account", False),
        ("a@free.test", "account", False),
        ("Shop Support <a@free.test>", "bargain", False),
        ("Shop Support <a@shop.test>", "account", False),
    ],
)
def test_an_office_in_a_private_mailbox(author: str, theme: str, doubted: bool) -> None:
    """An office or an officer, in what no private person has to do with; a proof of the mailbox clears nothing."""
    proven = replace(PROVEN, proofs=(Proof("free.test", "dkim", True, scope="mailbox"),))
    for seen in (Evidence(), proven):
        ids = found(seen + about(theme), author=author, kinds=FREE)
        assert ("from_private_mailbox" in ids) is doubted


@pytest.mark.parametrize(
    ("text", "theme", "doubted"),
    [
        ("Send me the list today.\n-- \nAnn Smith\nCEO, Example Shop", "business", True),
        ("本日中に対応してください。\n代表取締役 山田 太郎", "business", True),
        ("Send me the list today.\n-- \nAnn Smith\nCEO, Example Shop", "payment", False),
        ("振込先を変更しました。\n山田商店 代表 山田 太郎", "business", False),
        ("Our CEO is away. " + "He will be back on Monday. " * 10, "business", False),
    ],
)
def test_a_chief_who_signs_from_a_private_mailbox(text: str, theme: str, doubted: bool) -> None:
    """Only in matters of business, and only where he signs: heads of clubs and shops have no other mailbox."""
    ids = found(PROVEN + about(theme), text, author="Ann Smith <a@free.test>", kinds=FREE)
    assert ("from_private_mailbox" in ids) is doubted


def answered(
    text: str = "hello", asks: str = "answer", theme: str = "fund", author: str = "A <a@shop.test>"
) -> bool:
    seen = PROVEN + about(theme) + Evidence(cues=(Cue("action", asks, asks, "text"),))
    return "answered_elsewhere" in found(seen, text, author=author, kinds=FREE)


def test_answers_about_money_that_go_to_a_private_mailbox() -> None:
    """Whatever proves the sender: an account of his may have been broken into. Who says how he is reached, writes from
    a private mailbox himself or leads his readers home is spared."""
    replied = Evidence(findings=(reply_to.REPLY_TO_MAILBOX.found(other="b@free.test"),))
    assert "answered_elsewhere" in found(PROVEN + about("fund") + replied)
    assert "answered_elsewhere" not in found(PROVEN + about("invoice") + replied)
    assert "answered_elsewhere" not in found(PROVEN + about("fund") + replied, "https://shop.test/donate")
    assert answered("Write to Keller.Grant@free.test for details")
    assert not answered("Write to keller@shop.test for details")
    assert not answered("Write to keller@free.test for details", asks="open")
    assert not answered("Write to keller@free.test for details", theme="delivery")
    assert not answered("Write to keller@free.test for details", author="A <a@free.test>")
    assert not answered("みどりの会 TEL 03-1111-2222 返信は keller@free.test まで")


REPLY_TO = Evidence(findings=(reply_to.REPLY_TO_MAILBOX.found(other="shop.dinner@free.test"),))


def test_what_a_form_hands_on_is_answered_elsewhere() -> None:
    """A platform's notice, one of the reader's own site, and a society's own mailbox; none of them without proof."""
    refund = about("refund")
    kinds = {**FREE, "forms.test": "esp"}
    for author in (
        "Form <a@forms.test>",
        "Form <a@reader.test>",
        "Form <a@www.reader.test>",
        "Shop <a@dinner.test>",
    ):
        assert "answered_elsewhere" not in found(PROVEN + refund + REPLY_TO, author=author, kinds=kinds)
        assert "answered_elsewhere" in found(UNPROVEN + refund + REPLY_TO, author=author, kinds=kinds)
    assert "answered_elsewhere" in found(PROVEN + refund + REPLY_TO, author="Form <a@else.test>", kinds=kinds)
    # Two customers of one provider are no site of their own.
    assert "answered_elsewhere" in found(
        PROVEN + refund + REPLY_TO, author="Form <a@free.test>", rcpt="b@free.test", kinds=kinds
    )
    ours = found(PROVEN + refund + REPLY_TO, author="Form <a@xn--wgv71a.test>", rcpt="b@日本.test")
    assert "answered_elsewhere" not in ours


def test_a_tenant_of_a_platform() -> None:
    """A proof of a domain in which anybody can open an account is one doubt more, and never one alone."""
    kinds = {"desk.test": "esp"}
    proven = replace(PROVEN, proofs=(Proof("desk.test", "dkim", True),))
    author = "Wallet Help <help@desk.test>"
    assert found(proven, author=author, kinds=kinds) == []
    assert found(proven + of(links.STRANGERS), author=author, kinds=kinds) == [
        "from_a_platform",
        "leads_away",
    ]
    assert found(UNPROVEN, author=author, kinds=kinds) == ["unproven"]
    assert found(proven + of(links.STRANGERS), "Tel 03-1111-2222", author=author, kinds=kinds) == []


def test_a_mailbox_provider_may_speak_of_its_own_mailboxes() -> None:
    """Who leads his customers home is at home there."""
    seen = PROVEN + about("mailbox")
    author = "Free Mail Support <support@free.test>"
    assert "from_private_mailbox" in found(seen, author=author, kinds=FREE)
    assert found(seen, "https://mail.free.test/quota", author=author, kinds=FREE) == []


def test_the_matters_that_are_weighed_exist() -> None:
    """A flag that no theme has would silently stop to count."""
    assert "account" in sender_doubts.OFFICIAL
    assert "business" in sender_doubts.ANSWERED_THEMES
