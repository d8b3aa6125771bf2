"""Writes a letter as the bytes of a message, without trace fields and signatures.

The same letter gives the same bytes: boundaries and identifiers are digests of it.
"""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, getaddresses

from lab.variations.description import Attachment, Letter

LINK = re.compile(r"\[(?P<words>[^]]*)]\((?P<url>[^)]+)\)")
ADDRESSED = ("from", "to", "cc", "sender", "reply-to")
PAGE = '<!DOCTYPE html>\n<html><head><meta charset="{charset}"></head>\n<body>\n{body}\n</body></html>\n'
END = "\r\n"


def written(letter: Letter, date: datetime) -> bytes:
    """The message: header, text and attachments, with CRLF."""
    token = hashlib.sha256(f"{letter.author}{letter.subject}{letter.text}".encode()).hexdigest()
    own = [each.partition(":")[0].lower() for each in letter.headers]
    fields = [
        f"From: {letter.author}",
        f"To: {letter.to}",
        f"Subject: {letter.subject}",
        f"Date: {format_datetime(date)}",
        f"Message-ID: <{token[:24]}@{letter.domain}>",
        "MIME-Version: 1.0",
    ]
    kept = [each for each in fields if each.partition(":")[0].lower() not in own]
    head = [field(each, letter.charset) for each in (*kept, *letter.headers) if not each.endswith(": -")]
    return (END.join(head) + END).encode() + _body(letter, date, token)


def field(line: str, charset: str = "utf-8") -> str:
    """One header field. Words that are not ASCII are encoded (RFC 2047)."""
    if line.isascii():
        return line
    name, _, value = line.partition(": ")
    if name.lower() in ADDRESSED:
        shown = (formataddr((_encoded(words, charset), address)) for words, address in getaddresses([value]))
        return f"{name}: " + f",{END} ".join(shown)
    return f"{name}: " + _encoded(value, charset, len(name) + 2)


def _encoded(words: str, charset: str, used: int = 0) -> str:
    """The words; as encoded-words, folded, if they are not ASCII."""
    if words.isascii():
        return words
    return Header(words, charset, maxlinelen=76, header_name="x" * used).encode(linesep=END)


def _body(letter: Letter, date: datetime, token: str) -> bytes:
    """Content fields, an empty line and the body."""
    texts = {"plain": [_plain(letter)], "html": [_page(letter)], "both": [_plain(letter), _page(letter)]}
    parts = texts["html" if letter.html and not letter.text else letter.format]
    text = parts[0] if len(parts) == 1 else _together("alternative", parts, token)
    if not letter.attachments:
        return text
    return _together(letter.container, [text, *(_attached(each, date) for each in letter.attachments)], token)


def _plain(letter: Letter) -> bytes:
    text = LINK.sub(
        lambda link: f"{link['words']}\n{link['url']}" if link["words"] else link["url"], letter.text
    )
    return _part(f"text/plain; charset={letter.charset}", text, letter.charset)


def _page(letter: Letter) -> bytes:
    """The page of the letter, or its text as HTML: paragraphs, line breaks and links."""
    paragraphs = [_marked(each) for each in letter.text.strip().split("\n\n")]
    body = letter.html or "\n".join(f"<p>{each}</p>" for each in paragraphs)
    return _part(
        f"text/html; charset={letter.charset}", PAGE.format(charset=letter.charset, body=body), letter.charset
    )


def _marked(paragraph: str) -> str:
    escaped = html.escape(paragraph, quote=False).replace("\n", "<br>\n")
    return LINK.sub(lambda link: f'<a href="{link["url"]}">{link["words"] or link["url"]}</a>', escaped)


def _part(content_type: str, text: str, charset: str = "utf-8", extra: Iterable[str] = ()) -> bytes:
    """A part with its fields. Text that is ASCII or ISO-2022-JP stays readable; the rest is base64."""
    content = text.replace("\n", END).encode(charset)
    readable = content.isascii()
    lines = [
        f"Content-Type: {content_type}",
        f"Content-Transfer-Encoding: {'7bit' if readable else 'base64'}",
        *extra,
    ]
    encoded = content if readable else base64.encodebytes(content).replace(b"\n", b"\r\n")
    return (END.join(lines) + END * 2).encode() + encoded


def _attached(attachment: Attachment, date: datetime) -> bytes:
    inner = written(attachment.message, date) if attachment.message else b""
    if inner and not attachment.name:
        return b"Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n" + inner
    if not attachment.name:
        return _part(attachment.type, attachment.text)
    disposition = f'Content-Disposition: attachment; filename="{_encoded(attachment.name, "utf-8")}"'
    if inner:
        head = f"Content-Type: {attachment.type}{END}Content-Transfer-Encoding: base64{END}{disposition}{END * 2}"
        return head.encode() + base64.encodebytes(inner).replace(b"\n", b"\r\n")
    return _part(attachment.type, attachment.text, extra=[disposition])


def _together(subtype: str, parts: Iterable[bytes], token: str) -> bytes:
    """A multipart of parts. `subtype` may carry parameters: `report; report-type=delivery-status`."""
    boundary = f"=_{subtype[:3]}_{token[-20:]}"
    main, _, rest = subtype.partition(";")
    head = f'Content-Type: multipart/{main};{rest + ";" if rest else ""} boundary="{boundary}"{END}{END}'
    line = f"{END}--{boundary}".encode()
    return head.encode() + b"".join(line + b"\r\n" + each for each in parts) + line + b"--\r\n"
