"""Block and allow entries: how they are written, what they meet, for whom and on what condition."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from sekisho.address import Mailbox
from sekisho.evidence import Evidence, Proof
from sekisho.message import AliasTarget, Author, Client, Envelope, Headers, Message, Recipient
from sekisho.policy.entries import ListEntry, parse_entry
from sekisho.policy.lists import Entries, ListOptions, Lists, ScopedList, Sender, list_faults

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()
HANAKO = Recipient("Hanako@Example.jp")


def sender(
    author: str = "", envelope: str = "", client: str | None = None, *proofs: Proof, now: float = NOW
) -> Sender:
    local, _, domain = author.rpartition("@")
    mailbox = Mailbox("", local, domain, author) if author else None
    message = Message(
        raw=b"",
        body_start=0,
        digest="",
        envelope=Envelope(sender=envelope, client=Client(address=client)),
        headers=Headers(),
        author=Author(mailbox),
    )
    return Sender.of(message, Evidence(proofs=proofs), now)


def entry(*args: str, **more: object) -> ListEntry:
    return ListEntry.model_validate({"entry": args[0], **more})


def met(one: ListEntry, who: Sender) -> str | None:
    found = Entries([one]).match(who)
    return found.entry if found else None


@pytest.mark.parametrize(
    ("text", "author", "meets"),
    [
        ("user@example.jp", "User@example.jp", True),
        ("user@example.jp", "other@example.jp", False),
        ("example.jp", "a@example.jp", True),
        ("example.jp", "a@mail.example.jp", False),
        (".example.jp", "a@example.jp", True),
        (".example.jp", "a@mail.example.jp", True),
        (".example.jp", "a@badexample.jp", False),
        (".cn", "a@jyaqfmf.cn", True),
        ("日本.jp", "a@xn--wgv71a.jp", True),
    ],
)
def test_names(text: str, author: str, meets: bool) -> None:
    """Addresses ignore case, domains match themselves, suffixes match whole labels; told as written."""
    assert met(entry(text), sender(author)) == (text if meets else None)


def test_the_envelope_sender_is_compared_too() -> None:
    """A block entry must hold for the bounce address, which is what the MTA's log shows."""
    assert met(entry(".example.cn"), sender("a@b.jp", "x@mail.example.cn")) == ".example.cn"


@pytest.mark.parametrize(
    ("text", "client", "meets"),
    [
        ("192.0.2.0/24", "192.0.2.77", True),
        ("192.0.2.0/24", "198.51.100.1", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::/32", "2001:db8::1", True),
        ("::/0", "192.0.2.1", False),
        ("192.0.2.0/24", None, False),
        ("192.0.2.0/24", "not an address", False),
    ],
)
def test_networks(text: str, client: str | None, meets: bool) -> None:
    """The SMTP client's address; what is not known matches nothing."""
    assert met(entry(text), sender("a@b.jp", "", client)) == (text if meets else None)


@pytest.mark.parametrize(
    "text", ["", "@example.jp", "192.0.2.1/24", "no spaces.jp", "a@b@c d", ".", "exa_mple.jp"]
)
def test_a_wrong_entry_is_refused_with_its_text(text: str) -> None:
    """A mistyped entry would silently block or allow nothing."""
    with pytest.raises(ValueError, match=r".+"):
        parse_entry(text)


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from _in_zone(monkeypatch, "UTC")


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from _in_zone(monkeypatch, "Asia/Tokyo")


def _in_zone(monkeypatch: pytest.MonkeyPatch, zone: str) -> Iterator[None]:
    with monkeypatch.context() as changed:
        changed.setenv("TZ", zone)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("expires", "end"),
    [
        ("2026-12-31", "2026-12-31T23:59:59+09:00"),
        ("2026-12-31 18:00", "2026-12-31T18:00:00+09:00"),
        ("2026-12-31T18:00:00Z", "2026-12-31T18:00:00+00:00"),
    ],
)
def test_a_day_is_that_of_this_machine(expires: str, end: str, tokyo: None) -> None:
    """In Tokyo the last of December ends nine hours before it ends in UTC."""
    assert entry("example.jp", expires=expires).expires == datetime.fromisoformat(end)


@pytest.mark.parametrize(
    ("expires", "now", "holds"),
    [
        ("2026-03-01", "2026-03-01T23:59:58+00:00", True),
        ("2026-03-01", "2026-03-02T00:00:00+00:00", False),
        ("2026-03-01T21:00:00+09:00", "2026-03-01T11:59:59+00:00", True),
        ("2026-03-01T21:00:00+09:00", "2026-03-01T12:00:00+00:00", False),
        ("2026-03-01 12:00", "2026-03-01T12:00:01+00:00", False),
        ("", "2999-01-01T00:00:00+00:00", True),
    ],
)
def test_an_entry_ends_when_it_says(expires: str, now: str, holds: bool, utc: None) -> None:
    """A day lasts until its end; a time with a zone is that time; without one it is that of this machine."""
    who = sender("a@example.jp", now=datetime.fromisoformat(now).timestamp())
    assert (met(entry("example.jp", expires=expires), who) is not None) is holds


ALIGNED = Proof("example.jp", "dkim", aligned=True)


@pytest.mark.parametrize(
    ("author", "envelope", "proof", "meets"),
    [
        ("a@example.jp", "", ALIGNED, True),
        ("a@example.jp", "", None, False),
        ("a@example.jp", "", Proof("example.jp", "spf", aligned=True, scope="shared"), False),
        ("a@example.jp", "", Proof("other.example", "dkim", aligned=False), False),
        ("a@evil.example", "a@example.jp", Proof("evil.example", "dkim", aligned=True), False),
    ],
)
def test_an_entry_may_ask_for_authentication(
    author: str, envelope: str, proof: Proof | None, meets: bool
) -> None:
    """A forged author, an envelope sender that anybody types, and a proof that strangers share do not open it."""
    who = sender(author, envelope, None, *([proof] if proof else []))
    assert (met(entry("example.jp", authenticated=True), who) is not None) is meets


@pytest.mark.parametrize(
    ("proof", "meets"),
    [
        (Proof("esp.example", "dkim", aligned=False), True),
        (Proof("mx1.esp.example", "dkim", aligned=False), True),
        (Proof("esp.example", "spf", aligned=False), False),
        (Proof("notesp.example", "dkim", aligned=False), False),
    ],
)
def test_an_entry_may_be_bound_to_a_signature(proof: Proof, meets: bool) -> None:
    """Only a valid DKIM signature of the domain, or of one below it, opens the entry."""
    who = sender("a@example.jp", "", None, proof)
    assert (met(entry("example.jp", dkim="esp.example"), who) is not None) is meets


def test_an_entry_that_does_not_hold_hides_no_other() -> None:
    """An expired entry for the same name must not stand before one in force."""
    both = Entries([entry("example.jp", expires="2020-01-01"), entry("example.jp", comment="in force")])
    found = both.match(sender("a@example.jp"))
    assert found is not None
    assert found.comment == "in force"


@pytest.mark.parametrize(
    ("scope", "holds"),
    [
        ("", True),
        ("example.jp", True),
        ("EXAMPLE.jp", True),
        ("hanako@example.jp", True),
        ("taro@example.jp", False),
        ("other.jp", False),
        ("sales", True),
        ("gone", False),
    ],
)
def test_whose_mail_an_entry_is_about(scope: str, holds: bool) -> None:
    """The site's, a domain's, a recipient's or a group's; an entry for one recipient is nobody else's."""
    groups = {"sales": ("hanako@example.jp", "shop.example")}
    lists = ScopedList.of([entry("x.example", scope=scope)], groups)
    assert (lists.match(sender("a@x.example"), HANAKO) is not None) is holds


@pytest.mark.parametrize(
    ("scope", "holds"),
    [
        ("hanako@example.jp", True),
        ("hanako+news@example.jp", True),
        ("hanako+other@example.jp", False),
        ("sales", True),
        ("example.jp", True),
    ],
)
def test_an_extension_does_not_leave_the_scope(scope: str, holds: bool) -> None:
    """What is blocked for a mailbox is blocked for it under every extension; a scope may name one extension."""
    groups = {"sales": ("hanako@example.jp", "shop.example")}
    news = Recipient("Hanako+News@example.jp")
    lists = Lists.of(ListOptions(block=(entry("x.example", scope=scope),)), groups, delimiters="+")
    assert (lists.block.match(sender("a@x.example"), news) is not None) is holds
    assert (
        ScopedList.of([entry("x.example", scope="hanako@example.jp")]).match(sender("a@x.example"), news)
        is None
    )


def test_a_scope_that_nobody_can_have_is_a_fault() -> None:
    """A mistyped group would leave the entry without effect, silently."""
    options = ListOptions(allow=(entry("x.example", scope="salse"), entry("y.example", scope="example.jp")))
    assert [reason for _, reason in list_faults(options, {"sales": ()})] == [
        "x.example: scope 'salse' is neither a group, a domain nor an address"
    ]


def test_entries_are_strings_or_tables() -> None:
    """In the file a string is an entry without conditions."""
    options = ListOptions.model_validate(
        {"allow": ["example.jp", {"entry": ".example.jp", "comment": "why"}]}
    )
    assert [each.entry for each in options.allow] == ["example.jp", ".example.jp"]


@pytest.mark.parametrize(
    "table",
    [
        {"block": [{"entry": ".cn", "authenticated": True}]},
        {"block": [{"entry": ".cn", "dkim": "x.example"}]},
        {"allow": [{"entry": "192.0.2.0/24", "authenticated": True}]},
        {"allow": [{"entry": "example.jp", "expires": "soon"}]},
        {"allow": [{"entry": "example.jp", "scope": "@example.jp"}]},
        {"allow": [{"entry": "example.jp", "until": "2026-01-01"}]},
    ],
)
def test_what_cannot_be_meant_is_refused(table: dict[str, object]) -> None:
    """Conditions on block entries, on networks, and misspelt keys would not do what they say."""
    with pytest.raises(ValidationError):
        ListOptions.model_validate(table)


def test_what_was_added_lies_over_the_file() -> None:
    """Entries of the file and those made at run time hold together."""
    lists = Lists.of(ListOptions(allow=(entry("a.example"),)), {}, ListOptions(allow=(entry("b.example"),)))
    assert lists.allow.match(sender("x@a.example"), HANAKO) == "a.example"
    assert lists.allow.match(sender("x@b.example"), HANAKO) == "b.example"


def test_scopes_of_what_the_directory_says() -> None:
    """A group has the members of the directory; an alias of one mailbox has its scopes, one of several has not."""
    entries = [
        entry("one.example", scope="vip"),
        entry("two.example", scope="taro@example.jp"),
        entry("three.example", scope="gone"),
    ]
    found = ScopedList.of(entries, {"vip": ()})

    def match(author: str, recipient: Recipient) -> str | None:
        return found.match(sender(f"x@{author}"), recipient)

    alias = Recipient("info@other.jp", targets=(AliasTarget("taro@example.jp", ("vip",)),))
    both = Recipient(
        "all@other.jp", targets=(AliasTarget("taro@example.jp", ("vip",)), AliasTarget("b@other.jp"))
    )
    member = Recipient("a@other.jp", groups=("vip", "gone"))
    assert match("one.example", member) == "one.example"
    assert match("one.example", HANAKO) is None
    assert match("three.example", member) is None
    assert (match("one.example", alias), match("two.example", alias)) == ("one.example", "two.example")
    assert (match("one.example", both), match("two.example", both)) == (None, None)
