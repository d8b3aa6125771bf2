"""`sekisho trace`: prints where a message is. If the log is not a file, also the command that asks the service
manager."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import click

from sekisho.cli import output
from sekisho.cli.opening import opened
from sekisho.config import Config
from sekisho.log import LogOptions
from sekisho.review.trace import Names, UnreadableLogError, trace
from sekisho.store.database import database_file
from sekisho.text import printable


def run(config: Config, what: str, style: str) -> int:
    """Print the steps. Returns the exit status: 0 if there is one, else 1. Raises ClickException for a log that cannot
    be read."""
    log = config.log.file
    file = database_file(config.store)
    there = file is None or file.exists()
    try:
        steps, names = trace(what, log, partial(opened, config) if there else None)
    except UnreadableLogError as error:
        raise click.ClickException(str(error)) from error
    if style == "json":
        output.write_json([{"at": each.at, "what": each.what, **each.facts} for each in steps])
    else:
        for each in steps:
            facts = "  ".join(f"{key}={_text(value)}" for key, value in each.facts.items() if value)
            output.say(f"{each.at}  {each.what}  {facts}")
        for hint in _hints(config.log, names):
            output.say(hint, err=True)
    if not steps:
        where = "" if log else " in the quarantine"
        output.say(f"nothing is known{where} of {printable(what, 200)}", err=True)
    return 0 if steps else 1


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(printable(str(each), 400) for each in value)
    return printable(str(value), 400)


def _hints(log: LogOptions, names: Names) -> Iterator[str]:
    if log.file is None:
        known = {value.casefold(): value for _, value in sorted(names.known) if value}
        yield f"the log is not a file that is read here; {log.search('|'.join(known.values()))}"
    for name in names.values("queue_id"):
        if re.fullmatch(r"[A-Za-z0-9]{5,20}", name):
            yield f"Postfix's own part of the story: grep {name} /var/log/mail.log"
