"""A private slapd on a UNIX socket, owned by the lab's unprivileged user. /etc/ldap is read for its schemas only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from lab.place import LabError
from lab.program import USER, as_user
from lab.server import Server

PROGRAM, LOADER = "/usr/sbin/slapd", "/usr/sbin/slapadd"
SUFFIX = "dc=example,dc=jp"
ROOT_ENTRY = f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n"


@dataclass
class Slapd:
    """`entries` is LDIF below `SUFFIX`. Anybody who reaches the socket may read."""

    place: Path
    entries: str
    name: str = "slapd"

    def __post_init__(self) -> None:
        self._server = Server("slapd", self.directory)

    @property
    def directory(self) -> Path:
        return self.place / self.name

    @property
    def socket(self) -> Path:
        return self.directory / "ldapi"

    @property
    def url(self) -> str:
        return f"ldapi://{quote(str(self.socket), safe='')}"

    def __enter__(self) -> Slapd:
        if not Path(PROGRAM).exists():
            raise LabError("slapd is not installed")
        account = pwd.getpwnam(USER)
        data = self.directory / "data"
        data.mkdir(parents=True)
        (self.directory / "slapd.conf").write_text(self._config(), "utf-8")
        (self.directory / "entries.ldif").write_text(f"{ROOT_ENTRY}\n{self.entries}", "utf-8")
        for each in (self.directory, data):
            os.chown(each, account.pw_uid, account.pw_gid)
        self._run(LOADER, "-l", str(self.directory / "entries.ldif"))
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.directory)

    def start(self) -> None:
        """Start the server; returns when it accepts connections."""
        self._server.start(
            [PROGRAM, "-d", "0", "-f", str(self.directory / "slapd.conf"), "-h", self.url], **as_user()
        )
        self._server.wait(self.socket.exists, "slapd has its socket")

    def stop(self) -> None:
        """End the server, if it runs."""
        self._server.stop()
        self.socket.unlink(missing_ok=True)

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [program, "-f", str(self.directory / "slapd.conf"), *words],
            capture_output=True,
            check=False,
            **as_user(),  # type: ignore[call-overload]
        )
        if done.returncode:
            raise LabError(f"{program}: {done.stderr.decode(errors='replace')[-500:]}")

    def _config(self) -> str:
        schemas = "".join(f"include /etc/ldap/schema/{name}.schema\n" for name in SCHEMAS)
        return (
            f"{schemas}modulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile {self.directory}/data/pid\n"
            f'database mdb\nsuffix "{SUFFIX}"\nrootdn "cn=admin,{SUFFIX}"\ndirectory {self.directory}/data\n'
            "maxsize 10485760\naccess to * by * read\n"
        )


SCHEMAS = ("core", "cosine", "inetorgperson")
