"""The neighbours that write authentication results: OpenDKIM, OpenDMARC, rspamd."""

from __future__ import annotations

from dataclasses import dataclass

from lab.neighbours.daemon import Neighbour


@dataclass
class OpenDKIM(Neighbour):
    """Verifies signatures, and signs nothing. `job_id`: its authserv-id has the queue id behind a slash."""

    job_id: bool = False
    program = "opendkim"

    def start(self) -> None:
        unbound = self.directory / "unbound.conf"
        unbound.write_text(
            "server:\n  do-not-query-localhost: no\n  module-config: iterator\n"
            f"forward-zone:\n  name: .\n  forward-addr: {self.nameserver}\n"
        )
        config = self.directory / "opendkim.conf"
        config.write_text(
            f"Mode v\nSocket local:{self.socket}\nUMask 000\nBackground no\nSyslog no\n"
            f"ResolverConfiguration {unbound}\nInternalHosts file:/dev/null\n"
            f"AuthservID {self.authserv_id}\nAuthservIDWithJobID {'yes' if self.job_id else 'no'}\n"
            f"AlwaysAddARHeader yes\nRemoveARAll no\nRemoveARFrom {self.authserv_id}\n"
        )
        self.run("/usr/sbin/opendkim", "-f", "-x", str(config), private_dns=True)
        self.wait_for(self.socket)


@dataclass
class OpenDMARC(Neighbour):
    """Judges DMARC by the results of the filters that it trusts, and asks SPF itself. It refuses nothing."""

    job_id: bool = False
    trusted: str = ""
    program = "opendmarc"

    def start(self) -> None:
        config = self.directory / "opendmarc.conf"
        hosts = self.directory / "ignored"
        hosts.write_text("192.0.2.254\n")
        config.write_text(
            f"Socket local:{self.socket}\nUMask 000\nBackground false\nSyslog false\nSPFSelfValidate true\n"
            f"AuthservID {self.authserv_id}\nAuthservIDWithJobID {str(self.job_id).lower()}\n"
            f"TrustedAuthservIDs {self.trusted or self.authserv_id}\nIgnoreHosts {hosts}\n"
        )
        self.run("/usr/sbin/opendmarc", "-f", "-c", str(config), private_dns=True)
        self.wait_for(self.socket)


UNUSED = ("rbl", "surbl", "fuzzy_check", "asn", "dcc", "neural", "ratelimit", "greylisting", "phishing")
"""Modules of rspamd that ask other services."""


@dataclass
class Rspamd(Neighbour):
    """Its milter and one scanner; no controller, no Redis. Its authserv-id is always the name of the MTA. `removes`: as
    packaged, its module `milter_headers` removes all results that it finds."""

    removes: bool = True
    program = "rspamd"

    def start(self) -> None:
        below = self.directory / "local" / "override.d"
        below.mkdir(parents=True)
        for name, text in self._settings().items():
            (below / name).write_text(text)
        for each in ("db", "run", "log"):
            (self.directory / each).mkdir(mode=0o777)
            (self.directory / each).chmod(0o777)
        variables = {"DBDIR": "db", "RUNDIR": "run", "LOGDIR": "log", "LOCAL_CONFDIR": "local"}
        words = [f"--var={name}={self.directory / where}" for name, where in variables.items()]
        self.run("/usr/bin/rspamd", "-f", "-u", "_rspamd", "-g", "_rspamd", *words, private_dns=True)
        self.wait_for(self.socket, 240)  # it compiles its patterns first

    def _settings(self) -> dict[str, str]:
        """What goes into `override.d`, by file."""
        normal = f"{self.directory}/normal.sock"
        routine = "" if self.removes else "routines { authentication-results { remove = false; } }\n"
        return {
            "options.inc": f'dns {{ nameserver = ["{self.dns}"]; timeout = 1s; }}\nlocal_addrs = [];\n',
            "logging.inc": f'type = "file"; filename = "{self.directory}/rspamd.log"; level = "warning";\n',
            "worker-normal.inc": f'bind_socket = ["{normal} mode=0666"]; count = 1;\n',
            "worker-controller.inc": "count = 0; enabled = false;\n",
            "worker-fuzzy.inc": "count = -1; enabled = false;\n",
            "worker-proxy.inc": f'bind_socket = ["{self.socket} mode=0666"]; count = 1; milter = yes;\n'
            f'upstream "local" {{ default = yes; hosts = "{normal}"; }}\n',
            "milter_headers.conf": 'use = ["x-spamd-result", "authentication-results"];\n'
            f"skip_local = false;\n{routine}",
            "actions.conf": "reject = null; add_header = 1000; greylist = null; rewrite_subject = null;\n",
            **{f"{module}.conf": "enabled = false;\n" for module in UNUSED},
        }
