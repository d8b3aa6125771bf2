"""`sekisho quarantine`: what is held, from a real store that the daemon's own pipeline filled."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len
from tests.unit.cli.conftest import FAKE, Command, mail, write

from sekisho import cases, compose
from sekisho.cli import output
from sekisho.clock import SystemClock
from sekisho.config import load
from sekisho.store.quarantine import Quarantine

HOSTILE = "\x1b[31m [bold]x[/] \u202eevil :warning:"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "sekisho.toml"
    file.write_text(
        'mode = "enforce"\n[brands]\noverlay = ""\n[policy]\nmax_action = "quarantine"\n'
        f'[store]\nurl = "sqlite:///{tmp_path}/held.db"\n',
        "utf-8",
    )
    return file


def hold(config: Path, *files: Path) -> list[str]:
    """Judge the files as the daemon does; the ids by which they are held."""
    settings = load(config)
    quarantine = Quarantine.open(settings.store, SystemClock())
    try:
        ports = compose.Ports(SystemClock(), compose.knowledge(settings), quarantine=quarantine)
        pipeline = compose.pipeline(settings, ports)
        held = [cases.load(file) for file in files]
        return [pipeline.process(case.raw, case.envelope).action.reference for case in held]
    finally:
        quarantine.close()


@pytest.fixture
def held(config: Path, tmp_path: Path) -> list[str]:
    """Two fakes; the second is hostile to whoever looks at it, and has two recipients."""
    one = write(tmp_path / "one.eml", mail("Amazon <info@stranger.example>", "ご確認ください"), FAKE)
    author = f'"Amazon {HOSTILE}" <info@stranger.example>'
    two = write(
        tmp_path / "two.eml", mail(author, HOSTILE), {**FAKE, "rcpt": ["a@example.jp", "b@example.jp"]}
    )
    return hold(config, one, two)


def test_list_is_newest_first_with_who_and_why(sekisho: Command, config: Path, held: list[str]) -> None:
    """Every entry with its recipients, state, score and what decided."""
    rows = sekisho("quarantine", "list", "--config", config, "--format", "json").json
    assert [row["id"] for row in rows] == held[::-1]
    assert rows[0]["recipients"] == [
        {"rcpt": "a@example.jp", "state": "held"},
        {"rcpt": "b@example.jp", "state": "held"},
    ]
    assert rows[1]["subject"] == "ご確認ください"
    assert rows[1]["envelope_from"] == "info@stranger.example"
    assert rows[1]["verdict"] == "quarantine"
    text = sekisho("quarantine", "list", "--config", config).out
    assert all(each in text for each in (*held, "hanako@example.jp", "a@example.jp, b@example.jp", "held"))


def test_an_id_is_whole_on_a_narrow_screen(
    sekisho: Command, config: Path, held: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In 80 columns each id of the list and of the history stands in one piece, so that it can be copied, with its
    facts on the lines below."""
    monkeypatch.setattr(output, "FILE_COLUMNS", 80)
    listed = sekisho("quarantine", "list", "--config", config).out
    sekisho("quarantine", "delete", held[0], "--config", config)
    history = sekisho("quarantine", "history", "--config", config).out
    assert [line.split()[0] for line in listed.splitlines()[1:] if line[0] != " "] == held[::-1]
    assert any(held[0] in line for line in history.splitlines())
    assert max(map(cell_len, (listed + history).splitlines())) <= 80
    assert "for: a@example.jp, b@example.jp" in " ".join(listed.split())


def test_list_by_state_and_by_page(sekisho: Command, config: Path, held: list[str]) -> None:
    """A state that nothing is in is empty; pages follow each other; an unknown state is wrong usage."""
    listed = ("quarantine", "list", "--config", config, "--format", "json")
    assert len(sekisho(*listed, "--state", "held").json) == 2
    assert sekisho(*listed, "--state", "released").json == []
    assert [row["id"] for row in sekisho(*listed, "--limit", 1).json] == held[1:]
    assert [row["id"] for row in sekisho(*listed, "--limit", 1, "--before", held[1]).json] == held[:1]
    assert sekisho(*listed, "--state", "lost").status == 2
    assert sekisho(*listed, "--limit", 0).status == 2


def test_show_explains_a_held_message(sekisho: Command, config: Path, held: list[str]) -> None:
    """Verdict, thresholds, both parties, findings with points, and where it came from."""
    done = sekisho("quarantine", "show", held[0], "--config", config)
    assert done.status == 0
    for text in (
        "QUARANTINE",
        "tag 5, quarantine 8, reject 15",
        "差出人の表示名: Amazon",
        "ご確認ください",
    ):
        assert text in done.out
    assert "unknown [203.0.113.45], HELO stranger.example" in done.out
    assert "hanako@example.jp (held)" in done.out


def test_show_as_json_is_the_evidence(sekisho: Command, config: Path, held: list[str]) -> None:
    """What is kept is what was judged: findings, points and sentences."""
    entry = sekisho("quarantine", "show", held[0], "--config", config, "--format", "json").json
    evidence = entry["evidence"]
    assert entry["id"] == held[0]
    assert entry["score"] == pytest.approx(sum(each["points"] for each in evidence["findings"]))
    assert evidence.keys() >= {"claims", "proofs", "auth", "findings", "degraded"}


def test_raw_is_the_message_as_it_came(
    sekisho: Command, config: Path, held: list[str], tmp_path: Path
) -> None:
    """Byte for byte."""
    done = sekisho("quarantine", "show", held[0], "--raw", "--config", config)
    assert done.out.encode("utf-8") == (tmp_path / "one.eml").read_bytes()


@pytest.mark.parametrize("style", ["text", "json"])
def test_nothing_held_reaches_the_terminal_raw(
    style: str, sekisho: Command, config: Path, held: list[str]
) -> None:
    """Escapes, direction changes and markup in author and subject are shown as what they are."""
    for arguments in (["list"], ["show", held[1]]):
        done = sekisho("quarantine", *arguments, "--config", config, "--format", style)
        assert done.status == 0
        assert not set(done.out) & set("\x1b\u202e")
        assert "[bold]x[/]" in done.out
        assert ":warning:" in done.out or arguments == ["list"]


def test_what_is_not_there_is_2(sekisho: Command, config: Path, held: list[str]) -> None:
    """An unknown id, and an id that is none, are one line on stderr."""
    for wrong in ("AAAAAAAAAAAA", "../../etc", held[0] + "X", "\x1b[31m"):
        done = sekisho("quarantine", "show", wrong, "--config", config)
        assert (done.status, done.out) == (2, "")
        assert "no such entry" in done.err
        assert "\x1b" not in done.err


def test_a_store_that_cannot_be_opened_is_2(sekisho: Command, tmp_path: Path) -> None:
    """The operator is told, without a traceback."""
    file = tmp_path / "sekisho.toml"
    file.write_text(f'[store]\nurl = "sqlite:///{tmp_path}/none/held.db"\n', "utf-8")
    done = sekisho("quarantine", "list", "--config", file)
    assert (done.status, done.out) == (2, "")
    assert done.err
    assert "Traceback" not in done.err


def test_an_empty_quarantine_says_so(sekisho: Command, config: Path) -> None:
    """Nothing held is not an error."""
    hold(config)
    assert sekisho("quarantine", "list", "--config", config).out == "nothing is held\n"
    assert sekisho("quarantine", "list", "--config", config, "--format", "json").json == []
