"""The resolver: each server must answer, in time, and must not answer for names that do not exist.

The servers of some providers give an address for every name. With such a server, a reverse name, a DMARC record or a
lookalike domain seems to exist. Three random names are looked up, under `com`, `jp` and `invalid`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median

from sekisho.dns_answer import Found
from sekisho.doctor.commands import Commands, both, systemctl
from sekisho.doctor.model import Diagnosis, error, warning
from sekisho.ports import Clock
from sekisho.resolver import DnsOptions, DnsResolver, system_servers

SLOW_SECONDS = 0.5  # for a name that is in no cache
EXISTING_NAME = "jp"
ZONES = ("com", "jp", "invalid")


def examine(
    options: DnsOptions,
    clock: Clock,
    commands: Commands = Commands(),  # noqa: B008 - frozen
) -> Iterator[Diagnosis]:
    """Diagnoses of each server."""
    servers = options.servers or tuple(_shown(*each) for each in system_servers())
    found = {server: tuple(_server(server, options, clock)) for server in servers}
    mend = _mend([server for server in servers if not found[server]], commands)
    for each in (each for server in servers for each in found[server]):
        yield replace(each, mend=mend)


def _mend(good: Sequence[str], commands: Commands) -> str:
    """The command that leaves only the servers without a diagnosis; if there is none, one that installs a resolver."""
    if good:
        return both(commands.set("dns.servers", json.dumps(good)), systemctl("reload"))
    own = commands.set("dns.servers", '["127.0.0.1"]')
    return both("apt-get install -y unbound", own, systemctl("reload"))


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _server(server: str, options: DnsOptions, clock: Clock) -> Iterator[Diagnosis]:
    alone = options.model_copy(update={"servers": (server,), "warmers": 0, "cache_size": 0})
    resolver = DnsResolver(alone, clock)
    if resolver.lookup(EXISTING_NAME, "NS", clock.monotonic() + options.timeout).found is Found.TEMPERROR:
        yield error("dns.silent", f"{server} does not answer: every message waits for it in vain", "")
        return
    spent = []
    for zone in ZONES:
        name = f"{secrets.token_hex(12)}.{zone}"
        began = clock.monotonic()
        answer = resolver.lookup(name, "A", began + options.timeout)
        spent.append(clock.monotonic() - began)
        if answer.found is Found.ANSWER:
            yield error("dns.invents", f"{server} has an address for {name}, which does not exist", "")
        elif answer.found is Found.NODATA:
            yield warning("dns.invents", f"{server} says that {name} exists, which it does not", "")
        elif answer.found is Found.TEMPERROR:
            yield warning("dns.fails", f"{server} could not say that {name} does not exist", "")
    if median(spent) > SLOW_SECONDS:
        yield warning("dns.slow", f"{server} takes {median(spent):.2f} s for a new name", "")
