"""The reader's own organisation, mail system and offices as a mask."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.auth_support import NAME_WORDS, context, led, letter

from sekisho.checks.identity import own_office
from sekisho.evidence import AuthorStatus, Cue, Evidence, Finding, Proof
from sekisho.message import Client
from sekisho.ports import Context
from sekisho.site import Site, SiteOptions

LINK = "See https://quota.stranger.test/ now."
ASKS = Cue("action", "login", "log in + here", "text")


def about(*themes: str) -> Evidence:
    return Evidence(cues=(*(Cue("theme", each, each, "text") for each in themes), ASKS))


MAILBOX = about("mailbox")
PROVEN = Evidence(proofs=(Proof("stranger.test", "dkim", True),), author_status=AuthorStatus.AUTHENTICATED)


def findings(
    subject: str, text: str = "", seen: Evidence = MAILBOX, *, at: Context | None = None, **more: Any
) -> list[Finding]:
    """What the check finds in a letter (`auth_support.letter`)."""
    read, at = letter(subject, text, **more), at or context()
    return list(own_office.check(read, led(read, at) + seen, at).findings)


def found(subject: str, text: str = "", seen: Evidence = MAILBOX, **more: Any) -> list[str]:
    return [each.kind.id for each in findings(subject, text, seen, **more)]


def test_the_recipients_provider_as_a_mask() -> None:
    """His domain is named in a mail about mailboxes that leads him out, and its author has nothing to do with it."""
    (finding,) = findings("Mailbox full", f"Your EXAMPLE.JP mailbox is full. {LINK}")
    assert finding.kind is own_office.PROVIDER
    assert finding.reason_en == (
        "It speaks as the mail service of the recipient's own domain example.jp, and comes from stranger.test."
    )
    assert finding.reason_ja == (
        "受信者自身のドメイン example.jp のメール管理者を装っていますが、差出人は stranger.test です。"
    )
    assert found("example.jp notice", LINK) == ["recipient.own_provider"]
    assert found("x", f"mail.example.jpのメールボックス {LINK}") == ["recipient.own_provider"]


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("Your example.jp mailbox is full.", {}),
        (f"Your mailbox is full. {LINK}", {}),
        (f"Your notexample.jp and not-example.jp mailbox. {LINK}", {}),
        (f"Your example.jpg is full. {LINK}", {}),
        (f"Your example.jp mailbox. {LINK}", {"author": "IT <it@mail.example.jp>"}),
        (f"Your example.jp mailbox. {LINK}", {"author": "nobody"}),
        (f"Your example.jp mailbox. {LINK}", {"rcpt": ()}),
        (f"Your example.jp mailbox. {LINK}", {"seen": Evidence()}),
    ],
)
def test_what_makes_no_mask(text: str, more: dict[str, object]) -> None:
    """No way out, no name of the domain, a longer name, the domain's own author, no author, no recipient, or
    another matter."""
    assert found("x", text, **more) == []


def test_a_short_domain_is_not_the_end_of_another() -> None:
    """`me.test` is not spoken of where `home.test` is."""
    assert found("x", f"home.test mailbox {LINK}", rcpt=("a@me.test",)) == []
    assert found("x", f"me.test mailbox {LINK}", rcpt=("a@me.test",)) == ["recipient.own_provider"]


def test_a_provider_that_stands_behind_it_may_speak() -> None:
    """A brand, a proven sender who leads home, and our own network; not one who leads away."""
    text = f"Your example.jp mailbox is full. {LINK}"
    aligned = MAILBOX + PROVEN
    assert found("x", text, aligned) == []
    assert found("x", text, MAILBOX + Evidence(proofs=(Proof("b.test", "dkim", False, "brand"),))) == []
    away = "Your example.jp mailbox is full. http://elsewhere.test/login"
    assert found("x", away, aligned) == ["recipient.own_provider"]
    assert found("x", text, aligned, author="Sunny Hosting <a@stranger.test>") == ["recipient.own_provider"]
    assert found("x", text, aligned, author="Stranger Hosting <a@stranger.test>") == []

    class Ours:
        def own(self, client: Client) -> bool:
            return True

        def forwards(self, client: Client, domains: object) -> str | None:
            return None

    assert found("x", text, at=replace(context(), trust=Ours())) == []


@pytest.mark.parametrize(
    "name",
    [
        '"kowa-shoji.test"',
        "Kowa Shoji HR",
        "KOWA-SHOJI Mail Server",
        "KowaShoji IT",
        "kowa-shoji ITサポート",
        "Kowa Shoji Payroll (Mr Ono)",
        "人事部 kowa-shoji",
    ],
)
def test_the_readers_organisation_as_a_name(name: str) -> None:
    """Its domain or the label of it, alone or with an office for staff, from any domain, proven or not."""
    rcpt = ("hanako@kowa-shoji.test",)
    for seen in (MAILBOX, MAILBOX + PROVEN, about("staff") + PROVEN):
        assert found("x", LINK, seen, author=f"{name} <a@stranger.test>", rcpt=rcpt) == ["recipient.own_name"]


@pytest.mark.parametrize(
    ("author", "rcpt", "themes"),
    [
        ("Kowa Shoji via Rosterly <a@rosterly.test>", "a@kowa-shoji.test", ("staff",)),  # says who it is
        ("Tanaka Ken <ken@free.test>", "a@tanaka.test", ("mailbox",)),  # a person of that name
        ("Example Express <a@express.test>", "a@example.test", ("delivery",)),  # a shop of that name
        ("Kowa Shojiya HR <a@stranger.test>", "a@kowa-shoji.test", ("staff",)),  # a longer word
        (
            "hr.kowa-shoji.other.test HR-Note <a@hr-note.test>",
            "a@kowa-shoji.test",
            ("staff",),
        ),  # another host
        ("ACE HR <a@stranger.test>", "a@ace.test", ("bargain",)),  # three letters are anybody's
        ("Info HR-Note <a@hr-note.test>", "a@info.test", ("staff",)),  # a word of many names
        ("Kowa Shoji HR <a@kowa-shoji-group.test>", "a@kowa-shoji.test", ("staff",)),  # the group
        ("Gratis HR-Note <a@hr-note.test>", "a@gratis.test", ("staff",)),  # a mail provider's customer
    ],
)
def test_names_that_are_somebody_elses(author: str, rcpt: str, themes: tuple[str, ...]) -> None:
    """A service that says its own name, a person, a shop, a short label, the group, a provider."""
    at = context(kinds={"gratis.test": "mailbox"})
    assert found("x", LINK, about(*themes) + PROVEN, author=author, rcpt=(rcpt,), at=at) == []


def test_a_domain_with_the_name_and_an_office() -> None:
    """The group's domain is near; one with an office beside the name may be bought by anybody."""
    for domain, ids in (
        ("kowa-shoji-hr.test", ["recipient.own_name"]),
        ("kowashoji-mail.test", ["recipient.own_name"]),
        ("kowa-shoji-hd.test", []),
        ("kowa-shoji.other.test", ["recipient.own_name"]),
    ):
        author = f"Kowa Shoji HR <a@{domain}>"
        assert found("x", LINK, about("staff"), author=author, rcpt=("b@kowa-shoji.test",)) == ids


def test_a_part_of_the_name_needs_an_office() -> None:
    """The first word of the domain, also in kana; alone it may be a person."""
    rcpt = ("a@minori-shokuhin.test",)
    for name, ids in (
        ("Minori メール管理者", ["recipient.own_name"]),
        ("みのり食品 音声システム", ["recipient.own_name"]),
        ("ミノリ HR", ["recipient.own_name"]),
        ("みのり", []),
        ("みどり食品 音声システム", []),
        ("Shokuhin HR Desk", []),
    ):
        assert found("x", LINK, MAILBOX + PROVEN, author=f"{name} <a@stranger.test>", rcpt=rcpt) == ids


def test_a_name_that_the_site_has_configured() -> None:
    """Also one in Japanese; an exception of the site's may write under it."""
    ours = Site.of(
        SiteOptions(domains=("kowa.test",), names=("光和商事",), exceptions=("saas.test",)), NAME_WORDS
    )
    at = replace(context(), site=ours)
    for author, ids in (("a@stranger.test", ["recipient.own_name"]), ("a@saas.test", [])):
        sender = f"光和商事 人事部 <{author}>"
        assert found("x", LINK, about("staff"), author=sender, rcpt=("b@kowa.test",), at=at) == ids


@pytest.mark.parametrize(
    "name",
    [
        "IT Help Desk",
        "ITDESK",
        "メール管理者",
        "情報システム部",
        "Personalabteilung",
        "Service RH",
        "Soporte TI",
    ],
)
def test_an_office_that_does_not_say_whose_it_is(name: str) -> None:
    """The reader takes it for the own one; that its domain is proven and that it leads home does not matter."""
    (finding,) = findings(
        "x", "See https://stranger.test/ now.", MAILBOX + PROVEN, author=f"{name} <a@stranger.test>"
    )
    assert finding.kind is own_office.OWN_OFFICE
    assert "Ask your own administrators" in finding.reason_en


def test_an_office_that_signs_for_a_firm_is_marked_only() -> None:
    """Group companies and agencies write to staff, and say in the signature who they are."""
    text = "See https://stranger.test/ now.\r\n\r\n中央建設株式会社 総務部"
    assert found("x", text, about("staff"), author="総務部 <a@stranger.test>") == ["recipient.office"]


@pytest.mark.parametrize(
    ("name", "text", "seen"),
    [
        ("IT Help Desk", "No link at all.", MAILBOX),
        ("IT Help Desk", LINK, about("bargain")),
        ("Nordnett Webmail", LINK, MAILBOX + PROVEN),
        ("Customer Support", LINK, MAILBOX + PROVEN),
        ("IT Help Desk", LINK, Evidence(proofs=(Proof("b.test", "dkim", True, "brand"),)) + MAILBOX),
        ("IT Help Desk", LINK, Evidence(cues=MAILBOX.cues[:1])),
    ],
)
def test_what_is_no_office_of_the_readers(name: str, text: str, seen: Evidence) -> None:
    """Nowhere to go, another matter, a name of its own, another office, a proven brand, nothing asked."""
    assert found("x", text, seen, author=f"{name} <a@stranger.test>") == []


@pytest.mark.parametrize(
    ("author", "link", "office"),
    [
        ("IT Service Desk <desk@halvorsen.test>", "https://account.halvorsen.test/", False),
        ("IT Service Desk <desk@halvorsen.test>", "https://pages.stranger.test/", True),
        ("IT Service Desk <desk@mail-portal.test>", "https://mail-portal.test/", True),
        ("IT Service Desk <desk@halvorsen-login.test>", "https://halvorsen-login.test/", True),
    ],
)
def test_an_office_that_says_whose_it_is_plays_no_other(author: str, link: str, office: bool) -> None:
    """Its text calls it as its domain is called, and all links lead there; the reader's own name is no such name."""
    text = f"Your account will be closed on 31 December. See {link} now.\n\nIT Service Desk, Halvorsen University"
    assert ("recipient.own_office" in found("Your account", text, about("account"), author=author)) is office


def test_the_readers_own_name_is_not_whose_office_it_is() -> None:
    """A stranger who passes for the reader's organisation has that name in its domain as well."""
    link, signed = "https://halvorsen-payroll.test/", "IT Service Desk, Halvorsen University"
    text = f"Your account will be closed. See {link} now.\n\n{signed}"
    office = found(
        "Your account",
        text,
        about("account"),
        author="IT Service Desk <a@halvorsen-payroll.test>",
        rcpt=("b@halvorsen.test",),
    )
    assert "recipient.own_office" in office
