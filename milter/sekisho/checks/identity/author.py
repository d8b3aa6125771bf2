"""The author's identity is one answer or a finding.

The reader of the From field notes its problems (RFC 5322 sections 3.4 and 3.6.2), and this check makes them findings:
mail programs could disagree on who wrote such a message. The policy table says which of them decide on their own.

A header block that a line without a colon cuts short is one of these: Postfix ends the block there and delivers
what follows as the body, and some programs read on. An author that is named only below the line is no author here, and
one that is named below it, too, is a second one.

It cannot see what a particular mail program shows.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from types import MappingProxyType

from sekisho.evidence import NOTHING, Evidence, FindingKind, Role
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.text import invisibles, unusual


def _kind(code: str, points: float, en: str, ja: str) -> FindingKind:
    return FindingKind(f"author.{code}", points, en, ja, Role.IDENTITY)


KINDS: tuple[FindingKind, ...] = (
    _kind("several_fields", 8, "The message has several From fields.", "From 欄が複数あります。"),
    _kind(
        "several_addresses",
        5,
        "The From field names several authors: {detail}.",
        "From 欄に複数の差出人があります({detail})。",
    ),
    _kind("no_from", 3, "The message has no From field.", "From 欄がありません。"),
    _kind(
        "sender_only",
        5,  # some programs show the Sender as the author
        "There is no From field, only Sender or Resent-From.",
        "From 欄がなく、Sender か Resent-From だけがあります。",
    ),
    _kind("no_address", 3, "The From field holds no address.", "From 欄にアドレスがありません。"),
    _kind(
        "broken_block",
        8,
        "The header block is broken: what follows is read as the body by some programs and as headers by others.",
        "ヘッダーが壊れており、メールソフトによって読み方が変わります。",
    ),
    _kind(
        "space_before_colon",
        2,
        "A field name of the author is followed by a space before the colon.",
        "From の欄名とコロンの間に空白があります。",
    ),
    _kind(
        "encoded_address",
        8,
        "The whole author address hides inside an encoded word: {detail}.",
        "差出人アドレスが符号化された語の中に隠されています({detail})。",
    ),
    _kind(
        "source_route",
        6,
        "The author address holds a source route: {detail}.",
        "差出人アドレスに経路指定が含まれています({detail})。",
    ),
    _kind(
        "text_after_address",
        5,
        "Text follows the author's address: {detail}.",
        "差出人アドレスの後ろに文字列があります({detail})。",
    ),
    _kind(
        "several_brackets",
        6,
        "The From field holds several angle brackets: {detail}.",
        "From 欄に山括弧が複数あります({detail})。",
    ),
    _kind(
        "quoted_local_at",
        6,
        "The author's local part holds another address: {detail}.",
        "差出人アドレスの @ より前に別のアドレスが含まれています({detail})。",
    ),
    _kind("nul", 6, "The From field holds a NUL.", "From 欄に NUL 文字が含まれています。"),
    _kind("control", 4, "The From field holds control characters.", "From 欄に制御文字が含まれています。"),
    _kind(
        "bidi",
        5,
        "The From field changes the direction of writing.",
        "From 欄に文字の向きを変える制御文字が含まれています。",
    ),
    _kind(
        "invisible",
        2.5,
        "The From field holds invisible characters.",
        "From 欄に見えない文字が含まれています。",
    ),
    _kind(
        "no_dot",
        0,  # root@localhost of every small machine
        "The author's domain has no dot: {detail}.",
        "差出人のドメインにドットがありません({detail})。",
    ),
    _kind(
        "ip_literal",
        4,
        "The author's domain is an IP address: {detail}.",
        "差出人のドメインが IP アドレスです({detail})。",
    ),
    _kind("group", 3, "The From field is a group: {detail}.", "From 欄がグループ指定です({detail})。"),
    _kind(
        "comment",
        4,
        "A comment in the From field holds an address: {detail}.",
        "From 欄のコメントに別のアドレスがあります({detail})。",
    ),
    _kind(
        "backslash",
        2,
        "The author's address is written with backslashes: {detail}.",
        "差出人アドレスにバックスラッシュが使われています({detail})。",
    ),
    _kind(
        "comma",
        1,
        "A comma that is not quoted stands in the display name; strict programs read two authors.",
        "表示名に引用符のないコンマがあり、差出人が複数と解釈されることがあります。",
    ),
    _kind(
        "quote",
        4,
        "A quotation mark in the From field is never closed: {detail}.",
        "From 欄の引用符が閉じていません({detail})。",
    ),
    _kind(
        "space",
        4,
        "The author's address holds spaces: {detail}.",
        "差出人アドレスに空白が含まれています({detail})。",
    ),
    _kind(
        "raw_jis",
        3,
        "The From field holds unlabelled ISO-2022-JP, in which an address can hide.",
        "From 欄に符号化されていない ISO-2022-JP があり、アドレスが隠れることがあります。",
    ),
    _kind("too_long", 3, "The From field is longer than is read.", "From 欄が長すぎます。"),
    _kind("unparsable", 4, "The From field cannot be read: {detail}.", "From 欄を解釈できません({detail})。"),
    _kind(
        "bad_domain",
        4,
        "The author's domain is not a valid name: {detail}.",
        "差出人のドメインが正しい形ではありません({detail})。",
    ),
)

BY_CODE = MappingProxyType({kind.id: kind for kind in KINDS})

MAX_SEARCHED_OCTETS = 16_384  # behind the line that cut the block short
FIELD_START = re.compile(rb"[!-9;-~]++[ \t]*+:|\r?\n|\Z")  # or an empty line, with which a sender may begin
AUTHOR_FIELD = re.compile(rb"^From[ \t]*:", re.IGNORECASE | re.MULTILINE)
# An encoded word may hold what the raw field does not show. Isolates are left out: some programs put them around names.
DIRECTION_CHANGES = re.compile("[\u202a-\u202e]")
CONTROL_CHARS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]")


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One finding for each kind of problem of the From field."""
    details: dict[str, str] = {}
    for code, detail in _problems(message):
        details.setdefault(code, detail)
    if not details:
        return NOTHING
    return Evidence(
        findings=tuple(
            BY_CODE[code].found(detail=detail) for code, detail in details.items() if code in BY_CODE
        )
    )


def _problems(message: Message) -> Iterator[tuple[str, str]]:
    for problem in message.author.problems:
        yield problem.code, problem.detail
    if message.problem("header.broken_block") or _author_below(message):
        yield "author.broken_block", ""
    if unusual(message.author.text):  # every such character is unusual
        yield from ((code, "") for code in _hiding(message.author.text))


def _hiding(text: str) -> Iterator[str]:
    if any(unicodedata.category(char) != "Cc" for char in invisibles(text)):
        yield "author.invisible"
    if DIRECTION_CHANGES.search(text):
        yield "author.bidi"
    if CONTROL_CHARS.search(text):
        yield "author.control"


def _author_below(message: Message) -> bool:
    """True if a From field stands behind the line that cut the header block short.

    Postfix puts an empty line there. Then the body begins with what is no field, and fields follow; where the header
    holds no author, these are what some programs show (of a letter with an author they would be a quotation).
    """
    cut = message.problem("header.cut_short") is not None
    if not cut and (message.author.mailbox is not None or message.headers.all("from")):
        return False
    below = message.raw[message.body_start : message.body_start + MAX_SEARCHED_OCTETS].partition(b"\r\n\r\n")[
        0
    ]
    return (cut or FIELD_START.match(below) is None) and AUTHOR_FIELD.search(below) is not None
