"""The smtpd for released mail: it must exist, must not use our milter, and must not be reachable from outside."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from sekisho.doctor.commands import Commands
from sekisho.doctor.milter_clients import means
from sekisho.doctor.model import Diagnosis, error, warning
from sekisho.doctor.postconf import Postfix, Service, milters
from sekisho.release import ReleaseOptions


def examine(
    postfix: Postfix, options: ReleaseOptions, socket: str, commands: Commands
) -> Iterator[Diagnosis]:
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
        yield from _service(postfix, options, socket, service)


def is_ours(service: Service, options: ReleaseOptions) -> bool:
    """True if the service listens on the port for released mail."""
    return service.name.rpartition(":")[2] == str(options.port)


def is_loopback(host: str) -> bool:
    """True for a loopback address and for `localhost`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _missing(options: ReleaseOptions) -> str:
    return f"master.cf has no smtpd on port {options.port}: nothing can be released"


def _make(postfix: Postfix, options: ReleaseOptions) -> str:
    """The commands that add the service with its settings."""
    name = f"{options.host}:{options.port}/inet"
    line = f"{name} = {options.host}:{options.port} inet n - n - 10 smtpd"
    settings = {
        "smtpd_milters": "",
        "mynetworks": "127.0.0.0/8,[::1]/128",
        "smtpd_client_restrictions": "permit_mynetworks,reject",
        "smtpd_relay_restrictions": "permit_mynetworks,reject",
        "smtpd_recipient_restrictions": "permit_mynetworks,reject",
        "syslog_name": "postfix/released",
    }
    words = [f"{name}/{key} = {value}" for key, value in settings.items()]
    return " && ".join((postfix.postconf("-M", "-e", line), postfix.postconf("-P", *words), postfix.reload()))


def _service(postfix: Postfix, options: ReleaseOptions, socket: str, service: Service) -> Iterator[Diagnosis]:
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
    us = any(means(postfix, service, each, socket) for each in asked)
    if us and "no_milters" not in postfix.get("receive_override_options", service):
        yield error(
            "postfix.bypass_filters",
            f"{service.label} asks {', '.join(asked)}: released mail would be judged again",
            f"{postfix.postconf('-P', f'{service.label}/smtpd_milters =')} && {postfix.reload()}",
        )
