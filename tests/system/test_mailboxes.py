"""What a mailbox sees: real Postfix, LMTP, Dovecot with Sieve, and a POP3 client."""

from __future__ import annotations

import poplib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

import pytest
from lab.cases import Lab
from lab.dovecot import PASSWORD, Dovecot
from lab.place import free_port
from tests.system.mails import letter, spoof

FIELDS = [
    "X-Spam-Flag",
    "X-Spam-Level",
    "X-Spam-Score",
    "X-Spam-Status",
    "X-Sekisho-Score",
    "X-Sekisho-Symbols",
]
MARK = "[注意]"
FLAG = 'require ["fileinto"];\nif header :is "X-Spam-Flag" "YES" { fileinto "Junk"; }\n'
LEVEL = """require ["fileinto", "spamtest", "relational", "comparator-i;ascii-numeric"];
if spamtest :value "ge" :comparator "i;ascii-numeric" "{level}" {{ fileinto "Junk"; }}
"""
SCRIPTS = {
    "flag": FLAG,
    "strict": LEVEL.format(level=2),
    "patient": LEVEL.format(level=6),
    "pop": "keep;\n",
    "quiet": FLAG,
    "lenient": FLAG,
    "held": FLAG,
}
SPAMTEST = {
    "sieve_extensions": "+spamtest +spamtestplus",
    "sieve_spamtest_status_type": "score",
    "sieve_spamtest_status_header": "X-Spam-Score: (-?[[:digit:]]+\\.[[:digit:]]).*$",
    "sieve_spamtest_max_value": "15",
}


@dataclass
class Mailboxes:
    lab: Lab
    dovecot: Dovecot


@pytest.fixture(scope="module")
def mailboxes(place: Path) -> Iterator[Mailboxes]:
    below = place / "mailboxes"
    below.mkdir()
    released = free_port()
    with ExitStack() as stack:
        dovecot = stack.enter_context(Dovecot(below, SCRIPTS, SPAMTEST))
        settings = {
            "policy": {"max_action": "tag", "extra_headers": FIELDS},
            "release": {"port": released},
            "recipients": {
                "pop@example.jp": {"subject_mark": MARK},
                "quiet@example.jp": {"mode": "shadow"},
                "lenient@example.jp": {"max_action": "accept"},
                "held@example.jp": {"max_action": "quarantine"},
            },
        }
        relay = f"lmtp:inet:127.0.0.1:{dovecot.lmtp_port}"
        lab = Lab(
            below,
            settings,
            {"default_transport": relay, "relayhost": "", "lmtp_tls_security_level": "none"},
            released_port=released,
        )
        yield Mailboxes(stack.enter_context(lab), dovecot)


def delivered(mailboxes: Mailboxes, user: str, folder: str, mail: object) -> Message:
    before = len(mailboxes.dovecot.messages(user, folder))
    mailboxes.lab.send(mail)  # type: ignore[arg-type]
    return mailboxes.dovecot.wait(user, folder, before + 1)[-1]


def test_the_junk_folder(mailboxes: Mailboxes) -> None:
    """A spoof is in Junk with all fields; a friend's mail is in the inbox, and its fields say no."""
    junk = delivered(mailboxes, "flag", "Junk", spoof("flag@example.jp"))
    assert junk["X-Spam-Flag"] == "YES"
    assert float(junk["X-Spam-Score"]) >= 8
    assert junk["X-Spam-Level"] == "*" * int(float(junk["X-Spam-Score"]))
    assert junk["X-Spam-Status"].startswith(f"Yes, score={junk['X-Spam-Score']} required=5.0")
    assert "brand.own_domain_unproven(" in junk["X-Sekisho-Symbols"]
    inbox = delivered(mailboxes, "flag", "INBOX", letter("flag@example.jp"))
    assert (inbox["X-Spam-Flag"], inbox["X-Spam-Score"]) == ("NO", "0.0")


def test_each_mailbox_has_its_own_threshold(mailboxes: Mailboxes) -> None:
    """One message for two mailboxes: Sieve's spamtest compares the level, so one has it in Junk, the other not."""
    mail = letter(
        "strict@example.jp", "patient@example.jp", head=b"Authentication-Results: mx.lab.invalid; x=y\r\n"
    )
    strict = delivered(mailboxes, "strict", "Junk", mail)
    patient = mailboxes.dovecot.wait("patient")[-1]
    assert strict["Message-ID"] == patient["Message-ID"]
    assert (strict["X-Spam-Score"], strict["X-Spam-Flag"]) == ("2.0", "NO")
    delivered(mailboxes, "patient", "Junk", spoof("strict@example.jp", "patient@example.jp"))
    assert len(mailboxes.dovecot.wait("strict", "Junk", 2)) == 2


@pytest.mark.parametrize("copies", [1, 50])
def test_the_senders_own_fields_are_removed(mailboxes: Mailboxes, copies: int) -> None:
    """A sender can neither keep its mail out of Junk nor put it there, in whatever case it writes the names."""
    forged = (
        b"X-Spam-Flag: NO\r\nX-SPAM-STATUS: No, score=-99\r\nx-spam-score: -99.0\r\nX-Spam-Level: \r\n"
        * copies
    )
    spoofed = spoof("flag@example.jp")
    mail = type(spoofed)(spoofed.path, forged + spoofed.raw, spoofed.envelope, dns=spoofed.dns)
    junk = delivered(mailboxes, "flag", "Junk", mail)
    assert junk.get_all("X-Spam-Flag") == ["YES"]
    assert len(junk.get_all("X-Spam-Status", [])) == len(junk.get_all("X-Spam-Score", [])) == 1
    assert b"-99" not in junk.as_bytes()
    inbox = delivered(
        mailboxes, "flag", "INBOX", letter("flag@example.jp", head=b"X-Spam-Flag: YES\r\n" * copies)
    )
    assert inbox.get_all("X-Spam-Flag") == ["NO"]


def test_shadow_and_lenient_mailboxes_are_not_sorted(mailboxes: Mailboxes) -> None:
    """In shadow nothing is written, also if the same message goes to a mailbox in enforce; and where nothing may be
    done, the flag says no."""
    both = delivered(mailboxes, "quiet", "INBOX", spoof("quiet@example.jp", "flag@example.jp"))
    assert both["X-Spam-Flag"] is None
    assert both["X-Sekisho-Verdict"] is not None
    lenient = delivered(mailboxes, "lenient", "INBOX", spoof("lenient@example.jp"))
    assert (lenient["X-Spam-Flag"], lenient["X-Spam-Score"]) == ("NO", "0.0")


def test_released_mail_is_in_the_inbox(mailboxes: Mailboxes) -> None:
    """A held message that a person lets go is not sorted into Junk, whatever the sender wrote into it."""
    spoofed = spoof("held@example.jp")
    forged = b"X-Spam-Flag: YES\r\nX-Spam-Score: 99.0\r\n"
    outcome = mailboxes.lab.send(
        type(spoofed)(spoofed.path, forged + spoofed.raw, spoofed.envelope, dns=spoofed.dns)
    )
    mailboxes.lab.sekisho.cli("quarantine", "release", outcome.held[0]["id"])
    (inbox,) = mailboxes.dovecot.wait("held")
    assert inbox["X-Sekisho-Verdict"].startswith("released;")
    assert inbox["X-Spam-Flag"] is None
    assert inbox["X-Spam-Score"] is None


def test_the_mark_in_a_pop3_mailbox(mailboxes: Mailboxes) -> None:
    """The subject has the mark in RFC 2047, folded at 78, once; what follows is the sender's own."""
    spoofed = spoof("pop@example.jp")
    long = (
        "=?UTF-8?B?5a6b5YWI44Gu44GU56K66KqN44KS44GK6aGY44GE44GE44Gf44GX44G+44GZ?= and a long rest of a subject, "
        * 2
    )
    raw = spoofed.raw.replace(b"Subject: =?UTF-8?B?44GU6KuL5rGC?=", f"Subject: {long.strip()}".encode())
    delivered(mailboxes, "pop", "INBOX", type(spoofed)(spoofed.path, raw, spoofed.envelope, dns=spoofed.dns))
    client = poplib.POP3("127.0.0.1", mailboxes.dovecot.pop3_port, timeout=20)
    client.user("pop")
    client.pass_(PASSWORD)
    _, lines, _ = client.retr(1)
    client.quit()
    mail = message_from_bytes(b"\r\n".join(lines))
    (subject,) = mail.get_all("Subject", [])
    shown = str(make_header(decode_header(subject)))
    assert shown.startswith(f"{MARK} 宛先のご確認をお願いいたします and a long rest")
    assert shown.count(MARK) == 1
    assert max(map(len, subject.splitlines())) <= 78
    assert mail.get_payload() == "Please pay.\r\n" or "Please pay." in str(mail.get_payload())
