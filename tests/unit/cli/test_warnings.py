"""A command that meets what the daemon would log says it in one line."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

from sekisho.cli.warnings import OneLine
from sekisho.events import keeping


def test_damaged_lists_are_one_line_without_a_traceback(tmp_path: Path) -> None:
    """The event, the file and the reason, for a person; the verdict is given all the same."""
    (tmp_path / "sekisho.toml").write_text(f'[store]\nurl = "sqlite:///{tmp_path}/quarantine.db"\n')
    (tmp_path / "lists.json").write_text("{")
    (tmp_path / "mail.eml").write_bytes(b"From: a@friend.example\r\nSubject: hello\r\n\r\nHello\r\n")
    done = subprocess.run(
        [sys.executable, "-c", "from sekisho.cli import main; main()", "check", "--config",
         str(tmp_path / "sekisho.toml"), str(tmp_path / "mail.eml")],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": "milter"},
    )  # fmt: skip
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"lists lost: path {tmp_path}/lists.json, reason ")


def test_an_error_is_its_text() -> None:
    """No traceback, no line end, no control character."""
    record = keeping.MEMORY_FAILED.record("sekisho.x", path=None)
    record.msg, error = "no message is deferred", OSError("a\nb")
    record.exc_info = (OSError, error, None)
    assert OneLine().format(record) == "no message is deferred: a\\x0ab"
    assert (
        OneLine().format(logging.LogRecord("alembic", 30, "", 0, "odd %s", ("thing",), None)) == "odd thing"
    )
