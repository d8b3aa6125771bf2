"""The SMTP door as Postfix uses it: which service hands mail to it, in which position, and what is behind it. It is
examined if the configuration names a next hop.

It cannot see filters that an access table or `header_checks` sets (FILTER), nor another MTA than Postfix.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.config import Config
from sekisho.doctor.commands import Commands, both, systemctl
from sekisho.doctor.milter_clients import milter_clients
from sekisho.doctor.model import Diagnosis, error, warning
from sekisho.doctor.postconf import Postfix, Service, seconds
from sekisho.smtp.options import SmtpOptions, host_and_port
from sekisho.smtp_client import SmtpClient

UNIT = "sekisho-smtp"
AFTER, BEFORE = "content_filter", "smtpd_proxy_filter"
POSITIONS = {AFTER: "after-queue", BEFORE: "before-queue"}
_SECONDS = 5.0  # for the next hop's answer


def stands_alone(postfix: Postfix, config: Config) -> bool:
    """True if the door is configured and no smtpd of this Postfix asks the milter."""
    return bool(config.smtp.next_hop) and not milter_clients(postfix, config.wire.socket)


def examine(postfix: Postfix | None, config: Config, commands: Commands) -> Iterator[Diagnosis]:
    """Diagnoses of the door. Without `postfix` only the next hop is examined."""
    options = config.smtp
    if not options.next_hop:
        return
    yield from _next_hop(options, commands)
    if postfix is None or milter_clients(postfix, config.wire.socket):
        return
    users = [
        (each, how) for each in postfix.smtpd() for how in POSITIONS if _uses(postfix, each, how, options)
    ]
    if not users:
        yield _not_asked(postfix, options)
    for service, how in users:
        yield from _used(postfix, service, how, config, commands)


def _next_hop(options: SmtpOptions, commands: Commands) -> Iterator[Diagnosis]:
    client = SmtpClient(timeout=_SECONDS, local_hostname="localhost")
    try:
        reply = client.begin(*host_and_port(options.next_hop))
        why = "" if reply.ok else f"it answers {reply.code}"
    except (OSError, ValueError) as failure:
        why = getattr(failure, "strerror", None) or type(failure).__name__
    finally:
        client.close()
    if why:
        yield error(
            "smtp.next_hop",
            f"the next hop {options.next_hop} takes no mail ({why}): all mail waits",
            f"postfix start   # or name the right port: {commands.set('smtp.next_hop', 'HOST:PORT')}",
        )


def _uses(postfix: Postfix, service: Service, how: str, options: SmtpOptions) -> bool:
    """True if the service hands its mail to the door, in this way."""
    place = postfix.get(how, service).replace("[", "").replace("]", "")
    return place.rpartition(":")[2] == str(host_and_port(options.listen)[1]) and bool(place)


def _not_asked(postfix: Postfix, options: SmtpOptions) -> Diagnosis:
    host, port = host_and_port(options.listen)
    outside = next((each for each in postfix.smtpd() if each.name in ("smtp", "25")), None)
    label = outside.label if outside else "smtp/inet"
    before = options.position == POSITIONS[BEFORE]
    value = f"{BEFORE}={host}:{port}" if before else f"{AFTER}=sekisho:[{host}]:{port}"
    transport = "" if before else postfix.postconf("-M", "sekisho/unix=sekisho unix - - n - 20 smtp")
    forward = "" if before else postfix.postconf("-P", "sekisho/unix/smtp_send_xforward_command=yes")
    return error(
        "smtp.not_asked",
        f"no smtpd of this Postfix hands its mail to the SMTP door on {options.listen}: mail passes unseen",
        both(transport, forward, postfix.postconf("-P", f"{label}/{value}"), postfix.reload()),
    )


def _used(
    postfix: Postfix, service: Service, how: str, config: Config, commands: Commands
) -> Iterator[Diagnosis]:
    options = config.smtp
    if service.name.rpartition(":")[2] == str(host_and_port(options.next_hop)[1]):
        yield error(
            "smtp.loop",
            f"{service.label} is the next hop, and hands its mail to the door again ({how}): mail goes round for ever",
            both(postfix.postconf("-P", f"{service.label}/{how}="), postfix.reload()),
        )
        return
    if POSITIONS[how] != options.position:
        why = (
            "a refusal becomes a bounce to a sender that may be forged"
            if how == AFTER
            else "the sender hears nothing of a refusal, and odd spellings of an address escape its rules"
        )
        yield error(
            "smtp.position",
            f"{service.label} uses the door by {how}, but smtp.position is {options.position}: {why}",
            both(commands.set("smtp.position", POSITIONS[how]), systemctl("reload", UNIT)),
        )
    needed = 2 * config.wire.hard_deadline + options.timeout_seconds
    if how == BEFORE and seconds(postfix.get("smtpd_proxy_timeout", service)) <= needed:
        yield warning(
            "smtp.proxy_timeout",
            f"smtpd_proxy_timeout of {service.label} is not longer than a verdict and the next hop may take "
            f"({needed:g} s): such a message may be delivered twice",
            both(
                postfix.postconf("-P", f"{service.label}/smtpd_proxy_timeout={int(needed) + 30}s"),
                postfix.reload(),
            ),
        )
