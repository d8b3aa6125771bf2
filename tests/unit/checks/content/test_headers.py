"""What the header adds to a doubt, and the little that counts by itself."""

from __future__ import annotations

from dataclasses import replace
from email.utils import parsedate_to_datetime

import pytest
from tests.auth_support import NOW, WORDS, context, message

from sekisho.checks.content import headers
from sekisho.checks.facts import mailers
from sekisho.checks.identity import impersonation, sender_domain
from sekisho.evidence import AuthorStatus, Evidence, Proof
from sekisho.message import Client

CLAIMED = Evidence(findings=(impersonation.DISPLAY_NAME.found(),))
UNPROVEN = Evidence(findings=(sender_domain.UNPROVEN.found(),), author_status=AuthorStatus.UNAUTHENTICATED)
ID = "Message-ID: <a@mail.example>\r\n"
DATE = "Date: Sun, 01 Mar 2026 12:00:00 +0000\r\n"
JAPANESE = "日頃よりご利用いただきありがとうございます。"
HOP = "Received: from x (unknown [192.0.2.1]) by y id 1; "


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def found(fields: str, seen: Evidence = CLAIMED, text: str = "Hello.") -> list[str]:
    """The ids of what the check finds; the clock shows `NOW`, noon of 1 March 2026 (UTC)."""
    head = f"From: a@stranger.example\r\nContent-Type: text/plain; charset=utf-8\r\n{fields}"
    evidence = headers.check(message(f"{head}\r\n{text}".encode()), seen, context())
    return [each.kind.id for each in evidence.findings]


def test_the_clock_of_these_tests() -> None:
    """The dates below are relative to it."""
    assert NOW.isoformat() == "2026-03-01T12:00:00+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "11-09-2023",
        "2026-03-01",
        "tomorrow",
        "32 Mar 2026 12:00:00 +0000",
        "30 Feb 2026 12:00:00 +0000",
        "\x01",
    ],
)
def test_a_date_that_is_none(text: str) -> None:
    """Whoever sends it: mail programs write dates."""
    assert found(f"Date: {text}\r\n", Evidence()) == ["trace.date_malformed"]


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 1 Mar 2026 12:00:00 +0000 (UTC)",
        "1 Mar 26 12:00 GMT",
        "Sun Mar  1 12:00:00 2026",
        "Sun, 01 Mar 2026 12:00:00 EST",
        "Sun, 1 Mar 2026 12:00:00 -0000",
        "1 Jan 0001 00:00:00 +2359",
        "31 Dec 2025 23:59:59 -2359",
    ],
)
def test_dates_of_all_ages_are_dates(text: str) -> None:
    """Old forms, names of zones and comments (RFC 5322 section 4.3)."""
    assert found(f"Date: {text}\r\n", Evidence()) == []
    assert found(f"{ID}Date: {text}\r\n") == []


def test_a_date_that_is_not_looked_at_closer_is_one() -> None:
    """What is taken for a date by its form alone is one to the long way, too: its first and last days, hours, zones."""
    days = [f"{name}{day} {month}" for name in ("", "Sun, ") for day in ("1", "01", "28") for month in MONTHS]
    hours = [
        f"{hour} {zone}" for hour in ("00:00:00", "23:59:59") for zone in ("+0000", "-0000", "+1259", "-1259")
    ]
    for text in (f"{day} {year} {hour}" for day in days for year in (2000, 2099) for hour in hours):
        assert headers.ORDINARY_DATE.fullmatch(text) is not None
        assert parsedate_to_datetime(text).year == int(text.split()[-3])


@pytest.mark.parametrize(
    ("date", "hop", "ahead"),
    [
        ("Sun, 01 Mar 2026 12:00:00 +0000", "Sun, 1 Mar 2026 11:30:00 +0000", False),
        ("Sun, 01 Mar 2026 12:00:00 +0000", "Sun, 1 Mar 2026 10:30:00 +0000 (UTC)", True),
        ("Sun, 01 Mar 2026 12:00:00 +0000", "Sun, 1 Mar 2026 21:00:00 +0900 (JST)", False),
        ("Sun, 01 Mar 2026 12:00:00 +0000", "nonsense", False),
        ("Sun, 01 Mar 2026 14:00:00 +0000", "nonsense", True),
        ("Mon, 31 Dec 9999 23:59:59 -2359", "Mon, 1 Jan 0001 00:00:00 +2359", True),
    ],
)
def test_a_date_ahead_of_the_first_server(date: str, hop: str, ahead: bool) -> None:
    """By more than an hour, which is what clocks differ by; of the servers the first whose time can be read."""
    later = f"{HOP}Sun, 1 Mar 2026 12:00:00 +0000\r\n"
    ids = found(f"{later}{HOP}{hop}\r\n{ID}Date: {date}\r\n")
    assert ids == (["trace.date_ahead"] if ahead else [])


def test_a_date_ahead_of_our_clock() -> None:
    """By more than a day, which nobody's clock is wrong by."""
    assert found(f"{ID}Date: Mon, 02 Mar 2026 11:00:00 +0000\r\n") == []
    assert found(f"{ID}Date: Mon, 02 Mar 2026 13:00:00 +0000\r\n") == ["trace.date_ahead"]
    assert found(f"{ID}Date: Mon, 02 Mar 2026 13:00:00 +0000\r\n", Evidence()) == []


def test_a_japanese_text_on_chinese_time() -> None:
    """The date or any server of the sender; only in somebody's name, only in Japanese, and once."""
    here, there = f"{ID}{DATE}", f"{ID}Date: Sun, 01 Mar 2026 20:00:00 +0800 (CST)\r\n"
    server = f"{HOP}Sun, 1 Mar 2026 20:00:00 +0800 (CST)\r\n"
    assert found(here, text=JAPANESE) == []
    assert found(there, text=JAPANESE) == ["trace.foreign_clock"]
    assert found(server + here, text=JAPANESE) == ["trace.foreign_clock"]
    assert found(server + there, text=JAPANESE) == ["trace.foreign_clock"]
    assert found(there) == []
    assert found(there, UNPROVEN, JAPANESE) == []


@pytest.mark.parametrize(
    ("field", "ids"),
    [
        ("X-Mailer: Microsoft Outlook 16.0", ["trace.personal_program"]),
        ("User-Agent: Mozilla/5.0 Thunderbird/102.10.0", ["trace.personal_program"]),
        ("X-Mailer: PHPMailer 6.9.1", ["trace.bulk_program"]),
        ("X-PHP-Originating-Script: 33:mail.php", ["trace.bulk_program"]),
        ("X-Mailer: Qgeszx 4", ["trace.invented_program"]),
        ("X-Mailer: Vojua Unvgb 5.01", ["trace.invented_program"]),
        ("X-Mailer: Atlas Mailer 2.0", []),
        ("X-Mailer: Zendesk Mailer", []),
        ("X-Mailer:", []),
    ],
)
def test_programs_in_an_organisations_name(field: str, ids: list[str]) -> None:
    """They say something only of a message that claims to be somebody's."""
    assert found(f"{ID}{DATE}{field}\r\n") == ids
    assert found(f"{ID}{DATE}{field}\r\n", UNPROVEN) == []


def test_a_program_that_was_given_up() -> None:
    """From some years after its end; counted for any author in doubt."""
    field = f"{ID}{DATE}X-Mailer: Microsoft Outlook Express 6.00.2900.5512\r\n"
    assert found(field, UNPROVEN) == ["trace.retired_program"]
    assert sorted(found(field)) == ["trace.personal_program", "trace.retired_program"]
    assert found(field, Evidence()) == []
    assert mailers.retired("Microsoft Outlook Express 6.00", 2017, WORDS.checks)
    assert not mailers.retired("Microsoft Outlook Express 6.00", 2016, WORDS.checks)
    assert not mailers.retired("Microsoft Outlook 16.0", 2026, WORDS.checks)


def test_a_name_of_any_length_is_looked_at_briefly() -> None:
    """A hostile name is cut, and a word beyond the cut is not seen."""
    assert not mailers.personal("x" * 1_000_000 + "outlook", WORDS.checks)
    assert not mailers.invented("Ab " * 1_000_000, WORDS.checks)


@pytest.mark.parametrize(
    ("field", "urgent"),
    [
        ("X-Priority: 1 (Highest)", True),
        ("X-Priority: 2", True),
        ("X-Priority: 3", False),
        ("Importance: High", True),
        ("Importance: normal", False),
        ("X-MSMail-Priority: High", True),
    ],
)
def test_urgency_of_a_doubtful_author(field: str, urgent: bool) -> None:
    """However it is marked."""
    assert found(f"{ID}{DATE}{field}\r\n", UNPROVEN) == (["trace.urgent"] if urgent else [])
    assert found(f"{ID}{DATE}{field}\r\n", Evidence()) == []


@pytest.mark.parametrize(
    ("identity", "ids"),
    [
        ("", ["trace.no_message_id"]),
        ("Message-ID:\r\n", ["trace.no_message_id"]),
        ("Message-ID: <1@qgeszx>\r\n", ["trace.message_id_host"]),
        ("Message-ID: <1@192.0.2.1>\r\n", ["trace.message_id_host"]),
        ("Message-ID: <1@[192.0.2.1]>\r\n", ["trace.message_id_host"]),
        ("Message-ID: <1@mail.example>\r\n", []),
        ("Message-ID: <1@localhost>\r\n", []),
        ("Message-ID: <12.34.JavaMail.root@agent3>\r\n", []),
        ("Message-ID: <no at sign>\r\n", []),
        ("Message-ID: <\udc80@\udcff>\r\n", ["trace.message_id_host"]),
    ],
)
def test_where_the_identity_was_made(identity: str, ids: list[str]) -> None:
    """By a host with a name, or by something that has none; small systems and Java are spared."""
    raw = f"From: a@stranger.example\r\n{DATE}{identity}\r\nHello.".encode("utf-8", "surrogateescape")
    evidence = headers.check(message(raw), CLAIMED, context())
    assert [each.kind.id for each in evidence.findings] == ids
    assert headers.check(message(raw), UNPROVEN, context()).findings == ()


@pytest.mark.parametrize(
    ("client", "borrowed"),
    [
        (Client("192.0.2.1", None, "fail", "brand.example"), True),
        (Client("192.0.2.1", "pool.isp.example", "ok", "BRAND.example."), True),
        (Client("192.0.2.1", None, "forged", "brand.example"), True),
        (Client("192.0.2.1", "mx.brand.example", "ok", "brand.example"), False),
        (Client("192.0.2.1", None, "temp", "brand.example"), False),
        (Client("192.0.2.1", None, None, "brand.example"), False),
        (Client("192.0.2.1", None, "fail", "other.example"), False),
        (Client("192.0.2.1", None, "fail", "brand"), False),
        (Client(), False),
    ],
)
def test_a_server_under_a_brands_name(client: Client, borrowed: bool) -> None:
    """Only if the address is known not to bear the name: what could not be looked up says nothing."""
    mail = message(f"From: a@stranger.example\r\n{DATE}{ID}\r\nHello.".encode())
    mail = replace(mail, envelope=replace(mail.envelope, client=client))
    at = context(owners={"brand.example": "brand"})
    ids = [(each.kind.id, each.brand) for each in headers.check(mail, Evidence(), at).findings]
    assert ids == ([("trace.borrowed_helo", "brand")] if borrowed else [])
    proven = Evidence(proofs=(Proof("brand.example", "dkim", True, "brand"),))
    assert headers.check(mail, proven, at).findings == ()


def test_a_thousand_servers_on_the_way() -> None:
    """The first ones are read, which the sender's own side wrote; nothing grows with their number."""
    hops = f"{HOP}Sun, 1 Mar 2026 20:00:00 +0800\r\n" * 50 + f"{HOP}{'x' * 900}\r\n" * 30
    assert found(hops + ID + DATE, text=JAPANESE) == []
