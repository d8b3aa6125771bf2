"""`sekisho check`: the judgement on files, for a reader and for programs."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.cli.conftest import FAKE, Command, mail, write

from sekisho.cli import check
from sekisho.verdict import Disposition

KEYS = {
    "file",
    "judged_with",
    "verdict",
    "score",
    "thresholds",
    "decided_by",
    "mode",
    "claims",
    "proofs",
    "auth",
    "findings",
    "recipients",
    "degraded",
    "stages_ms",
}


def test_json_has_every_key_that_programs_rely_on(sekisho: Command, fake: Path) -> None:
    """One file, one object, with every key of the published form and the types that go with it."""
    done = sekisho("check", fake, "--format", "json")
    report = done.json
    assert done.status == 0
    assert report.keys() >= KEYS
    assert report["file"] == str(fake)
    assert report["verdict"] in {each.word for each in Disposition}
    assert isinstance(report["score"], float)
    assert report["thresholds"] == {"tag": 5.0, "quarantine": 8.0, "reject": 15.0}
    assert report["mode"] == "shadow"
    assert set(report["auth"]) == {"spf", "dkim", "dmarc", "arc", "iprev"}
    assert all(each.keys() >= {"brand", "where", "text", "strength"} for each in report["claims"])
    assert all(each.keys() >= {"domain", "method", "aligned", "brand"} for each in report["proofs"])
    assert report["claims"]
    assert report["proofs"]
    keys = {"id", "points", "brand", "reason_en", "reason_ja", "facts"}
    assert all(each.keys() >= keys for each in report["findings"])
    assert [each.keys() for each in report["recipients"]] == [{"rcpt", "verdict", "action", "policy"}]
    assert report["degraded"] == []
    assert report["stages_ms"].keys() >= {"parse", "policy", "action"}


def test_the_score_is_the_sum_of_what_is_shown(sekisho: Command, fake: Path) -> None:
    """A reader can add up the points and get the score, and see who is claimed and who is proven."""
    report = sekisho("check", fake, "--format", "json").json
    assert report["score"] == pytest.approx(sum(each["points"] for each in report["findings"]))
    assert report["verdict"] == "quarantine"
    assert {"amazon-jp"} == {each["brand"] for each in report["claims"] if each["where"] == "display_name"}
    assert [(each["domain"], each["method"]) for each in report["proofs"]] == [("stranger.example", "spf")]
    assert report["recipients"][0]["action"] == "accept", "in shadow mode nothing is done"


def test_several_files_are_an_array_in_their_order(sekisho: Command, fake: Path, genuine: Path) -> None:
    """Two files, two objects, in the order of the command line, as if each had been alone."""
    both = sekisho("check", genuine, fake, "--format", "json").json
    assert [each["file"] for each in both] == [str(genuine), str(fake)]
    alone = sekisho("check", fake, "--format", "json").json
    assert {**both[1], "stages_ms": None} == {**alone, "stages_ms": None}


def test_text_says_who_is_claimed_who_is_proven_and_why(sekisho: Command, fake: Path, genuine: Path) -> None:
    """A reader sees the verdict, both parties and every reason in both languages, nothing cut."""
    done = sekisho("check", fake, genuine)
    report = sekisho("check", fake, "--format", "json").json
    assert done.status == 0
    assert "QUARANTINE" in done.out
    assert "ACCEPT" in done.out
    assert "sender's name / 差出人の表示名: Amazon.co.jp" in done.out
    assert "by SPF: the sender's domain" in done.out
    text = "".join(done.out.split())
    for each in report["findings"]:
        assert each["id"] in done.out
        assert "".join(each["reason_ja"].split()) in text


def test_what_it_was_judged_with(sekisho: Command, fake: Path, tmp_path: Path) -> None:
    """This machine's configuration with the version of its lists and the overlays that exist; `--shipped`: nothing of
    that. The text says it in one line."""
    brands = tmp_path / "brands.d"
    brands.mkdir()
    config = tmp_path / "c.toml"
    config.write_text(
        f'[lists]\nblock = ["stranger.example"]\n[brands]\noverlay = "{brands}"\n'
        f'[vocabulary]\noverlay = "{tmp_path}/none"\n[store]\nurl = "sqlite:///{tmp_path}/q.db"\n',
        "utf-8",
    )
    report = sekisho("check", fake, "--config", config, "--format", "json").json
    used = {"config": str(config), "lists_version": 0, "overlays": [str(brands)]}
    assert (report["judged_with"], report["decided_by"]) == (used, "block stranger.example")
    report = sekisho("check", fake, "--shipped", "--format", "json").json
    assert (report["judged_with"], report["decided_by"]) == ("shipped", "points")
    out = sekisho("check", fake, fake, "--config", config).out
    said = f"judged with: {config}; no lists of the store; overlays {brands}"
    assert [line for line in out.splitlines() if line.startswith("judged with")] == [said]
    assert "judged with: the shipped state" in sekisho("check", fake, "--shipped").out


def stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_a_message_of_standard_input(
    sekisho: Command, fake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-` is a message like any other, with its own trace fields or a named case, and may stand beside files."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "-.eml", b"", {"rcpt": 5}).rename(tmp_path / "-")
    alone = sekisho("check", fake, "--format", "json").json
    stdin(monkeypatch, fake.read_bytes())
    read = sekisho("check", "-", "--case", fake.with_suffix(".json"), "--format", "json").json
    assert {**read, "file": None, "stages_ms": None} == {**alone, "file": None, "stages_ms": None}
    assert read["file"] == "-"
    stdin(monkeypatch, mail("Amazon <info@stranger.example>", trace=TRACE))
    two = sekisho("check", "-", fake, "--format", "json").json
    assert [each["file"] for each in two] == ["-", str(fake)]
    assert two[0]["auth"]["iprev"] == "fail"


def test_standard_input_that_cannot_be_read(sekisho: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is closed or empty is unreadable input; it cannot be read twice."""
    monkeypatch.setattr(sys, "stdin", None)
    done = sekisho("check", "-")
    assert (done.status, done.err) == (2, "Error: standard input is closed\n")
    assert sekisho("check", "-", "-").status == 2
    stdin(monkeypatch, b"")
    empty = sekisho("check", "-")
    assert (empty.status, empty.err) == (2, "Error: standard input is empty\n")


def test_the_status_is_0_whatever_the_verdict(sekisho: Command, fake: Path, tmp_path: Path) -> None:
    """A verdict is no failure of the command."""
    config = tmp_path / "c.toml"
    config.write_text('[lists]\nblock = ["stranger.example"]\nblock_action = "reject"\n', "utf-8")
    done = sekisho("check", fake, "--config", config, "--format", "json")
    assert (done.status, done.json["verdict"]) == (0, "reject")
    assert done.json["decided_by"].startswith("block")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument"),
        (["none.eml"], "none.eml: No such file or directory"),
        (["."], ".: Is a directory"),
        (["{fake}", "--format", "xml"], "'xml' is not one of"),
        (["{fake}", "--shipped", "--config", "{fake}"], "--shipped uses no configuration"),
        (["{fake}", "--without", "dns"], "--without knows client and auth, not dns"),
        (["{fake}", "{fake}", "--case", "{fake}"], "--case goes with one file"),
        (["{fake}", "--case", "none.json"], "none.json: No such file or directory"),
        (["{fake}", "--case", "{fake}"], "is not JSON at line 1, column 1"),
        (["{fake}", "none.eml"], "none.eml: No such file or directory"),
    ],
)
def test_wrong_usage_and_unreadable_input_are_2(
    arguments: list[str], said: str, sekisho: Command, fake: Path
) -> None:
    """Status 2, one reason on stderr, and nothing on stdout: not even of the files that could be read."""
    done = sekisho("check", *(each.replace("{fake}", str(fake)) for each in arguments))
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert "Traceback" not in done.err


def test_our_own_fault_is_70(sekisho: Command, fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw ends with status 70 and a traceback for the report."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(check, "run", broken)
    done = sekisho("check", fake)
    assert done.status == 70
    assert "ZeroDivisionError" in done.err


def test_a_case_file_from_elsewhere(sekisho: Command, fake: Path, tmp_path: Path) -> None:
    """--case goes before the file beside the message."""
    other = tmp_path / "other.json"
    other.write_text(json.dumps({**FAKE, "client_ip": "198.51.100.1", "rcpt": "taro@example.jp"}), "utf-8")
    report = sekisho("check", fake, "--case", other, "--format", "json").json
    assert report["auth"]["spf"] == "fail"
    assert report["recipients"][0]["rcpt"] == "taro@example.jp"


def test_without_authentication_it_is_unknown(sekisho: Command, fake: Path) -> None:
    """--without auth: nothing is passed, nothing has failed, nobody is proven."""
    report = sekisho("check", fake, "--without", "auth", "--format", "json").json
    assert {report["auth"][method] for method in ("spf", "dkim", "dmarc")} == {"unknown"}
    assert report["proofs"] == []
    assert not [each for each in report["findings"] if each["id"] in {"auth.spf_fail", "auth.dmarc_fail"}]


def test_without_a_client_it_is_unknown(sekisho: Command, fake: Path) -> None:
    """--without client: no name and no address speaks for or against anybody."""
    report = sekisho("check", fake, "--without", "client", "--format", "json").json
    assert report["auth"]["iprev"] == "unknown"
    assert not [each for each in report["findings"] if each["id"] == "auth.no_iprev"]


TRACE = (
    "Return-Path: <info@stranger.example>\r\nDelivered-To: hanako@example.jp\r\n"
    "Received: from stranger.example (unknown [203.0.113.45])\r\n\tby mx.example.jp (Postfix) with ESMTP id 1\r\n"
)


def test_a_message_alone_is_read_from_its_trace(sekisho: Command, tmp_path: Path) -> None:
    """Without a case file the last hop's fields tell client and envelope; DNS is not asked."""
    file = write(tmp_path / "m.eml", mail("Amazon <info@stranger.example>", trace=TRACE))
    report = sekisho("check", file, "--format", "json").json
    assert report["recipients"][0]["rcpt"] == "hanako@example.jp"
    assert report["auth"] == {
        "spf": "unknown",
        "dkim": "unknown",
        "dmarc": "unknown",
        "arc": "unknown",
        "iprev": "fail",
    }
    report = sekisho("check", file, "--format", "json", "--without", "client").json
    assert report["auth"]["iprev"] == "unknown"


def test_dns_is_asked_only_when_told_to(sekisho: Command, tmp_path: Path) -> None:
    """--dns asks the configured resolver; one that is dead makes the verdict degraded, not a pass or fail."""
    config = tmp_path / "c.toml"
    config.write_text('[dns]\nservers = ["127.0.0.1:1"]\ntimeout = 0.1\nbudget = 0.5\n', "utf-8")
    file = write(tmp_path / "m.eml", mail("Amazon <info@stranger.example>", trace=TRACE))
    report = sekisho("check", file, "--dns", "--config", config, "--format", "json").json
    assert report["auth"]["spf"] == "temperror"
    assert "dns" in report["degraded"]
    assert sekisho("check", file, "--config", config, "--format", "json").json["degraded"] == []


HOSTILE = "\x1b[31mred [bold]x[/] :warning: \u202eevil\u2066 \u0007"


@pytest.mark.parametrize("style", ["text", "json"])
def test_nothing_of_a_message_reaches_the_terminal_raw(style: str, sekisho: Command, tmp_path: Path) -> None:
    """Escapes, direction changes and markup of a message are shown as what they are."""
    raw = mail(f'"Amazon {HOSTILE} service@amazon.co.jp" <a@stranger.example>', HOSTILE, HOSTILE)
    file = write(tmp_path / "m.eml", raw, {**FAKE, "rcpt": [f"a{HOSTILE}@example.jp", "\ud800@x.example"]})
    done = sekisho("check", file, "--format", style)
    assert done.status == 0
    assert not set(done.out) & set("\x1b\u202e\u2066\u0007\ud800")


@pytest.mark.slow
@pytest.mark.parametrize("style", ["text", "json"])
def test_a_terminal_that_knows_no_japanese(style: str, fake: Path) -> None:
    """JSON is UTF-8 whatever the locale; text shows escapes for what the terminal cannot show."""
    done = subprocess.run(
        [sys.executable, "-c", "from sekisho.cli import main; main()", "check", fake, "--format", style],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    if style == "json":
        assert "表示名" in "".join(each["reason_ja"] for each in json.loads(done.stdout)["findings"])
    else:
        assert "\\u8868" in done.stdout.decode("ascii")
