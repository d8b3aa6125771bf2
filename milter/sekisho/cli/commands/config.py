"""`sekisho config check | set | show | describe`."""

from __future__ import annotations

from pathlib import Path

import click

from sekisho.cli.commands.core import cli
from sekisho.cli.options import DEFAULT_PATH, config_option, configuration, existing, user_option


@cli.group()
def config() -> None:
    """Check, show and describe the configuration."""


@config.command("check")
@user_option
@config_option
def config_check(user: str | None, path: Path | None) -> None:
    """Print every error of the configuration. Looks at the file, at all that it names and at all that `serve` needs,
    as the daemon's user if root asks. Exit status 2 if anything is wrong."""
    from sekisho.cli import configuring

    configuring.check(existing(path), user)


@config.command("set", context_settings={"ignore_unknown_options": True})
@click.argument("key")
@click.argument("value")
@config_option
def config_set(key: str, value: str, path: Path | None) -> None:
    """Change one option in the file. The rest of the file stays as it is: `config set dns.servers '["127.0.0.1"]'`.
    Nothing is written if the file would then be wrong."""
    from sekisho.cli import configuring

    configuring.set_option(path or DEFAULT_PATH, key, value)


@config.command("show")
@click.option("--format", "style", type=click.Choice(["toml", "json"]), default="toml", show_default=True)
@config_option
def config_show(style: str, path: Path | None) -> None:
    """Print every value that is in force. `toml` is a configuration file that means the same."""
    from sekisho.cli import configuring

    configuring.show(configuration(path), style)


@config.command("describe")
@click.option(
    "--format",
    "style",
    type=click.Choice(["toml", "markdown", "checks", "events", "event-schema"]),
    default="toml",
)
def config_describe(style: str) -> None:
    """Print the documentation of options, checks and the log. `toml` is the commented example file, `markdown` the
    table of options, `checks` the table of findings, `events` the lines of the log, `event-schema` their JSON
    Schema."""
    from sekisho.cli import describe, output
    from sekisho.events import schema

    output.write(
        {
            "toml": describe.example,
            "markdown": describe.markdown,
            "checks": describe.checks,
            "events": schema.markdown,
            "event-schema": schema.document,
        }[style]()
    )
