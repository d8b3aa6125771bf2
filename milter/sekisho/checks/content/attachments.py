"""Files that come along: pages that open in a browser, programs, links, and archives that hold them.

A page that is sent as a file has no address that anybody could look up, and a program in an archive passes filters that
stop a program. The names inside a zip archive (APPNOTE 6.3, local file headers) are read from the bytes alone and
from truncated and encrypted ones too; nothing is unpacked.

Not reported: documents, encrypted archives of documents (daily custom in Japanese companies), calendars and
signatures. It cannot see into other archives (7z, rar), disk images and documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind
from sekisho.message import Message, Part
from sekisho.ports import Context
from sekisho.words import Vocabulary

PAGE = FindingKind(
    "attachment.page",
    2,
    "A web page comes as a file: {name}.",
    "Web ページが添付ファイルとして送られています({name})。",
)
ACTIVE_PAGE = FindingKind(
    "attachment.active_page",
    2,
    "A page that comes as a file holds a script or a form.",
    "添付された Web ページにスクリプトかフォームが含まれています。",
)
PROGRAM = FindingKind(
    "attachment.program",
    3,
    "A file comes along that runs or leads away when it is opened: {name}.",
    "開くとプログラムの実行や外部への移動が起こるファイルが添付されています({name})。",
)
ARCHIVED = FindingKind(
    "attachment.archived",
    2.5,
    "An archive holds a page or a program: {name}.",
    "圧縮ファイルの中に Web ページかプログラムがあります({name})。",
)
FALSE_NAME = FindingKind(
    "attachment.false_name",
    2.5,
    "A file's name hides what it is: {name}.",
    "添付ファイルの名前が本当の種類を隠しています({name})。",
)

ACTIVE_PICTURE = FindingKind(
    "attachment.active_picture",
    5,
    "A picture (SVG) leads elsewhere by a script, or holds a form: {name}.",
    "画像(SVG)にスクリプトによる移動やフォームが含まれています({name})。",
)
PASSWORD_TOLD = FindingKind(
    "attachment.password_told",
    3,
    "An archive that programs cannot look into holds a page or a program, and the text tells its password.",
    "中身を検査できない圧縮ファイルに Web ページかプログラムがあり、本文にそのパスワードが書かれています。",
)
KINDS = (PAGE, ACTIVE_PAGE, PROGRAM, ARCHIVED, FALSE_NAME, ACTIVE_PICTURE, PASSWORD_TOLD)

SHOWN_PAGES = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml"})
REVERSING_CONTROLS = "\u202e\u202d\u2066\u2067\u2068"
LOCAL_FILE_HEADER = b"PK\x03\x04"
MAX_ARCHIVE_ENTRIES = 200  # of one archive whose names are read
MAX_ENTRY_OCTETS = 300  # of one such name
MAX_PICTURE_OCTETS = 200_000  # of an SVG picture that are searched for scripts
MAX_SCANNED_CHARS = 5_000  # of the text, where it may tell a password
MAX_WORDS = 20  # for passwords that are looked at
# What a script that leads on, or hides where, is made of; a chart that draws itself needs none of these.
LEADS_ON = re.compile(
    rb"location\s{0,9}=|location\.(?:href\s{0,9}=|replace|assign)|\batob\(|\beval\(|fromCharCode|<(?:form|iframe)\b"
    rb"|type=.?password|http-equiv",
    re.IGNORECASE,
)
TOLD = re.compile(r"\s{0,3}(?:is|は|ist)?\s{0,3}[:：=]?\s{0,3}[!-~]{3,40}")
MAX_FILES = 100  # files of one message that are looked at


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding of each kind: the first file that shows it."""
    findings: dict[str, Finding] = {}
    for part in message.parts[:MAX_FILES]:
        for kind, name in _of(part, context.vocabulary):
            findings.setdefault(kind.id, kind.found(name=name))
        if ARCHIVED.id in findings and _is_locked(part) and _tells_password(message, context.vocabulary):
            findings.setdefault(PASSWORD_TOLD.id, PASSWORD_TOLD.found())
    if any(page.attached and (page.forms or page.passwords or page.scripts) for page in message.pages):
        findings.setdefault(ACTIVE_PAGE.id, ACTIVE_PAGE.found())
    return Evidence(findings=tuple(findings.values())) if findings else NOTHING


def _of(part: Part, words: Vocabulary) -> Iterator[tuple[FindingKind, str]]:
    name = part.filename or ""
    ending = _ending(name)
    if ending in words.files.program_endings:
        yield PROGRAM, name
    elif _sent_page(part, ending, words):
        yield PAGE, name or part.media
        if (ending == "svg" or "svg" in part.media) and LEADS_ON.search(part.content[:MAX_PICTURE_OCTETS]):
            yield ACTIVE_PICTURE, name or part.media
    if name and _false(name, ending, words):
        yield FALSE_NAME, name
    if ending == "zip" or part.content[:4] == LOCAL_FILE_HEADER:
        inside = next((each for each in archived(part.content) if _opens(_ending(each), words)), None)
        if inside is not None and not _document(part.content):
            yield ARCHIVED, inside


def _sent_page(part: Part, ending: str, words: Vocabulary) -> bool:
    """A page that opens as a file of its own; one that is shown as the message may have a name too."""
    if part.disposition == "attachment":
        return ending in words.files.page_endings or (
            part.media in SHOWN_PAGES and part.media != "image/svg+xml"
        )
    return (
        ending in words.files.page_endings
        and part.media not in SHOWN_PAGES
        and not part.media.startswith("text/")
    )


def _is_locked(part: Part) -> bool:
    """True for a zip archive whose first file is encrypted (APPNOTE 4.4.4, bit 0)."""
    return part.content[:4] == LOCAL_FILE_HEADER and len(part.content) > 6 and bool(part.content[6] & 1)


def _tells_password(message: Message, words: Vocabulary) -> bool:
    """True if a word for a password stands before a colon or an equals sign and what it is."""
    text = message.text[:MAX_SCANNED_CHARS]
    found = words.files.password_words.finditer(text)
    return any(TOLD.match(text, each.end()) for each in islice(found, MAX_WORDS))


def _opens(ending: str, words: Vocabulary) -> bool:
    """True for the ending of a page or a program."""
    return ending in words.files.page_endings or ending in words.files.program_endings


def _ending(name: str) -> str:
    """The ending that a program goes by: trailing dots, blanks and direction marks do not count."""
    plain = "".join(letter for letter in name if letter.isprintable() and letter not in REVERSING_CONTROLS)
    return plain.rstrip(". ").lower().rpartition(".")[2] if "." in plain else ""


def _false(name: str, ending: str, words: Vocabulary) -> bool:
    """`invoice.pdf.html`, `invoice.pdf          .exe`, `invoice<override>fdp.exe`."""
    if any(mark in name for mark in REVERSING_CONTROLS):
        return True
    before = name.rstrip(". ").lower().rpartition(".")[0].rstrip(" \u3000_")
    pretended = "." in before and before.rpartition(".")[2] in words.files.document_endings
    return pretended and _opens(ending, words)


def archived(content: bytes) -> Iterator[str]:
    """The names in a zip archive, as far as there are bytes, by its local file headers."""
    at = content.find(LOCAL_FILE_HEADER)
    for _ in range(MAX_ARCHIVE_ENTRIES):
        if at < 0 or at + 30 > len(content):
            return
        length = int.from_bytes(content[at + 26 : at + 28], "little")
        yield content[at + 30 : at + 30 + min(length, MAX_ENTRY_OCTETS)].decode("utf-8", "replace")
        at = content.find(LOCAL_FILE_HEADER, at + 30)


def _document(content: bytes) -> bool:
    """Office's own files and programs' packages are archives too; what is in them is theirs."""
    first = next(archived(content), "")
    return first in ("[Content_Types].xml", "mimetype") or first.startswith(
        ("_rels/", "docProps/", "META-INF/")
    )
