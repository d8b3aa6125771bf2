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
        "messages": 26, "recipients": 27, "unjudged": 1, "accepted": 24, "held": 1, "would_tag": 1, "would_hold": 2,
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


def test_lines_that_were_cut_on_the_way_are_counted(
    sekisho: Command, config: Path, week: Week, tmp_path: Path
) -> None:
    """A transport that cuts long lines cuts those of the severest verdicts: that must not look like a quiet week."""
    week.usual()
    cut = [line if len(line) < 700 else f"{line[:700]}\n" for line in week.lines]
    (tmp_path / "sekisho.log").write_text("".join(cut))
    found = sekisho("report", "--since", "30d", "--format", "json", "--config", config).json
    broken = sum(line.startswith("{") and not line.endswith("}\n") for line in cut)
    assert found["lines_damaged"] == broken == (7 if week.lines[0].startswith("{") else 0)
    assert found["totals"]["messages"] == len(week.lines) - broken
    assert found["complete"] is (broken == 0)
    assert ("were cut on the way" in sekisho("report", "--config", config).out) is (broken > 0)


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
    assert re.search(r" 8\.25  above  REF21  stranger\.example", text)
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
        "all", "verdict", "brand", "author_domain", "finding", "recipient_domain", "near_quarantine", "near_tag",
    }  # fmt: skip
    assert [row["total"] for row in rows if row["name"] == "quarantine"] == ["4"]
    totals = {row["name"]: row["total"] for row in rows if row["by"] == "all" and row["total"] != "0"}
    assert totals == {
        "messages": "27", "recipients": "28", "unjudged": "1", "accepted": "25", "held": "1", "would_tag": "1",
        "would_hold": "3", "would_reject": "1",
    }  # fmt: skip
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
        (["--since", "2999-01-01"], "--since: 2999-01-01 00:00 is in the future"),
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
    assert len(text.splitlines()) < 7


def test_in_shadow_all_mail_was_accepted(sekisho: Command, config: Path, week: Week, tmp_path: Path) -> None:
    """What was done is what really happened; what would have been done stands beside it."""
    for number, verdict in enumerate(("accept", "quarantine", "reject")):
        week.mail(number, 9.0, verdict)
    week.mail(3, 16.0, "reject", done="quarantine")
    (tmp_path / "sekisho.log").write_text("".join(week.lines))
    done = sekisho("report", "--config", config).out
    assert "\ndone: 3 accepted, 1 held\n" in done
    assert "would have been done, but for shadow or max_action: hold 1, reject 2\n" in done


HEADS = (
    "Nov 30 22:59:29 mx sekisho[123]: ",
    "<22>Nov  1 22:59:29 sekisho[1]: ",
    "2026-11-30T22:59:29+0900 mx.example.jp sekisho[123]: ",
    "Mon 2026-11-30 22:59:29 JST mx sekisho-milter.service[123]: ",
    "<22>1 2026-11-30T22:59:29.000000Z mx sekisho 123 message - \ufeff",
    "milter-1  | ",
)


@pytest.mark.parametrize("head", HEADS)
def test_what_stands_before_a_line_is_read_over(
    sekisho: Command, config: Path, week: Week, tmp_path: Path, head: str
) -> None:
    """`journalctl` without `-o cat`, syslog and Docker Compose name time, host and program."""
    week.usual()
    (tmp_path / "other.log").write_text("".join(f"{head}{line}" for line in week.lines))
    found = sekisho("report", tmp_path / "other.log", "--format", "json", "--config", config).json
    assert found["totals"]["messages"] == 26


def test_entries_of_the_journal_as_json_are_read(
    sekisho: Command, config: Path, week: Week, tmp_path: Path
) -> None:
    """`journalctl -o json` has our line as the value of MESSAGE."""
    week.usual()
    entries = [json.dumps({"PRIORITY": "6", "MESSAGE": line.rstrip("\n")}) for line in week.lines]
    (tmp_path / "other.log").write_text("\n".join([*entries, '{"MESSAGE": null}', '{"MESSAGE": "{"}']))
    found = sekisho("report", tmp_path / "other.log", "--format", "json", "--config", config).json
    assert found["totals"]["messages"] == 26


def test_a_line_that_another_program_quotes_is_not_ours(
    sekisho: Command, config: Path, week: Week, tmp_path: Path
) -> None:
    """In a log that programs share, a sender could otherwise report mail that never came."""
    week.mail(1, 9.0, "quarantine")
    (line,) = week.lines
    forged = [
        f"Nov 30 22:59:29 mx postfix/cleanup[1]: 4Q1: warning: header Subject: {line}",
        f"Nov 30 22:59:29 mx postfix/cleanup[1]: 4Q1: warning: header Subject: sekisho: {line}",
        f"<22>1 2026-11-30T22:59:29Z mx postfix/cleanup 1 - - sekisho 1 x - {line}",
        f"milter-1 {line}",
    ]
    (tmp_path / "mail.log").write_text("".join([*forged, f"Nov 30 22:59:29 mx sekisho[1]: {line}"]))
    found = sekisho("report", tmp_path / "mail.log", "--format", "json", "--config", config).json
    assert found["totals"]["messages"] == 1


@pytest.mark.parametrize("style", ["text", "json", "csv"])
def test_a_log_of_another_program_is_refused(
    sekisho: Command, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, style: str
) -> None:
    """An empty report would say that nothing was stopped. Only an empty log may say so."""
    foreign = b'\nroot:x:0:0:root:/root:/bin/bash\nNov 30 22:59:29 mx postfix/smtpd[1]: x\n{"MESSAGE": "x"}\n'
    (tmp_path / "passwd").write_bytes(foreign)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(foreign)))
    for source, name in ((tmp_path / "passwd", f"{tmp_path}/passwd"), ("-", "standard input")):
        done = sekisho("report", source, "--format", style, "--config", config)
        assert (done.status, done.out) == (2, "")
        assert f"{name}: none of the lines (3) is of sekisho's log" in done.err
        assert "journalctl -u sekisho-milter" in done.err


def test_a_file_that_is_named_twice_is_read_once(
    sekisho: Command, config: Path, week: Week, tmp_path: Path
) -> None:
    """Also under another name; the report says what it has read."""
    week.mail(1, 9.0, "quarantine")
    (tmp_path / "a.log").write_text("".join(week.lines))
    (tmp_path / "b.log").hardlink_to(tmp_path / "a.log")
    done = sekisho("report", tmp_path / "a.log", tmp_path / "b.log", tmp_path / "a.log", "--config", config)
    assert "\n1 messages to 1 recipients\n" in done.out
    assert "a.log" in done.out.partition("messages")[0]


def test_the_advice_names_the_thresholds_that_are_printed(
    sekisho: Command, config: Path, week: Week, tmp_path: Path
) -> None:
    """Not quarantine, if only mail near reject came."""
    week.mail(1, 15.5, "reject")
    (tmp_path / "sekisho.log").write_text("".join(week.lines))
    assert "nearest to reject: genuine" in sekisho("report", "--config", config).out
