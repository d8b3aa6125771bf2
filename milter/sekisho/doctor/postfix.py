"""Postfix's settings against what sekisho needs and promises.

What it cannot see: settings in tables (`smtpd_milter_maps` and the like are named, not followed), and what a
firewall does to a port.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from sekisho.config import Config
from sekisho.doctor import bypass
from sekisho.doctor.model import Finding, error, note, warning
from sekisho.doctor.postconf import Milter, Postfix, Service, milters, seconds
from sekisho.verdict import Mode

MARGIN = 5.0  # seconds that Postfix must wait longer than we may take
SIGNERS = ("dkim", "8891", "rspamd", "11332", "amavis", "8892")


def examine(postfix: Postfix, config: Config) -> Iterator[Finding]:
    """Every finding about Postfix."""
    for check in _CHECKS:
        yield from check(postfix, config)
    yield from bypass.examine(postfix, config.release)


def ours(postfix: Postfix, place: str, socket: str) -> bool:
    """Whether an entry of smtpd_milters means our socket. A relative path is below Postfix's queue."""
    if place == socket:
        return True
    kind, _, path = place.partition(":")
    if kind in ("unix", "local") and socket.startswith("unix:"):
        queue = Path(postfix.get("queue_directory") or "/")
        return str(queue / path) == socket.removeprefix("unix:")
    return _inet(place) == _inet(socket) is not None


def _inet(place: str) -> tuple[str, str] | None:
    """Postfix writes inet:host:port, libmilter inet:port@host."""
    kind, _, rest = place.partition(":")
    if kind not in ("inet", "inet6"):
        return None
    if "@" in rest:
        port, _, host = rest.partition("@")
    else:
        host, _, port = rest.rpartition(":")
    host = host.strip("[]")
    return ("127.0.0.1" if host == "localhost" else host), port


def _users(postfix: Postfix, config: Config) -> list[tuple[Service | None, tuple[Milter, ...], int]]:
    """Where we are asked: main.cf (None) and services with milters of their own, and our place among them."""
    places: list[tuple[Service | None, str]] = [(None, postfix.get("smtpd_milters"))]
    places += [
        (each, each.settings["smtpd_milters"]) for each in postfix.smtpd() if "smtpd_milters" in each.settings
    ]
    found = []
    for service, value in places:
        listed = milters(value)
        at = next((n for n, each in enumerate(listed) if ours(postfix, each.place, config.wire.socket)), None)
        if at is not None:
            found.append((service, listed, at))
    return found


def _asked(postfix: Postfix, config: Config) -> Iterator[Finding]:
    if not _users(postfix, config):
        place = _as_postfix(config.wire.socket)
        action = _wanted(config)
        entry = f"{{ {place}, default_action={action} }}"
        rest = postfix.get("smtpd_milters")
        yield error(
            "postfix.not_asked",
            f"no smtpd_milters holds our socket {config.wire.socket}: mail passes unseen",
            postfix.set("smtpd_milters", f"{entry} {rest}".strip()),
        )


def _as_postfix(socket: str) -> str:
    inet = _inet(socket)
    return socket if inet is None else f"inet:{inet[0] or '127.0.0.1'}:{inet[1]}"


def _wanted(config: Config) -> str:
    """What Postfix should do when nobody answers: what we would."""
    shadow = config.mode is Mode.SHADOW and all(
        getattr(each, "mode", None) in (None, Mode.SHADOW) for each in config.recipients.values()
    )
    return "accept" if shadow or config.wire.on_error == "accept" else "tempfail"


def _default_action(postfix: Postfix, config: Config) -> Iterator[Finding]:
    wanted = _wanted(config)
    why = (
        "in shadow no failure may delay mail"
        if wanted == "accept"
        else "else our failure lets mail pass unseen"
    )
    for service, listed, at in _users(postfix, config):
        own = listed[at].settings.get("default_action")
        action = own or postfix.get("milter_default_action", service)
        if action == wanted:
            continue
        mend = postfix.set("milter_default_action", wanted)
        if own or (service and "milter_default_action" in service.settings):
            mend = _listing(postfix, service, _changed(listed, at, "default_action", wanted))
        yield error(
            "postfix.default_action",
            f"when we do not answer, Postfix's action is {action} ({_where(service)}), but should be {wanted}: {why}",
            mend,
        )


def _where(service: Service | None) -> str:
    return "main.cf" if service is None else f"master.cf, {service.label}"


def _timeouts(postfix: Postfix, config: Config) -> Iterator[Finding]:
    least = config.wire.hard_deadline + MARGIN
    for service, listed, at in _users(postfix, config):
        for name, need in (("content_timeout", least), ("command_timeout", 10.0), ("connect_timeout", 5.0)):
            own = listed[at].settings.get(name)
            value = own or postfix.get(f"milter_{name}", service)
            if seconds(value) < need:
                better = f"{max(need, 30):.0f}s"
                mend = postfix.set(f"milter_{name}", better)
                if own or (service and f"milter_{name}" in service.settings):
                    mend = _listing(postfix, service, _changed(listed, at, name, better))
                yield error(
                    "postfix.timeout",
                    f"milter_{name} is {value} ({_where(service)}): Postfix gives us up after that, and we may "
                    f"take {need:g} s",
                    mend,
                )


def _order(postfix: Postfix, config: Config) -> Iterator[Finding]:
    for service, listed, at in _users(postfix, config):
        before = [each.place for each in listed[:at]]
        signers = [place for place in before if any(mark in place for mark in SIGNERS)]
        after = [each for each in listed if each is not listed[at]]
        mend = _listing(postfix, service, (listed[at], *after))
        if signers:
            yield error(
                "postfix.order",
                f"{', '.join(signers)} comes before us ({_where(service)}): what it signs we change afterwards",
                mend,
            )
        elif before:
            yield warning(
                "postfix.order",
                f"{', '.join(before)} comes before us ({_where(service)}): we judge what it made of the message",
                mend,
            )


def _changed(listed: tuple[Milter, ...], at: int, name: str, value: str) -> tuple[Milter, ...]:
    """The entries with one setting of ours another."""
    mine = Milter(listed[at].place, {**listed[at].settings, name: value})
    return (*listed[:at], mine, *listed[at + 1 :])


def _listing(postfix: Postfix, service: Service | None, listed: tuple[Milter, ...]) -> str:
    """The command that writes these entries, into main.cf or for one service. postconf takes no blank into
    master.cf, so that a service gets them by way of a name of its own in main.cf."""
    value = ", ".join(map(_entry, listed))
    if service is None:
        return postfix.set("smtpd_milters", value)
    name = "sekisho_milters_" + re.sub("[^A-Za-z0-9]", "_", service.label)
    commands = (
        postfix.postconf("-e", f"{name} = {value}"),
        postfix.postconf("-P", f"{service.label}/smtpd_milters=${name}"),
        postfix.reload(),
    )
    return " && ".join(commands)


def _entry(milter: Milter) -> str:
    if not milter.settings:
        return milter.place
    inner = ", ".join([milter.place, *(f"{name}={value}" for name, value in milter.settings.items())])
    return f"{{ {inner} }}"


def _chroot(postfix: Postfix, config: Config) -> Iterator[Finding]:
    queue = postfix.get("queue_directory")
    path = config.wire.socket.removeprefix("unix:")
    if not config.wire.socket.startswith("unix:") or path.startswith(f"{queue}/"):
        return
    named = {service.label for service, _, _ in _users(postfix, config) if service is not None}
    general = any(service is None for service, _, _ in _users(postfix, config))
    for service in postfix.smtpd():
        asks = service.label in named or (general and "smtpd_milters" not in service.settings)
        if service.chroot and asks:
            yield error(
                "postfix.chroot",
                f"{service.label} runs in a chroot ({queue}) and cannot see {path}",
                f"{postfix.postconf('-F', f'{service.label}/chroot = n')} && {postfix.reload()}",
            )


def _macros(postfix: Postfix, config: Config) -> Iterator[Finding]:
    """Since protocol 6 we ask for macros ourselves; before that Postfix must be told to send them."""
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


def _parameters(postfix: Postfix, config: Config) -> Iterator[Finding]:
    for name, good, check, why in _WANTED:
        value = postfix.get(name).lower()
        if name not in postfix.main and check == "error":
            text = f"this Postfix ({postfix.get('mail_version')}) does not know {name}: {why}"
            yield error(f"postfix.{name}", text, "apt-get install --only-upgrade postfix")
        if value and value not in good:
            make = error if check == "error" else warning
            yield make(f"postfix.{name}", f"{name} is {value}: {why}", postfix.set(name, good[0]))


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
        "enable_long_queue_ids",
        ("yes",),
        "warning",
        "queue ids are used again, so that `trace` may mix messages up",
    ),
)


def _rewriting(postfix: Postfix, config: Config) -> Iterator[Finding]:
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


def _non_smtp(postfix: Postfix, config: Config) -> Iterator[Finding]:
    if any(
        ours(postfix, each.place, config.wire.socket) for each in milters(postfix.get("non_smtpd_milters"))
    ):
        yield note(
            "postfix.non_smtpd_milters",
            "non_smtpd_milters holds our socket: mail of this machine's own programs is judged too, "
            "without a client",
        )
    if postfix.get("smtpd_milter_maps"):
        yield note(
            "postfix.smtpd_milter_maps", "smtpd_milter_maps may take clients past us; it is not followed"
        )


_CHECKS: tuple[Callable[[Postfix, Config], Iterator[Finding]], ...] = (
    _asked,
    _default_action,
    _timeouts,
    _order,
    _chroot,
    _macros,
    _parameters,
    _rewriting,
    _non_smtp,
)
