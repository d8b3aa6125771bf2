"""What is asked ahead, and that it is no evidence."""

from tests.auth_support import Asked, context, message

from sekisho.checks.authentication import prefetch
from sekisho.evidence import NOTHING
from sekisho.resolver import CaseResolver


def test_keys_and_policy_are_asked_for_ahead() -> None:
    """The keys of the signatures and the author's DMARC record are asked for, hostile names are not, and
    nothing is waited for."""
    dns = Asked(CaseResolver([]))
    raw = (
        b"DKIM-Signature: v=1; a=rsa-sha256;\r\n\td=Example.jp ; bh=x; s=s1; b=d=other.jp\r\n"
        b"DKIM-Signature: d=exam(ple.jp; s=s1\r\n"
        b"DKIM-Signature: nonsense\r\n"
        b'From: "x@decoy.jp" <a@Author.jp>\r\n\r\ntext\r\n'
    )
    assert prefetch.check(message(raw), NOTHING, context(dns)) == NOTHING
    assert dns.warmed == [("s1._domainkey.example.jp", "TXT"), ("_dmarc.author.jp", "TXT")]
    assert dns.asked == []


def test_nothing_is_asked_without_dns() -> None:
    """A message whose authentication cannot be known asks nobody."""
    assert prefetch.check(message(b"From: a@author.jp\r\n\r\n"), NOTHING, context()) == NOTHING
