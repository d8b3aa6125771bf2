"""The files that the configuration names: brand files, keys, and who may change them."""

from __future__ import annotations

import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from sekisho import brands, providers
from sekisho.brands import BrandFileError
from sekisho.brands.lint import lint
from sekisho.config import Config
from sekisho.doctor.model import Finding, error, warning


def examine(config: Config, file: Path | None) -> Iterator[Finding]:
    """Findings about files."""
    yield from _brands(config)
    for path in (file, config.brands.overlay):
        if path is not None and path.exists():
            yield from _writable(path)
    if config.journal.key_file is not None:
        yield from _key(config.journal.key_file)


def _brands(config: Config) -> Iterator[Finding]:
    try:
        known = brands.load(overlay=config.brands.overlay)
    except BrandFileError as failure:
        for fault in failure.faults:
            yield error("files.brands", str(fault), "sekisho brands lint")
        return
    own = {path.stem for path in config.brands.overlay.glob("*.toml")} if config.brands.overlay else set()
    shared = providers.load()
    for flaw in lint(known, shared.kind):
        if flaw.brand in own:
            text = f"{flaw.brand}: {flaw.value}: {flaw.reason}"
            yield warning("files.brands", text, "sekisho brands lint")


def _writable(path: Path) -> Iterator[Finding]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o002:
        yield error(
            "files.writable",
            f"anybody on this machine may change {path} (mode {mode:04o})",
            f"chmod o-w {shlex.quote(str(path))}",
        )


def _key(path: Path) -> Iterator[Finding]:
    where = shlex.quote(str(path))
    try:
        found = path.stat()
    except OSError as failure:
        yield error(
            "files.key",
            f"{path}: {failure.strerror}: the daemon does not start",
            f"(umask 027; head -c 32 /dev/urandom > {where}) && chgrp sekisho {where}",
        )
        return
    if stat.S_IMODE(found.st_mode) & 0o007:
        yield error("files.key", f"others may read {path}: pseudonyms are none", f"chmod o-rwx {where}")
    if found.st_size < 32:
        yield error(
            "files.key",
            f"{path} holds {found.st_size} bytes, 32 are needed",
            f"head -c 32 /dev/urandom > {where}",
        )
