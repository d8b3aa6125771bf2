"""Which smtpd services use our milter, and how the path of the socket looks to each of them.

smtpd changes into the queue directory when it starts; if master.cf says chroot, the queue directory also becomes its
root. So a relative path is always below the queue directory. An absolute path is below it only for an smtpd in a
chroot.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sekisho.doctor.commands import Commands, both, systemctl
from sekisho.doctor.postconf import Milter, Postfix, Service, milters

Change = Callable[[Milter], Milter]
DIRECTORY_MODE = "2710"  # Postfix's group may pass through; by setgid our socket gets that group


@dataclass(frozen=True, slots=True)
class MilterClient:
    """An smtpd service that uses our milter. `listed` is its list of milters, `at` the index of our entry. `own`: the
    list is in master.cf, else in main.cf."""

    service: Service
    listed: tuple[Milter, ...]
    at: int
    own: bool

    @property
    def entry(self) -> Milter:
        """Our entry in the list."""
        return self.listed[self.at]

    @property
    def where(self) -> str:
        """The file that has the list, for people."""
        return f"master.cf, {self.service.label}" if self.own else "main.cf"


def milter_clients(postfix: Postfix, socket: str) -> tuple[MilterClient, ...]:
    """Every smtpd service whose list has our socket, whether it can reach it or not."""
    return tuple(_milter_clients(postfix, socket))


def _milter_clients(postfix: Postfix, socket: str) -> Iterator[MilterClient]:
    for service in postfix.smtpd():
        listed = milters(postfix.get("smtpd_milters", service))
        found = (at for at, each in enumerate(listed) if means(postfix, service, each.place, socket))
        if (at := next(found, None)) is not None:
            yield MilterClient(service, listed, at, "smtpd_milters" in service.settings)


def means(postfix: Postfix, service: Service | None, place: str, socket: str) -> bool:
    """True if an entry is meant for our socket. In a chroot, an absolute path may be meant for it but not reach it."""
    path = unix(place)
    if path is None or not socket.startswith("unix:"):
        return inet(place) == inet(socket) is not None
    ours = Path(socket.removeprefix("unix:"))
    chrooted = service is not None and service.chroot
    return _same(queue(postfix) / path, ours) or (chrooted and _same(inside(postfix, path), ours))


def sees(postfix: Postfix, client: MilterClient, socket: str) -> bool:
    """True if this smtpd reaches our socket by its entry."""
    path = unix(client.entry.place)
    if path is None:
        return True
    seen = inside(postfix, path) if client.service.chroot else queue(postfix) / path
    return _same(seen, Path(socket.removeprefix("unix:")))


def queue(postfix: Postfix) -> Path:
    """Postfix's queue directory."""
    return Path(postfix.get("queue_directory") or "/var/spool/postfix")


def inside(postfix: Postfix, path: str) -> Path:
    """The file that a path names for an smtpd in a chroot."""
    return queue(postfix) / path.lstrip("/")


def _same(one: Path, other: Path) -> bool:
    """True if two paths name the same file, also by links and bind mounts. The file itself need not exist."""
    if one == other:
        return True
    with suppress(OSError):
        return one.name == other.name and one.parent.samefile(other.parent)
    return False


def unix(place: str) -> str | None:
    """The path of a `unix:` entry; None for others."""
    kind, _, path = place.partition(":")
    return path if kind in ("unix", "local") else None


def inet(place: str) -> tuple[str, str] | None:
    """Host and port of an `inet:` entry; None for others. Postfix writes inet:host:port, libmilter inet:port@host."""
    kind, _, rest = place.partition(":")
    if kind not in ("inet", "inet6"):
        return None
    if "@" in rest:
        port, _, host = rest.partition("@")
    else:
        host, _, port = rest.rpartition(":")
    host = host.strip("[]")
    return ("127.0.0.1" if host in ("", "localhost", "0.0.0.0") else host), port  # noqa: S104 - compared


def as_postfix(postfix: Postfix, socket: str) -> str:
    """Our socket as Postfix writes it. A path below the queue directory becomes relative to it: that is correct inside
    a chroot and outside."""
    if (found := inet(socket)) is not None:
        return f"inet:[{found[0]}]:{found[1]}" if ":" in found[0] else f"inet:{found[0]}:{found[1]}"
    path = Path(socket.removeprefix("unix:"))
    if path.is_relative_to(queue(postfix)):
        return f"unix:{path.relative_to(queue(postfix))}"
    return socket


def below_queue(postfix: Postfix, socket: str) -> bool:
    """True if our socket is below Postfix's queue directory."""
    return socket.startswith("unix:") and Path(socket.removeprefix("unix:")).is_relative_to(queue(postfix))


def relisted(postfix: Postfix, client: MilterClient, change: Change) -> str:
    """The command that writes the service's list with our entry changed."""
    listed = (*client.listed[: client.at], change(client.entry), *client.listed[client.at + 1 :])
    return listing(postfix, client.service if client.own else None, listed)


def setting(name: str, value: str) -> Change:
    """A change that sets a parameter of an entry."""
    return lambda milter: Milter(milter.place, {**milter.settings, name: value})


def place(value: str) -> Change:
    """A change that sets where an entry's milter listens."""
    return lambda milter: Milter(value, milter.settings)


def listing(postfix: Postfix, service: Service | None, listed: tuple[Milter, ...]) -> str:
    """The command that writes these entries, into main.cf or for one service. `postconf -P` accepts no space in a
    value, so for a service the list goes into a parameter of its own in main.cf."""
    value = ", ".join(map(_entry, listed))
    if service is None:
        return postfix.postconf("-e", f"smtpd_milters = {value}")
    name = "sekisho_milters_" + re.sub("[^A-Za-z0-9]", "_", service.label)
    return both(
        postfix.postconf("-e", f"{name} = {value}"),
        postfix.postconf("-P", f"{service.label}/smtpd_milters=${name}"),
    )


def _entry(milter: Milter) -> str:
    if not milter.settings:
        return milter.place
    inner = ", ".join([milter.place, *(f"{name}={value}" for name, value in milter.settings.items())])
    return f"{{ {inner} }}"


def moved(postfix: Postfix, socket: str, commands: Commands) -> tuple[str, str]:
    """The commands that move our socket into a directory of its own below the queue directory and restart the daemon;
    and the new socket as Postfix writes it. The same repair must also change all services that use it (`told`)."""
    directory = queue(postfix) / "sekisho"
    target = directory / Path(socket.removeprefix("unix:")).name
    steps = both(
        commands.directory(directory, DIRECTORY_MODE, postfix.group()),
        commands.set("wire.socket", f"unix:{target}"),
        systemctl("restart"),
    )
    return steps, f"unix:{target.relative_to(queue(postfix))}"


def told(postfix: Postfix, socket: str, to: str) -> str:
    """The commands that set the new socket for all services that use our milter."""
    found = {relisted(postfix, each, place(to)): None for each in milter_clients(postfix, socket)}
    return both(*found, postfix.reload())
