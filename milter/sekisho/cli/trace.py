"""`sekisho trace`: prints where a message is. If the log is not a file, also the command that asks the service
manager."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click

from sekisho.cli import output
from sekisho.cli.opening import opened
from sekisho.config import Config
from sekisho.doctor.postconf import Postfix, PostfixUnreadable
from sekisho.log import LogOptions
from sekisho.review import NoSuchEntryError
from sekisho.review.log_files import UnreadableLogError
from sekisho.review.trace import Names, trace
from sekisho.store.database import database_file
from sekisho.text import printable

SYSLOG_FILES = ("/var/log/mail.log", "/var/log/maillog")  # of Debian and of Red Hat


def run(config: Config, what: str, style: str) -> int:
    """Print the steps. Returns the exit status: 0 if there is one, else 1. Raises ClickException for a log that cannot
    be read."""
    log = config.log.file
    file = database_file(config.store)
    there = file is None or file.exists()
    try:
        steps, names = trace(what, log, partial(opened, config) if there else None)
    except (UnreadableLogError, NoSuchEntryError) as error:
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
            yield f"Postfix's own part of the story: {_postfix_log(name)}"


def _postfix_log(name: str) -> str:
    """The command that prints Postfix's lines about a queue id: from its `maillog_file`, from where syslog usually
    writes, or from the service manager."""
    try:
        configured = Postfix.read(None).main.get("maillog_file", "")
    except PostfixUnreadable:
        configured = ""
    file = next((each for each in (configured, *SYSLOG_FILES) if each and Path(each).exists()), None)
    return f"grep {name} {shlex.quote(file)}" if file else f"journalctl -u 'postfix*' | grep {name}"
