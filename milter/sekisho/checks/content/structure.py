"""How the message is put together: limits, header block, MIME, charsets, encoded words.

Reads the problems that the readers of bytes noted (`message`, `charsets`, `markup`) and gives each a finding. Most
weigh little: old and foreign programs make odd mail every day, and nothing here tells who wrote it. What is read
differently by different programs weighs more, since a sender gains by it only where a filter and a reader disagree.

A limit that was reached is a finding and marks the verdict as degraded (`limit`): what lies behind it was not looked
at. Senders pad a message until its lure lies behind a limit, hence the points.

Not reported, being daily mail: headers in UTF-8 (RFC 6532) and in raw 8-bit bytes, text without a charset label, a
multipart without its last delimiter. A page so large that some of it was read by its tags alone is told and weighs
nothing. The oddities of the From field are `checks.identity.author`'s; what it says is not said again here.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

from sekisho.evidence import NOTHING, Degraded, Evidence, FindingKind
from sekisho.message import Message, Problem
from sekisho.ports import Context
from sekisho.qrcodes import SearchStatus

_kind = FindingKind
_WORDS = (
    _kind(
        "word.unknown_charset",
        1.0,
        "A header uses a charset that nobody knows: {detail}.",
        "ヘッダーに未知の文字コードが指定されています({detail})。",
    ),
    _kind(
        "word.lie",
        0.5,
        "A header is not in the charset that it names: {detail}.",
        "ヘッダーの文字コードが宣言と違います({detail})。",
    ),
    _kind(
        "word.broken",
        0.5,
        "An encoded word in a header is broken: {detail}.",
        "ヘッダーの符号化された語が壊れています({detail})。",
    ),
    _kind(
        "word.split",
        0.5,
        "A character is cut in two between encoded words: {detail}.",
        "符号化された語の境目で文字が分断されています({detail})。",
    ),
    _kind(
        "word.nested",
        1.0,
        "An encoded word lies inside another: {detail}.",
        "符号化された語が入れ子になっています({detail})。",
    ),
    _kind(
        "word.mixed_charsets",
        0.5,
        "One header uses several charsets: {detail}.",
        "一つのヘッダーに複数の文字コードが使われています({detail})。",
    ),
    _kind(
        "word.nul",
        3.0,
        "A NUL hides in an encoded header.",
        "符号化されたヘッダーに NUL 文字が含まれています。",
    ),
    _kind(
        "word.control",
        1.5,
        "Control characters hide in an encoded header.",
        "符号化されたヘッダーに制御文字が含まれています。",
    ),
    _kind(
        "word.raw_jis",
        0.5,
        "A header holds ISO-2022-JP that is not encoded.",
        "ヘッダーに符号化されていない ISO-2022-JP があります。",
    ),
)
_CHARSETS = (
    _kind(
        "charset.lie",
        0.0,
        "The text is not in the charset that it names: {detail}.",
        "本文の文字コードが宣言と違います({detail})。",
    ),
    _kind(
        "charset.unknown",
        0.5,
        "The text names a charset that nobody knows: {detail}.",
        "本文に未知の文字コードが指定されています({detail})。",
    ),
    _kind(
        "charset.refused",
        1.5,
        "The text is in a charset in which markup can hide: {detail}.",
        "内容を隠せる文字コードが本文に指定されています({detail})。",
    ),
    _kind(
        "charset.broken", 0.5, "The text is broken in any charset.", "本文がどの文字コードでも読めません。"
    ),
)
_MIME = (
    _kind(
        "mime.ambiguous",
        3.0,
        "Mail programs will read the body differently: {detail}.",
        "メールソフトによって本文の読み方が変わります({detail})。",
    ),
    _kind(
        "mime.no_boundary",
        1.0,
        "The parts of the body cannot be told apart.",
        "本文の区切りが見つかりません。",
    ),
    _kind(
        "mime.elsewhere",
        3.0,
        "The content comes in pieces or lies elsewhere: {detail}.",
        "内容が分割されているか、別の場所にあります({detail})。",
    ),
    _kind(
        "mime.base64",
        1.0,
        "Encoded content holds what does not belong there: {detail}.",
        "Base64 の内容に余分なデータがあります({detail})。",
    ),
    _kind(
        "mime.encoding",
        1.0,
        "The body is in an encoding that nobody knows: {detail}.",
        "本文に未知の符号化方式が指定されています({detail})。",
    ),
)
_PICTURES = (
    _kind(
        "picture.not_searched",
        0.0,
        "Not every picture was searched for QR codes ({detail}).",
        "QR コードを調べていない画像があります({detail})。",
    ),
)
_PAGES = (
    _kind(
        "markup.coarse",
        0.0,
        "A page is so large that a part of it was read by its tags alone.",
        "ページが大きいため、一部はタグだけを手がかりに調べています。",
    ),
)
_HEADERS = (
    _kind(
        "header.empty_block",
        0.5,  # what stands below is text to everybody, since the mail server puts its own fields above the line
        "There is no header at all: the message begins with an empty line.",
        "ヘッダーがまったくなく、空行から始まっています。",
    ),
    _kind(
        "header.cut_short",
        1.5,
        "The header block breaks off: programs differ on where the body begins.",
        "ヘッダーが途中で途切れており、本文の始まりが曖昧です。",
    ),
    _kind(
        "header.folded_name",
        2.0,
        "A field name is broken over two lines: {detail}.",
        "ヘッダーの欄名が二行に分かれています({detail})。",
    ),
    _kind(
        "header.space_before_colon",
        1.0,
        "A space stands before the colon of a field: {detail}.",
        "欄名とコロンの間に空白があります({detail})。",
    ),
    _kind(
        "header.nul", 3.0, "A field holds a NUL: {detail}.", "ヘッダーに NUL 文字が含まれています({detail})。"
    ),
    _kind(
        "header.long_field",
        1.5,
        "A field is too long to be delivered whole: {detail}.",
        "ヘッダーが長すぎて途中で切られます({detail})。",
    ),
    _kind(
        "header.long_line",
        0.5,
        "A line of the header is longer than allowed.",
        "ヘッダーに長すぎる行があります。",
    ),
    _kind(
        "header.bare_cr",
        2.0,
        "The header holds a bare carriage return, which some programs take for a line end.",
        "ヘッダーに単独の CR があり、改行とみなすメールソフトがあります。",
    ),
)


def _limit(name: str, points: float, en: str, ja: str) -> FindingKind:
    return FindingKind(f"limit.{name}", points, en, ja)


_LIMITS = (
    _limit(
        "scan_bytes",
        1.0,
        "The message is larger than is read ({detail} bytes).",
        "メールが大きすぎるため、途中までしか調べていません({detail} バイト)。",
    ),
    _limit(
        "header_bytes",
        3.0,
        "The header block is larger than is read.",
        "ヘッダーが大きすぎるため、途中までしか調べていません。",
    ),
    _limit(
        "header_fields",
        3.0,
        "There are more header fields than are read.",
        "ヘッダーの数が多すぎるため、途中までしか調べていません。",
    ),
    _limit(
        "part_fields",
        3.0,
        "A part has more header fields than are read.",
        "本文の一部のヘッダーの数が多すぎるため、途中までしか調べていません。",
    ),
    _limit(
        "structured_characters",
        3.0,
        "The fields that describe sender and content are longer than is read.",
        "差出人や本文の形式を示すヘッダーが長すぎるため、途中までしか調べていません。",
    ),
    _limit(
        "mime_depth",
        3.0,
        "Parts are nested deeper than is read.",
        "本文の入れ子が深すぎるため、途中までしか調べていません。",
    ),
    _limit(
        "mime_parts",
        2.0,
        "There are more parts than are read.",
        "本文の部分が多すぎるため、途中までしか調べていません。",
    ),
    _limit(
        "text_characters",
        1.0,
        "There is more text than is read.",
        "本文が長すぎるため、途中までしか調べていません。",
    ),
    _limit(
        "links",
        1.0,
        "There are more links than are read.",
        "リンクが多すぎるため、途中までしか調べていません。",
    ),
)

KINDS: tuple[FindingKind, ...] = _LIMITS + _MIME + _PICTURES + _PAGES + _HEADERS + _CHARSETS + _WORDS

BY_CODE = MappingProxyType({kind.id: kind for kind in KINDS})
NOT_SEARCHED = "picture.not_searched"
UNKNOWN_CAUSES = frozenset({SearchStatus.TIME, SearchStatus.MEMORY, SearchStatus.DECODER})
"""Why a picture was not searched, where another try may know more; else it is the picture that is too much."""
FROM_FIELD_CODES = frozenset({"header.space_before_colon", "header.nul"})
"""Where the field is From, `checks.identity.author` says it."""
BROKEN_BLOCK_CODES = frozenset({"header.cut_short", "header.empty_block"})
"""Where a From field stands below, `author.broken_block` says it."""


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One finding for each kind of problem, whatever its number; `degraded` if a limit was reached."""
    details: dict[str, str] = {}
    for problem in message.problems:
        if problem.code in BY_CODE and not _said(problem, seen):
            details.setdefault(problem.code, problem.detail)
    limited = any(code.startswith("limit.") for code in details) or seen.has("author.too_long")
    if not details and not limited:
        return NOTHING
    findings = tuple(BY_CODE[code].found(detail=detail) for code, detail in details.items())
    return Evidence(findings=findings, degraded=tuple(_degraded(message, limited)))


def _degraded(message: Message, limited: bool) -> Iterator[str]:
    if limited:
        yield Degraded.LIMIT
    if any(problem.code == NOT_SEARCHED and problem.detail in UNKNOWN_CAUSES for problem in message.problems):
        yield Degraded.PICTURES


def _said(problem: Problem, seen: Evidence) -> bool:
    """True if `checks.identity.author` says the same of the From field: one oddity does not count twice."""
    family, _, name = problem.code.partition(".")
    if problem.code in FROM_FIELD_CODES:
        return problem.detail.lower() == "from"
    if problem.code in BROKEN_BLOCK_CODES:
        return seen.has("author.broken_block")
    return family == "word" and (seen.has(f"author.{name}") or (name == "nul" and seen.has("author.control")))
