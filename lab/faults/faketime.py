"""A changed clock for the daemon: libfaketime from Debian's package, unpacked but not installed.

Only the wall clock is changed, for all processes of the daemon at once; monotonic time is not.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from lab.faults.row import Untried
from lab.program import ROOT

_FOLDER = ROOT / "run" / "faults"
_NAME = "libfaketimeMT.so.1"
DAY = 86_400.0


class FakeClock:
    """`environment` is what the daemon needs. `shift` moves its wall clock by so many seconds; that takes up to a
    second."""

    def __init__(self, place: Path) -> None:
        self._file = place / "clock"
        library = place / _NAME
        library.write_bytes(unpacked().read_bytes())
        self.shift(0)
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            # The file is read once a second: reading it at every call would be too much load.
            "FAKETIME_CACHE_DURATION": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_RESET": "1",
        }

    def shift(self, seconds: float) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+g}\n")
        fresh.rename(self._file)


def unpacked() -> Path:
    """The path of the library. Raises Untried, which says what is missing."""
    library = _FOLDER / _NAME
    if not library.exists():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="sekisho-faketime.") as name:
            place = Path(name)
            try:
                _run(place, "apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", "libfaketime")
                (package,) = place.glob("libfaketime_*.deb")
                _run(place, "dpkg-deb", "-x", str(package), "files")
            except (subprocess.CalledProcessError, OSError, ValueError, subprocess.TimeoutExpired) as error:
                raise Untried(f"Debian's libfaketime cannot be had: {error}") from error
            (found,) = place.glob(f"files/usr/lib/*/faketime/{_NAME}")
            partial = library.with_suffix(".part")
            partial.write_bytes(found.read_bytes())
            partial.rename(library)
    return library


def _run(place: Path, *words: str) -> None:
    subprocess.run(words, cwd=place, check=True, capture_output=True, timeout=180)
