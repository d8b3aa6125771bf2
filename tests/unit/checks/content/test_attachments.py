"""Files that come along, by their names and what is in them."""

from __future__ import annotations

import io
import zipfile
from email.message import EmailMessage

import pytest
from tests.auth_support import context, message

from sekisho.checks.content import attachments
from sekisho.evidence import Evidence


def archive(*names: str, size: int = 10) -> bytes:
    """A ZIP archive without the time of day: its bytes name the test, and every process must give it the same name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in names:
            made.writestr(zipfile.ZipInfo(name), "x" * size)
    return out.getvalue()


def ids(name: str, content: bytes = b"x", media: str = "application/octet-stream") -> set[str]:
    mail = EmailMessage()
    mail["From"] = "a@author.example"
    mail.set_content("See the file.")
    mail.add_attachment(content, *media.split("/"), filename=name)
    read = message(mail.as_bytes().replace(b"\n", b"\r\n"))
    return {finding.kind.id for finding in attachments.check(read, Evidence(), context()).findings}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("invoice.html", {"attachment.page"}),
        ("Scan.SHTML", {"attachment.page"}),
        ("picture.svg", {"attachment.page"}),
        ("order.vbs", {"attachment.program"}),
        ("order.lnk. ", {"attachment.program"}),
        ("notes.one", {"attachment.program"}),
        ("disk.iso", {"attachment.program"}),
        ("invoice.pdf.html", {"attachment.page", "attachment.false_name"}),
        ("invoice.pdf          .exe", {"attachment.program", "attachment.false_name"}),
        ("invoice\u202efdp.exe", {"attachment.program", "attachment.false_name"}),
        ("invoice.pdf", set()),
        ("report.v2.docx", set()),
        ("smime.p7s", set()),
        ("invite.ics", set()),
        ("archive.tar.gz", set()),
    ],
)
def test_names_say_what_opens(name: str, expected: set[str]) -> None:
    """By the last ending, as the reader's system goes by; a name that hides it says so."""
    assert ids(name) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (archive("invoice.html"), {"attachment.archived"}),
        (archive("readme.txt", "run.js", size=50_000), {"attachment.archived"}),
        (archive("a.txt", "b.pdf"), set()),
        (archive("[Content_Types].xml", "word/part.html"), set()),
        (archive("invoice.html")[:60], {"attachment.archived"}),
        (b"PK\x03\x04", set()),
        (b"", set()),
        (b"PK\x03\x04" * 50_000, set()),
    ],
)
def test_names_in_an_archive(content: bytes, expected: set[str]) -> None:
    """Read from whole, cut and broken archives alike; Office's own files are archives of their own."""
    assert ids("files.zip", content, "application/zip") == expected


def test_an_attached_page_with_fields_says_more() -> None:
    """A page that asks, or runs something, is worth more than one that shows."""
    found = ids("login.html", b"<html><form><input type=password></form></html>", "text/html")
    assert found == {"attachment.page", "attachment.active_page"}


def test_a_body_with_a_name_is_no_attachment() -> None:
    """Some programs give the message itself a file name."""
    raw = b"From: a@b.example\r\nContent-Type: text/html; name=n.html\r\nContent-Disposition: inline; filename=n.html"
    found = attachments.check(message(raw + b"\r\n\r\n<p>Hello</p>"), Evidence(), context())
    assert found.findings == ()
