"""Every labelled mail as the fit sees it. It is judged as `sekisho evaluate` does; that takes minutes, so it is kept.

The name of the kept file is a digest of the program, the brands, and the names, sizes and times of the mail. If any of
these changes, the mail is judged again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from lab.accuracy import Collections
from lab.weights.groups import grouped, keys_of
from sekisho import cases
from sekisho.basis import SHIPPED, Basis
from sekisho.case_runner import CaseRunner
from sekisho.cases import Case
from sekisho.cli.evaluate import judged
from sekisho.config import Config
from sekisho.evaluation import measure
from sekisho.message import Message, read

ROOT = Path(__file__).parents[2]
PROGRAM = (("milter", "*.py"), ("config", "*.toml"), ("lab/weights", "g*.py"))
KEPT = 3  # results that are kept
SMALL = 20  # mails; smaller sources are merged into one
OTHERS = "small sources"
KNOWLEDGE = {"client": "client", "authentication": "auth"}  # circumstances, and their keys in a case


@dataclass(frozen=True, slots=True)
class Mail:
    """One labelled mail: what was found, and its relation to other mails.

    `time` is in Unix seconds; None if it is unknown or invented. `circumstances` say what could be known about the mail
    at all (`client`, `authentication`, `page`, `links`): a collection has them or not, for fakes and genuine mail
    alike. `lost` are the findings that would not be made without the client, and without the authentication.
    """

    collection: str
    source: str
    label: str
    verdict: str
    found: tuple[str, ...]
    circumstances: tuple[str, ...]
    lost: tuple[tuple[str, ...], ...]
    brand: str | None
    time: float | None
    group: int


def gather(collections: Collections, kept: Path) -> list[Mail]:
    """All mail with a label and a verdict. Raises SystemExit if a collection has none."""
    file = kept / f"{state(collections)}.json"
    if not file.is_file():
        rows = [asdict(mail) for mail in judge(collections)]
        kept.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(rows), "utf-8")
        for old in sorted(kept.glob("*.json"), key=lambda each: each.stat().st_mtime)[:-KEPT]:
            old.unlink()
    mails = [_mail(row) for row in json.loads(file.read_text("utf-8"))]
    if empty := set(collections.folders) - {mail.collection for mail in mails}:
        raise SystemExit(f"no labelled mail: {', '.join(sorted(empty))}")
    return mails


def _mail(row: Mapping[str, Any]) -> Mail:
    lists = {key: tuple(row[key]) for key in ("found", "circumstances")}
    return Mail(**{**row, **lists, "lost": tuple(map(tuple, row["lost"]))})


def state(collections: Collections) -> str:
    """A digest of everything on which a judgement depends."""
    digest = hashlib.sha256()
    for room, pattern in PROGRAM:
        for file in sorted((ROOT / room).rglob(pattern)):
            digest.update(f"{file.relative_to(ROOT)}\0".encode() + file.read_bytes())
    for title, folder in collections.folders.items():
        digest.update(f"\0{title}\0{folder}\0".encode())
        for file in sorted(each for each in folder.rglob("*") if each.suffix in {".eml", ".json"}):
            status = file.stat()
            digest.update(f"{file.relative_to(folder)} {status.st_size} {status.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:16]


def judge(collections: Collections) -> Iterator[Mail]:
    """Judge every mail of every collection, and find its group."""
    drafts: list[Draft] = []
    runner = CaseRunner.of(Basis.shipped())
    for title, folder in collections.folders.items():
        passes = [
            judged(runner, folder, without) for without in (frozenset[str](), *map(_without, KNOWLEDGE))
        ]
        for file, row, *less in zip(sorted(folder.rglob("*.eml")), *passes, strict=True):
            if row["label"] and row["verdict"] != "error":
                drafts.append(_draft(title, cases.load(file), [row, *less], SHIPPED))
    for draft, group in zip(drafts, grouped(draft.keys for draft in drafts), strict=True):
        yield draft.mail(group)


def _without(circumstance: str) -> frozenset[str]:
    return frozenset({KNOWLEDGE[circumstance]})


@dataclass(frozen=True, slots=True)
class Draft:
    """A mail without its group, and the keys that decide the group."""

    mail: Callable[[int], Mail]
    keys: tuple[str, ...]


def _draft(title: str, case: Case, rows: Sequence[measure.Row], config: Config) -> Draft:
    message = read(case.raw, case.envelope, config.limits)
    row, *less = rows
    template = case.facts.get("template")
    when = None if template else _when(case, message)

    def mail(group: int) -> Mail:
        return Mail(
            title,
            str(case.facts.get("source") or title),
            row["label"],
            row["verdict"],
            tuple(row["findings"]),
            tuple(_circumstances(case, message)),
            tuple(tuple(sorted(set(row["findings"]) - set(each["findings"]))) for each in less),
            row["brand"],
            when.timestamp() if when else None,
            group,
        )

    return Draft(mail, tuple(keys_of(message, row["brand"], when, template)))


def _circumstances(case: Case, message: Message) -> Iterator[str]:
    if case.envelope.client.address is not None:
        yield "client"
    if case.dns is not None or case.recorded is not None:
        yield "authentication"
    if message.pages:
        yield "page"
    if message.links:
        yield "links"


def _when(case: Case, message: Message) -> datetime | None:
    """When the mail arrived: from the case, else from the newest Received field, else from its Date."""
    if case.now is not None:
        return case.now
    for name in ("received", "date"):
        for field in message.headers.all(name)[:1]:
            text = field.value.decode("ascii", "replace").rpartition(";")[2]
            try:
                moment = parsedate_to_datetime(text.strip())
            except (ValueError, OverflowError):
                continue
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def merged_sources(mails: Sequence[Mail]) -> list[str]:
    """The source of each mail; small sources are merged into one."""
    size = Counter(mail.source for mail in mails)
    return [mail.source if size[mail.source] >= SMALL else OTHERS for mail in mails]
