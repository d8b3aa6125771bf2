"""Chains of sekisho and other filters at a real Postfix, in both orders: the verdicts are those of sekisho alone, and
no result of a neighbour is lost. docs/beside.md has the settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lab.cases import Outcome, smtp_lines
from lab.chain import Chain
from lab.dns import DnsServer
from lab.neighbours import Amavis, ClamAV, Neighbour, OpenDKIM, OpenDMARC, Rspamd
from lab.neighbours.content import VIRUS
from lab.neighbours.daemon import loopback_address
from lab.place import LabError
from lab.sekisho import Sekisho
from lab.sender import Session
from lab.sink import Sink
from tests.system.mails import letter

from sekisho.cases import Case, load

GOLDEN = Path(__file__).parent.parent / "golden"
CASES = 20
OURS = "sekisho.mx.lab.invalid"
THEIRS = "mx.lab.invalid"
"""The host's name, which OpenDKIM and OpenDMARC use if nothing else is said, and rspamd always."""
OTHER = "other.lab.invalid"
SETTINGS = {
    "authserv_id": OURS,
    "policy": {"max_action": "tag"},  # so that every message is delivered, and its fields can be seen
    "trust": {
        "earlier_filters": [THEIRS],
        "relays": ["127.0.0.0/8"],
        "relay_names": ["localhost", "mx.lab.invalid"],
    },
}
KINDS = {
    "opendkim": OpenDKIM,
    "opendmarc": OpenDMARC,
    "later-opendkim": OpenDKIM,
    "later-opendmarc": OpenDMARC,
    "rspamd": Rspamd,
    "clamav": ClamAV,
    "amavis": Amavis,
}
OPTIONS: dict[str, dict[str, object]] = {
    "opendkim": {"job_id": True},
    "opendmarc": {"authserv_id": OTHER, "trusted": THEIRS},
    "later-opendkim": {"authserv_id": OTHER},
    "later-opendmarc": {"authserv_id": OTHER},
    "rspamd": {"removes": False},
    "amavis": {"authserv_id": "amavis.lab.invalid"},
}
RESULTS = {
    "opendkim": ("Authentication-Results", f"{THEIRS}/", "dkim="),
    "opendmarc": ("Authentication-Results", OTHER, "dmarc="),
    "later-opendkim": ("Authentication-Results", OTHER, "dkim="),
    "later-opendmarc": ("Authentication-Results", OTHER, "dmarc="),
    "rspamd": ("Authentication-Results", THEIRS, "dmarc="),
    "clamav": ("X-Virus-Status", "Clean", ""),
    "amavis": ("Received", "from ", "(amavis, port"),  # of mail that is not signed it says nothing else
}
"""The field of each, how it begins, and what it must say."""
pytestmark = pytest.mark.timeout(600)  # rspamd takes long to start

WHOLE = pytest.mark.whole
ORDERS = [
    pytest.param(("opendkim", "opendmarc"), (), id="opendkim-opendmarc-sekisho"),
    pytest.param((), ("later-opendkim", "later-opendmarc"), id="sekisho-opendkim-opendmarc"),
    pytest.param(("rspamd",), (), id="rspamd-sekisho", marks=WHOLE),
    pytest.param((), ("rspamd",), id="sekisho-rspamd", marks=WHOLE),
    pytest.param(("clamav",), (), id="clamav-sekisho", marks=WHOLE),
    pytest.param((), ("clamav",), id="sekisho-clamav", marks=WHOLE),
    pytest.param(("amavis",), (), id="amavis-sekisho", marks=WHOLE),
    pytest.param((), ("amavis",), id="sekisho-amavis", marks=WHOLE),
]


@dataclass
class Street:
    """One daemon, and the neighbours that a test asks for; `alone` is what it says of each case by itself."""

    place: Path
    dns: DnsServer
    sink: Sink
    sekisho: Sekisho
    stack: ExitStack
    neighbours: dict[str, Neighbour] = field(default_factory=dict)
    alone: dict[str, Outcome] = field(default_factory=dict)

    def some(self, names: Sequence[str]) -> list[Neighbour]:
        """These neighbours; each is started once. A test is skipped if one is not installed."""
        for name in names:
            if name not in self.neighbours:
                made = KINDS[name](self.place, self.dns.address, name, **OPTIONS.get(name, {}))  # type: ignore[arg-type]
                try:
                    self.neighbours[name] = self.stack.enter_context(made)
                except LabError as error:
                    if "is not installed" in str(error):
                        pytest.skip(f"{error}: `make neighbours` installs it")
                    raise
        return [self.neighbours[name] for name in names]

    def chain(self, before: Sequence[str] = (), after: Sequence[str] = ()) -> Chain:
        self.sink.clear()
        return Chain(
            self.place,
            dns=self.dns,
            sink=self.sink,
            sekisho=self.sekisho,
            before=self.some(before),
            after=self.some(after),
        )


@pytest.fixture(scope="module")
def street(place: Path) -> Iterator[Street]:
    with ExitStack() as stack:
        dns = stack.enter_context(DnsServer(port=53, host=loopback_address()))
        sink = stack.enter_context(Sink())
        sekisho = stack.enter_context(Sekisho(place, dns.address, SETTINGS, name="neighbours"))
        made = Street(place, dns, sink, sekisho, stack)
        with made.chain() as chain:
            for _ in range(
                2
            ):  # the policies of domains that were seen are remembered, so the first round differs
                made.alone = {str(each.path): chain.send(each) for each in cases()}
        yield made


def cases() -> list[Case]:
    """Genuine and forged mail with the DNS that it needs, from all over the golden mails. Where DNS fails, some filters
    write nothing."""
    found = [path for path in sorted(GOLDEN.rglob("*.eml")) if path.with_suffix(".json").is_file()]
    known = [case for case in map(load, found) if case.dns and case.envelope.sender is not None]
    some = [case for case in known if not any("rcode" in record for record in case.dns)]
    return some[:: len(some) // CASES][:CASES]


def said(outcome: Outcome) -> tuple[str | None, float, dict[str, float]]:
    return outcome.verdict, outcome.score, outcome.findings


@pytest.mark.parametrize(("before", "after"), ORDERS)
def test_every_verdict_is_as_alone_and_no_result_is_lost(
    street: Street, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    """Twenty cases: verdict, score and findings are the same, and the fields of all filters are delivered."""
    with street.chain(before, after) as chain:
        for case in cases():
            outcome = chain.send(case)
            assert said(outcome) == said(street.alone[str(case.path)]), case.path
            (delivery,) = outcome.deliveries
            assert delivery.fields("X-Sekisho-Verdict"), case.path
            ours = [each for each in delivery.fields("Authentication-Results") if each.startswith(f"{OURS};")]
            assert len(ours) == 1, case.path
            for name in (*before, *after):
                field_name, begins, says = RESULTS[name]
                theirs = [
                    each for each in delivery.fields(field_name) if each.startswith(begins) and says in each
                ]
                assert theirs, (case.path, name)


@pytest.mark.parametrize(("before", "after"), ORDERS)
def test_what_a_sender_wrote_in_our_name_is_removed(
    street: Street, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    """Results under our id are removed, and those of an earlier filter with a queue id that is none of this message."""
    head = (
        b"Authentication-Results: sekisho.mx.lab.invalid; dkim=pass header.d=bank.example\r\n"
        b"Authentication-Results: mx.lab.invalid/4XyZ123AbCzAbC; dkim=pass header.d=bank.example\r\n"
        b"X-Sekisho-Verdict: accept; forged\r\n"
    )
    with street.chain(before, after) as chain:
        outcome = chain.send(letter("hanako@example.jp", head=head))
        (delivery,) = outcome.deliveries
        assert not [each for each in delivery.fields("Authentication-Results") if "bank.example" in each]
        assert len(delivery.fields("X-Sekisho-Verdict")) == 1


@pytest.mark.whole
@pytest.mark.parametrize(("before", "after"), [(("clamav",), ()), ((), ("clamav",))])
def test_a_virus_is_refused_by_its_own_filter(
    street: Street, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    """Where another filter refuses a message, sekisho keeps no copy and changes nothing."""
    mail = letter("hanako@example.jp")
    infected = Case(mail.path, mail.raw + VIRUS.encode() + b"\r\n", mail.envelope, dns=mail.dns)
    with street.chain(before, after) as chain:
        with Session(chain.postfix.port, infected.envelope.client) as session:
            sent = session.mail(infected.envelope.sender, ["hanako@example.jp"], smtp_lines(infected.raw))
        assert sent.reply.code == 550
