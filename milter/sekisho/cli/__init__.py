"""The command line: `sekisho serve | check | evaluate | config | brands | quarantine | …`.

Exit status:

- 0: done, with any verdict.
- 1: a command that looks for faults (`brands lint`, `doctor`, `status`, `store check`) found one, `trace` found
  nothing, or `quarantine release` or `delete` left a copy as it was.
- 2: wrong usage, an input or configuration that cannot be read, or an output that cannot be written.
- 69: something that `serve` needs is not there yet (EX_UNAVAILABLE of sysexits).
- 70: a defect of sekisho (EX_SOFTWARE).
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from contextlib import suppress
from gettext import gettext as _
from typing import IO

import click

from sekisho.cli import warnings
from sekisho.cli.commands import cli
from sekisho.cli.options import language_of_locale
from sekisho.cli.output import CheckedStream, OutputError, ReaderGoneError, error_line, say
from sekisho.plain_errors import of_system

BAD_INPUT_STATUS = 2
DEFECT_STATUS = 70  # EX_SOFTWARE of sysexits
ABORTED_STATUS = 130  # as of a program that SIGINT ended
_STDERR = 2


def _complaint(error: click.ClickException) -> list[str]:
    """The error as one line; above it, after wrong usage, how the command is used."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # its text is the whole help
        return error.format_message().splitlines()
    context = error.ctx if isinstance(error, click.UsageError) else None
    usage = context.get_usage().splitlines() if context else []
    hint = (
        [_("Try '{command} {option}' for help.").format(command=context.command_path, option="--help"), ""]
        if context
        else []
    )
    return [*usage, *hint, error_line(error.format_message())]


def _open_standard_streams() -> None:
    """Open what the caller has closed. Otherwise the next file that is opened, perhaps the database, would be taken for
    standard output. What is printed to a closed standard output fails."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # the lowest free number is this one
            os.open(os.devnull, os.O_RDWR if number == _STDERR else os.O_RDONLY)
    for number, name in ((1, "stdout"), (_STDERR, "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115 - for the whole process
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if type(sys.stdout) is io.TextIOWrapper:  # not what a test puts in its place
        encoding, lines = sys.stdout.encoding, sys.stdout.line_buffering
        sys.stdout = CheckedStream(
            sys.stdout.detach(), encoding=encoding, errors="backslashreplace", line_buffering=lines
        )


def _drop(stream: IO[str]) -> None:
    """Send what a stream still holds nowhere: at its end, Python would complain that it cannot be written."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _report(*lines: str) -> int:
    """Print errors. Gives the exit status of bad input; nobody can be told if standard error does not take them."""
    try:
        say(*lines, err=True)
    except (OutputError, ReaderGoneError):
        _drop(sys.stderr)
    return BAD_INPUT_STATUS


def _spoken() -> click.Command:
    """The commands, with their help in the language of the locale: Japanese or English."""
    if language_of_locale() != "ja":
        return cli
    from sekisho.cli import japanese  # noqa: PLC0415 - no other language needs it

    return japanese.translated(cli)


def _run() -> int:
    """Run the command. Returns the exit status."""
    try:
        status = _spoken().main(prog_name="sekisho", standalone_mode=False)
    except click.ClickException as error:
        return _report(*_complaint(error))
    except click.exceptions.Abort:
        return ABORTED_STATUS
    except OutputError as error:
        _drop(sys.stdout)
        return _report(error_line(str(error)))
    except ReaderGoneError:
        _drop(sys.stdout)
        return 0
    except Exception as error:
        return _failed(error)
    return status if isinstance(status, int) else 0


def _failed(error: Exception) -> int:
    """Print what is wrong with the configuration or a file, or the trace of a defect. Returns the exit status."""
    from sekisho.config import ConfigError  # noqa: PLC0415 - it brings all options: `--help` does without

    if isinstance(error, ConfigError):
        return _report(*error.errors)
    if isinstance(error, OSError) and error.filename is not None:
        return _report(error_line(f"{error.filename}: {of_system(error)}"))
    _report(*traceback.format_exc().splitlines())
    return DEFECT_STATUS


def main() -> None:
    """The entry point of the `sekisho` command. Ends the process with the exit status."""
    _open_standard_streams()
    warnings.show()
    sys.exit(_run())
