"""The files that the configuration names: brand files, words, keys, and who may change them."""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from sekisho import brands, providers, vocabulary
from sekisho.brands import BrandFileError, BrandOptions
from sekisho.brands.lint import lint
from sekisho.clock import SystemClock
from sekisho.config import Config
from sekisho.doctor.commands import Commands, both, systemctl
from sekisho.doctor.model import Diagnosis, error, warning
from sekisho.plain_errors import of_system
from sekisho.policy import configured_doubts
from sekisho.private_files import SecretError, SecretMissingError, read_password
from sekisho.providers import ProviderFileError
from sekisho.store.database import database_file, store_name
from sekisho.store.database.postgresql import password_path
from sekisho.store.lists import snapshot
from sekisho.store.lists.snapshot import FOREIGN_LISTS
from sekisho.vocabulary import VocabularyFileError, VocabularyOptions


def examine(
    config: Config,
    file: Path | None,
    commands: Commands = Commands(),  # noqa: B008 - frozen
) -> Iterator[Diagnosis]:
    """Diagnoses of files."""
    yield from _brands(config, commands)
    yield from _words(config, commands)
    for path in (file, config.brands.overlay, config.vocabulary.overlay):
        if path is not None and path.exists():
            yield from _writable(path)
    if config.journal.key_file is not None:
        yield from _key(config.journal.key_file, commands)
    yield from _password(config, commands)
    yield from _lists(config, commands)


def _brands(config: Config, commands: Commands) -> Iterator[Diagnosis]:
    overlay = config.brands.overlay
    if overlay is not None and overlay != BrandOptions().overlay and not overlay.exists():
        yield _absent("files.brands", overlay, commands)
        return
    try:
        known = brands.load(overlay=overlay)
    except BrandFileError as failure:
        yield from (_fault("files.brands", fault) for fault in failure.faults)
        return
    own = {path.stem for path in overlay.glob("*.toml")} if overlay else set()
    shared = providers.load()
    for flaw in lint(known, shared.kind):
        if overlay is not None and flaw.brand in own:
            text = f"{flaw.brand}: {flaw.value}: {flaw.reason}"
            yield warning("files.brands", text, _aside(overlay / f"{flaw.brand}.toml"))


def _words(config: Config, commands: Commands) -> Iterator[Diagnosis]:
    """Faults in the site's own words and providers, and removals that remove nothing."""
    overlay = config.vocabulary.overlay
    if overlay is not None and overlay != VocabularyOptions().overlay and not overlay.exists():
        yield _absent("files.vocabulary", overlay, commands)
        return
    try:
        idle = vocabulary.load(overlay).idle
    except VocabularyFileError as failure:
        yield from (_fault("files.vocabulary", fault) for fault in failure.faults)
    else:
        yield from (warning("files.vocabulary", text, _aside(_file(text))) for text in idle)
    try:
        providers.load(overlay=vocabulary.providers_file(overlay))
    except ProviderFileError as failure:
        yield from (_fault("files.providers", fault) for fault in failure.faults)


def _fault(code: str, text: str) -> Diagnosis:
    """A fault that is told as `file: key: reason`."""
    return error(code, text, _aside(_file(text)))


def _file(text: str) -> Path:
    return Path(text.partition(": ")[0])


def _absent(code: str, folder: Path, commands: Commands) -> Diagnosis:
    """The usual folder need not be there; one that the operator named must be."""
    return error(code, f"{folder} is not there: the daemon does not start", commands.config_directory(folder))


def _aside(file: Path) -> str:
    """The command that moves a wrong file away, so that it is not read until it is corrected."""
    where = shlex.quote(str(file))
    return (
        f"mv {where} {shlex.quote(f'{file}.wrong')} && systemctl reload sekisho-milter   # or mend it by hand"
    )


def _writable(path: Path) -> Iterator[Diagnosis]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o002:
        yield error(
            "files.writable",
            f"anybody on this machine may change {path} (mode {mode:04o})",
            f"chmod o-w {shlex.quote(str(path))}",
        )


def _key(path: Path, commands: Commands) -> Iterator[Diagnosis]:
    where = shlex.quote(str(path))
    try:
        found = path.stat()
    except OSError as failure:
        yield error(
            "files.key",
            f"{path}: {of_system(failure)}: the daemon does not start",
            _new_key(path, commands),
        )
        return
    if stat.S_IMODE(found.st_mode) & 0o007:
        yield error("files.key", f"others may read {path}: pseudonyms are none", f"chmod o-rwx {where}")
    if found.st_size < 32:
        yield error(
            "files.key",
            f"{path} holds {found.st_size} bytes, 32 are needed",
            _new_key(path, commands),
        )


def _lists(config: Config, commands: Commands) -> Iterator[Diagnosis]:
    """Entries of the configuration that let strangers in or have ended, and lists that came from another store."""
    for name, doubt in configured_doubts(config.lists, SystemClock().now().timestamp()):
        yield warning("files.lists", f"lists.{name}: {doubt}", "")
    if other := snapshot.foreign(config.store):
        copy = commands.sekisho("store", "copy", other[0], store_name(config.store))
        text = FOREIGN_LISTS.format(entries=other[1], store=other[0])
        yield warning("files.lists", text, both(systemctl("stop"), copy, systemctl("start")))


def _password(config: Config, commands: Commands) -> Iterator[Diagnosis]:
    """The file with the password of PostgreSQL. A credential of systemd is there while the daemon runs."""
    path = password_path(config.store)
    if path is None or database_file(config.store) is not None:
        return
    where = shlex.quote(str(path))
    try:
        read_password(path)
    except SecretMissingError as failure:
        make = f"install -m 0640 -g {commands.group} /dev/null {where}   # then write the password into it"
        start = systemctl("restart")
        credential = path != config.store.password_file
        yield error("files.password", f"store.password_file: {failure}", start if credential else make)
    except SecretError as failure:
        mend = f"chown root:{commands.group} {where} && chmod 0640 {where}"
        yield error("files.password", f"store.password_file: {failure}", mend)


def _new_key(path: Path, commands: Commands) -> str:
    """The command that makes a new key. Earlier pseudonyms cannot be compared with those that the new key makes."""
    where = shlex.quote(str(path))
    make = f"(umask 027; head -c 32 /dev/urandom > {where}) && chgrp {commands.group} {where} && chmod 0640 {where}"
    there = "" if path.parent.is_dir() else commands.config_directory(path.parent)
    return both(there, make, systemctl("restart"))
