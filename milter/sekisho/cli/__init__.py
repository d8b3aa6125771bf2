"""The command line: `sekisho serve | check | evaluate | config | brands | quarantine | …`.

Exit status:

- 0: done, with any verdict.
- 1: a command that looks for faults (`brands lint`, `doctor`, `status`, `store check`) found one, `trace` found
  nothing, or `quarantine release` or `delete` left a copy as it was.
- 2: wrong usage, or an input or configuration that cannot be read.
- 69: something that `serve` needs is not there yet (EX_UNAVAILABLE of sysexits).
- 70: a defect of sekisho (EX_SOFTWARE).
"""

from __future__ import annotations

import io
import sys
import traceback

import click

from sekisho.cli import warnings
from sekisho.cli.commands import cli
from sekisho.cli.output import say
from sekisho.config import ConfigError

DEFECT_STATUS = 70  # EX_SOFTWARE of sysexits


def _complain(error: click.ClickException) -> None:
    """Print the error as one line; above it, after wrong usage, how the command is used."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # its text is the whole help
        say(*error.format_message().splitlines(), err=True)
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        say(*context.get_usage().splitlines(), f"Try '{context.command_path} --help' for help.", "", err=True)
    say(f"Error: {error.format_message()}", err=True)


def main() -> None:
    """The entry point of the `sekisho` command. Ends the process with the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    warnings.show()
    try:
        status = cli.main(prog_name="sekisho", standalone_mode=False)
    except click.ClickException as error:
        _complain(error)
        status = 2
    except click.exceptions.Abort:
        status = 130
    except ConfigError as error:
        say(*error.errors, err=True)
        status = 2
    except BrokenPipeError:
        status = 0
    except Exception:
        say(*traceback.format_exc().splitlines(), err=True)
        status = DEFECT_STATUS
    sys.exit(status if isinstance(status, int) else 0)
