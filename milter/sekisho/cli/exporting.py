"""`sekisho quarantine export`: held messages as files.

`eml` is the message as the milter saw it, byte for byte. `mbox` is the mboxrd form: a `From ` line before each
message, `>` before every line of it that looks like one, LF as line end, and an empty line behind.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import click

from sekisho.cli.opening import reviewing, who
from sekisho.cli.output import write_raw
from sekisho.cli.owner import as_caller
from sekisho.config import Config
from sekisho.held import Entry
from sekisho.plain_errors import of_system
from sekisho.review import Review

_FROM = re.compile(rb"^(?=>*From )", re.MULTILINE)


def run(config: Config, records: Sequence[str], form: str, output: Path | None) -> None:
    """Write the messages, after the audit has a line for each. Raises UsageError without a directory for several `eml`
    files, and ClickException for what cannot be read or written."""
    single = form == "mbox" or len(records) == 1
    inside = output is not None and os.path.isdir(output)
    if not single and not inside:
        raise click.UsageError("several eml files need --output with an existing directory")
    with reviewing(config) as review:
        entries = [review.show(record) for record in records]
        if form == "mbox":
            _write(output, b"".join(mboxrd(entry, _source(review, entry)) for entry in entries))
            return
        for entry in entries:
            _write(output / f"{entry.id}.eml" if output and inside else output, _source(review, entry))


def _source(review: Review, entry: Entry) -> bytes:
    return review.source(entry, who(), note="exported")


def mboxrd(entry: Entry, raw: bytes) -> bytes:
    """One message of an mbox. Its `From ` line does not name the sender, whose address may hold anything."""
    body = _FROM.sub(b">", raw.replace(b"\r\n", b"\n"))
    ended = body if body.endswith(b"\n") else body + b"\n"
    return f"From MAILER-DAEMON {entry.held_at:%a %b %d %H:%M:%S %Y}\n".encode("ascii") + ended + b"\n"


def _write(target: Path | None, data: bytes) -> None:
    """Write to standard output, or to a new file that only its owner may read. Raises ClickException."""
    if target is None:
        write_raw(data)
        return
    try:
        with as_caller():
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
    except OSError as error:
        raise click.ClickException(f"{target}: {of_system(error)}") from error
