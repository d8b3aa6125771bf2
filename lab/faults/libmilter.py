"""libmilter with one thread for each connection, as other distributions have it; Debian builds the worker pool.

It is built from Debian's source, which is fetched with a separate apt configuration; that of the machine is not
changed. It is kept in the folder `run/faults`, which git ignores.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from lab.faults.row import Untried
from lab.program import ROOT

NAME = "libmilter.so.1.0.1"
_FOLDER = ROOT / "run" / "faults"
_SOURCE = """Types: deb-src
URIs: http://deb.debian.org/debian
Suites: bookworm
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""
_FILES = "main engine listener worker handler comm monitor smfi signal sm_gethost"
_DEFINES = (
    "-DNETINET6",
    "-D_REENTRANT",
    "-DXP_MT",
    "-DNOT_SENDMAIL",
    "-Dsm_snprintf=snprintf",
    "-DSM_CONF_POLL=1",
)


def built() -> Path:
    """The path of the library; it is built if it does not exist. Raises Untried, which says what is missing."""
    library = _FOLDER / NAME
    if not library.exists():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="sekisho-libmilter.") as place:
            try:
                _build(_source(Path(place)), library)
            except (subprocess.CalledProcessError, OSError, subprocess.TimeoutExpired) as error:
                raise Untried(f"libmilter cannot be built from Debian's source: {_words(error)}") from error
    return library


def _words(error: Exception) -> str:
    text = getattr(error, "stderr", None)
    lines = text.decode(errors="replace").strip().splitlines() if isinstance(text, bytes) else []
    return lines[-1] if lines else str(error)


def _run(directory: Path, *words: str) -> None:
    subprocess.run(words, cwd=directory, check=True, capture_output=True, timeout=180)


def _source(place: Path) -> Path:
    """Debian's source of sendmail, unpacked, with the patch for inherited sockets."""
    for name in ("parts", "lists/partial", "cache/archives/partial"):
        (place / name).mkdir(parents=True)
    (place / "parts" / "source.sources").write_text(_SOURCE)
    options = {
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": str(place / "parts"),
        "Dir::State::lists": str(place / "lists"),
        "Dir::Cache": str(place / "cache"),
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-q", *(word for each in options.items() for word in ("-o", "=".join(each)))]
    _run(place, *apt, "update")
    _run(place, *apt, "source", "--download-only", "sendmail")
    (source,), (debian,) = place.glob("sendmail_*.orig.tar.gz"), place.glob("sendmail_*.debian.tar.xz")
    _run(place, "tar", "-xf", str(source))
    _run(place, "tar", "-xf", str(debian))
    (unpacked,) = (each for each in place.glob("sendmail-*") if each.is_dir())
    _run(unpacked, "patch", "-p1", "-s", "-i", str(place / "debian/patches/socket_activation.patch"))
    return unpacked


def _build(source: Path, library: Path) -> None:
    system = source / "os"
    system.mkdir()
    (system / "sm_os.h").write_bytes((source / "include/sm/os/sm_os_linux.h").read_bytes())
    files = [*(f"libmilter/{name}.c" for name in _FILES.split()), "libsm/errstring.c", "libsm/strl.c"]
    partial = library.with_suffix(".part")
    _run(
        source,
        *("gcc", "-O2", "-fPIC", "-w", "-shared", f"-Wl,-soname,{NAME}", "-o", str(partial)),
        *("-Iinclude", "-Isendmail", "-Ios", "-Ilibmilter", *_DEFINES, *files, "-lpthread"),
    )
    partial.rename(library)
