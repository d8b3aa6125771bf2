"""Services that pass mail on: what is known of them, and whose ARC seal is believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho import compose, forwarders, providers
from sekisho.config import Config
from sekisho.forwarders import ForwarderFileError
from sekisho.known import Forwarding

KNOWN = forwarders.load()
TABLE = providers.load(services=KNOWN.services)


@pytest.mark.parametrize(
    ("domain", "name", "author", "dkim"),
    [
        ("lists.linux.dev", "kernel-org", "kept", "kept"),
        ("bounce.groups.io", "groups-io", "own_if_refused", "broken"),
        ("simplelogin.co", "simplelogin", "own", "broken"),
        ("sato.anonaddy.com", "addy-io", "own", "broken"),
        ("gmail.com", "gmail", "kept", "kept"),
        ("lists.debian.org", "lists.debian.org", "unknown", "unknown"),
    ],
)
def test_what_a_service_does(domain: str, name: str, author: str, dkim: str) -> None:
    """The longest entry that covers the domain; a known service that is not described is unknown in all."""
    found = TABLE.forwarding(domain)
    assert found is not None
    assert (found.name, found.author, found.dkim) == (name, author, dkim)


@pytest.mark.parametrize("domain", ["example.jp", "sendgrid.net", "notgroups.io", "zendesk.com", "jp", ""])
def test_what_passes_nothing_on(domain: str) -> None:
    """Senders, platforms and names that only end alike are no forwarders."""
    assert TABLE.forwarding(domain) is None


def test_the_shipped_services_can_be_refused() -> None:
    """Nothing is then believed to have passed mail on; what kind a domain is of stays as it is."""
    table = providers.load(services=None)
    assert table.forwarding("groups.io") is None
    assert table.kind("groups.io") == "forwarder"


def test_every_described_service_is_known_to_be_shared() -> None:
    """A forwarder that is no provider would prove an organisation that has written nothing."""
    kinds = {TABLE.kind(domain) for domain in KNOWN.services}
    assert kinds <= {"forwarder", "alias", "mailbox", "cloud"}
    aliases = {domain for domain, kind in TABLE.kinds.items() if kind == "alias"}
    described = {domain for domain in KNOWN.services if TABLE.kind(domain) == "alias"}
    assert len(described) >= len(aliases) - 3


def test_a_sealer_is_no_host_for_everybody() -> None:
    """A platform that signs for whoever pays is not among the believed sealers."""
    assert {"google.com", "microsoft.com", "messagingengine.com"} <= KNOWN.sealers
    assert not {kind for each in KNOWN.sealers if (kind := TABLE.kind(each)) in ("esp", "tenancy", "cloud")}
    assert not KNOWN.sealers & {"improvmx.com", "zohomail.com"}


def test_every_fault_is_named(tmp_path: Path) -> None:
    """All faults of the file at once, each with its key."""
    file = tmp_path / "forwarders.toml"
    file.write_text(
        '[forwarders.a]\ndomains = ["Bad Name"]\nenvelope = "srs"\nsources = ["x"]\n'
        '[forwarders.b]\ndomains = []\n[sealers.c]\ndomains = ["jp"]\nsources = []\nwhy = "x"\n',
        "utf-8",
    )
    with pytest.raises(ForwarderFileError) as caught:
        forwarders.load(file)
    places = {fault.split(": ")[1] for fault in caught.value.faults}
    assert places == {
        "forwarders.a.domains[0]",
        "forwarders.a.domains",
        "forwarders.a.envelope",
        "forwarders.b.domains",
        "forwarders.b.sources",
        "sealers.c.domains[0]",
        "sealers.c.domains",
        "sealers.c.sources",
        "sealers.c.why",
    }


def test_a_domain_has_one_service(tmp_path: Path) -> None:
    """Two services cannot both say what is done to the mail of a domain."""
    file = tmp_path / "forwarders.toml"
    entry = '[forwarders.{}]\ndomains = ["lists.example"]\nsources = ["x"]\n'
    file.write_text(entry.format("a") + entry.format("b"), "utf-8")
    with pytest.raises(ForwarderFileError, match=r"lists\.example is listed under a too"):
        forwarders.load(file)
    with pytest.raises(ForwarderFileError):
        forwarders.load(tmp_path / "none.toml")


def sealers(**changed: object) -> frozenset[str]:
    base = {"authserv_id": "mx1.example.jp", "vocabulary": {"overlay": ""}, "brands": {"overlay": ""}}
    config = Config.model_validate(base | changed)
    return compose.sealers(config, compose.knowledge(config), config.authserv_id)


def test_whose_seal_is_believed() -> None:
    """The shipped sealers, those of the configuration, and the site itself by its domains and its authserv-id."""
    found = sealers(arc={"sealers": ["lists.example"]}, site={"domains": ["example.net"]})
    assert found == KNOWN.sealers | {"lists.example", "example.net", "example.jp"}


def test_the_shipped_sealers_can_be_refused() -> None:
    """The site's own seal is believed all the same."""
    assert sealers(arc={"shipped_sealers": False}) == {"example.jp"}


def test_a_shared_host_name_is_nobodys_seal() -> None:
    """An authserv-id below a provider's domain, or without a domain, makes no sealer of the provider."""
    assert sealers(arc={"shipped_sealers": False}, authserv_id="mail.gmail.com") == frozenset()
    assert sealers(arc={"shipped_sealers": False}, authserv_id="localhost") == frozenset()


def test_refused_forwarders_reach_the_checks() -> None:
    """The option takes the shipped services out of what the checks ask."""
    config = Config.model_validate({"vocabulary": {"overlay": ""}, "brands": {"overlay": ""}})
    refused = config.model_copy(
        update={"trust": config.trust.model_copy(update={"shipped_forwarders": False})}
    )
    assert compose.knowledge(config).providers.forwarding("freelists.org") == Forwarding("freelists.org")
    assert compose.knowledge(refused).providers.forwarding("freelists.org") is None
