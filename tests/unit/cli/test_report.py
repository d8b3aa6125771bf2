"""`sekisho report`: the log of a week, written by the daemon's own journal, summed up."""

from __future__ import annotations

import csv
import gzip
import io
import json
import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from tests.unit.cli.conftest import Command
from tests.unit.store.kit import EVIDENCE, message

from sekisho.address import Mailbox
from sekisho.clock import SystemClock
from sekisho.evidence import Claim, Evidence, FindingKind, Place
from sekisho.journal import Journal, JournalOptions
from sekisho.log import JsonLines, Logfmt
from sekisho.message import Author, Recipient
from sekisho.privacy import Privacy
from sekisho.verdict import Action, Disposition, Mode, Outcome, Reply, Thresholds, Verdict

KIND = FindingKind("brand.display_name", 6.0, "claims {brand}", "{brand}を名乗る")
NOW = datetime.now(UTC)


class Week:
    """Writes lines of messages as the daemon does."""

    def __init__(self, formatter: logging.Formatter, caplog: pytest.LogCaptureFixture) -> None:
        self._formatter = formatter
        self._caplog = caplog
        self._journal = Journal(JournalOptions(), Privacy(JournalOptions(), SystemClock()))
        self.lines: list[str] = []

    def mail(
        self, number: int, score: float, verdict: str, *, domain: str = "stranger.example",
        to: Sequence[str] = ("hanako@ours.example",), done: str = "accept", by: str = "points", days: float = 1,
        evidence: Evidence = EVIDENCE, claims: tuple[Claim, ...] = EVIDENCE.claims,
    ) -> None:  # fmt: skip
        """One message, `days` ago."""
        decided = Verdict(Disposition[verdict.upper()], score, by, Thresholds(), mode=Mode.SHADOW)
        recipients = tuple(Recipient(each, f"<{each}>") for each in to)
        outcomes = tuple(Outcome(each, decided, Disposition[done.upper()]) for each in recipients)
        base = message(b"%d" % number, queue_id=f"4Q{number:05}", recipients=recipients)
        mail = replace(base, author=Author(Mailbox("x", "a", domain, f"a@{domain}")))
        with self._caplog.at_level(logging.INFO, "sekisho.journal"):
            self._journal.message(
                mail,
                replace(evidence, claims=claims),
                Action(Reply.ACCEPT, outcomes, reference=f"REF{number}"),
                0.01,
            )
        record = self._caplog.records[-1]
        record.created = (NOW - timedelta(days=days)).timestamp()
        self.lines.append(self._formatter.format(record) + "\n")

    def usual(self) -> None:
        """What a shadow operator finds: genuine mail, forgeries, and some near a threshold."""
        nobody: tuple[Claim, ...] = ()
        for number in range(20):
            self.mail(number, 0.0, "accept", domain="friend.example", claims=nobody, evidence=Evidence())
        self.mail(20, 18.5, "reject")
        self.mail(21, 8.25, "quarantine", to=("a@ours.example", "b@other.example"))
        self.mail(22, 7.75, "tag", domain="news.example")
        self.mail(23, 20.0, "quarantine", by="block x.example", claims=(Claim(None, Place.SUBJECT, "x"),))
        self.mail(24, 18.0, "reject", days=9)
        self.mail(25, 9.0, "quarantine", done="quarantine")
        self.mail(26, 0.0, "accept", by="trusted_client")


@pytest.fixture(params=["logfmt", "json"])
def week(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Week:
    return Week(Logfmt() if request.param == "logfmt" else JsonLines(), caplog)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "sekisho.toml"
    file.write_text(f'[log]\ntarget = "{tmp_path}/sekisho.log"\n')
    return file


def test_a_week_is_summed_up(sekisho: Command, config: Path, week: Week, tmp_path: Path) -> None:
    """From the log and its rotated files in the period: by verdict, brand, author, finding and recipient, with what
    shadow would have done, and the nearest mails of each threshold."""
    week.usual()
    (tmp_path / "sekisho.log").write_text("".join(week.lines[:10]))
    (tmp_path / "sekisho.log.1").write_text("".join(week.lines[10:20]))
    (tmp_path / "sekisho.log.2.gz").write_bytes(gzip.compress("".join(week.lines[20:]).encode()))
    found = sekisho("report", "--since", "7d", "--format", "json", "--config", config).json
    assert found.keys() >= {"since", "until", "source", "complete", "totals", "by", "near"}
    assert (found["source"], found["complete"], found["lines_dropped"]) == ("log", True, 0)
    totals = {name: number for name, number in found["totals"].items() if number}
    assert totals == {
        "messages": 26, "recipients": 27, "unjudged": 1, "accepted": 20, "held": 1, "would_tag": 1, "would_hold": 2,
        "would_reject": 1,
    }  # fmt: skip
    by = found["by"]
    assert by["verdict"] == {"accept": 20, "tag": 1, "quarantine": 3, "reject": 1, "tempfail": 0}
    assert list(by["brand"]) == ["eki-net", "?"]
    assert list(by["author_domain"]) == ["stranger.example", "news.example", "friend.example"]
    assert by["finding"]["brand.display_name"]["quarantine"] == 3
    assert by["recipient_domain"]["other.example"] == {
        "total": 1, "accept": 0, "tag": 0, "quarantine": 1, "reject": 0, "tempfail": 0,
    }  # fmt: skip
    near = [(each["threshold"], each["side"], each["id"], each["score"]) for each in found["near"]]
    assert near == [
        ("quarantine", "above", "REF25", 9.0),
        ("quarantine", "above", "REF21", 8.25),
        ("quarantine", "below", "REF22", 7.75),
        ("tag", "above", "REF22", 7.75),
    ]


def test_the_text_is_one_screen_that_says_what_to_do(
    sekisho: Command, config: Path, week: Week, tmp_path: Path
) -> None:
    """In 80 columns and 40 lines, with whole ids and names, without a frame."""
    week.usual()
    (tmp_path / "sekisho.log").write_text("".join(week.lines))
    text = sekisho("report", "--config", config).out
    lines = text.splitlines()
    assert len(lines) <= 40
    assert max(map(cell_len, lines)) <= 100
    assert "would have been done, but for shadow or max_action: tag 1, hold 2, reject 1" in text
    assert re.search(r"  stranger\.example +1 +3 +- +- +4\n", text)
    assert re.search(r" 8\.25 above  REF21  stranger\.example", text)
    assert "friend.example" not in text
    assert "sekisho trace" in text
    assert not set(text) & set("\x1b│─…")


def test_standard_input_is_read_for_a_log_of_the_service_manager(
    sekisho: Command, week: Week, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`journalctl -o cat | sekisho report -`; without it the command says so, with status 2."""
    week.usual()
    config = tmp_path / "sekisho.toml"
    config.write_text('[log]\ntarget = "stderr"\n')
    done = sekisho("report", "--config", config)
    assert done.status == 2
    assert "journalctl -u sekisho-milter -o cat" in done.err
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("".join(week.lines).encode())))
    found = sekisho("report", "-", "--format", "json", "--config", config).json
    assert found["totals"]["messages"] == 26


def test_csv_has_all_tables(sekisho: Command, config: Path, week: Week, tmp_path: Path) -> None:
    """One row for each name, with the table it belongs to; no cell is a formula."""
    week.usual()
    week.mail(30, 11.0, "quarantine", domain="=cmd|x")
    (tmp_path / "sekisho.log").write_text("".join(week.lines))
    rows = list(csv.DictReader(io.StringIO(sekisho("report", "--format", "csv", "--config", config).out)))
    assert {row["by"] for row in rows} == {
        "verdict", "brand", "author_domain", "finding", "recipient_domain", "near_quarantine", "near_tag",
    }  # fmt: skip
    assert [row["total"] for row in rows if row["name"] == "quarantine"] == ["4"]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "@"))]
    assert [row["id"] for row in rows if row["by"] == "near_tag"] == ["REF22"]


LONG = "x" * 70


@pytest.mark.parametrize(
    ("change", "complete"),
    [
        ({}, True),
        ({"to": [f"{number}@ours.example" for number in range(5)]}, True),
        ({"to": [f"{number}@ours.example" for number in range(6)]}, False),
        (
            {
                "evidence": Evidence(
                    findings=tuple(FindingKind(f"a.b{number}", 1.0, "", "").found() for number in range(9))
                )
            },
            False,
        ),
        (
            {
                "evidence": Evidence(
                    findings=tuple(FindingKind(f"a.{LONG}{number}", 1, "", "").found() for number in range(7))
                )
            },
            None,
        ),
    ],
)
def test_a_log_that_cuts_lines_short_is_not_complete(
    sekisho: Command, config: Path, week: Week, tmp_path: Path, change: dict[str, Any], complete: bool | None
) -> None:
    """Findings or recipients beyond what the line names, and lists that do not fit into a value (in logfmt)."""
    week.mail(1, 9.0, "quarantine", **change)
    (tmp_path / "sekisho.log").write_text("".join(week.lines))
    found = sekisho("report", "--format", "json", "--config", config).json
    assert found["complete"] is (week.lines[0].startswith("{") if complete is None else complete)


def test_lost_lines_are_told(sekisho: Command, config: Path, week: Week, tmp_path: Path) -> None:
    """The figures are then too low."""
    week.mail(1, 9.0, "quarantine")
    lost = {"time": NOW.isoformat(), "event": "log_lines_dropped", "lines": 7}
    (tmp_path / "sekisho.log").write_text("".join(week.lines) + json.dumps(lost) + "\n")
    sekisho_json = sekisho("report", "--format", "json", "--until", "2999-01-01", "--config", config).json
    assert (sekisho_json["lines_dropped"], sekisho_json["complete"]) == (7, False)
    assert "lost 7 lines" in sekisho("report", "--until", "2999-01-01", "--config", config).out


HOSTILE = "\x1b[31m\u202eevil\u2066 日本語ドメイン"


def test_nothing_of_a_sender_steers_the_terminal(
    sekisho: Command, config: Path, week: Week, tmp_path: Path
) -> None:
    """Nor does a line that is broken, forged by another program, or of another kind."""
    week.mail(1, 9.0, "quarantine", domain=HOSTILE, to=(f"a@{HOSTILE}",))
    time = NOW.isoformat()
    strange = [
        {"time": time, "event": "message", "verdict": HOSTILE, "score": "NaN", "outcomes": ["a>b:x", "c", ">:1"]},
        {"time": time, "event": "message", "verdict": "reject", "id": HOSTILE, "score": 1e300, "outcomes": 5,
         "author_domain": {"x": HOSTILE}, "findings": HOSTILE, "claims": [[HOSTILE]], "recipients": 7},
        {"time": HOSTILE, "event": "message"}, {"event": "message"},
        {"time": "2026-01-01T00:00:00", "event": "message"},
    ]  # fmt: skip
    junk = ["{broken", "[" * 5000, '{"a":' * 5000, "\x00\xff", "event=message time=x", ""]
    lines = [*week.lines, *(json.dumps(each) + "\n" for each in strange), *(f"{each}\n" for each in junk)]
    (tmp_path / "sekisho.log").write_bytes("".join(lines).encode("utf-8", "surrogateescape"))
    for style in ("text", "json", "csv"):
        done = sekisho("report", "--format", style, "--until", "2999-01-01", "--config", config)
        assert (done.status, done.err) == (0, "")
        assert not set(done.out) & set("\x1b\u202e\u2066")
    assert "日本語ドメイン" in done.out


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--since", "soon"], "no age such as 7d"),
        (["--since", "1d", "--until", "2d"], "--since must be before --until"),
        (["-", "-"], "can be read once"),
        (["none.log"], "none.log: No such file or directory"),
        (["."], ".: Is a directory"),
        (["--top", "0"], "--top"),
        ([], "sekisho.log: the log is not there"),
    ],
)
def test_wrong_input_is_one_line(
    sekisho: Command,
    config: Path,
    tmp_path: Path,
    words: list[str],
    line: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Status 2, and nothing is printed as if it were a report."""
    monkeypatch.chdir(tmp_path)
    done = sekisho("report", *words, "--config", config)
    assert (done.status, done.out) == (2, "")
    assert line in done.err


def test_a_quiet_week_says_so(sekisho: Command, config: Path, tmp_path: Path) -> None:
    """No table of zeros, and where to look."""
    (tmp_path / "sekisho.log").write_text("")
    text = sekisho("report", "--config", config).out
    assert "0 messages" in text
    assert "sekisho status" in text
    assert len(text.splitlines()) < 6
