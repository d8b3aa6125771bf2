"""Nothing that is not ours steers the terminal: canaries in everything that a command may print, over every command
and every format that it has."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import click
import pytest
from lab.place import free_port
from tests.unit.cli.conftest import FAKE, Command, write
from tests.unit.store.kit import message, outcomes

from sekisho.cli import cli, output
from sekisho.cli.output import Screen, console, safe, write_document
from sekisho.clock import SystemClock
from sekisho.config import load
from sekisho.held import Operation
from sekisho.message import Author
from sekisho.store.quarantine import Quarantine

# In a name of a file all but NUL and the slash may stand; the line end must not begin a line of its own.
STEERING = "\x1b[31m\x1b]0;title\x07\r\x08\x9b2J\x7f\u202e\u2066\u200b\u2028\U000e0041"
CANARY = f"k{STEERING}\nkanaria"
UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e0fff]"
)
Runs = Callable[["Scene"], list[list[object]]]
CASES: dict[str, Runs] = {}


@dataclass
class Scene:
    """A place full of canaries."""

    directory: Path
    ids: list[str] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.directory / f"{CANARY}.toml"

    @property
    def wrong(self) -> Path:
        return self.directory / f"wrong {CANARY}.toml"

    @property
    def mails(self) -> Path:
        return self.directory / f"mails {CANARY}"

    @property
    def none(self) -> Path:
        return self.directory / f"none {CANARY}"


def quoted(text: str) -> str:
    """A JSON string is a TOML string, but for the characters beyond 16 bits."""
    return json.dumps(text).replace("\\udb40\\udc41", "\\U000e0041")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    port = free_port()
    overlay = tmp_path / f"brands {CANARY}"
    overlay.mkdir()
    made.config.write_text(
        f'mode = "enforce"\n[store]\nurl = "sqlite:///{tmp_path}/q.db"\n[metrics]\nlisten = "127.0.0.1:{port}"\n'
        f'directory = "{tmp_path}/m"\n[wire]\nsocket = "unix:/tmp/none/m.sock"\n[dns]\nservers = ["127.0.0.1:1"]\n'
        f'timeout = 0.1\n[log]\ntarget = "{tmp_path}/log"\n[policy]\nsubject_mark = {quoted("x" + chr(0x202E))}\n'
        f"[brands]\noverlay = {quoted(str(overlay))}\n"
        f'[lists]\nblock = [{{ entry = "x.example", comment = {quoted(CANARY)} }}]\n',
        "utf-8",
    )
    made.wrong.write_text(f"{quoted(CANARY)} = 1\n[dns]\nservers = [{quoted(CANARY)}]\n", "utf-8")
    hostile = {key: CANARY for key in ("envelope_from", "client_name", "helo", "kind", "lang", "names_brand")}
    text = f'From: "{CANARY}" <a@b.example>\r\nSubject: {CANARY}\r\nX-{CANARY}: {CANARY}\r\n\r\n{CANARY}\r\n'
    write(made.mails / "phish" / f"{CANARY}.eml", text.encode(), {**FAKE, **hostile, "rcpt": [CANARY]})
    write(made.mails / f"ham {CANARY}" / "broken.eml", b"x", {"client_ip": CANARY})
    (tmp_path / "log").write_text(
        "".join(
            json.dumps({"event": CANARY, "id": name, "time": CANARY, "queue_id": CANARY}) + "\n"
            for name in ("X",)
        )
    )
    made.ids = held(made)
    with served(port):
        yield made


def held(scene: Scene) -> list[str]:
    """Entries, and an audit, of canaries. In a stored document every text is one line already."""
    line = f"k{STEERING}"
    document = {
        "claims": [{"brand": None, "where": line, "text": line}],
        "proofs": [{"domain": line, "method": "spf", "aligned": False, "brand": None}],
        "auth": {"spf": line},
        "degraded": [line],
        "recipients": [],
        "findings": [
            {
                "id": line,
                "points": 1.0,
                "brand": line,
                "reason_en": line,
                "reason_ja": line,
                "facts": {line: line},
            }
        ],
    }
    quarantine = Quarantine.open(load(scene.config).store, SystemClock())
    ids = []
    for number in range(4):
        hostile = replace(message(b"%d" % number, CANARY), subject=CANARY, author=Author(text=CANARY))
        client = replace(hostile.envelope.client, name=CANARY, helo=CANARY)
        hostile = replace(hostile, envelope=replace(hostile.envelope, client=client, queue_id=f"Q{number}"))
        ids.append(quarantine.hold(hostile, document, outcomes(f"{CANARY}@example.jp")))
    for name in ids:
        quarantine.audit(Operation("view", "ok", CANARY, name, note=CANARY, reason="other"))
    quarantine.close()
    return ids


class served:  # noqa: N801 - a context
    """Something on the metrics port that says canaries."""

    def __init__(self, port: int) -> None:
        body = {
            "version": CANARY,
            "mode": CANARY,
            "reasons": [CANARY],
            "workers": {CANARY: 1},
            "generation": CANARY,
        }
        text = json.dumps({**body, "last_reload": {"ok": False, "at": CANARY, "reason": CANARY}}).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", port), Handler)

    def __enter__(self) -> None:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def case(name: str) -> Callable[[Runs], Runs]:
    def register(runs: Runs) -> Runs:
        CASES[name] = runs
        return runs

    return register


def twice(*words: object) -> Runs:
    """With a good configuration and with a bad one."""
    return lambda scene: [[*words, "--config", scene.config], [*words, "--config", scene.wrong]]


case("serve")(lambda scene: [["--config", scene.wrong], ["--config", scene.none], [CANARY]])
case("check")(
    lambda scene: [
        [*scene.mails.rglob("phish/*.eml"), "--config", scene.config],
        [scene.none, "--config", scene.config],
        [*scene.mails.rglob("broken.eml"), "--config", scene.config],
        [scene.none, "--without", CANARY],
    ]
)
case("evaluate")(
    lambda scene: [
        [
            scene.mails,
            "--jobs",
            "1",
            "--by",
            "folder,kind,lang,brand,finding,family,score",
            "--config",
            scene.config,
        ],
        [scene.none, "--config", scene.config],
        [scene.mails, "--by", CANARY, "--config", scene.config],
        [scene.mails, "--without-brand", CANARY, "--config", scene.config],
        [scene.mails, "--registry", scene.none],
        [scene.mails, "--rows", scene.none / f"{CANARY}.csv"],
        [scene.mails, "--jobs", "1", "--rows", scene.directory / f"rows {CANARY}.jsonl"],
    ]
)
case("config check")(
    lambda scene: [*twice()(scene), ["--config", scene.none], ["--config", scene.config, "--user", CANARY]]
)
case("config set")(
    lambda scene: [
        ["site.names", json.dumps([CANARY]), "--config", scene.config],
        [CANARY, CANARY, "--config", scene.config],
        ["dns.servers", CANARY, "--config", scene.wrong],
    ]
)
case("config show")(twice())
case("config describe")(lambda scene: [[], [CANARY]])
case("brands lint")(twice())
case("brands list")(twice())
case("brands show")(lambda scene: [["amazon", "--config", scene.config], [CANARY, "--config", scene.config]])
case("quarantine list")(lambda scene: [*twice()(scene), ["--before", CANARY, "--config", scene.config]])
case("quarantine show")(
    lambda scene: [[scene.ids[0], "--config", scene.config], [CANARY, "--config", scene.config]]
)
case("quarantine release")(
    lambda scene: [
        [scene.ids[1], "--config", scene.config],
        [scene.ids[1], "--to", CANARY, "--config", scene.config],
        [CANARY, "--config", scene.config],
    ]
)
case("quarantine delete")(
    lambda scene: [
        [scene.ids[2], "--rcpt", CANARY, "--config", scene.config],
        [CANARY, "--config", scene.config],
    ]
)
case("quarantine purge")(
    lambda scene: [
        ["--older-than", "1d", "--yes", "--config", scene.config],
        ["--older-than", "0m", "--state", "held", "--dry-run", "--config", scene.config],
        ["--older-than", CANARY],
    ]
)
case("quarantine export")(
    lambda scene: [
        [scene.ids[3], "--output", scene.config, "--config", scene.config],
        [scene.ids[3], "--output", scene.none / "x", "--config", scene.config],
        [CANARY, "--config", scene.config],
    ]
)
case("quarantine history")(lambda scene: [*twice()(scene), [CANARY, "--config", scene.config]])
case("trace")(lambda scene: [[scene.ids[0], "--config", scene.config], ["X", "--config", scene.config],
                             [CANARY, "--config", scene.config]])  # fmt: skip
case("report")(
    lambda scene: [
        ["--config", scene.config],
        ["--since", CANARY, "--config", scene.config],
        [scene.directory / "log", "--since", "2020-01-01", "--config", scene.config],
        [scene.none, "--config", scene.config],
    ]
)
case("doctor")(
    lambda scene: [
        ["--skip", "dns", "--postfix-config", scene.none, "--config", scene.config],
        ["--skip", "dns", "--user", CANARY, "--config", scene.config],
        ["--config", scene.wrong],
    ]
)
case("pause")(lambda scene: [*twice()(scene), ["--for", CANARY, "--config", scene.config]])
case("resume")(twice())
case("status")(twice())
case("store check")(twice())
case("store backup")(
    lambda scene: [
        [scene.directory / f"copy {CANARY}", "--config", scene.config],
        [scene.config, "--config", scene.config],
        [scene.none / "x", "--config", scene.config],
        [CANARY, "--config", scene.wrong],
    ]
)
case("store restore")(
    lambda scene: [
        [scene.config, "--config", scene.config],
        [scene.none, "--config", scene.config],
        [CANARY, "--config", scene.wrong],
    ]
)
case("store copy")(
    lambda scene: [
        [scene.none, scene.directory / f"copy {CANARY}", "--config", scene.config],
        [f"mysql://{CANARY}", CANARY, "--config", scene.config],
        [scene.config, CANARY, "--config", scene.config],
        [CANARY, CANARY, "--config", scene.wrong],
    ]
)
case("store retention")(lambda scene: [*twice()(scene), ["--resume", "--config", scene.config]])
case("list add")(
    lambda scene: [
        ["allow", "a.example", "--comment", CANARY, "--config", scene.config],
        ["allow", CANARY, "--scope", CANARY, "--expires", CANARY, "--dkim", CANARY, "--config", scene.config],
        [CANARY, CANARY, "--config", scene.config],
    ]
)
case("list remove")(
    lambda scene: [
        ["allow", "none.example", "--config", scene.config],
        ["allow", CANARY, "--config", scene.config],
    ]
)
case("list list")(lambda scene: [*_added(scene), *twice()(scene)])
case("list export")(lambda scene: [*_added(scene), *twice()(scene)])


def _added(scene: Scene) -> list[list[object]]:
    """An entry of the store with a canary, made by its own command."""
    return [["add", "allow", "b.example", "--comment", CANARY, "--config", scene.config]]


@case("list import")
def _imports(scene: Scene) -> list[list[object]]:
    good, bad, odd = (scene.directory / f"{name} {CANARY}.json" for name in ("good", "bad", "odd"))
    good.write_text(json.dumps({"allow": [{"entry": "c.example", "comment": CANARY}]}))
    bad.write_text(json.dumps({"allow": [{"entry": CANARY}, {"entry": "d.example", CANARY: 1}]}))
    odd.write_text(CANARY)
    return [[each, "--config", scene.config] for each in (good, bad, odd, scene.none)]


def commands(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


ALL: Mapping[str, click.Command] = dict(commands(cli))


def formats(command: click.Command) -> list[list[str]]:
    for each in command.params:
        if "--format" in each.opts and isinstance(each.type, click.Choice):
            return [["--format", choice] for choice in each.type.choices]
    return [[]]


def test_every_command_has_a_case() -> None:
    """A new command does not pass without canaries of its own."""
    assert set(CASES) == set(ALL)


def test_the_canaries_would_be_seen() -> None:
    """What is looked for is what the canaries hold."""
    assert all(UNSEEN.search(char) for char in STEERING if not char.isprintable())


@pytest.mark.parametrize("name", sorted(ALL))
def test_nothing_steers_the_terminal(sekisho: Command, scene: Scene, name: str) -> None:
    """Neither standard output nor standard error holds a control character or begins a line with foreign text; what
    claims to be JSON is JSON. No run ends in a traceback."""
    words = name.split()
    for style in formats(ALL[name]):
        for run in CASES[name](scene):
            head = words[:-1] if run[:1] == ["add"] else words
            done = sekisho(*head, *run, *(style if head is words else ()))
            look(done.out, done.err, f"{name} {style}")
            assert done.status in (0, 1, 2), done.err
            if style == ["--format", "json"] and head is words and done.status < 2 and done.out:
                json.loads(done.out)


def look(out: str, err: str, what: str) -> None:
    for text in (out, err):
        found = UNSEEN.search(text)
        assert found is None, f"{what}: {text[max(0, found.start() - 80) : found.start() + 40]!r}"
        assert not re.search(r"^[\s]*kanaria", text, re.MULTILINE), f"{what}: {text!r}"


def test_the_printer_is_the_only_one() -> None:
    """No module of the command line prints past it."""
    source = Path(output.__file__).parent
    loose = re.compile(
        r"click\.(secho|echo)|\bprint\(|sys\.stdout\.(write|buffer)|sys\.stderr\.write|\bConsole\(|\.print_exc\("
    )
    for file in source.rglob("*.py"):
        if file.name != "output.py":
            text = re.sub(r"\.print\(", "", file.read_text("utf-8"))
            assert not loose.search(text), file


def test_a_screen_lets_only_our_styles_through(capsys: pytest.CaptureFixture[str]) -> None:
    """On a terminal, too, where our own colours are control sequences."""
    screen = Screen(force_terminal=True, width=80, markup=False, highlight=False, emoji=False)
    screen.print(f"a{STEERING}b", style="red")
    out = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert not UNSEEN.search(out.rstrip("\n"))
    assert r"\x1b[31m" in out
    assert console().width


def test_documents_keep_their_lines_and_json_its_meaning(capsys: pytest.CaptureFixture[str]) -> None:
    """Line ends of ours stay; JSON reads as what it was."""
    assert safe(f"a\nb{STEERING}\n関所") == "a\nb" + safe(STEERING) + "\n関所"
    assert safe("\n") == "\n"
    write_document(json.dumps({"x": STEERING + "関所"}, ensure_ascii=False))
    out = capsys.readouterr().out
    assert not UNSEEN.search(out.rstrip("\n"))
    assert json.loads(out) == {"x": STEERING + "関所"}
    assert "関所" in out
