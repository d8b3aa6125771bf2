"""A held message as a case is judged again as it was, whatever DNS says by then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import FAKE, mail
from tests.unit.store.kit import EVIDENCE, message, outcomes

from sekisho import cases, compose
from sekisho.basis import Basis
from sekisho.case_runner import CaseRunner, document_of
from sekisho.cases import Case, parse_case
from sekisho.clock import FixedClock, SystemClock
from sekisho.config import Config
from sekisho.decoder import Decoder
from sekisho.explain import stored_document
from sekisho.held import Entry
from sekisho.message import Client
from sekisho.resolver import CaseResolver
from sekisho.review.case import case_of, recorded_of
from sekisho.store.quarantine import Quarantine

GOLDEN = Path(__file__).parents[2] / "golden"
KINDS = [
    *sorted((GOLDEN / "dkim").glob("*.eml"))[::4],
    *sorted((GOLDEN / "arc").glob("*.eml"))[::3],
    *sorted((GOLDEN / "auth").glob("*.eml"))[::6],
    *sorted(GOLDEN.glob("*/*.eml"))[::50],
]
NUMBERS = count()


@dataclass
class Desk:
    """Judges as the daemon does, holds everything, and judges exported cases."""

    config: Config
    store: Quarantine
    knowledge: compose.Knowledge
    directory: Path

    def hold(self, case: Case) -> Entry:
        clock = FixedClock(case.now) if case.now else SystemClock()
        resolver = None if case.dns is None else CaseResolver(case.dns)
        ports = compose.Ports(
            clock, self.knowledge, resolver=resolver, quarantine=self.store, pictures=Decoder(SystemClock())
        )
        name = compose.pipeline(self.config, ports).process(case.raw, case.envelope).action.reference
        entry = self.store.get(name)
        assert entry is not None
        return entry

    def again(self, entry: Entry) -> dict[str, Any]:
        """The judgement of the files that an export makes."""
        file = self.directory / f"{entry.id}.eml"
        file.write_bytes(self.store.content(entry.id))
        file.with_suffix(".json").write_text(json.dumps(case_of(entry)), "utf-8")
        runner = CaseRunner.of(Basis(self.config))
        return document_of(runner.judge(runner.examine(cases.load(file))))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    directory = tmp_path_factory.mktemp("desk")
    held_all = {"tag": 0, "quarantine": 0, "reject": 1000, "max_action": "quarantine"}
    config = Config.model_validate(
        {
            "mode": "enforce",
            "authserv_id": "mx.example.jp",
            "policy": held_all,
            "brands": {"overlay": ""},
            "vocabulary": {"overlay": ""},
            "store": {"url": f"sqlite:///{directory}/held.db"},
            "trust": {"relays": ["198.51.100.9"], "relay_names": ["relay.example.jp"]},
        }
    )
    store = Quarantine.open(config.store, SystemClock())
    yield Desk(config, store, compose.knowledge(config), directory)
    store.close()


def forged(trace: str = "") -> bytes:
    """A forged mail that no other absorbs as its retry."""
    fresh = f"X-Number: {next(NUMBERS)}\r\n"
    return mail("Amazon.co.jp <info@stranger.example>", "アカウントが停止されました", trace=trace + fresh)


def same(desk: Desk, case: Case) -> dict[str, Any]:
    """Holds the message and checks that its case gets the judgement that is stored. Gives the case."""
    entry = desk.hold(case)
    again, then = desk.again(entry), entry.document
    assert (again["score"], again["decided_by"]) == (entry.score, entry.decided_by)
    for key in ("findings", "auth", "claims", "proofs", "degraded", "identity"):
        assert again[key] == then[key], key
    return case_of(entry)


@pytest.mark.parametrize("file", KINDS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_kind_of_mail_is_judged_again_alike(desk: Desk, file: Path) -> None:
    """Signed, forwarded, sealed, forged, without an author: the same score, findings, results and proofs."""
    case = cases.load(file)
    if case.dns is None and case.recorded is not None:
        case = replace(case, recorded=None)  # the daemon has no results of others
    same(desk, case)


def test_a_failure_of_dns_stays_a_failure(desk: Desk) -> None:
    """What could not be known then is not known again: a name that did not answer is no name that does not exist."""
    facts = {**FAKE, "dns": [{"name": "stranger.example", "rcode": "SERVFAIL"}]}
    raw = forged()
    made = same(desk, parse_case(Path("x.eml"), raw, facts))
    assert {"name": "stranger.example", "type": "TXT", "rcode": "SERVFAIL"} in made["dns"]


def test_the_client_before_our_relay_is_the_client_of_the_case(desk: Desk) -> None:
    """The case has the client that the relay saw, and says that there was a relay."""
    trace = (
        "Received: from stranger.example (unknown [203.0.113.45])\r\n"
        "\tby relay.example.jp (Postfix) with ESMTP id 4XyZ for <hanako@example.jp>;\r\n"
        "\tSun, 1 Mar 2026 12:00:00 +0900 (JST)\r\n"
    )
    facts = {
        **FAKE,
        "client_ip": "198.51.100.9",
        "client_name": "relay.example.jp",
        "helo": "relay.example.jp",
    }
    raw = forged(trace)
    made = same(desk, parse_case(Path("x.eml"), raw, facts))
    assert (made["client_ip"], made["relayed"]) == ("203.0.113.45", True)


@pytest.mark.parametrize("resolve", ["ok", "forged", "fail", "temp", None])
def test_how_the_clients_name_was_verified_is_kept(desk: Desk, resolve: str | None) -> None:
    """Each of Postfix's words, and none, comes back."""
    raw = forged()
    case = parse_case(Path("x.eml"), raw, FAKE)
    client = replace(
        case.envelope.client, resolve=resolve, name="mx.stranger.example" if resolve == "ok" else None
    )
    same(desk, replace(case, envelope=replace(case.envelope, client=client)))


def test_bytes_that_are_no_text_come_back(desk: Desk) -> None:
    """Undecodable bytes of addresses, names and TXT records, and text that JSON must escape."""
    facts = {
        **FAKE,
        "helo": "h\udce9\x00\\u0041\u202e",
        "envelope_from": "info\udcff@stranger.example",
        "rcpt": ["花子@example.jp", "x\udc80@example.jp"],
        "dns": [{"name": "stranger.example", "type": "TXT", "value": "v=spf1 \udcff\x00 -all"}],
    }
    raw = mail("Amazon.co.jp <info@stranger.example>", "\x1b[31m\u202eご確認ください")
    made = same(desk, parse_case(Path("x.eml"), raw, facts))
    assert made["helo"] == facts["helo"]
    assert made["rcpt"] == facts["rcpt"]


def test_recipients_whose_copy_was_delivered_are_in_the_case(desk: Desk) -> None:
    """Some findings depend on all recipients; only some copies may be held."""
    settings = desk.config.model_dump()
    settings["recipients"] = {"friend@example.jp": {"max_action": "accept"}}
    other = replace(desk, config=Config.model_validate(settings))
    raw = forged()
    facts = {**FAKE, "rcpt": ["hanako@example.jp", "friend@example.jp"]}
    entry = other.hold(parse_case(Path("x.eml"), raw, facts))
    assert [each.recipient.address for each in entry.copies] == ["hanako@example.jp"]
    assert case_of(entry)["rcpt"] == facts["rcpt"]
    assert other.again(entry)["score"] == entry.score


def test_a_flood_of_answers_is_not_kept(desk: Desk) -> None:
    """The case then has the recorded results only; the message is held all the same."""
    long = "v=spf1 ip4:203.0.113.0/24 -all" + " " * 70_000
    facts = {**FAKE, "dns": [{"name": "stranger.example", "type": "TXT", "value": long}]}
    raw = forged()
    made = case_of(desk.hold(parse_case(Path("x.eml"), raw, facts)))
    assert "dns" not in made
    assert made["auth"]["spf"] in {"pass", "permerror"}


def test_an_entry_of_an_earlier_version_has_the_recorded_results(desk: Desk) -> None:
    """It was kept without DNS answers: the results of that time are in `auth`, and what is not known is left out."""
    to = outcomes("hanako@example.jp")
    entry = desk.store.get(desk.store.hold(message(b"old"), stored_document(EVIDENCE, {}, to), to))
    assert entry is not None
    assert case_of(entry) == {
        "client_ip": "192.0.2.7",
        "client_name": "mx.sender.example",
        "helo": "mx.sender.example",
        "envelope_from": "a@sender.example",
        "rcpt": ["hanako@example.jp"],
        "now": "2026-03-01T12:00:00+00:00",
        "auth": {"spf": "pass", "spf_domain": "jyaqfmf.cn"},
    }


def test_the_best_signature_is_the_recorded_one() -> None:
    """One that passed before one that failed, and the author's before a platform's; unknown is no word."""

    def result(method: str, word: str, domain: str | None) -> dict[str, Any]:
        return {"method": method, "word": word, "domain": domain}

    results = [
        result("dkim", "fail", "broken.example"),
        result("dkim", "pass", "platform.example"),
        result("dkim", "pass", "author.example"),
        result("dmarc", "pass", "author.example"),
        result("spf", "unknown", None),
    ]
    proofs = [{"method": "dkim", "domain": "author.example", "aligned": True}]
    assert recorded_of({"results": results, "proofs": proofs}) == {
        "dkim": "pass",
        "dkim_domain": "author.example",
        "dmarc": "pass",
    }
    assert recorded_of({}) == {}


def test_a_case_says_no_more_of_the_client_than_was_known(desk: Desk) -> None:
    """Nothing known of the client: nothing in the case but the fact that its name was not looked up."""
    raw = forged()
    case = parse_case(Path("x.eml"), raw, FAKE)
    made = same(desk, replace(case, envelope=replace(case.envelope, client=Client())))
    assert not made.keys() & {"client_ip", "client_name", "client_resolve", "helo", "authenticated_user"}
