"""Fresh Debian roots, as containers of systemd-nspawn: to build in, and to try the package in.

A base (debootstrap, minbase) is made once for each release, as `NAME.tar` in the folder that `SEKISHO_ROOTS` names, by
default `.cache/roots`. Every root is unpacked anew from its base and brought up to date. A root in which one command
runs shares the network of this machine, to reach Debian and PyPI, and may start no service. A root that is booted runs
its own systemd, and has nothing but a loopback of its own: no port of this machine is taken, no mail leaves.

Needs root, debootstrap and systemd-container; nothing of Python but the standard library.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent
RELEASES = {"bookworm": "12", "trixie": "13"}
MIRROR = os.environ.get("SEKISHO_MIRROR", "http://deb.debian.org/debian")
BASES = Path(os.environ.get("SEKISHO_ROOTS", SOURCE / ".cache/roots"))
NETWORK = ("http_proxy", "https_proxy", "no_proxy", "PIP_INDEX_URL", "PIP_CERT", "PIP_DEFAULT_TIMEOUT")
APT = ("apt-get", "-qq", "--yes", "-o", "Dpkg::Use-Pty=0", "-o", "APT::Install-Recommends=0")
BOOT_SECONDS = 60
NOISE = "Attempted to remove disk file system"  # systemd-nspawn, where /run is no file system of its own


class RootError(Exception):
    """A command in a root failed, or the machine cannot make roots."""


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def base(release: str) -> Path:
    """The base of a release; made if there is none yet."""
    tar = BASES / f"{release}.tar"
    if tar.exists():
        return tar
    say(f"debootstrap {release}: {tar}")
    BASES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BASES) as folder:
        made = Path(folder)
        command = [
            "debootstrap",
            "--variant=minbase",
            "--include=ca-certificates",
            release,
            str(made / "root"),
            MIRROR,
        ]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["tar", "-C", str(made / "root"), "-cf", str(made / "tar"), "."], check=True)
        (made / "tar").rename(tar)
    return tar


@dataclass(frozen=True)
class Root:
    """A root on the disk. `binds` are folders of this machine that its commands see, as `OUTSIDE:INSIDE`."""

    path: Path
    release: str
    binds: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What systemd-nspawn calls it: no other root of this machine has the name."""
        return f"{self.path.parent.name}-{self.path.name}".replace("_", "-")

    def run(
        self, *words: str, env: Mapping[str, str] | None = None, cwd: str = "/", check: bool = True
    ) -> str:
        """What a command in the root prints, on both channels. Raises RootError."""
        settings = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", **_network(), **(env or {})}
        command = [
            "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--as-pid2", "--pipe", "--timezone=off",
            "--resolv-conf=copy-host", f"--machine={self.name}", f"--directory={self.path}", f"--chdir={cwd}",
            *(f"--bind={each}" for each in self.binds), *(f"--setenv={k}={v}" for k, v in settings.items()), *words,
        ]  # fmt: skip
        return output(command, check=check)

    def apt(self, *words: str) -> str:
        """`apt-get` with no question and no recommendation."""
        return self.run(*APT, *words)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        target = self.path / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")
        target.chmod(mode)

    def read(self, path: str) -> str:
        return (self.path / path.lstrip("/")).read_text("utf-8")

    def copy(self, source: Path, folder: str) -> str:
        """Copies a file into a folder of the root; the path that it has there."""
        target = self.path / folder.lstrip("/")
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        return f"{folder}/{source.name}"

    @contextmanager
    def booted(self) -> Iterator[Machine]:
        """The root with its own systemd, in a network of its own."""
        (self.path / "usr/sbin/policy-rc.d").unlink(missing_ok=True)
        self.write("/etc/resolv.conf", "nameserver 127.0.0.1\n")  # where nobody answers, and says so at once
        command = [
            "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--boot", "--private-network",
            "--timezone=off", "--resolv-conf=off", "--console=pipe", f"--machine={self.name}",
            f"--directory={self.path}",
        ]  # fmt: skip
        # The unified hierarchy of control groups, whatever this machine has: newer systemds take no other.
        settings = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
        with subprocess.Popen(
            command,
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        ) as container:
            try:
                yield Machine(self, _leader(container))
            finally:
                container.terminate()
                container.wait(BOOT_SECONDS)


@dataclass(frozen=True)
class Machine:
    """A root that was booted. `leader` is the process id of its systemd."""

    root: Root
    leader: int

    def command(self, *words: str) -> list[str]:
        return ["nsenter", "--all", f"--target={self.leader}", "env", "-i", "HOME=/root", "LC_ALL=C.UTF-8",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=dumb",
                "DEBIAN_FRONTEND=noninteractive", *words]  # fmt: skip

    def run(self, *words: str, check: bool = True) -> str:
        """What a command prints, on both channels. It has no terminal and no input: a question would fail it."""
        return output(self.command(*words), check=check)

    def status(self, *words: str) -> int:
        return subprocess.run(
            self.command(*words), stdin=subprocess.DEVNULL, capture_output=True, check=False
        ).returncode


def output(command: Sequence[str], *, check: bool = True) -> str:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        encoding="utf-8", errors="replace", check=False,
    )  # fmt: skip
    if check and done.returncode:
        raise RootError(f"{' '.join(command)}\n{done.stdout}\nended with {done.returncode}")
    return "".join(line for line in done.stdout.splitlines(keepends=True) if not line.startswith(NOISE))


@contextmanager
def fresh(release: str, packages: Sequence[str] = (), binds: Sequence[str] = ()) -> Iterator[Root]:
    """A root from its base, up to date, with these packages; removed afterwards."""
    tar = base(release)
    with tempfile.TemporaryDirectory(prefix=f"sekisho-{release}-", dir="/var/tmp") as folder:
        root = Root(Path(folder) / release, release, list(binds))
        root.path.mkdir()
        subprocess.run(["tar", "-C", str(root.path), "-xf", str(tar)], check=True)
        root.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        certificates = os.environ.get("PIP_CERT")
        if certificates:
            root.write(certificates, Path(certificates).read_text("utf-8"))
        root.apt("update")
        root.apt("dist-upgrade")
        if packages:
            root.run(
                "sh",
                "-c",
                "echo 'postfix postfix/main_mailer_type select Local only' | debconf-set-selections",
            )
            root.apt("install", *packages)
        yield root


def copied(root: Root, name: str) -> Root:
    """A second root like this one, beside it."""
    path = root.path.with_name(name)
    subprocess.run(["cp", "-a", "--reflink=auto", str(root.path), str(path)], check=True)
    return Root(path, root.release, root.binds)


def _network() -> dict[str, str]:
    return {name: os.environ[name] for name in NETWORK if name in os.environ}


def _leader(container: subprocess.Popen[bytes]) -> int:
    """The systemd of the container, once it is up."""
    for _ in range(BOOT_SECONDS * 5):
        children = Path(f"/proc/{container.pid}/task/{container.pid}/children").read_text().split()
        if children:
            probe = ["nsenter", "--all", f"--target={children[0]}", "systemctl", "is-system-running"]
            state = subprocess.run(probe, capture_output=True, text=True, check=False).stdout.strip()
            if state in {"running", "degraded"}:
                return int(children[0])
        if container.poll() is not None:
            break
        time.sleep(0.2)
    raise RootError("the root did not boot")
