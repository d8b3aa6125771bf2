"""Published test suites, fetched from where their authors publish them and kept in a cache.

They are other people's work under their own licences, so they are not in this repository. Without network and
without cache the tests that need them fail with the reason: a suite that was not run is not passed.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

CACHE = Path(sys.prefix) / "cache" / "suites"  # inside the virtual environment: never in version control


class SuiteUnavailableError(Exception):
    """The suite is neither cached nor could it be downloaded."""


def source_file(package: str, version: str, path: str) -> Path:
    """A file of a package's source distribution on PyPI, by its path inside the distribution.

    Raises SuiteUnavailableError with what pip said.
    """
    root = CACHE / f"{package}-{version}"
    if not (root / path).exists():
        _fetch(package, version)
    if not (root / path).exists():
        raise SuiteUnavailableError(f"{package}-{version} holds no {path}")
    return root / path


def _fetch(package: str, version: str) -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    archive = CACHE / f"{package}-{version}.tar.gz"
    if not archive.exists():
        _download(package, version)
    with tarfile.open(archive) as packed:
        safely = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}  # Python 3.11.4 and later
        packed.extractall(CACHE, **safely)


def _download(package: str, version: str) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", package]
    done = subprocess.run(
        [*command, "--dest", str(CACHE), f"{package}=={version}"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SuiteUnavailableError(
            f"{package} {version} could not be downloaded: {done.stderr.strip()[-500:]}"
        )
