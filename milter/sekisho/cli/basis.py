"""What a command judges files with: as its options say, and in one line for a reader."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from sekisho.basis import Basis
from sekisho.cli.options import existing
from sekisho.config import load
from sekisho.plain_errors import own_user


def of_machine(path: Path | None, registry: Path | None = None) -> Basis:
    """The configuration of the named file, else of the installed one, else the defaults, with what belongs to it on
    this machine. Raises ConfigError."""
    file = existing(path)
    return Basis(load(file), file, registry)


def for_check(path: Path | None, *, shipped: bool) -> Basis:
    """What `check` judges with: this machine's state, unless told otherwise. Raises ConfigError, and UsageError for
    both options."""
    if shipped and path is not None:
        raise click.UsageError("--shipped uses no configuration: it does not go with --config")
    return Basis.shipped() if shipped else of_machine(path)


def for_evaluate(path: Path | None, registry: Path | None, *, site: bool) -> Basis:
    """What `evaluate` judges with: the shipped state, unless told otherwise. Raises ConfigError, and UsageError for
    both options."""
    if site and path is not None:
        raise click.UsageError("--site is this machine's configuration: it does not go with --config")
    return of_machine(path, registry) if site or path is not None else Basis.shipped(registry)


def line(judged_with: str | Mapping[str, Any]) -> str:
    """The value of `judged_with` as one line of text."""
    if isinstance(judged_with, str):
        return "judged with: the shipped state, nothing of this machine"
    return f"judged with: {'; '.join(_parts(judged_with))}"


def _parts(judged_with: Mapping[str, Any]) -> Iterator[str]:
    yield judged_with["config"] or "the default configuration"
    yield _lists(judged_with["lists_version"])
    yield f"overlays {', '.join(judged_with['overlays'])}" if judged_with["overlays"] else "no overlays"
    if "registry" in judged_with:
        yield f"brands of {judged_with['registry']}"
    if "directory" in judged_with:
        yield from _tables(judged_with["directory"])


def _tables(tables: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """How many tables of the directory answer; and of each other one, that it said nothing of any message here, and
    why."""
    failed = [each for each in tables if not each["answers"]]
    answer = len(tables) - len(failed)
    yield f"{answer} of {len(tables)} tables of [directory] answer the user {own_user()}"
    for each in failed:
        yield f"{each['option']} unknown, since {each['table']} does not answer: {each['reason']}"


def _lists(version: int) -> str:
    """The lists made at run time. 0: there are none; below 0: they could not be read (`store.lists.snapshot`)."""
    if version < 0:
        return "lists of the store unreadable and left out"
    return f"lists of the store, version {version}" if version else "no lists of the store"
