"""The command as an operator runs it, and messages for it."""

from __future__ import annotations

import gettext
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sekisho.cli import main

FAKE = {
    "client_ip": "203.0.113.45",
    "client_name": "unknown",
    "helo": "stranger.example",
    "envelope_from": "info@stranger.example",
    "rcpt": "hanako@example.jp",
    "now": "2026-03-01T12:00:00+09:00",
    "dns": [{"name": "stranger.example", "type": "TXT", "value": "v=spf1 ip4:203.0.113.0/24 -all"}],
}
GENUINE = {
    "client_ip": "192.0.2.25",
    "client_name": "mx.flower.example",
    "envelope_from": "shop@flower.example",
    "rcpt": ["hanako@example.jp"],
    "dns": [
        {"name": "flower.example", "type": "TXT", "value": "v=spf1 ip4:192.0.2.25 -all"},
        {"name": "_dmarc.flower.example", "type": "TXT", "value": "v=DMARC1; p=reject"},
    ],
}


@dataclass(frozen=True, slots=True)
class Done:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Done]


@pytest.fixture
def sekisho(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """`sekisho("check", file)`: status and what was printed. A Japanese locale of one test is not that of the next."""

    def run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["sekisho", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        assert isinstance(left.value.code, int)
        return Done(left.value.code, *capsys.readouterr())

    yield run
    gettext.textdomain("messages")


def mail(author: str, subject: str = "hello", body: str = "Good day.", trace: str = "") -> bytes:
    text = (
        f"{trace}From: {author}\r\nTo: hanako@example.jp\r\nSubject: {subject}\r\n"
        "Date: Sun, 1 Mar 2026 12:00:00 +0900\r\nMessage-ID: <1@x.example>\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n"
    )
    return text.encode("utf-8")


def write(file: Path, raw: bytes, facts: object = None) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(raw)
    if facts is not None:
        file.with_suffix(".json").write_text(json.dumps(facts), "utf-8")
    return file


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    """Somebody who calls himself Amazon, proven to be somebody else."""
    raw = mail("Amazon.co.jp <info@stranger.example>", "アカウントが停止されました")
    return write(tmp_path / "phish" / "fake.eml", raw, FAKE)


@pytest.fixture
def genuine(tmp_path: Path) -> Path:
    """A shop that says who it is and is proven to be that."""
    return write(tmp_path / "ham" / "genuine.eml", mail("Flowers <shop@flower.example>"), GENUINE)
