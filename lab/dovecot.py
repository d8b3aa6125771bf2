"""A private Dovecot: LMTP, Sieve (Pigeonhole) and POP3 on loopback, with mailboxes of its own.

Each mailbox is a Maildir under `place`. Every user has the password `secret`. /etc/dovecot is not read. It starts as
root and delivers as the lab's unprivileged user.
"""

from __future__ import annotations

import pwd
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from lab.place import answers, free_port, wait_until
from lab.program import USER
from lab.server import Server

PASSWORD = "secret"


@dataclass
class Dovecot:
    """`scripts` are the Sieve scripts of mailboxes, by user name. `settings` are more lines for `plugin {}`."""

    place: Path
    scripts: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    name: str = "dovecot"
    lmtp_port: int = field(default_factory=free_port)
    pop3_port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self._server = Server("dovecot", self.directory, (self.log,))

    @property
    def directory(self) -> Path:
        return self.place / self.name

    @property
    def log(self) -> Path:
        return self.directory / "dovecot.log"

    def __enter__(self) -> Dovecot:
        account = pwd.getpwnam(USER)
        for each in (self.directory, self.directory / "run", self.directory / "home"):
            each.mkdir(mode=0o755)
        self._own(self.directory / "home", account.pw_uid)
        for user, script in self.scripts.items():
            home = self.directory / "home" / user
            home.mkdir()
            (home / "rules.sieve").write_text(script)
            self._own(home, account.pw_uid)
        config = self.directory / "dovecot.conf"
        config.write_text(self._config(account.pw_uid))
        self._server.start(["/usr/sbin/dovecot", "-F", "-c", str(config)])
        self._server.wait(self._answers, f"Dovecot listens on port {self.lmtp_port}")
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def _answers(self) -> bool:
        return answers(self.lmtp_port, greets=True) and answers(self.pop3_port, greets=True)

    @staticmethod
    def _own(path: Path, uid: int) -> None:
        for each in (path, *path.iterdir()):
            subprocess.run(["chown", str(uid), str(each)], check=True)

    def _config(self, uid: int) -> str:
        group = pwd.getpwnam(USER).pw_gid
        plugin = "".join(f"  {name} = {value}\n" for name, value in self.settings.items())
        return f"""protocols = lmtp pop3
listen = 127.0.0.1
base_dir = {self.directory}/run
log_path = {self.log}
ssl = no
disable_plaintext_auth = no
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 1
first_valid_gid = 1
auth_username_format = %Ln
mail_location = maildir:{self.directory}/home/%Ln/Maildir
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={uid} gid={group} home={self.directory}/home/%Ln allow_all_users=yes
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {self.lmtp_port}
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {self.pop3_port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
namespace inbox {{
  inbox = yes
  mailbox Junk {{
    auto = create
    special_use = \\Junk
  }}
}}
protocol lmtp {{
  mail_plugins = sieve
  postmaster_address = postmaster@lab.invalid
}}
plugin {{
  sieve = file:~/rules.sieve;active=~/rules.sieve
{plugin}}}
"""

    def messages(self, user: str, folder: str = "INBOX") -> list[Message]:
        """The messages of a folder, the oldest first."""
        below = self.directory / "home" / user / "Maildir"
        where = below if folder == "INBOX" else below / f".{folder}"
        files = sorted([*where.glob("new/*"), *where.glob("cur/*")], key=lambda each: each.stat().st_mtime_ns)
        return [message_from_bytes(each.read_bytes()) for each in files]

    def wait(self, user: str, folder: str = "INBOX", count: int = 1) -> list[Message]:
        """The messages of a folder, as soon as there are so many. Raises LabError."""
        wait_until(
            lambda: len(self.messages(user, folder)) >= count, f"{count} messages in {folder} of {user}"
        )
        return self.messages(user, folder)
