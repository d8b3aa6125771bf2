"""Which program wrote the message, whose clock dated it, what named its server: against who it says it is from.

A company's mail system writes these alike every day, and a forger's kit seldom gets them right. Honest mail is careless
here too. Apart from a malformed date and a server that calls itself by a brand's name, nothing counts unless the author
is in doubt already (`is_doubted`).

A sender can write anything into the fields below those of our own server: they can add to a doubt and never clear one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sekisho.checks.facts import mailers
from sekisho.checks.facts.sender import is_doubted, is_proven
from sekisho.domains import parse_ip, together
from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind, Signal
from sekisho.message import Message
from sekisho.message.trace import moment
from sekisho.ports import Context
from sekisho.text import is_japanese
from sekisho.words import Vocabulary

MALFORMED = FindingKind(
    "trace.date_malformed",
    1,
    "The Date is not a date as any mail program writes it: {text}",
    "Date 欄が、メールソフトの書く日時の形になっていません({text})。",
)
AHEAD = FindingKind(
    "trace.date_ahead",
    0,
    "The message is dated later than the servers that passed it on: {text}",
    "Date 欄が、配送したサーバーの時刻より先の日時になっています({text})。",
)
CLOCK = FindingKind(
    "trace.foreign_clock",
    1,
    "The Japanese text was sent by a clock on Chinese time: {text}",
    "日本語のメールですが、中国の時刻(+0800)で送信されています({text})。",
)
PERSONAL = FindingKind(
    "trace.personal_program",
    1.0,
    "A notice in an organisation's name was written with a program for people's own mail: {text}",
    "組織からの通知を名乗っていますが、個人用のメールソフトで作られています({text})。",
)
BULK = FindingKind(
    "trace.bulk_program",
    0.5,
    "A notice in an organisation's name was sent by a script or a mass mailer: {text}",
    "組織からの通知を名乗っていますが、スクリプトや一斉送信ソフトから送られています({text})。",
)
RETIRED = FindingKind(
    "trace.retired_program",
    1.0,
    "The message says it was written with a program that was given up years ago: {text}",
    "何年も前に終了したメールソフトで作られたことになっています({text})。",
)
INVENTED = FindingKind(
    "trace.invented_program",
    1,
    "The message says it was written with a program that nobody knows: {text}",
    "実在しないメールソフトで作られたことになっています({text})。",
)
URGENT = FindingKind(
    "trace.urgent",
    1.0,
    "The message is marked as urgent by its sender, who is in doubt.",
    "差出人が疑わしいメールに、重要度「高」の印が付いています。",
)
NO_ID = FindingKind(
    "trace.no_message_id",
    0.5,
    "The message came without a Message-ID, which every mail system writes.",
    "どのメールシステムも付けるはずの Message-ID がありません。",
)
ID_HOST = FindingKind(
    "trace.message_id_host",
    0.5,
    "The Message-ID was not made by a server with a name: {text}",
    "Message-ID が、正式な名前のあるサーバーで作られたものではありません({text})。",
)
HELO = FindingKind(
    "trace.borrowed_helo",
    1.5,
    "The sending server calls itself {text}, a name of {brand_name}'s, but its address has no such name.",
    "送信元サーバーは {brand_name} の名前 {text} を名乗っていますが、そのアドレスの名前ではありません。",
)

KINDS = (MALFORMED, AHEAD, CLOCK, PERSONAL, BULK, RETIRED, INVENTED, URGENT, NO_ID, ID_HOST, HELO)

MAX_RECEIVED_FIELDS = 20  # that are read, the oldest ones
MAX_FIELD_OCTETS = 2_000  # of one field that are read
MAX_STAMP_OCTETS = 200  # at the end of a Received field, where its time stands
CHINESE_ZONE = re.compile(r"\s(\+0800)(?:\s*\([^()]{0,40}\))?\s*\Z")
# A date that needs no closer look: a day that every month has, an hour that every day has.
ORDINARY_DATE = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(?:0?[1-9]|1\d|2[0-8]) "
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) 20\d\d "
    r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d [+-](?:0\d|1[0-2])[0-5]\d",
    re.ASCII,
)
MAX_SAMPLE_CHARS = 1_500  # of the text, by which its language is told
HOUR_SECONDS = 3_600
MAX_SKEW_SECONDS = 1 * HOUR_SECONDS  # by which clocks of servers may differ
MAX_AHEAD_SECONDS = 24 * HOUR_SECONDS  # by which a date may lie ahead of our own clock
ID_HOST_PART = re.compile(r"@\[?([^\s<>@\]]{1,255})\]?>?\s*\Z")
URGENT_FIELDS = (("x-priority", ("1", "2")), ("importance", ("high",)), ("x-msmail-priority", ("high",)))


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """At most one finding of each kind."""
    found = [*_date(message), *_helo(message, seen, context)]
    if is_doubted(seen):
        found += [*_ahead(message, context), *_marked(message), *_retired(message, context)]
    if seen.has_signal(Signal.IMPERSONATES):
        found += [*_zone(message), *_programs(message, context.vocabulary), *_identified(message)]
    return Evidence(findings=tuple(found)) if found else NOTHING


def _value(message: Message, name: str) -> str | None:
    """The first field of that name on one line, or None."""
    fields = message.headers.all(name)
    return " ".join(fields[0].value[:MAX_FIELD_OCTETS].decode("utf-8", "replace").split()) if fields else None


def _date(message: Message) -> Iterator[Finding]:
    text = _value(message, "date")
    if text and not ORDINARY_DATE.fullmatch(text) and moment(text) is None:
        yield MALFORMED.found(text=text)


def _stamps(message: Message) -> list[str]:
    """The times that the servers on the way wrote, the first server's first."""
    fields = message.headers.all("received")[-MAX_RECEIVED_FIELDS:]
    hops = [" ".join(each.value[-MAX_STAMP_OCTETS:].decode("latin-1").split()) for each in reversed(fields)]
    return [hop.rpartition(";")[2].strip() for hop in hops if ";" in hop]


def _ahead(message: Message, context: Context) -> Iterator[Finding]:
    text = _value(message, "date")
    dated = moment(text) if text else None
    if dated is None:
        return
    first = next(filter(None, map(moment, _stamps(message))), None)
    late = first is not None and (dated - first).total_seconds() > MAX_SKEW_SECONDS
    if late or (dated - context.clock.now()).total_seconds() > MAX_AHEAD_SECONDS:
        yield AHEAD.found(text=text or "")


def _zone(message: Message) -> Iterator[Finding]:
    """Chinese time where a Japanese message was written or handed in."""
    if is_japanese(f"{message.subject}\n{message.text[:MAX_SAMPLE_CHARS]}"):
        times = (_value(message, "date") or "", *_stamps(message))
        yield from [CLOCK.found(text=each) for each in times if CHINESE_ZONE.search(each)][:1]


def _marked(message: Message) -> Iterator[Finding]:
    if any((_value(message, name) or "").lower().startswith(words) for name, words in URGENT_FIELDS):
        yield URGENT.found()


def _program(message: Message) -> str:
    return _value(message, "x-mailer") or _value(message, "user-agent") or ""


def _retired(message: Message, context: Context) -> Iterator[Finding]:
    name = _program(message)
    if mailers.retired(name, context.clock.now().year, context.vocabulary):
        yield RETIRED.found(text=name)


def _programs(message: Message, words: Vocabulary) -> Iterator[Finding]:
    """What wrote the message, if that is not what organisations write their notices with."""
    name = _program(message)
    script = _value(message, "x-php-originating-script") or _value(message, "x-php-script")
    if mailers.personal(name, words):
        yield PERSONAL.found(text=name)
    elif script or mailers.bulk(name, words):
        yield BULK.found(text=script or name)
    elif mailers.invented(name, words):
        yield INVENTED.found(text=name)


def _identified(message: Message) -> Iterator[Finding]:
    """The host of the Message-ID. Small systems call themselves `localhost`, and programs in Java write the bare name
    of their host: these are left out."""
    text = _value(message, "message-id")
    if not text:
        yield NO_ID.found()
        return
    match = ID_HOST_PART.search(text)
    host = match[1].lower() if match else ""
    ordinary = not host or host == "localhost" or ".JavaMail." in text
    if not ordinary and ("." not in host or parse_ip(host) is not None):
        yield ID_HOST.found(text=text)


def _helo(message: Message, seen: Evidence, context: Context) -> Iterator[Finding]:
    """A server that calls itself by a brand's name, while its address is known to have another name or none."""
    client = message.envelope.client
    if client.resolve not in ("ok", "fail", "forged"):
        return
    helo = (client.helo or "").lower().rstrip(".")
    if "." not in helo:
        return
    brand = context.registry.owner(helo)
    if brand is None or (client.name and together(client.name, helo)):
        return
    if not is_proven(brand, seen, context):
        yield HELO.found(brand=brand, text=helo, brand_name=context.registry.name(brand))
