"""The DNS of one case: hosts with addresses and names, SPF, DMARC and keys, as a receiver would find them."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from lab.variations.description import Record
from sekisho.domains import registrable

PRIVATE_KEY = (
    Path(__file__).with_name("key.pem").read_bytes()
)  # signs for everybody here, and for nobody elsewhere
SELECTOR = "s2026"
NETWORKS = tuple(map(ipaddress.IPv4Network, ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")))


def _key_record() -> str:
    key = load_pem_private_key(PRIVATE_KEY, None).public_key()
    encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "v=DKIM1; k=rsa; p=" + base64.b64encode(encoded).decode()


KEY_RECORD = _key_record()


@dataclass
class Zone:
    """What is published. Each host has its own address, which depends on its name."""

    records: dict[tuple[str, str, str], None] = field(default_factory=dict)
    hosts: dict[str, str] = field(default_factory=dict)

    def address(self, host: str, *, named: bool = True) -> str:
        """The IPv4 address of a host. `named`: the name and the address confirm each other."""
        if host not in self.hosts:
            number = int.from_bytes(hashlib.sha256(host.encode()).digest()[:4], "big")
            taken = set(self.hosts.values())
            while (address := str(NETWORKS[number % 3][1 + number // 3 % 254])) in taken:
                number += 3
            self.hosts[host] = address
        address = self.hosts[host]
        if named:
            self.add(host, "A", address)
            self.add(ipaddress.ip_address(address).reverse_pointer, "PTR", host + ".")
        return address

    def domain(self, name: str) -> None:
        """A domain with a web server and a mail server, as almost every domain has them."""
        self.add(name, "A", self.address(f"www.{name}"))
        self.add(name, "MX", f"10 mx.{name}.")
        self.address(f"mx.{name}")

    def spf(self, domain: str, address: str, rest: str) -> None:
        """The policy of a domain that names this address (SPF, RFC 7208), too if the domain has a policy already."""
        old = next(
            (value for name, _, value in self.records if name == domain and value[:6] == "v=spf1"), None
        )
        if old is None:
            self.add(domain, "TXT", f"v=spf1 ip4:{address} {rest}")
        elif address not in old:
            del self.records[domain, "TXT", old]
            self.add(domain, "TXT", old.replace("v=spf1", f"v=spf1 ip4:{address}"))

    def dmarc(self, domain: str, policy: str) -> None:
        """The policy of the organisation of a domain (DMARC, RFC 9989)."""
        owner = registrable(domain) or domain
        self.add(f"_dmarc.{owner}", "TXT", f"v=DMARC1; p={policy}; rua=mailto:dmarc@{owner}")

    def key(self, domain: str) -> None:
        """The public key of a domain (DKIM, RFC 6376)."""
        self.add(f"{SELECTOR}._domainkey.{domain}", "TXT", KEY_RECORD)

    def add(self, name: str, kind: str, value: str) -> None:
        """One record, once."""
        self.records[name, kind, value] = None

    def text(self, name: bytes | str, timeout: float = 0) -> bytes | None:
        """The TXT record of a name, as dkimpy asks for it."""
        wanted = (name.decode() if isinstance(name, bytes) else name).rstrip(".").lower()
        return next(
            (value.encode() for host, kind, value in self.records if (host, kind) == (wanted, "TXT")), None
        )

    def listed(self, more: tuple[Record, ...] = ()) -> list[dict[str, str]]:
        """All records, as a sidecar has them. A record of the description takes the place of ours with the same key,
        an error that of all our records of the name."""
        own = {(each.name, each.type) for each in more}
        failing = {each.name for each in more if each.rcode}
        records = [Record(name=name, type=kind, value=value) for name, kind, value in self.records]
        ours = [e for e in records if e.name not in failing and (e.name, e.type) not in own]
        return [each.listed() for each in (*ours, *more)]
