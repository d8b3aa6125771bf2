"""Compares Postfix's settings with what sekisho needs.

It cannot see settings in tables (`smtpd_milter_maps` and the like are reported, but not read), nor what a firewall does
to a port.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from sekisho.config import Config
from sekisho.doctor import bypass, neighbours
from sekisho.doctor.commands import Commands, both
from sekisho.doctor.milter_clients import (
    MilterClient,
    as_postfix,
    below_queue,
    inside,
    listing,
    means,
    milter_clients,
    moved,
    relisted,
    sees,
    setting,
    told,
    unix,
)
from sekisho.doctor.model import Diagnosis, error, note, warning
from sekisho.doctor.postconf import Milter, Postfix, Service, milters, seconds
from sekisho.verdict import Mode

SMTP_PORT = 25
MARGIN_SECONDS = 5.0  # that Postfix must wait longer than we may take


def examine(postfix: Postfix, config: Config, commands: Commands = Commands()) -> Iterator[Diagnosis]:  # noqa: B008 - frozen
    """Diagnoses of Postfix."""
    found = [each for check in _CHECKS for each in check(postfix, config, commands)]
    found += bypass.examine(postfix, config.release, config.wire.socket, commands)
    yield from dict.fromkeys(
        found
    )  # what stands in main.cf is said once, however many services have it from there


def _asked(postfix: Postfix, config: Config, commands: Commands) -> Iterator[Diagnosis]:
    """Mail from outside must pass our milter: port 25, or every smtpd if there is no service on that port."""
    socket = config.wire.socket
    asking = {each.service.label for each in milter_clients(postfix, socket)}
    doors = [each for each in postfix.smtpd() if not bypass.is_ours(each, config.release)]
    outside = [each for each in doors if _from_outside(each)]
    silent = outside or doors
    if any(each.label in asking for each in silent):
        return
    steps, where = "", as_postfix(postfix, socket)
    if where == socket and socket.startswith("unix:") and any(each.chroot for each in silent):
        steps, where = moved(postfix, socket, commands)
    entry = Milter(where, {"default_action": _wanted(config)})
    inherit = any("smtpd_milters" not in each.settings for each in silent) or not silent
    lists = [listing(postfix, None, (entry, *milters(postfix.get("smtpd_milters"))))] if inherit else []
    lists += [
        listing(postfix, each, (entry, *milters(each.settings["smtpd_milters"])))
        for each in silent
        if "smtpd_milters" in each.settings
    ]
    rest = told(postfix, socket, where) if steps else postfix.reload()
    names = ", ".join(each.label for each in silent) or "nobody"
    yield error(
        "postfix.not_asked",
        f"smtpd_milters of {names} does not hold our socket {socket}: mail passes unseen",
        both(steps, *lists, rest),
    )


def _from_outside(service: Service) -> bool:
    host = service.name.rpartition(":")[0]
    return service.kind == "pass" or (bypass.port_of(service) == SMTP_PORT and not bypass.is_loopback(host))


def _wanted(config: Config) -> str:
    """What Postfix should do if the milter does not answer. Postfix has one answer for all recipients, so the mode that
    holds for most of them decides: the one at the top of the file. While a few recipients are in enforce, `tempfail`
    would delay the mail of all others, whom a trial must not harm."""
    return "accept" if config.mode is Mode.SHADOW or config.wire.on_error == "accept" else "tempfail"


def _enforced(config: Config) -> int:
    """How many entries of [recipients] are in enforce while the rest is in shadow."""
    if config.mode is not Mode.SHADOW or config.wire.on_error == "accept":
        return 0
    return sum(each.mode is Mode.ENFORCE for each in config.recipients.values())


def _tuned(postfix: Postfix, client: MilterClient, name: str, value: str) -> str:
    """The command that changes a setting of our entry where it is set: in the entry, for the service, or for all."""
    if name in client.entry.settings:
        return both(relisted(postfix, client, setting(name, value)), postfix.reload())
    parameter = f"milter_{name}"
    if parameter in client.service.settings:
        return both(postfix.postconf("-P", f"{client.service.label}/{parameter}={value}"), postfix.reload())
    return postfix.set(parameter, value)


def _default_action(postfix: Postfix, config: Config, _: Commands) -> Iterator[Diagnosis]:
    wanted = _wanted(config)
    why = (
        "in shadow no failure may delay mail"
        if wanted == "accept"
        else "else our failure lets mail pass unseen"
    )
    for client in milter_clients(postfix, config.wire.socket):
        own = client.entry.settings.get("default_action")
        action = own or postfix.get("milter_default_action", client.service)
        if (some := _enforced(config)) and action in ("accept", "tempfail"):
            meanwhile = "is not judged" if action == "accept" else "is delayed, and so is that of all others"
            yield note(
                "postfix.partly_enforced",
                f"{some} entries of [recipients] are in enforce, the rest is in shadow, and when we do not answer, "
                f"Postfix's action is {action} ({client.where}): the mail of those {meanwhile}",
            )
        elif action != wanted:
            yield error(
                "postfix.default_action",
                f"when we do not answer, Postfix's action is {action} ({client.where}), but should be {wanted}: {why}",
                _tuned(postfix, client, "default_action", wanted),
            )


def _timeouts(postfix: Postfix, config: Config, _: Commands) -> Iterator[Diagnosis]:
    needed = {
        "content_timeout": config.wire.hard_deadline + MARGIN_SECONDS,
        "command_timeout": 10.0,
        "connect_timeout": 5.0,
    }
    for client in milter_clients(postfix, config.wire.socket):
        for name, need in needed.items():
            value = client.entry.settings.get(name) or postfix.get(f"milter_{name}", client.service)
            if seconds(value) < need:
                yield error(
                    "postfix.timeout",
                    f"milter_{name} is {value} ({client.where}): Postfix gives us up after that, and we may "
                    f"take {need:g} s",
                    _tuned(postfix, client, name, f"{max(need, 30):.0f}s"),
                )


def _chroot(postfix: Postfix, config: Config, commands: Commands) -> Iterator[Diagnosis]:
    """A path that leads an smtpd in a chroot to another place. Below the queue directory, a relative path is correct
    for every smtpd. A socket outside is moved there, so that the chroot can stay."""
    socket = config.wire.socket
    for client in milter_clients(postfix, socket):
        if sees(postfix, client, socket):
            continue
        steps, where = "", as_postfix(postfix, socket)
        if not below_queue(postfix, socket):
            steps, where = moved(postfix, socket, commands)
        path = unix(client.entry.place) or ""
        yield error(
            "postfix.chroot",
            f"{client.service.label} runs in a chroot and looks for {path} at {inside(postfix, path)}, where our "
            f"socket is not ({client.where}): it cannot ask us",
            both(steps, told(postfix, socket, where)),
        )


def _macros(postfix: Postfix, config: Config, _: Commands) -> Iterator[Diagnosis]:
    """With milter protocol 6 we request macros ourselves. With an earlier one Postfix must be configured to send
    them."""
    protocol = postfix.get("milter_protocol") or "6"
    if protocol.isdigit() and int(protocol) >= 6:
        return
    needed = {
        "milter_connect_macros": ("{client_resolve}", "{client_name}", "{client_addr}"),
        "milter_mail_macros": ("{mail_addr}", "{auth_authen}"),
        "milter_rcpt_macros": ("{rcpt_addr}",),
        "milter_end_of_header_macros": ("i",),
    }
    for name, macros in needed.items():
        have = postfix.get(name).split()
        missing = [macro for macro in macros if macro not in have]
        if missing:
            yield warning(
                "postfix.macros",
                f"{name} lacks {' '.join(missing)} and milter_protocol is {protocol}, so that we cannot ask for them",
                postfix.set("milter_protocol", "6"),
            )


def _parameters(postfix: Postfix, config: Config, _: Commands) -> Iterator[Diagnosis]:
    """Parameters of main.cf, and of services that use our milter and have a value of their own."""
    asking = [each.service for each in milter_clients(postfix, config.wire.socket)]
    for name, good, severity, why in _WANTED:
        make = error if severity == "error" else warning
        if name not in postfix.main and severity == "error":
            text = f"this Postfix ({postfix.get('mail_version')}) does not know {name}: {why}"
            yield error(f"postfix.{name}", text, "apt-get install --only-upgrade postfix")
        for service in (None, *(each for each in asking if name in each.settings)):
            value = postfix.get(name, service).lower()
            if value and value not in good:
                where = f" for {service.label}" if service else ""
                yield make(
                    f"postfix.{name}",
                    f"{name} is {value}{where}: {why}",
                    _better(postfix, service, name, good[0]),
                )


def _better(postfix: Postfix, service: Service | None, name: str, value: str) -> str:
    if service is None:
        return postfix.set(name, value)
    return both(postfix.postconf("-P", f"{service.label}/{name}={value}"), postfix.reload())


_WANTED = (
    (
        "smtpd_peername_lookup",
        ("yes",),
        "warning",
        "the client's name is never known, so that names and forwarders count for nothing",
    ),
    (
        "smtpd_forbid_bare_newline",
        ("normalize", "yes", "reject"),
        "error",
        "a message can be smuggled inside another, in the name of anybody who uses this server",
    ),
    (
        "always_add_missing_headers",
        ("no",),
        "warning",
        "a From is made up where the message has none, before we see it",
    ),
    (
        "remote_header_rewrite_domain",
        ("",),
        "warning",
        "addresses in headers of strangers' mail are completed with this domain before we see them",
    ),
    (
        "cleanup_replace_stray_cr_lf",
        ("yes",),
        "warning",
        "a CR inside a header field ends it for some readers, and a forged field may stand behind it",
    ),
    (
        "enable_original_recipient",
        ("yes",),
        "error",
        "of two recipients that are aliases of one mailbox Postfix keeps the first alone, and when that one's copy is "
        "quarantined the other's is lost",
    ),
    (
        "enable_long_queue_ids",
        ("yes",),
        "warning",
        "queue ids are used again, so that `trace` may mix messages up",
    ),
)


def _rewriting(postfix: Postfix, config: Config, _: Commands) -> Iterator[Diagnosis]:
    value = postfix.get("local_header_rewrite_clients")
    harmless = {"permit_inet_interfaces", "permit_sasl_authenticated", "permit_mynetworks"}
    strange = [word for word in value.replace(",", " ").split() if word not in harmless]
    if strange:
        yield warning(
            "postfix.local_header_rewrite_clients",
            f"local_header_rewrite_clients holds {' '.join(strange)}: their headers are rewritten before we see them, "
            "which breaks signatures",
            postfix.set("local_header_rewrite_clients", "permit_inet_interfaces"),
        )


def _non_smtp(postfix: Postfix, config: Config, _: Commands) -> Iterator[Diagnosis]:
    listed = milters(postfix.get("non_smtpd_milters"))
    if any(means(postfix, None, each.place, config.wire.socket) for each in listed):
        yield note(
            "postfix.non_smtpd_milters",
            "non_smtpd_milters holds our socket: mail of this machine's own programs is judged too, "
            "without a client",
        )
    if postfix.get("smtpd_milter_maps"):
        yield note(
            "postfix.smtpd_milter_maps", "smtpd_milter_maps may take clients past us; it is not followed"
        )


def _extensions(postfix: Postfix, config: Config, _: Commands) -> Iterator[Diagnosis]:
    """Address extensions as Postfix splits them. No command changes Postfix's setting: it decides who gets which
    mail."""
    theirs, ours = postfix.get("recipient_delimiter"), config.policy.recipient_delimiter
    if missing := "".join(each for each in theirs if each not in ours):
        wanted = json.dumps(ours + missing)
        yield warning(
            "postfix.recipient_delimiter",
            f"recipient_delimiter is {theirs}, but policy.recipient_delimiter lacks {missing}: a sender who adds an "
            f"extension leaves a recipient's rules, groups, scopes and opt-out; set recipient_delimiter = {wanted} in "
            "[policy] and reload",
            "",
        )
    elif more := "".join(each for each in ours if each not in theirs):
        yield note(
            "postfix.recipient_delimiter",
            f"policy.recipient_delimiter holds {more}, at which Postfix does not split: right where what delivers "
            "behind Postfix does",
        )


def _blind_copies(postfix: Postfix, config: Config, _: Commands) -> Iterator[Diagnosis]:
    if value := postfix.get("recipient_bcc_maps"):
        yield note(
            "postfix.recipient_bcc_maps",
            f"recipient_bcc_maps is {value}: Postfix adds these copies before it asks us, so one goes out also for a "
            "recipient whose own copy is quarantined while others get the message",
        )


_CHECKS: tuple[Callable[[Postfix, Config, Commands], Iterator[Diagnosis]], ...] = (
    _asked,
    _default_action,
    _timeouts,
    neighbours.examine,
    _chroot,
    _macros,
    _parameters,
    _rewriting,
    _non_smtp,
    _extensions,
    _blind_copies,
)
