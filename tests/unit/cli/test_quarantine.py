"""`sekisho quarantine`: what is held, from a real store that the daemon's own pipeline filled."""

from __future__ import annotations

import re
from collections.abc import Callable
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


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """`screen(80)`: from now on the output is a terminal of so many columns, whose colours are left out."""

    def of(columns: int) -> None:
        def console() -> output.Screen:
            return output.Screen(
                force_terminal=True,
                width=columns,
                color_system=None,
                highlight=False,
                markup=False,
                emoji=False,
            )

        monkeypatch.setattr(output, "console", console)

    return of


@pytest.mark.parametrize("columns", [80, 120, 300])
def test_an_id_is_whole_on_every_screen(
    sekisho: Command, config: Path, held: list[str], screen: Callable[[int], None], columns: int
) -> None:
    """Each id of the list and of the history stands in one piece, so that it can be copied; no line is wider than the
    screen, also with wide characters; author, subject and recipients give way or stand below."""
    screen(columns)
    listed = sekisho("quarantine", "list", "--config", config).out
    sekisho("quarantine", "delete", held[0], "--config", config)
    history = sekisho("quarantine", "history", "--config", config).out
    assert "deleted" in history
    assert [line.split()[0] for line in listed.splitlines()[1:] if line[0] != " "] == held[::-1]
    assert any(held[0] in line for line in history.splitlines())
    assert max(map(cell_len, (listed + history).splitlines())) <= columns
    for text in ("ご確認ください", "hanako@", "Amazon <", "amazon-jp", "a@example.jp"):
        assert text in listed


def test_in_a_pipe_each_message_is_one_whole_line(sekisho: Command, config: Path, held: list[str]) -> None:
    """Nothing is cut, folded, framed or coloured, however long the row is: `grep` and `awk '{print $1}'` work."""
    lines = sekisho("quarantine", "list", "--config", config).out.splitlines()
    assert lines[0].split()[:7] == ["id", "held", "score", "state", "brand", "author", "subject"]
    assert {len(re.split("  +", line)) for line in lines} == {8}
    assert [line.split()[0] for line in lines[1:]] == held[::-1]
    assert "a@example.jp, b@example.jp" in lines[1]
    assert "Amazon \\x1b[31m [bold]x[/] \\u202eevil :warning:" in lines[1]
    assert "ご確認ください" in lines[2]
    assert not set("".join(lines)) & set("\x1b\u202e│─…")


def test_list_by_what_a_person_looks_for(sekisho: Command, config: Path, held: list[str]) -> None:
    """Author, recipient, brand, finding, time and score; all that are given must fit."""

    def found(*words: object) -> list[str]:
        return [
            row["id"]
            for row in sekisho("quarantine", "list", "--config", config, "--format", "json", *words).json
        ]

    everything, one, two = held[::-1], held[:1], held[1:]
    assert found("--author", "STRANGER.example") == everything
    assert found("--author", "[bold]") == two
    assert found("--author", "%") == found("--author", "nobody") == []
    assert found("--rcpt", "Hanako@example.jp") == one
    assert found("--rcpt", "anako@example.jp") == []
    assert found("--rcpt", "example.jp") == found("--rcpt", "@example.jp") == everything
    assert found("--brand", "amazon-jp") == everything
    rows = sekisho("quarantine", "list", "--config", config, "--format", "json").json
    assert {row["brand"] for row in rows} == {"amazon-jp"}
    assert found("--finding", rows[0]["findings"][0]) != []
    assert found("--since", "1h") == found("--since", "2020-01-01") == everything
    assert found("--since", "2999-01-01T00:00:00Z") == []
    assert found("--score", "1..") == found("--score", "..1000") == everything
    assert found("--score", "..0.5") == found("--score", "999..1000") == []
    assert found("--rcpt", "b@example.jp", "--state", "held") == two
    sekisho("quarantine", "delete", held[1], "--rcpt", "b@example.jp", "--config", config)
    assert found("--rcpt", "b@example.jp", "--state", "held") == []
    assert found("--rcpt", "b@example.jp", "--state", "deleted", "--author", "evil") == two
    done = sekisho("quarantine", "delete", held[1], "--format", "json", "--config", config)
    assert done.json == [{"id": held[1], "copies": 1}]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--since", "yesterday"], "no age such as 7d or 12h, and no date"),
        (["--score", "high"], "no range of scores such as 8..12"),
        (["--score", "12..8"], "the first number is above the second"),
        (["--before", "zzz"], "too short"),
        (["--before", "!"], "no such entry"),
        (["--before", "ZZZZZZZZ"], "no such entry"),
        (["--brand", "amazon"], "--brand: there is no brand 'amazon'; did you mean amazon-jp"),
        (["--brand", "zzzzzz"], "--brand: there is no brand 'zzzzzz'; `sekisho brands list` shows all"),
        (["--finding", "brand"], "--finding: there is no finding 'brand'; did you mean brand."),
        (["--finding", "brand.display_nam"], "did you mean brand.display_name?"),
        (["--finding", "\x1b"], "--finding: there is no finding"),
    ],
)
def test_a_wrong_filter_is_one_clear_line(
    sekisho: Command, config: Path, held: list[str], words: list[str], line: str
) -> None:
    """Status 2 and what would be right; it is never ignored."""
    done = sekisho("quarantine", "list", *words, "--config", config)
    assert (done.status, done.out) == (2, "")
    assert line in done.err


def test_the_beginning_of_an_id_is_enough(sekisho: Command, config: Path, held: list[str]) -> None:
    """Wherever an id is typed. What fits several entries names them; what is too short is refused."""
    short = next(held[0][:length] for length in range(10, 27) if held[0][:length] != held[1][:length])
    assert (
        sekisho("quarantine", "show", short.lower(), "--format", "json", "--config", config).json["id"]
        == held[0]
    )
    both = next(held[0][:length] for length in range(10, 5, -1) if held[0][:length] == held[1][:length])
    done = sekisho("quarantine", "show", both, "--config", config)
    assert done.status == 2
    assert f"several begin so: {held[0]}, {held[1]}" in done.err
    assert "too short" in sekisho("quarantine", "show", held[0][:5], "--config", config).err
    assert sekisho("quarantine", "delete", short, "--config", config).out.startswith(held[0])
    gone = ("quarantine", "purge", "--older-than", "0m", "--yes", "--config", config)
    assert sekisho(*gone).out == "1 removed\n"
    assert "no such entry" in sekisho("quarantine", "show", short, "--config", config).err
    done = sekisho("quarantine", "history", short, "--format", "json", "--config", config)
    assert {row["id"] for row in done.json} == {held[0]}


def test_list_by_state_and_by_page(sekisho: Command, config: Path, held: list[str]) -> None:
    """A state that nothing is in is empty; pages follow each other; an unknown state is wrong usage."""
    listed = ("quarantine", "list", "--config", config, "--format", "json")
    assert len(sekisho(*listed, "--state", "held").json) == 2
    assert sekisho(*listed, "--state", "released").json == []
    assert [row["id"] for row in sekisho(*listed, "--limit", 1).json] == held[1:]
    assert [row["id"] for row in sekisho(*listed, "--limit", 1, "--before", held[1]).json] == held[:1]
    assert len(sekisho(*listed, "--state", "held", "--state", "deleted").json) == 2
    assert len(sekisho(*listed, "--state", "deleted", "--state", "held").json) == 2
    assert sekisho(*listed, "--state", "lost").status == 2
    assert sekisho(*listed, "--limit", 0).status == 2


def test_a_list_that_is_cut_says_so(sekisho: Command, config: Path, held: list[str]) -> None:
    """On standard error, with the words that show the rest; a list that has all says nothing."""
    for style in ("text", "json"):
        listed = ("quarantine", "list", "--config", config, "--format", style)
        assert f"There are more: --before {held[1]} " in sekisho(*listed, "--limit", 1).err
        assert sekisho(*listed, "--limit", 2).err == ""
        assert sekisho(*listed, "--limit", 1, "--before", held[1]).err == ""
    sekisho("quarantine", "delete", *held, "--config", config)
    assert "There are more: --limit" in sekisho("quarantine", "history", "--limit", 1, "--config", config).err
    assert sekisho("quarantine", "history", "--limit", 2, "--config", config).err == ""


def test_a_brand_that_is_gone_is_still_found(sekisho: Command, config: Path, held: list[str]) -> None:
    """Mail may be held in the name of a brand that the registry has no more, or that is not installed here."""
    empty = config.with_name("other.toml")
    empty.write_text(config.read_text().replace('overlay = ""', f'overlay = "{config.parent}/brands"'))
    (config.parent / "brands").mkdir()
    (config.parent / "brands" / "amazon-jp.toml").write_text("enabled = false\n")
    done = sekisho("quarantine", "list", "--brand", "amazon-jp", "--format", "json", "--config", empty)
    assert [row["id"] for row in done.json] == held[::-1]
    done = sekisho("quarantine", "list", "--brand", "amazon-jp", "--score", "999..", "--config", empty)
    assert done.status == 2


def test_a_second_delete_says_why_it_does_nothing(sekisho: Command, config: Path, held: list[str]) -> None:
    """The state of the copies; the first says that there is no way back."""
    delete = ("quarantine", "delete", held[0], "--config", config)
    done = sekisho(*delete)
    assert (done.status, done.out) == (0, f"{held[0]}  1 deleted\n")
    assert "cannot be released any more" in done.err
    done = sekisho(*delete)
    assert (done.status, done.out) == (1, f"{held[0]}  0 deleted  no copy to delete (they are: deleted)\n")
    assert done.err == ""


def test_a_queue_id_is_told_where_it_is_found(sekisho: Command, config: Path, held: list[str]) -> None:
    """An id is none of Postfix's."""
    for typed in ("4XyZ123AbC", "<1@x.example>"):
        done = sekisho("quarantine", "show", typed, "--config", config)
        assert (done.status, done.out) == (2, "")
        assert "`sekisho trace` finds a message by its queue id or Message-ID" in done.err


def test_rows_of_a_pipe_are_aligned(sekisho: Command, config: Path, tmp_path: Path) -> None:
    """Each column begins at the same place in all rows, however long and wide the texts are."""
    wide = "大切なお知らせ" * 8
    files = [
        write(tmp_path / f"{number}.eml", mail("Amazon <info@stranger.example>", subject), FAKE)
        for number, subject in enumerate(("short", wide))
    ]
    hold(config, *files)
    lines = sekisho("quarantine", "list", "--config", config).out.splitlines()
    starts = {
        cell_len(line[: line.index(word)])
        for line, word in zip(lines, ("for", "hanako@", "hanako@"), strict=True)
    }
    assert len(starts) == 1
    assert wide in lines[1]


@pytest.mark.parametrize(("columns", "folds"), [("80", True), ("50", True), ("", False), ("wide", False)])
def test_sentences_are_folded_for_the_reader_behind_a_pipe(
    sekisho: Command,
    config: Path,
    held: list[str],
    monkeypatch: pytest.MonkeyPatch,
    columns: str,
    folds: bool,
) -> None:
    """As wide as COLUMNS says, also with wide characters; rows of a list are not folded."""
    monkeypatch.setenv("COLUMNS", columns)
    text = sekisho("quarantine", "show", held[0], "--lang", "both", "--config", config).out
    widest = max(map(cell_len, text.splitlines()[8:]))
    assert (widest <= int(columns)) if folds else (widest > 80)
    assert len(sekisho("quarantine", "list", "--config", config).out.splitlines()) == 3


def test_show_explains_a_held_message(sekisho: Command, config: Path, held: list[str]) -> None:
    """Verdict, thresholds, both parties, findings with points, and where it came from."""
    done = sekisho("quarantine", "show", held[0], "--lang", "both", "--config", config)
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


def test_show_begins_with_what_the_message_is(sekisho: Command, config: Path, held: list[str]) -> None:
    """Id, subject, author, recipients and time; then the verdict with its reasons. In a pipe no line is folded or
    filled up."""
    lines = sekisho("quarantine", "show", held[0], "--lang", "en", "--config", config).out.splitlines()
    assert lines[0] == held[0]
    labels = [line.split("  ")[0] for line in lines[1:8]]
    assert labels == ["subject", "author", "for", "held", "MAIL FROM", "client", "queue id"]
    assert lines[9].startswith("QUARANTINE  ")
    assert not [line for line in lines if line != line.rstrip()]


@pytest.mark.parametrize(
    ("locale", "shown", "left_out"),
    [
        ("ja_JP.UTF-8", ["件名", "宛先", "保留中", "証明"], ["subject", "Proof"]),
        ("en_US.UTF-8", ["subject", "(held)", "Proof"], ["証明"]),
        ("C.UTF-8", ["subject", "Proof", "証明"], []),
    ],
)
def test_show_speaks_the_language_of_the_locale(
    sekisho: Command, config: Path, held: list[str], monkeypatch: pytest.MonkeyPatch, locale: str,
    shown: list[str], left_out: list[str],
) -> None:  # fmt: skip
    """Where the locale says none, both; `--lang` has the last word."""
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.delenv("LC_MESSAGES", raising=False)
    monkeypatch.setenv("LANG", locale)
    text = sekisho("quarantine", "show", held[0], "--config", config).out
    assert [word for word in shown if word not in text] == []
    assert [word for word in left_out if word in text] == []
    text = sekisho("quarantine", "show", held[0], "--lang", "ja", "--config", config).out
    assert "証明" in text
    assert "Proof" not in text


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_the_id_of_a_finding_is_whole_on_every_screen(
    sekisho: Command, config: Path, held: list[str], screen: Callable[[int], None], columns: int
) -> None:
    """The sentences beside it are folded instead."""
    found = sekisho("quarantine", "list", "--config", config, "--format", "json").json[0]["findings"]
    screen(columns)
    text = sekisho("quarantine", "show", held[1], "--config", config).out
    assert [name for name in found if name not in text] == []


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


def test_no_line_of_a_folded_page_begins_with_a_closing_mark(
    sekisho: Command, config: Path, held: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Japanese is folded as Japanese is (JIS X 4051), and no line is filled up with blanks."""
    for columns in range(60, 100):
        monkeypatch.setenv("COLUMNS", str(columns))
        lines = sekisho("quarantine", "show", held[0], "--lang", "ja", "--config", config).out.splitlines()
        assert [line for line in lines if line.strip()[:1] in set("、。）」") and line.strip()] == []
        assert [line for line in lines if line != line.rstrip()] == []
