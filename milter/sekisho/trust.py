"""Which clients, relays and forwarders the site trusts, and for what.

*Clients* are our own networks and users that logged in. Their mail is checked or skipped as configured, and may use
our own domains. *Relays* are in front of us (backup MX, cloud gateway). For mail from a relay, the client is the one
in the relay's own Received line; the line must have the relay's format and its name after `by`. What that line does
not say is unknown. *Forwarders* are services and mailing lists that pass on the mail of others. Authentication that
broke on the way is excused, and nothing else.

It cannot see whether a relay was given false data, or whether a relay wrote a Received line at all. If a relay writes
none (a load balancer), the first line was written by the sender. Such a relay must pass the client on by the PROXY
protocol or XCLIENT, and must not be configured here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from sekisho.domains import IpNetwork, parse_ip, parse_network, to_ascii, within
from sekisho.message import Client, Message
from sekisho.message.trace import MAX_RECEIVED_CHARS, client_of, unfolded, written_by
from sekisho.options import Options

MAX_RELAYS = 10  # of ours, one after the other


def network_or_domain(value: str) -> str:
    """A network or a domain in normal form. Raises ValueError if it is neither."""
    try:
        return str(parse_network(value))
    except ValueError as error:
        if "has host bits set" in str(error) or (name := to_ascii(value)) is None:
            raise ValueError("is neither a network nor a domain") from None
        return name


def _network(value: str) -> str:
    return str(parse_network(value))


def _host_name(value: str) -> str:
    """The name of a host; with a leading dot, all hosts below that name; `0` as qmail of Plesk writes it."""
    below = value.startswith(".")
    name = to_ascii(value[1:]) if below else to_ascii(value)
    if name is None and value != "0":
        raise ValueError("is not the name of a host")
    return f".{name}" if below else name or value


NetworkText = Annotated[str, AfterValidator(_network)]
NetworkOrDomain = Annotated[str, AfterValidator(network_or_domain)]
Handling = Literal["check", "skip"]
RelayFormat = Literal["postfix", "sendmail", "exim", "qmail", "exchange"]
AuthservId = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9._-]*$")]
HostName = Annotated[str, AfterValidator(_host_name)]


class TrustOptions(Options):
    """Which clients, relays and forwarders are trusted, and for what."""

    clients: tuple[NetworkText, ...] = Field(
        (),
        description="Our own networks, as 192.0.2.0/24: mail of these clients may come from our own domains.",
    )
    clients_are: Handling = Field(
        "check",
        description="Mail of `clients` is checked like any other, or skipped: neither judged nor marked.",
    )
    authenticated_are: Handling = Field(
        "check",
        description="The same for mail of users that logged in. Phishing is also sent with stolen passwords, so "
        "consider that before you skip it.",
    )
    relays: tuple[NetworkText, ...] = Field(
        (),
        description="Networks of backup MX and gateways in front of us: the client's address, name and HELO are taken "
        "from the Received line that they wrote; what it does not say is unknown. Do not name a relay that writes no "
        "such line (a load balancer): a sender could write it. Let it use the PROXY protocol or XCLIENT.",
    )
    relay_formats: tuple[RelayFormat, ...] = Field(
        ("postfix", "sendmail"),
        description="How the relays write their Received line: postfix, sendmail, exim, qmail, exchange. A line in "
        "another format is unknown.",
    )
    relay_names: tuple[HostName, ...] = Field(
        (),
        description="Names that the relays write after `by`, if that is neither their HELO name nor the name of their "
        "address. A name that begins with a dot covers all hosts below it, for example `.prod.outlook.com` for "
        "Office 365, where the host is different each time. A line of another host is unknown.",
    )
    forwarders: tuple[NetworkOrDomain, ...] = Field(
        (),
        description="Networks or domains of known forwarders and mailing lists: for mail that provably came through "
        "them, failed authentication counts for little.",
    )
    shipped_forwarders: bool = Field(
        True,
        description="The same for the public forwarders and mailing lists that are shipped (forwarders.toml and the "
        "kinds forwarder and alias of providers.toml). False: only for `forwarders`.",
    )
    earlier_filters: tuple[AuthservId, ...] = Field(
        (),
        description="The names that filters before us at the same MTA write in Authentication-Results, with the queue "
        "id behind them (OpenDKIM and OpenDMARC: `AuthservIDWithJobID yes`). No sender knows the queue id, so these "
        "results are kept, even if the name is ours (docs/beside.md).",
    )
    believe_earlier: bool = Field(
        False,
        description="A pass of SPF or DKIM in these results counts like our own. For a filter before us that changes "
        "messages, so that signatures do not hold any more.",
    )


@dataclass(frozen=True, slots=True)
class Networks:
    """A set of IP networks: `"192.0.2.1" in networks`."""

    networks: tuple[IpNetwork, ...] = ()

    @classmethod
    def of(cls, values: Iterable[str]) -> Networks:
        """The networks among the values (`192.0.2.0/24`); domains are left out. Raises ValueError."""
        return cls(tuple(parse_network(value) for value in values if "/" in value))

    def __contains__(self, address: object) -> bool:
        known = parse_ip(address) if self.networks and isinstance(address, str) else None
        return known is not None and any(known in network for network in self.networks)


@dataclass(frozen=True, slots=True)
class Trust:
    """Implements `ports.Trust`, and answers what the pipeline asks before a message is judged."""

    clients: Networks = field(default_factory=Networks)
    relays: Networks = field(default_factory=Networks)
    relay_formats: tuple[str, ...] = ("postfix", "sendmail")
    relay_names: frozenset[str] = frozenset()
    forwarding: Networks = field(default_factory=Networks)
    forwarders: frozenset[str] = frozenset()
    skip_clients: bool = False
    skip_authenticated: bool = False

    @classmethod
    def of(cls, options: TrustOptions) -> Trust:
        """What the options say."""
        return cls(
            Networks.of(options.clients),
            Networks.of(options.relays),
            options.relay_formats,
            frozenset(options.relay_names),
            Networks.of(options.forwarders),
            frozenset(value for value in options.forwarders if "/" not in value),
            options.clients_are == "skip",
            options.authenticated_are == "skip",
        )

    def own(self, client: Client) -> bool:
        """True for our own networks and for users that logged in."""
        return bool(client.user) or client.address in self.clients

    def skips(self, client: Client) -> bool:
        """True if the client's mail is not judged."""
        return (self.skip_authenticated and bool(client.user)) or (
            self.skip_clients and client.address in self.clients
        )

    def forwards(self, client: Client, domains: Iterable[str]) -> str | None:
        """The configured forwarder that sent the message, by its address or by one of `domains`, which must be proven.
        None if it was none."""
        if client.address in self.forwarding:
            return client.address
        if not self.forwarders:
            return None
        proven = tuple(domains)
        return next((name for name in proven if any(within(name, each) for each in self.forwarders)), None)

    def seen_through(self, message: Message) -> Message:
        """The message with the client that our own relays saw, if one of them delivered it."""
        client = message.envelope.client
        if client.user or client.address not in self.relays:
            return message
        for line in message.headers.all("received")[:MAX_RELAYS]:
            client = self._before(client, unfolded(line, MAX_RECEIVED_CHARS))
            if client.address not in self.relays:
                break
        else:
            client = Client()
        return replace(message, envelope=replace(message.envelope, client=replace(client, relayed=True)))

    def _before(self, relay: Client, received: str) -> Client:
        """The client that a Received line of the relay names. All is unknown if the relay did not write the line."""
        writer = written_by(received)
        known = {each.lower().rstrip(".") for each in (relay.name, relay.helo) if each} | self.relay_names
        above = tuple(name for name in self.relay_names if name.startswith("."))
        if writer is None or not (writer in known or writer.endswith(above)):
            return Client()
        return client_of(received, self.relay_formats)
