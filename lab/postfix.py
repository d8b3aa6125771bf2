"""A private Postfix: the real programs with a configuration, a queue and a data directory of their own.

It listens on one loopback port, accepts XCLIENT from loopback, uses the given milters, and delivers all mail to one
loopback port (the sink), bounces included. It makes no DNS look-ups. `master` is started directly, so it is our child
and is stopped by its process id. /etc/postfix and the machine's queue are not read or written, and no syslog is needed.

It needs root, because Postfix's `master` gives up privileges itself.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.place import LabError, answers, free_port, wait_until
from lab.server import Server

_PRIVATE = (
    "active",
    "bounce",
    "corrupt",
    "defer",
    "deferred",
    "flush",
    "hold",
    "incoming",
    "private",
    "saved",
)
_MACROS = {
    "milter_connect_macros": "j {client_name} {client_addr} {client_port} {client_resolve} {client_ptr} "
    "{daemon_name} {daemon_addr} {daemon_port} v",
    "milter_helo_macros": "{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer}",
    "milter_mail_macros": "i {auth_type} {auth_authen} {auth_author} {mail_addr} {mail_host} {mail_mailer} "
    "{client_name} {client_addr} {client_resolve}",
    "milter_rcpt_macros": "i {rcpt_addr} {rcpt_host} {rcpt_mailer}",
    "milter_data_macros": "i",
    "milter_end_of_header_macros": "i",
    "milter_end_of_data_macros": "i",
}
# fmt: off
_SERVICES = (
    ("postlog",   "unix-dgram", "postlogd",    "1"),
    ("cleanup",   "unix",       "cleanup",     "0"),
    ("qmgr",      "unix",       "qmgr",        "1"),
    ("rewrite",   "unix",       "trivial-rewrite", "-"),
    ("bounce",    "unix",       "bounce",      "0"),
    ("defer",     "unix",       "bounce",      "0"),
    ("trace",     "unix",       "bounce",      "0"),
    ("flush",     "unix",       "flush",       "0"),
    ("proxymap",  "unix",       "proxymap",    "-"),
    ("smtp",      "unix",       "smtp",        "-"),
    ("relay",     "unix",       "smtp",        "-"),
    ("lmtp",      "unix",       "lmtp",        "-"),
    ("showq",     "unix",       "showq",       "-"),
    ("error",     "unix",       "error",       "-"),
    ("retry",     "unix",       "error",       "-"),
    ("discard",   "unix",       "discard",     "-"),
    ("anvil",     "unix",       "anvil",       "1"),
    ("scache",    "unix",       "scache",      "1"),
)
# fmt: on
_PUBLIC = {"cleanup", "qmgr", "flush", "showq", "postlog"}


@dataclass
class Postfix:
    """One private instance under `place`. `milters` are entries of `smtpd_milters`, for example `{ unix:/path,
    default_action=tempfail }`; `settings` are more parameters of main.cf. If `released_port` is given, an smtpd without
    milters listens there. `master` are services of master.cf in the place of the smtpd on `port`."""

    place: Path
    sink_port: int
    milters: Sequence[str] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    name: str = "postfix"
    port: int = field(default_factory=free_port)
    processes: int = 50
    released_port: int = 0
    master: str = ""

    def __post_init__(self) -> None:
        self._master = Server("Postfix's master", self.directory, (self.log,))

    @property
    def directory(self) -> Path:
        return self.place / self.name

    @property
    def log(self) -> Path:
        return self.directory / "log" / "mail.log"

    @property
    def queue(self) -> Path:
        return self.directory / "q"

    @property
    def config(self) -> Path:
        return self.directory / "etc"

    @property
    def pid(self) -> int:
        """The process id of `master`."""
        return self._master.pid

    def __enter__(self) -> Postfix:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Write the configuration, start `master`, and return when the port answers. Raises LabError."""
        if os.geteuid() != 0:
            raise LabError("Postfix's master needs root")
        self._lay_out()
        self.write_config()
        self._master.start(
            [_default("daemon_directory") + "/master", "-c", str(self.config)],
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "MAIL_CONFIG": str(self.config)},
        )
        self._master.wait(lambda: answers(self.port, greets=True), f"Postfix listens on port {self.port}")

    def last_words(self) -> str:
        """The end of the mail log, and of the standard error of `master`."""
        return self._master.last_words()

    def stop(self) -> None:
        """End `master` and every daemon that it started. Mail stays in the private queue."""
        self._master.stop()

    def restart(self) -> None:
        """Stop and start. A reload is not enough: idle smtpd processes keep the old milter settings."""
        self.stop()
        self.start()

    def write_config(self) -> None:
        """Write main.cf and master.cf."""
        main = {**self._main(), **self.settings}
        (self.config / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in main.items()))
        (self.config / "master.cf").write_text(self._services())

    def _main(self) -> dict[str, str]:
        return {
            "compatibility_level": "3.6",
            "queue_directory": str(self.queue),
            "data_directory": str(self.directory / "data"),
            "maillog_file": str(self.log),
            "maillog_file_prefixes": str(self.directory / "log"),
            "myhostname": "mx.lab.invalid",
            "mydestination": "",
            "alias_maps": "",
            "local_recipient_maps": "",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "all",
            "mynetworks": "127.0.0.0/8",
            "smtpd_relay_restrictions": "check_client_access static:OK, reject",
            "smtpd_recipient_restrictions": "",
            "smtpd_reject_unlisted_recipient": "no",
            "smtpd_authorized_xclient_hosts": "127.0.0.0/8",
            "smtpd_client_connection_count_limit": "0",
            "smtpd_peername_lookup": "no",
            "smtpd_milters": " ".join(self.milters),
            "milter_default_action": "tempfail",
            **_MACROS,
            "local_header_rewrite_clients": "",
            "always_add_missing_headers": "no",
            "append_dot_mydomain": "no",
            "default_transport": f"smtp:[127.0.0.1]:{self.sink_port}",
            "relayhost": f"[127.0.0.1]:{self.sink_port}",
            "smtp_dns_support_level": "disabled",
            "smtp_tls_security_level": "none",
            "smtp_destination_concurrency_limit": "20",
            "smtp_connection_cache_on_demand": "yes",
            "smtp_line_length_limit": "0",
            "disable_mime_output_conversion": "yes",
            "notify_classes": "",
            "message_size_limit": "52428800",
            "enable_long_queue_ids": "yes",
            "minimal_backoff_time": "1s",
            "maximal_backoff_time": "5s",
            "queue_run_delay": "2s",
            "in_flow_delay": "0s",
            "smtpd_error_sleep_time": "0s",
            "smtpd_soft_error_limit": "1000",
            "smtpd_hard_error_limit": "2000",
            "smtpd_client_event_limit_exceptions": "static:all",
        }

    def _services(self) -> str:
        smtpd = (f"127.0.0.1:{self.port}", "inet", "smtpd", str(self.processes))
        lines = [self.master]
        for service, kind, program, limit in (*(() if self.master else (smtpd,)), *_SERVICES):
            wake = {"qmgr": "300", "flush": "1000?"}.get(service, "-")
            private = "n" if service in _PUBLIC or kind == "inet" else "y"
            lines.append(f"{service} {kind} {private} - n {wake} {limit} {program}\n")
        if self.released_port:
            lines.append(f"127.0.0.1:{self.released_port} inet n - n - - smtpd -o smtpd_milters=\n")
        return "".join(lines)

    def _lay_out(self) -> None:
        """Make the directories, with the owners and modes of Postfix's own `postfix-files`."""
        mail, drop = pwd.getpwnam("postfix"), grp.getgrnam("postdrop").gr_gid
        for directory in (
            self.directory,
            self.config,
            self.queue,
            self.queue / "pid",
            self.directory / "log",
        ):
            directory.mkdir(mode=0o755, exist_ok=True)
        for name in (*_PRIVATE, "trace"):
            _directory(self.queue / name, 0o700, mail.pw_uid, 0)
        _directory(self.queue / "maildrop", 0o1730, mail.pw_uid, drop)
        _directory(self.queue / "public", 0o710, mail.pw_uid, drop)
        _directory(self.directory / "data", 0o700, mail.pw_uid, mail.pw_gid)

    def command(self, *words: str) -> str:
        """Run one of Postfix's commands on this instance; returns what it prints."""
        name, *rest = words
        done = subprocess.run(
            [f"/usr/sbin/{name}", "-c", str(self.config), *rest], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise LabError(f"{name}: {done.stderr.strip()}")
        return done.stdout

    def flush(self) -> None:
        """Try every deferred message now."""
        self.command("postqueue", "-f")

    def queued(self) -> list[dict[str, Any]]:
        """The private queue as `postqueue -j` prints it; `queue_name` is `hold` for held mail."""
        return [json.loads(line) for line in self.command("postqueue", "-j").splitlines()]

    def wait_empty(self, seconds: float = 60.0) -> None:
        """Return when the queue has only held mail. Raises LabError after so many seconds."""
        wait_until(
            lambda: all(entry["queue_name"] == "hold" for entry in self.queued()),
            "the queue empties",
            seconds,
        )

    def forget_queue(self) -> None:
        """Delete everything in the queue, held mail included."""
        self.command("postsuper", "-d", "ALL")


def _directory(path: Path, mode: int, owner: int, group: int) -> None:
    path.mkdir(exist_ok=True)
    os.chown(path, owner, group)
    path.chmod(mode)


def _default(parameter: str) -> str:
    """A compiled-in default of the installed Postfix; no configuration is read."""
    postconf = shutil.which("postconf", path="/usr/sbin:/usr/bin")
    if not postconf:
        raise LabError("Postfix is not installed")
    return subprocess.run(
        [postconf, "-d", "-h", parameter], capture_output=True, text=True, check=True
    ).stdout.strip()
