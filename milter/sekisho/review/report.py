"""What a period brought: what was held, or in shadow would have been, for whom and why. `JournalSource` reads it from
the daemon's log; another source of `LoggedMail` may come beside it.

A table counts messages by their verdict, which is the strictest of their recipients. The log tells no more of each
recipient; with several recipients, some copies may have been treated more mildly.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sekisho.review.log_files import is_damaged, parse, values_of
from sekisho.text import ELLIPSIS, printable
from sekisho.verdict import BY_POINTS, UNJUDGED, WORDS, Thresholds

NEAR_POINTS = 3.0  # how far a score may be from a threshold to be near it
MAX_NEAR = 5  # messages on each side of a threshold
MAX_NAME_CHARS = 255
TABLES = ("brand", "author_domain", "finding", "recipient_domain")
STOPPED = ("quarantine", "reject")


@dataclass(frozen=True, slots=True)
class LoggedMail:
    """A judged message, as far as its source tells. `copies` counts the recipients by what was decided and what was
    done. `names` has for each of `TABLES` the names that the message has there. `cut`: findings or recipients may be
    missing."""

    at: datetime
    id: str
    queue_id: str
    verdict: str
    score: float
    decided_by: str
    copies: Mapping[tuple[str, str], int]
    names: Mapping[str, tuple[str, ...]]
    degraded: bool = False
    cut: bool = False


@dataclass(slots=True)
class PeriodReport:
    """The counts of a period. `dropped`: lines that the log lost. `begins`: when its first message came. `lines`: how
    many lines were read that are not empty, of any time; `own_lines`: how many of them are of our log; `damaged`: how
    many are of our log and were cut on the way."""

    since: datetime
    until: datetime
    thresholds: Thresholds
    source: str = "log"
    complete: bool = True
    dropped: int = 0
    lines: int = 0
    own_lines: int = 0
    damaged: int = 0
    begins: datetime | None = None
    totals: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    by: dict[str, dict[str, Counter[str]]] = field(
        default_factory=lambda: {table: defaultdict(Counter) for table in TABLES}
    )
    _near: dict[tuple[str, str], list[tuple[float, int, LoggedMail]]] = field(default_factory=dict)

    def add(self, mail: LoggedMail) -> None:
        """Count a message, unless it came at another time."""
        if not self.since <= mail.at < self.until:
            return
        self.begins = mail.at if self.begins is None else min(mail.at, self.begins)
        self.totals["messages"] += 1
        self.totals["recipients"] += sum(mail.copies.values())
        if not mail.verdict or mail.decided_by in UNJUDGED:
            self.totals["unjudged"] += 1
            return
        self.complete = self.complete and not mail.cut
        self.totals["degraded"] += mail.degraded
        self.verdicts[mail.verdict] += 1
        self.totals.update(_outcomes(mail))
        for table, names in mail.names.items():
            for name in set(names):
                self.by[table][name].update(("total", mail.verdict))
        if mail.decided_by == BY_POINTS:
            self._compare(mail)

    def near(self, most: int = MAX_NEAR) -> Iterator[tuple[str, str, LoggedMail]]:
        """Threshold, `below` or `above`, and message: at most `most` of each, by falling score."""
        for threshold in ("reject", "quarantine", "tag"):
            for side in ("above", "below"):
                nearest = sorted(self._near.get((threshold, side), ()), reverse=True)[:most]
                mails = sorted((mail for _, _, mail in nearest), key=lambda mail: -mail.score)
                yield from ((threshold, side, mail) for mail in mails)

    def _compare(self, mail: LoggedMail) -> None:
        """Keep the message if it is among the nearest to a threshold."""
        for threshold in (*STOPPED, "tag"):
            distance = mail.score - getattr(self.thresholds, threshold)
            if abs(distance) > NEAR_POINTS:
                continue
            nearest = self._near.setdefault((threshold, "below" if distance < 0 else "above"), [])
            heapq.heappush(nearest, (-abs(distance), self.totals["messages"], mail))
            if len(nearest) > MAX_NEAR:
                heapq.heappop(nearest)


def report_of(lines: Iterable[str], report: PeriodReport, *, findings: int, recipients: int) -> PeriodReport:
    """The report with the messages of these lines of the log. `findings` and `recipients` are how many the log names at
    most in a line."""
    for line in lines:
        facts = parse(line)
        report.lines += bool(line.strip())
        report.own_lines += "event" in facts and "time" in facts
        if not facts and is_damaged(line):
            report.damaged += 1
            report.complete = False
        elif facts.get("event") == "log_lines_dropped":
            at = _time(facts.get("time"))
            if at is not None and report.since <= at < report.until:
                report.dropped += int(_number(facts.get("lines")))
                report.complete = False
        elif facts.get("event") == "message":
            mail = mail_of(facts, findings, recipients)
            if mail is not None:
                report.add(mail)
    return report


def mail_of(facts: Mapping[str, Any], findings: int, recipients: int) -> LoggedMail | None:
    """The message of a line's fields; None if the line has no time."""
    if (at := _time(facts.get("time"))) is None:
        return None
    copies = _copies(values_of(facts.get("outcomes")))
    named = values_of(facts.get("recipients"))
    found = values_of(facts.get("findings"))
    lists = {
        "brand": values_of(facts.get("claims")),
        "author_domain": values_of(facts.get("author_domain")),
        "finding": tuple(each.rpartition(":")[0] for each in found),
        "recipient_domain": tuple(each.rpartition("@")[2] for each in named),
    }
    cut = (
        bool(facts.get("truncated"))
        or len(found) >= findings
        or len(named) < min(sum(copies.values()), recipients + 1)
        or any(str(facts.get(key, "")).endswith(ELLIPSIS) for key in ("findings", "recipients", "claims"))
    )
    return LoggedMail(
        at,
        _name(facts.get("id")),
        _name(facts.get("queue_id")),
        str(facts.get("verdict") or "") if facts.get("verdict") in WORDS else "",
        _number(facts.get("score")),
        str(facts.get("decided_by") or ""),
        copies,
        {table: tuple(_name(each) for each in names if each) for table, names in lists.items()},
        degraded=bool(facts.get("degraded")),
        cut=cut,
    )


def report_document(report: PeriodReport) -> dict[str, Any]:
    """The object of `sekisho report --format json`. The tables have the names with most mail that was or would have
    been stopped first."""
    return {
        "since": report.since.isoformat(timespec="seconds"),
        "until": report.until.isoformat(timespec="seconds"),
        "source": report.source,
        "complete": report.complete,
        "begins": None if report.begins is None else report.begins.isoformat(timespec="seconds"),
        "lines_dropped": report.dropped,
        "lines_damaged": report.damaged,
        "totals": {name: report.totals[name] for name in TOTALS},
        "by": {
            "verdict": {word: report.verdicts[word] for word in WORDS},
            **{table: {name: row_of(counts) for name, counts in ranked(report, table)} for table in TABLES},
        },
        "near": [
            {
                "threshold": threshold,
                "at": getattr(report.thresholds, threshold),
                "side": side,
                "id": mail.id or mail.queue_id,
                "score": mail.score,
                "verdict": mail.verdict,
                "author_domain": next(iter(mail.names["author_domain"]), None),
            }
            for threshold, side, mail in report.near()
        ],
    }


TOTALS = (
    "messages", "recipients", "unjudged", "accepted", "tagged", "held", "rejected", "deferred", "would_tag",
    "would_hold", "would_reject", "degraded",
)  # fmt: skip
"""Messages by what was done with them, and in shadow (or with `max_action`) also by what would have been done: a
message that was accepted and would have been held counts as both."""


def ranked(report: PeriodReport, table: str) -> list[tuple[str, Counter[str]]]:
    """The rows of a table, those with most stopped mail first, then those with most tagged mail."""

    def rank(row: tuple[str, Counter[str]]) -> tuple[int, int, int, str]:
        counts = row[1]
        return -sum(counts[word] for word in STOPPED), -counts["tag"], -counts["total"], row[0]

    return sorted(report.by[table].items(), key=rank)


def row_of(counts: Mapping[str, int]) -> dict[str, int]:
    """The counts of a row, with a zero for each verdict that there was not."""
    return {word: counts.get(word, 0) for word in ("total", *WORDS)}


_DONE = {
    "accept": "accepted",
    "tag": "tagged",
    "quarantine": "held",
    "reject": "rejected",
    "tempfail": "deferred",
}
_WOULD = {"tag": "would_tag", "quarantine": "would_hold", "reject": "would_reject"}


def _outcomes(mail: LoggedMail) -> Iterator[str]:
    """The names in `TOTALS`: the strictest thing that was done with the copies that got the verdict, and what would
    have been done if that is milder than the verdict."""
    done = [applied for (decided, applied) in mail.copies if decided == mail.verdict and applied in WORDS]
    applied = max(done, key=WORDS.index, default=mail.verdict)
    yield _DONE[applied]
    if mail.verdict in _WOULD and any(each != mail.verdict for each in done):
        yield _WOULD[mail.verdict]


def _copies(outcomes: Iterable[str]) -> dict[tuple[str, str], int]:
    """`quarantine>accept:2` as a count."""
    found: dict[tuple[str, str], int] = {}
    for each in outcomes:
        words, _, number = each.rpartition(":")
        decided, arrow, applied = words.partition(">")
        if arrow:
            found[decided, applied] = int(_number(number))
    return found


def _name(value: object) -> str:
    return printable(str(value or ""), MAX_NAME_CHARS)


def _number(value: object) -> float:
    try:
        found = float(str(value))
    except ValueError:
        return 0.0
    return found if abs(found) < 1e9 else 0.0


def _time(value: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else None
