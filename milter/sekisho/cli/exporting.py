"""`sekisho quarantine export`: held messages as files.

`eml` is the message as the milter saw it, byte for byte; in a file it has its case beside it (`docs/cases.md`), so
that `sekisho check` and `sekisho evaluate` judge it as it was judged. `mbox` is the mboxrd form: a `From ` line before
each message, `>` before every line of it that looks like one, LF as line end, and an empty line behind.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from gettext import gettext as _
from pathlib import Path

import click

from sekisho.cli import output as printing
from sekisho.cli.opening import reviewing, who
from sekisho.cli.owner import as_caller
from sekisho.config import Config
from sekisho.explain import EXPORTED
from sekisho.held import Entry
from sekisho.plain_errors import of_system
from sekisho.review import Review
from sekisho.review.case import case_of

_FROM = re.compile(rb"^(?=>*From )", re.MULTILINE)


def run(
    config: Config, records: Sequence[str], form: str, output: Path | None, *, with_case: bool | None = None
) -> None:
    """Write the messages, after the audit has a line for each. `with_case`: write the case of each eml file, too; None:
    if there is a file to stand beside.

    Raises UsageError where it is unclear what goes where, and ClickException for what cannot be read or written.
    Of a message, both files are written or none; no file is overwritten.
    """
    mbox = form == "mbox"
    if with_case and (mbox or output is None):
        raise click.UsageError("a case stands beside an eml file: --case needs --format eml and --output")
    directory = output if output is not None and _is_directory(output) else None
    if not mbox and len(records) > 1 and directory is None:
        raise click.UsageError("several eml files need --output with an existing directory")
    with reviewing(config) as review:
        entries = {entry.id: entry for entry in map(review.show, records)}.values()
        if mbox:
            files = [(output, b"".join(mboxrd(entry, _source(review, entry)) for entry in entries))]
            _write(files)
            _tell(files)
            return
        beside = output is not None and with_case is not False
        for entry in entries:
            target = directory / f"{entry.id}.eml" if directory else output
            written = list(_files(review, entry, target, beside=beside))
            _write(written)
            _tell(written)


def _tell(files: Sequence[tuple[Path | None, bytes]]) -> None:
    """Name the files that were written. Standard output has a message, or these names."""
    if named := [printing.shown(target) for target, _data in files if target is not None]:
        printing.say(_("written: {files}").format(files=_(", ").join(named)))


def _files(
    review: Review, entry: Entry, target: Path | None, *, beside: bool
) -> Iterator[tuple[Path | None, bytes]]:
    """The files of one message; None is standard output. Raises UsageError for a message that would have the name of
    its case."""
    if beside and target is not None and target.suffix == ".json":
        raise click.UsageError(f"{target}: is the name of the case; name the message {target.stem}.eml")
    yield target, _source(review, entry)
    if beside and target is not None:
        yield target.with_suffix(".json"), printing.json_bytes(case_of(entry))


def _is_directory(path: Path) -> bool:
    """Raises ClickException if the caller may not look."""
    try:
        with as_caller():
            return path.is_dir()
    except OSError as error:
        raise click.ClickException(f"{path}: {of_system(error)}") from error


def _source(review: Review, entry: Entry) -> bytes:
    return review.source(entry, who(), note=EXPORTED)


def mboxrd(entry: Entry, raw: bytes) -> bytes:
    """One message of an mbox. Its `From ` line does not name the sender, whose address may hold anything."""
    body = _FROM.sub(b">", raw.replace(b"\r\n", b"\n"))
    ended = body if body.endswith(b"\n") else body + b"\n"
    return f"From MAILER-DAEMON {entry.held_at:%a %b %d %H:%M:%S %Y}\n".encode("ascii") + ended + b"\n"


def _write(files: Sequence[tuple[Path | None, bytes]]) -> None:
    """Write to standard output (None), or to new files that only their owner may read. If one of them cannot be made,
    those that were made are removed. Raises ClickException."""
    made: list[Path] = []
    for target, data in files:
        if target is None:
            printing.write_raw(data)
            continue
        try:
            with as_caller():
                descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            made.append(target)
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
        except OSError as error:
            with as_caller():
                for each in made:
                    each.unlink(missing_ok=True)
            raise click.ClickException(f"{target}: {of_system(error)}") from error
