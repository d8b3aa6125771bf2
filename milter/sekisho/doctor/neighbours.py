"""Looks at the other filters in Postfix's lists of milters: their order, and whether our results have a name of theirs.

A filter is known by the place of its socket. It cannot see which authserv-id that filter was given, or whether it
writes results at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.config import Config
from sekisho.doctor.commands import Commands, both, systemctl
from sekisho.doctor.milter_clients import MilterClient, listing, milter_clients
from sekisho.doctor.model import Diagnosis, error, note, warning
from sekisho.doctor.postconf import Postfix

SIGNERS = ("dkim", "8891", "rspamd", "11332", "amavis", "8892")
WRITERS = (*SIGNERS, "dmarc", "8893", "spf")
"""What names filters that write Authentication-Results, under the name of the host if nothing else is said."""


def examine(postfix: Postfix, config: Config, commands: Commands) -> Iterator[Diagnosis]:
    """Diagnoses of order and names."""
    for client in milter_clients(postfix, config.wire.socket):
        yield from _order(postfix, config, client)
        yield from _same_id(postfix, config, client, commands)


def _named(places: list[str], marks: tuple[str, ...]) -> list[str]:
    return [place for place in places if any(mark in place for mark in marks)]


def _order(postfix: Postfix, config: Config, client: MilterClient) -> Iterator[Diagnosis]:
    before = [each.place for each in client.listed[: client.at]]
    if not before:
        return
    after = [each for each in client.listed if each is not client.entry]
    first = listing(postfix, client.service if client.own else None, (client.entry, *after))
    mend = both(first, postfix.reload())
    signers = _named(before, SIGNERS)
    if config.trust.earlier_filters and not (signers and _marks(config)):
        yield note(
            "postfix.order",
            f"{', '.join(before)} comes before us ({client.where}), and trust.earlier_filters says so",
        )
    elif signers:
        yield error(
            "postfix.order",
            f"{', '.join(signers)} comes before us ({client.where}): what it signs we change afterwards",
            mend,
        )
    else:
        yield warning(
            "postfix.order",
            f"{', '.join(before)} comes before us ({client.where}): we judge what it made of the message",
            mend,
        )


def _marks(config: Config) -> bool:
    """True if subjects are changed, which signatures cover."""
    return any((config.policy.subject_mark, *(each.subject_mark for each in config.recipients.values())))


def _same_id(
    postfix: Postfix, config: Config, client: MilterClient, commands: Commands
) -> Iterator[Diagnosis]:
    """Our results under the name of the host, which other filters use if nothing else is said."""
    host = postfix.get("myhostname").lower()
    if not host or config.authserv_id.lower() != host:
        return
    places = [each.place for each in client.listed]
    before = _named(places[: client.at], WRITERS) if host not in config.trust.earlier_filters else []
    after = _named(places[client.at + 1 :], WRITERS)
    if not before and not after:
        return
    what = [f"we remove the results of {', '.join(before)} as forged"] if before else []
    what += [f"{', '.join(after)} may remove ours"] if after else []
    yield warning(
        "postfix.same_id",
        f"authserv_id is {host}, the host's name, which other filters use too ({client.where}): "
        f"{' and '.join(what)}; docs/beside.md has the settings",
        both(commands.set("authserv_id", f"sekisho.{host}"), systemctl("reload")),
    )
