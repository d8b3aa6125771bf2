"""How an unprivileged user runs the lab's daemon: with which Python, and from which directory.

The source tree and the virtual environment are often in a directory that only their owner may enter (a home directory
of mode 0700). Then what the daemon needs is linked or copied to the lab's directory. If even the interpreter of the
virtual environment cannot be reached, Debian's Python of the same version runs the same packages.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab.place import LabError

USER = "nobody"
ROOT = Path(__file__).resolve().parent.parent
_START = "import sys; from sekisho.cli import main; sys.argv[0] = 'sekisho'; sys.exit(main())"
_CACHES = shutil.ignore_patterns("__pycache__")
_TOOLS = shutil.ignore_patterns("__pycache__", "mypy", "mypyc", "*__mypyc.*", "pip", "hypothesis", "*.pth")


@dataclass(frozen=True, slots=True)
class Program:
    """The `sekisho` command as the unprivileged user can run it."""

    python: str
    paths: tuple[Path, ...]

    def command(self, *words: str) -> list[str]:
        return [self.python, "-c", _START, *words]

    @property
    def environment(self) -> Mapping[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join(map(str, self.paths)),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        }

    @cache  # noqa: B019 - a few programs, for as long as we run
    def works(self) -> bool:
        """True if the user can start it."""
        try:
            done = subprocess.run(
                self.command("--version"),
                env=self.environment,
                cwd="/",
                capture_output=True,
                check=False,
                **as_user(),  # type: ignore[call-overload]
            )
        except OSError:  # the interpreter itself cannot be reached
            return False
        return bool(done.returncode == 0)


def as_user() -> dict[str, object]:
    """Arguments for `subprocess` that change from root to the unprivileged user."""
    account = pwd.getpwnam(USER)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def program(place: Path) -> Program:
    """The command, from the source tree if the user can read it, else from copies under `place`."""
    packages = Path(sysconfig.get_paths()["purelib"])
    for paths in ((ROOT / "milter", packages), (place / "program/milter", place / "program/packages")):
        if paths[0].is_relative_to(place) and not paths[0].exists():
            _copy(place / "program", packages)
        for python in (sys.executable, "/usr/bin/python3"):
            candidate = Program(python, paths)
            if candidate.works():
                return candidate
    raise LabError(
        f"the user {USER} cannot run sekisho: neither {sys.executable} nor /usr/bin/python3 will do"
    )


def _copy(target: Path, packages: Path) -> None:
    shutil.copytree(ROOT / "milter", target / "milter", ignore=_CACHES, copy_function=_link)
    shutil.copytree(ROOT / "config", target / "config", ignore=_CACHES, copy_function=_link)
    shutil.copytree(packages, target / "packages", ignore=_TOOLS, copy_function=_link)


def _link(source: str, target: str) -> None:
    """Make a hard link, or a copy if that fails. A link is enough: the directory is closed to others, not the file."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
