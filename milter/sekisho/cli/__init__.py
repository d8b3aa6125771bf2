"""The command line: `sekisho serve | check | evaluate | config | brands | quarantine`.

Exit status: 0 done (whatever the verdict), 1 lint or doctor found something, 2 wrong usage, unreadable input or
configuration, 70 our fault.
"""

from __future__ import annotations

import io
import sys
import traceback

import click

from sekisho.cli import retention as _retention  # noqa: F401 - it adds its commands
from sekisho.cli import steer as _steer  # noqa: F401 - it adds its commands
from sekisho.cli import work as _work  # noqa: F401 - it adds its commands
from sekisho.cli.root import cli
from sekisho.config import ConfigError

OUR_FAULT = 70  # EX_SOFTWARE of sysexits


def main() -> None:
    """The entry point of the `sekisho` command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = cli.main(prog_name="sekisho", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = 2
    except click.exceptions.Abort:
        status = 130
    except ConfigError as error:
        click.echo("\n".join(error.errors), err=True)
        status = 2
    except BrokenPipeError:
        status = 0
    except Exception:
        traceback.print_exc()
        status = OUR_FAULT
    sys.exit(status if isinstance(status, int) else 0)
