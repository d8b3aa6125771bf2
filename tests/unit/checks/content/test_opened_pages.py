"""Pages that come as files and are to be opened."""

from __future__ import annotations

import pytest
from tests.auth_support import context, envelope, led, message

from sekisho.checks.content import opened_pages
from sekisho.evidence import AuthorStatus, Evidence, Proof

PROVEN = Evidence(proofs=(Proof("bank.test", "dkim", True),), author_status=AuthorStatus.AUTHENTICATED)
OPEN = "Open the attached file and sign in with your password."
LEADS = "<script>location.href='https://stranger.test/'</script>"
ASKS = "<form action='https://stranger.test/p'><input type='password'></form>"
HIDES = "<script>eval(atob('eA=='))</script>"


def found(page: str, text: str = OPEN, seen: Evidence | None = None, name: str = "a.html") -> list[str]:
    raw = (
        "From: A <a@bank.test>\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        f"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        f"--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename={name}\r\n\r\n{page}\r\n--b--\r\n"
    )
    read = message(raw.encode(), envelope("a@bank.test"))
    at = context()
    return [
        each.kind.id for each in opened_pages.check(read, led(read, at) + (seen or Evidence()), at).findings
    ]


@pytest.mark.parametrize("page", [LEADS, ASKS, HIDES, "<meta http-equiv='refresh' content='0;url=//x'>"])
def test_a_page_that_leads_to_a_login(page: str) -> None:
    """By a script, a form or a field; a text in any language that asks to open it."""
    assert found(page) == ["attachment.opened_page"]
    assert found(page, "添付ファイルを開いてサインインしてください。") == ["attachment.opened_page"]
    assert found(page, seen=PROVEN) == ["attachment.opened_page"]


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<script>draw([1, 2]);</script><canvas></canvas>", OPEN),
        ("<form action='https://bank.test/search'><input name='q'></form>", OPEN),
        (LEADS, "Here is the report."),
        (ASKS, "Open the report."),
    ],
)
def test_other_pages(page: str, text: str) -> None:
    """A chart, a search form, and pages that nobody asks to open or to sign in to."""
    assert found(page, text) == []
    assert found(LEADS, name="a.txt") == []


def test_an_envelope_of_secret_mail() -> None:
    """A form that leads to the proven sender, or to a service for such mail; not one that leads on by itself."""
    own = ASKS.replace("stranger.test/p", "secure.bank.test/open")
    assert found(own, seen=PROVEN) == ["attachment.secure_envelope"]
    assert found(ASKS.replace("stranger.test", "res.cisco.com"), seen=PROVEN) == [
        "attachment.secure_envelope"
    ]
    assert found(own) == ["attachment.opened_page"]
    assert found(own + ASKS, seen=PROVEN) == ["attachment.opened_page"]
    assert found(own + LEADS, seen=PROVEN) == ["attachment.opened_page"]
    assert found(own * 21 + ASKS, seen=PROVEN) == ["attachment.opened_page"]


def test_a_statement_that_is_encrypted_in_the_page() -> None:
    """A proven firm that says its telephone may send one; nobody else."""
    statement = "<input type='password'><script>eval(x)</script>"
    assert found(statement, f"{OPEN} Tel. 03-5550-0100", PROVEN) == []
    assert found(statement, f"{OPEN} Tel. 03-5550-0100") == ["attachment.opened_page"]
