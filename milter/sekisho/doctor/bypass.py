"""The smtpd for released mail: it must exist, must not use our milter, and must not be reachable from outside."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator

from sekisho.doctor.commands import Commands
from sekisho.doctor.milter_clients import means
from sekisho.doctor.model import Diagnosis, error, warning
from sekisho.doctor.postconf import Postfix, Service, milters
from sekisho.release import ReleaseOptions

_TIMEOUT_SECONDS = 3.0
SETTINGS = {
    "syslog_name": "postfix/released",
    "smtpd_milters": "",
    "mynetworks": "127.0.0.0/8,[::1]/128",
    "smtpd_client_restrictions": "permit_mynetworks,reject",
    "smtpd_relay_restrictions": "permit_mynetworks,reject",
    "smtpd_recipient_restrictions": "permit_mynetworks,reject",
    "smtpd_forbid_bare_newline": "no",
}
"""Of the service for released mail, as config/postfix/master.cf has them with their reasons."""


def examine(postfix: Postfix, options: ReleaseOptions, ours: str, commands: Commands) -> Iterator[Diagnosis]:
    """Diagnoses of the smtpd to which released mail is sent."""
    if not is_loopback(options.host):
        yield error(
            "postfix.bypass_remote",
            f"release.host is {options.host}: released mail leaves this machine, and so must the port that does "
            "not filter",
            commands.set("release.host", "127.0.0.1"),
        )
        return
    found = [each for each in postfix.smtpd() if is_ours(each, options)]
    if not found:
        yield warning("postfix.bypass_missing", _missing(options), _make(postfix, options))
    for service in found:
        yield from _service(postfix, options, ours, service)


def is_ours(service: Service, options: ReleaseOptions) -> bool:
    """True if the service listens on the port for released mail. master.cf may have its number or its name."""
    return port_of(service) == options.port


def port_of(service: Service) -> int | None:
    """The port that a service listens on; None if its name is not known on this machine."""
    name = service.name.rpartition(":")[2]
    try:
        return int(name) if name.isdigit() else socket.getservbyname(name, "tcp")
    except OSError:
        return None


def is_loopback(host: str) -> bool:
    """True for a loopback address and for `localhost`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def examine_port(postfix: Postfix, options: ReleaseOptions) -> Iterator[Diagnosis]:
    """Diagnoses of what really listens on the port of a service that master.cf has. Another machine is not asked:
    that released mail leaves this one is a diagnosis of its own."""
    if not is_loopback(options.host):
        return
    place = f"{options.host}:{options.port}"
    try:
        with socket.create_connection((options.host, options.port), _TIMEOUT_SECONDS) as line:
            line.settimeout(_TIMEOUT_SECONDS)
            greeting = line.recv(4)
    except TimeoutError:
        greeting = b""
    except OSError as failure:
        why = failure.strerror or failure
        text = f"nobody answers at {place}, where released mail goes ({why}), although master.cf has the port"
        yield warning("postfix.bypass_silent", text, postfix.reload())
        return
    if not greeting.startswith(b"220"):
        text = (
            f"what answers at {place}, where released mail goes, is no mail server: nothing can be released"
        )
        yield warning("postfix.bypass_silent", text, postfix.reload())


def _missing(options: ReleaseOptions) -> str:
    return f"master.cf has no smtpd on port {options.port}: nothing can be released"


def _make(postfix: Postfix, options: ReleaseOptions) -> str:
    """The commands that add the service with its settings."""
    name = f"{options.host}:{options.port}/inet"
    line = f"{name} = {options.host}:{options.port} inet n - n - 10 smtpd"
    words = [f"{name}/{key} = {value}" for key, value in SETTINGS.items()]
    return " && ".join((postfix.postconf("-M", "-e", line), postfix.postconf("-P", *words), postfix.reload()))


def _service(postfix: Postfix, options: ReleaseOptions, ours: str, service: Service) -> Iterator[Diagnosis]:
    host = service.name.rpartition(":")[0]
    interfaces = [host] if host else postfix.get("inet_interfaces").replace(",", " ").split()
    open_to = [each for each in interfaces if each != "loopback-only" and not is_loopback(each)]
    if open_to:
        yield error(
            "postfix.bypass_open",
            f"{service.label} does not filter and can be reached from outside ({', '.join(open_to)})",
            f"{postfix.postconf('-M', '-X', service.label)} && {_make(postfix, options)}",
        )
    asked = [each.place for each in milters(postfix.get("smtpd_milters", service))]
    us = any(means(postfix, service, each, ours) for each in asked)
    if us and "no_milters" not in postfix.get("receive_override_options", service):
        yield error(
            "postfix.bypass_filters",
            f"{service.label} asks {', '.join(asked)}: released mail would be judged again",
            f"{postfix.postconf('-P', f'{service.label}/smtpd_milters =')} && {postfix.reload()}",
        )
