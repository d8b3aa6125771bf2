"""The commands and their options; each is carried out by a module of its own."""

from __future__ import annotations

from pathlib import Path

import click

from sekisho import __version__
from sekisho.config import DEFAULT_PATH, Config, load
from sekisho.held import State

STATES = [str(state) for state in State]
config_option = click.option(
    "--config",
    "path",
    type=click.Path(
        path_type=Path, readable=False
    ),  # what cannot be read is said as all that is wrong with it
    help=f"Configuration file (default: {DEFAULT_PATH} if it exists).",
)
format_option = click.option(
    "--format", "style", type=click.Choice(["text", "json"]), default="text", show_default=True
)
user_option = click.option(
    "--user",
    default=None,
    metavar="NAME",
    help="The daemon's user (default: the unit's, else sekisho, else the owner of the state directory).",
)
without_option = click.option(
    "--without",
    default="",
    metavar="client,auth",
    help="Judge as if the cases did not carry the client's or authentication's facts.",
)


def existing(path: Path | None) -> Path | None:
    """The named file, else the installed one if there is one, else None: the defaults."""
    if path is not None:
        return path
    try:
        return DEFAULT_PATH if DEFAULT_PATH.is_file() else None
    except OSError:  # it may not be looked at: say so when it is read, rather than run on defaults
        return DEFAULT_PATH


def configuration(path: Path | None) -> Config:
    """The configuration of that file, else of the installed one, else the defaults. Raises ConfigError."""
    return load(existing(path))


def parse_without(text: str) -> frozenset[str]:
    """`client,auth` as a set. Raises a usage error for anything else."""
    words = frozenset(word.strip() for word in text.split(",") if word.strip())
    if unknown := words - {"client", "auth"}:
        raise click.UsageError(f"--without knows client and auth, not {', '.join(sorted(unknown))}")
    return words


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="sekisho")
def cli() -> None:
    """A checkpoint for mail: who a message claims to be from, against who is proven to have sent it."""


@cli.command()
@config_option
def serve(path: Path | None) -> None:
    """Run the milter."""
    from sekisho import service

    raise SystemExit(service.serve(existing(path)))


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--case", "case", type=click.Path(path_type=Path), help="The case file, if it is not beside the mail."
)
@click.option(
    "--dns/--no-dns", "ask_dns", default=False, help="Ask real DNS where a message has no case file."
)
@without_option
@click.option(
    "--lang",
    "language",
    type=click.Choice(["both", "en", "ja"]),
    default="both",
    show_default=True,
    help="The languages of the text.",
)
@format_option
@config_option
def check(
    files: tuple[Path, ...],
    case: Path | None,
    ask_dns: bool,
    without: str,
    language: str,
    style: str,
    path: Path | None,
) -> None:
    """Judge messages as the milter would, and say why."""
    from sekisho.cli import check as command

    if case is not None and len(files) > 1:
        raise click.UsageError("--case goes with one file")
    command.run(
        configuration(path),
        files,
        case,
        ask_dns=ask_dns,
        without=parse_without(without),
        style=style,
        language=language,
    )


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--jobs", type=click.IntRange(1, 256), default=None, help="Processes (default: the cores).")
@without_option
@click.option(
    "--without-brand",
    "brands",
    multiple=True,
    metavar="ID|all",
    help="Judge with a registry that lacks this brand, or all. Can be repeated.",
)
@click.option(
    "--by",
    default="folder,kind,score,finding",
    show_default=True,
    metavar="WHAT,…",
    help="The tables: folder, kind, lang, brand, finding, score.",
)
@click.option(
    "--top", type=click.IntRange(1, 10_000), default=40, show_default=True, help="Rows of a table at most."
)
@click.option(
    "--format", "style", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True
)
@config_option
def evaluate(  # noqa: PLR0913, PLR0917 - an argument for each option
    folder: Path,
    jobs: int | None,
    without: str,
    brands: tuple[str, ...],
    by: str,
    top: int,
    style: str,
    path: Path | None,
) -> None:
    """Run every case under a folder and measure the judgement. Prints hits, false alarms, what each finding is worth
    and the cases that were judged wrongly."""
    from sekisho.cli import evaluate as command

    asked = command.Asked(parse_without(without), frozenset(brands))
    view = command.View(command.parse_views(by), top)
    command.run(configuration(path), folder, jobs, asked, style=style, view=view)


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
@config_option
def config_show(path: Path | None) -> None:
    """Print every value that is in force, as JSON."""
    from sekisho.cli import output

    output.write_document(configuration(path).model_dump_json(indent=2))


@config.command("describe")
@click.option("--format", "style", type=click.Choice(["toml", "markdown", "checks"]), default="toml")
def config_describe(style: str) -> None:
    """Print the documentation of options and checks. `toml` is the commented example file, `markdown` the table of
    options, `checks` the table of findings."""
    from sekisho.cli import describe, output

    output.write(
        {"toml": describe.example, "markdown": describe.markdown, "checks": describe.checks}[style]()
    )


@cli.group()
def brands() -> None:
    """The brands: the shipped files and those of your own."""


@brands.command("lint")
@format_option
@config_option
def brands_lint(style: str, path: Path | None) -> None:
    """Print what is wrong or risky in the brand files. Exit status 1 if anything is."""
    from sekisho.cli import brands as command

    raise SystemExit(command.lint(configuration(path), style))


@brands.command("list")
@format_option
@config_option
def brands_list(style: str, path: Path | None) -> None:
    """List every brand with the domains that prove it."""
    from sekisho.cli import brands as command

    command.list_brands(configuration(path), style)


@brands.command("show")
@click.argument("brand")
@format_option
@config_option
def brands_show(brand: str, style: str, path: Path | None) -> None:
    """Print all that is known of one brand, by its id or a name."""
    from sekisho.cli import brands as command

    command.show(configuration(path), brand, style)


@cli.group()
def quarantine() -> None:
    """Held messages: list, read, release and delete them."""


@quarantine.command("list")
@click.option("--state", type=click.Choice(STATES), default=None, help="Only with a copy in this state.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--before", default=None, metavar="ID", help="Entries older than this one: the next page.")
@format_option
@config_option
def quarantine_list(state: str | None, limit: int, before: str | None, style: str, path: Path | None) -> None:
    """List messages of the quarantine, newest first."""
    from sekisho.cli import quarantine as command

    command.list_entries(configuration(path), state, limit, before, style)


@quarantine.command("show")
@click.argument("record")
@click.option("--raw", is_flag=True, help="The message itself, as the milter saw it.")
@format_option
@config_option
def quarantine_show(record: str, raw: bool, style: str, path: Path | None) -> None:
    """Print one message and why it is held. Says which sender it claims, which one is proven, and each reason."""
    from sekisho.cli import quarantine as command

    command.show_entry(configuration(path), record, raw=raw, style=style)
