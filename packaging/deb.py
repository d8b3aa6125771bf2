"""`make deb`: the Debian package for each release, built in a fresh root of it.

    python3 packaging/deb.py [bookworm] [trixie] [--out dist] [--previous]

The source is the tree with what is not committed yet; with `--previous` it is the release before this one (its revision
is in the file `previous`) with the packaging of this tree: what an upgrade comes from. The files are called
`sekisho_VERSION+debNN_ARCH.deb`, so that an upgrade of Debian brings the other build. lintian must have nothing to say
that `sekisho.lintian-overrides` does not explain.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import tomllib
from email.utils import formatdate
from pathlib import Path

from roots import RELEASES, SOURCE, Root, RootError, fresh, say

PREVIOUS = Path(__file__).with_name("previous").read_text("utf-8").split()[0]
TOOLS = ("build-essential", "debhelper", "dh-python", "fakeroot", "lintian", "man-db", "equivs")
# Of this tree, over that of the release before: how it is packed, not what is packed.
OVERLAY = ("packaging", "systemd", "config/logrotate")
CACHE = SOURCE / ".cache/wheels"


def export(target: Path, previous: bool) -> None:
    """The source in a new folder."""
    target.mkdir(parents=True)
    if previous:
        archive = subprocess.run(
            ["git", "archive", PREVIOUS], cwd=SOURCE, check=True, capture_output=True
        ).stdout
        subprocess.run(["tar", "-x"], cwd=target, input=archive, check=True)
        for name in OVERLAY:
            shutil.rmtree(target / name, ignore_errors=True)
            shutil.copytree(SOURCE / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=SOURCE, check=True, capture_output=True).stdout
        files = b"\0".join(
            name for name in listed.split(b"\0") if name and (SOURCE / os.fsdecode(name)).exists()
        )
        archive = subprocess.run(
            ["tar", "--null", "-T", "-", "-c"], cwd=SOURCE, input=files, check=True, capture_output=True
        ).stdout
        subprocess.run(["tar", "-x"], cwd=target, input=archive, check=True)
    shutil.copytree(target / "packaging/debian", target / "debian")


def changelog(source: Path, release: str) -> str:
    """debian/changelog: the version of pyproject.toml. What changed stands in CHANGELOG.md, which is in the package."""
    version = tomllib.loads((source / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    maintainer = re.search(r"(?m)^Maintainer: (.*)$", (source / "debian/control").read_text("utf-8"))
    assert maintainer is not None
    stamp = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=SOURCE, check=True, capture_output=True, text=True
    ).stdout
    return (
        f"sekisho ({version}+deb{RELEASES[release]}) {release}; urgency=medium\n\n"
        f"  * Version {version}: see changelog.gz.\n\n"
        f" -- {maintainer[1]}  {formatdate(float(stamp))}\n"
    )


def build(release: str, out: Path, *, previous: bool, lintian: bool) -> Path:
    """Builds the package of a release into the folder, and has lintian look at it."""
    cache = CACHE / release
    cache.mkdir(parents=True, exist_ok=True)
    with fresh(release, TOOLS, binds=[f"{cache}:/var/cache/pip"]) as root:
        source = root.path / "build/sekisho"
        export(source, previous)
        (source / "debian/changelog").write_text(changelog(source, release), "utf-8")
        say(f"{release}: building")
        root.apt("build-dep", "/build/sekisho")
        options = {
            "PIP_CACHE_DIR": "/var/cache/pip",
            "PIP_OPTIONS": "--ignore-requires-python" if previous else "",
        }
        log = root.run("dpkg-buildpackage", "-b", "-us", "-uc", cwd="/build/sekisho", env=options)
        (built,) = (root.path / "build").glob("*.deb")
        (out / f"{built.stem}.build").write_text(log, "utf-8")
        shutil.copy(built, out)
        say(f"{release}: {out / built.name}, {built.stat().st_size / 1e6:.1f} MB")
        if lintian:
            inspect(root, f"/build/{built.name}")
            say(f"{release}: lintian has nothing to say")
        return out / built.name


def inspect(root: Root, package: str) -> None:
    """Raises RootError with lintian's tags, unless it has none."""
    words = root.run(
        "lintian", "--allow-root", "--pedantic", "--display-info", "--tag-display-limit=0", package, check=False
    )  # fmt: skip
    # An override that only the lintian of the other release needs is none too many.
    tags = re.findall(r"(?m)^[EWIP]: (?!.* unused-override ).*$", words)
    if tags:
        raise RootError("lintian:\n" + "\n".join(tags))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("releases", nargs="*", choices=[[], *RELEASES], metavar="RELEASE")
    parser.add_argument("--out", type=Path, default=SOURCE / "dist")
    parser.add_argument("--previous", action="store_true")
    parser.add_argument("--no-lintian", action="store_true")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for release in given.releases or RELEASES:
        build(release, given.out, previous=given.previous, lintian=not given.no_lintian)


if __name__ == "__main__":
    main()
