"""`sekisho trace`: prints where a message is. If the log is not a file, also the command that asks the service
manager."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from gettext import gettext as _
from pathlib import Path

import click

from sekisho.cli import output
from sekisho.cli.folding import folded
from sekisho.cli.opening import opened
from sekisho.cli.options import language_of_locale, of_locale
from sekisho.config import Config
from sekisho.doctor.postconf import Postfix, PostfixUnreadable
from sekisho.explain import Bilingual, timeline
from sekisho.explain.timeline import Happened, Sentences
from sekisho.held import Entry, Operation
from sekisho.log import LogOptions
from sekisho.review import NoSuchEntryError
from sekisho.review.log_files import UnreadableLogError
from sekisho.review.trace import Names, Step, trace
from sekisho.store.database import database_file
from sekisho.text import printable

TIME_COLUMNS = 10  # of a line, before what happened
SECOND_CHARS = len("2026-01-01T00:00:00")  # of a time of RFC 3339
SYSLOG_FILES = ("/var/log/mail.log", "/var/log/maillog")  # of Debian and of Red Hat


def run(config: Config, what: str, style: str) -> int:
    """Print the steps. Returns the exit status: 0 if there is one, else 1. Raises UsageError for an empty name, and
    ClickException for a log that cannot be read."""
    if not what.strip():
        raise click.UsageError("an empty text names no message: give its id, its queue id or its Message-ID")
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
        output.write("".join(f"{line.rstrip()}\n" for line in _timeline(steps, names)))
        for hint in _hints(config.log, names):
            output.say(hint, err=True)
    if not steps:
        where = "" if log else " in the quarantine"
        output.say(f"nothing is known{where} of {printable(what, 200)}", err=True)
    return 0 if steps else 1


def _timeline(steps: Sequence[Step], names: Names) -> Iterator[str]:
    """The steps for a person: a line above the steps of each day, times of this machine."""
    if not steps:
        return
    from sekisho.checks.table import KINDS  # noqa: PLC0415 - it brings all checks: a wrong name does without

    found = [(key, output.shown(value)) for key, value in sorted(names.found)]
    ids = ", ".join(value for key, value in found if key == "id")
    queued = ", ".join(value for key, value in found if key == "queue_id")
    told = [
        _("id {id}").format(id=ids) if ids else "",
        _("queue id {id}").format(id=queued) if queued else "",
    ]
    yield "  ".join(filter(None, told))
    sentences = {"": timeline.declared(KINDS)}
    for each in steps:
        if isinstance(each.source, Entry):
            sentences[each.source.id] = {**sentences[""], **timeline.told_of(each.source)}
    day = ""
    for step in sorted(steps, key=_rank):
        today, moment = _moment(step.at)
        if today != day:
            day = today
            yield ""
            yield day
        yield from _step(moment, _happened(step, sentences))


def _rank(step: Step) -> tuple[str, bool, str]:
    """Within a second, the judgement comes first: the daemon logs it when all is done that follows from it."""
    return step.at[:SECOND_CHARS], step.what != "judged", step.at


def _happened(step: Step, sentences: Mapping[str, Sentences]) -> Happened:
    """`sentences` are those of each held message, by its id, and those of any other message."""
    if isinstance(step.source, Entry):
        return timeline.kept(step.source)
    if isinstance(step.source, Operation):
        return timeline.done(step.source, step.address)
    if step.what == "judged":
        return timeline.judged(step.source, sentences.get(str(step.source.get("id")), sentences[""]))
    return timeline.logged(step.source)


def _step(moment: str, happened: Happened) -> Iterator[str]:
    width, margin = output.prose_columns(), " " * TIME_COLUMNS
    yield from folded(of_locale(happened.what), width, moment.ljust(TIME_COLUMNS), margin)
    for line in happened.lines:
        yield from folded(of_locale(line), width, margin, margin + "  ")
    for reason in happened.reasons:
        yield f"{margin}{reason.points:>6}  {reason.id}"
        for said in _said(reason.words):
            yield from folded(said, width, margin + " " * 8, margin + " " * 8)


def _said(words: Bilingual) -> list[str]:
    """The sentence in the language of the locale; in both, where it does not say."""
    both = language_of_locale() == "both"
    return [each for each in dict.fromkeys(words if both else (of_locale(words),)) if each]


def _moment(stamp: str) -> tuple[str, str]:
    """The day and the time of this machine; of a log that is damaged, the text as it stands."""
    try:
        at = datetime.fromisoformat(stamp).astimezone()
    except (ValueError, OverflowError):
        return printable(stamp, 40), ""
    return f"{at:%Y-%m-%d (%z)}", f"{at:%H:%M:%S}"


def _hints(log: LogOptions, names: Names) -> Iterator[str]:
    known = sorted(names.proven())
    if log.file is None:
        values = {value.casefold(): value for _key, value in known}
        yield f"the log is not a file that is read here; {log.search('|'.join(values.values()))}"
    for key, name in known:
        if key == "queue_id" and re.fullmatch(r"[A-Za-z0-9]{5,20}", name):
            yield _("Postfix's own part of the story: {command}").format(command=_postfix_log(name))


def _postfix_log(name: str) -> str:
    """The command that prints Postfix's lines about a queue id: from its `maillog_file`, from where syslog usually
    writes, or from the service manager."""
    try:
        configured = Postfix.read(None).main.get("maillog_file", "")
    except PostfixUnreadable:
        configured = ""
    file = next((each for each in (configured, *SYSLOG_FILES) if each and Path(each).exists()), None)
    return f"grep {name} {shlex.quote(file)}" if file else f"journalctl -u 'postfix*' | grep {name}"
