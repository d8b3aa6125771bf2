"""The neighbours that look into the content: ClamAV's milter, amavis."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from lab.neighbours.daemon import Neighbour
from lab.place import answers, free_port

VIRUS = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The test file of EICAR, which every scanner is asked to find; the database here knows nothing else."""


@dataclass
class ClamAV(Neighbour):
    """clamd with one signature, and its milter, which refuses what is infected."""

    program = "clamav-milter"

    @property
    def clamd(self) -> Path:
        return self.directory / "clamd.sock"

    def start(self) -> None:
        database = self.directory / "db"
        database.mkdir()
        (database / "lab.ndb").write_text(f"Lab.Eicar:0:*:{VIRUS.encode().hex()}\n")
        clamd, milter = self.directory / "clamd.conf", self.directory / "milter.conf"
        clamd.write_text(
            f"DatabaseDirectory {database}\nLocalSocket {self.clamd}\nLocalSocketMode 666\nForeground yes\n"
            f"User clamav\nTemporaryDirectory /tmp\nLogFile {self.directory}/clamd.log\n"
        )
        milter.write_text(
            f"MilterSocket unix:{self.socket}\nMilterSocketMode 666\nClamdSocket unix:{self.clamd}\nForeground yes\n"
            "User clamav\nOnInfected Reject\nAddHeader Add\nTemporaryDirectory /tmp\n"
            f"LogFile {self.directory}/milter.log\n"
        )
        shutil.chown(self.directory, "clamav")
        self.run("/usr/sbin/clamd", "-c", str(clamd))
        self.wait_for(self.clamd, 120)
        self.run("/usr/sbin/clamav-milter", "-c", str(milter))
        self.wait_for(self.socket)


@dataclass
class Amavis(Neighbour):
    """A content filter behind Postfix's queue: mail comes by SMTP on `port` and goes on to `next_port`. It verifies
    DKIM and scans nothing."""

    port: int = field(default_factory=free_port)
    next_port: int = field(default_factory=free_port)
    program = "amavisd"

    def start(self) -> None:
        self.directory.chmod(0o755)  # it refuses a configuration that it could change
        for each in ("home", "home/tmp", "home/db", "home/virusmails"):
            (self.directory / each).mkdir(mode=0o777)
            (self.directory / each).chmod(0o777)
        config = self.directory / "amavisd.conf"
        config.write_text(self._config())
        config.chmod(0o644)
        self.run("/usr/sbin/amavisd", "-c", str(config), "foreground", private_dns=True)
        self.wait(lambda: answers(self.port, greets=True), f"amavis on port {self.port}")

    def _config(self) -> str:
        return f"""use strict;
$max_servers = 2; $daemon_user = 'amavis'; $daemon_group = 'amavis';
$MYHOME = '{self.directory}/home'; $TEMPBASE = "$MYHOME/tmp"; $db_home = "$MYHOME/db";
$QUARANTINEDIR = "$MYHOME/virusmails"; $lock_file = "$MYHOME/lock"; $pid_file = "$MYHOME/pid";
$myhostname = '{self.authserv_id}'; $mydomain = 'lab.invalid'; @local_domains_maps = (1);
$enable_db = 0; $enable_zmq = 0; $DO_SYSLOG = 0; $LOGFILE = "$MYHOME/amavis.log"; $log_level = 1;
$inet_socket_bind = '127.0.0.1'; $inet_socket_port = {self.port};
$forward_method = 'smtp:[127.0.0.1]:{self.next_port}'; $notify_method = $forward_method;
@inet_acl = qw(127.0.0.0/8);
$enable_dkim_verification = 1; $enable_dkim_signing = 0;
$allowed_added_header_fields{{lc('Authentication-Results')}} = 1;
@bypass_spam_checks_maps = (1); @bypass_banned_checks_maps = (1); @bypass_header_checks_maps = (1);
@bypass_virus_checks_maps = (1); $sa_local_tests_only = 1;
1;
"""
