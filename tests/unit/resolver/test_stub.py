"""The stub resolver with a name server on loopback, which misbehaves as a test says."""

from __future__ import annotations

import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from tests.auth_support import FixedClock
from tests.dns_support import CLOCK, answering, deadline, resolver, serving

from sekisho.clock import SystemClock
from sekisho.dns_answer import Answer, Found
from sekisho.resolver import Budget, DnsOptions, DnsResolver, parse_server, system_servers


@pytest.mark.parametrize(
    ("rtype", "value", "shape"),
    [
        ("A", "192.0.2.1", "192.0.2.1"),
        ("AAAA", "2001:db8::1", "2001:db8::1"),
        ("MX", "10 MX.Example.JP.", (10, "mx.example.jp")),
        ("PTR", "Mail.Example.JP.", "mail.example.jp"),
        ("NS", "ns.example.jp.", "ns.example.jp"),
        ("TXT", '"v=spf1 " "-all"', b"v=spf1 -all"),
    ],
)
def test_shapes(rtype: str, value: str, shape: object) -> None:
    """Records of each type have the form that `ports.Answer` describes."""
    with serving(answering(f"example.jp. 300 IN {rtype} {value}")) as server:
        answer = resolver(server).lookup("Example.JP.", rtype, deadline())
    assert (answer.found, answer.records) == (Found.ANSWER, (shape,))


def test_non_ascii_txt_is_bytes() -> None:
    """Bytes beyond ASCII in a TXT record are not changed."""
    with serving(answering('example.jp. 300 IN TXT "\\255\\000\\227"')) as server:
        assert resolver(server).lookup("example.jp", "TXT", deadline()).texts == (b"\xff\x00\xe3",)


@pytest.mark.parametrize(
    ("rcode", "found"),
    [
        (dns.rcode.NXDOMAIN, Found.NXDOMAIN),
        (dns.rcode.NOERROR, Found.NODATA),
        (dns.rcode.SERVFAIL, Found.TEMPERROR),
        (dns.rcode.REFUSED, Found.TEMPERROR),
        (dns.rcode.FORMERR, Found.TEMPERROR),
    ],
)
def test_absence_and_failure_are_different(rcode: dns.rcode.Rcode, found: Found) -> None:
    """NXDOMAIN, no data and a failure give three different answers."""
    with serving(answering(rcode=rcode)) as server:
        assert resolver(server).lookup("example.jp", "A", deadline()).found is found


def test_silence_is_a_temporary_error_within_the_timeout() -> None:
    """A silent server gives TEMPERROR after the time-out, and the question was repeated."""
    with serving(lambda query, over_tcp: None) as server:
        started = CLOCK.monotonic()
        found = resolver(server, timeout=0.3).lookup("example.jp", "A", deadline()).found
        took = CLOCK.monotonic() - started
    assert found is Found.TEMPERROR
    assert len(server.questions) == 2
    assert took >= 0.3


def test_a_spent_deadline_asks_nothing() -> None:
    """After the deadline no query is sent."""
    with serving(answering()) as server:
        found = resolver(server).lookup("example.jp", "A", CLOCK.monotonic() - 1).found
    assert (found, server.questions) == (Found.TEMPERROR, [])


def test_the_second_server_answers_for_the_first() -> None:
    """If the first server refuses, the second one answers."""
    with (
        serving(answering(rcode=dns.rcode.SERVFAIL)) as broken,
        serving(answering("example.jp. 9 IN A 192.0.2.1")) as good,
    ):
        servers = tuple(f"127.0.0.1:{each.address[1]}" for each in (broken, good))
        found = resolver(broken, servers=servers).lookup("example.jp", "A", deadline())
    assert found.names == ("192.0.2.1",)


def test_a_slow_server_does_not_lose_its_answer() -> None:
    """The repeated query has the same id, so that a reply to either query counts."""
    seen: list[int] = []

    def reply(query: dns.message.Message, over_tcp: bool) -> bytes | None:
        seen.append(query.id)
        return answering("example.jp. 9 IN A 192.0.2.1")(query, over_tcp) if len(seen) > 1 else None  # type: ignore[return-value]

    with serving(reply) as server:
        answer = resolver(server, timeout=0.6).lookup("example.jp", "A", deadline())
    assert answer.names == ("192.0.2.1",)
    assert seen[0] == seen[1]


def test_truncation_goes_to_tcp() -> None:
    """A truncated answer is asked for over TCP."""
    long = " ".join(f'"{"x" * 250}"' for _ in range(20))

    def reply(query: dns.message.Message, over_tcp: bool) -> bytes:
        if over_tcp:
            return answering(f"example.jp. 300 IN TXT {long}")(query, True)  # type: ignore[return-value]
        response = dns.message.make_response(query)
        response.flags |= dns.flags.TC
        return response.to_wire()

    with serving(reply) as server:
        answer = resolver(server).lookup("example.jp", "TXT", deadline())
    assert answer.texts == (b"x" * 5000,)
    assert server.questions == [("example.jp", False), ("example.jp", True)]


def test_truncation_over_tcp_that_breaks_off() -> None:
    """A TCP connection that ends early is a temporary error."""

    def reply(query: dns.message.Message, over_tcp: bool) -> bytes | None:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.TC
        return None if over_tcp else response.to_wire()

    with serving(reply) as server:
        assert resolver(server).lookup("example.jp", "TXT", deadline()).found is Found.TEMPERROR


def test_answers_to_other_questions_are_not_believed() -> None:
    """A datagram with another id or another question is ignored, and the true answer is still read."""

    def reply(query: dns.message.Message, over_tcp: bool) -> list[bytes]:
        true = answering("example.jp. 9 IN A 192.0.2.1")(query, False)
        assert isinstance(true, bytes)
        other_id = struct.pack("!H", query.id ^ 1) + true[2:]
        other = dns.message.make_query("evil.example", "A", id=query.id)
        return [
            other_id,
            b"\0",
            b"junk" * 50,
            dns.message.make_query("x.", "A").to_wire(),
            true,
            other.to_wire(),
        ]

    with serving(reply) as server:
        assert resolver(server).lookup("example.jp", "A", deadline()).names == ("192.0.2.1",)


def test_our_id_on_nonsense_is_a_failure() -> None:
    """A datagram with our id that cannot be read is a temporary error."""
    with serving(lambda query, over_tcp: struct.pack("!H", query.id) + b"\xff" * 40) as server:
        assert resolver(server).lookup("example.jp", "A", deadline()).found is Found.TEMPERROR


def test_alias_is_followed_inside_the_answer() -> None:
    """A CNAME is followed to its record; one to a name that does not exist gives NXDOMAIN."""
    chain = ("www.example.jp. 9 IN CNAME a.example.jp.", "a.example.jp. 9 IN A 192.0.2.7")
    with serving(answering(*chain)) as server:
        assert resolver(server).lookup("www.example.jp", "A", deadline()).names == ("192.0.2.7",)
    with serving(answering(chain[0], rcode=dns.rcode.NXDOMAIN)) as server:
        assert resolver(server).lookup("www.example.jp", "A", deadline()).found is Found.NXDOMAIN


def test_alias_loop_ends() -> None:
    """CNAMEs that lead to each other give NODATA."""
    loop = ("a.example.jp. 9 IN CNAME b.example.jp.", "b.example.jp. 9 IN CNAME a.example.jp.")
    with serving(answering(*loop)) as server:
        assert resolver(server).lookup("a.example.jp", "A", deadline()).found is Found.NODATA


def test_records_are_bounded() -> None:
    """A hundred records of an answer are kept."""

    def reply(query: dns.message.Message, over_tcp: bool) -> bytes:
        response = dns.message.make_response(query)
        addresses = [f"10.0.{n // 250}.{n % 250}" for n in range(2000)]
        response.answer.append(dns.rrset.from_text("example.jp.", 9, "IN", "A", *addresses))
        return response.to_wire(max_size=65_535)

    with serving(reply) as server:
        assert len(resolver(server).lookup("example.jp", "A", deadline()).records) == 100


def test_hosts_with_odd_characters_are_dropped() -> None:
    """A host with blanks or quotes in an answer is dropped."""
    with serving(answering("example.jp. 9 IN PTR evil\\032\\034name.example.")) as server:
        answer = resolver(server).lookup("example.jp", "PTR", deadline())
    assert answer.records == ()


@pytest.mark.parametrize("name", ["", ".", "a..b", "a" * 64 + ".jp", "日本.jp", "a." * 127 + "jp", "a\\.b"])
def test_names_that_dns_cannot_carry(name: str) -> None:
    """A text that is no DNS name gives NXDOMAIN, and no query is sent."""
    with serving(answering()) as server:
        assert resolver(server).lookup(name, "A", deadline()).found is Found.NXDOMAIN
    assert server.questions == []


def test_cache_asks_once() -> None:
    """Answers and absences are cached, whatever the case of the name."""
    for reply in (answering("example.jp. 300 IN A 192.0.2.1"), answering(rcode=dns.rcode.NXDOMAIN, soa=60)):
        with serving(reply) as server:
            asked = resolver(server)
            first = asked.lookup("example.jp", "A", deadline())
            assert asked.lookup("EXAMPLE.jp.", "A", deadline()) == first
        assert len(server.questions) == 1


def test_ttl_and_negative_ttl_end() -> None:
    """An answer is asked again after its TTL, an absence after that of the SOA, a failure after some seconds."""
    for reply, holds, ends in (
        (answering("example.jp. 300 IN A 192.0.2.1"), 299, 301),
        (answering("example.jp. 999999 IN A 192.0.2.1"), 3599, 3601),
        (answering(rcode=dns.rcode.NXDOMAIN, soa=60), 59, 61),
        (answering(rcode=dns.rcode.NXDOMAIN, soa=86400), 299, 301),
        (answering(rcode=dns.rcode.SERVFAIL), 4, 6),
    ):
        with serving(reply) as server:
            clock = RunningClock()
            servers = (f"127.0.0.1:{server.address[1]}",)
            asked = DnsResolver(DnsOptions(servers=servers), clock)
            asked.lookup("example.jp", "A", clock.monotonic() + 9)
            clock.skipped = holds
            asked.lookup("example.jp", "A", clock.monotonic() + 9)
            assert len(server.questions) == 1
            clock.skipped = ends
            asked.lookup("example.jp", "A", clock.monotonic() + 9)
            assert len(server.questions) == 2


class RunningClock(SystemClock):
    """The real clock, moved forward by some seconds."""

    skipped = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.skipped


def test_cache_is_bounded() -> None:
    """The cache drops the least recently used answer when it is full."""
    with serving(answering(rcode=dns.rcode.NXDOMAIN, soa=60)) as server:
        asked = resolver(server, cache_size=2)
        for name in ("a.jp", "b.jp", "a.jp", "c.jp", "a.jp", "b.jp"):
            asked.lookup(name, "A", deadline())
    assert [name for name, _ in server.questions] == ["a.jp", "b.jp", "c.jp", "b.jp"]


def test_identical_questions_are_sent_once() -> None:
    """Many threads with one question send one query and get one answer."""
    gate = threading.Event()

    def reply(query: dns.message.Message, over_tcp: bool) -> bytes | list[bytes] | None:
        gate.wait(5)
        return answering("example.jp. 9 IN A 192.0.2.1")(query, over_tcp)

    with serving(reply) as server, ThreadPoolExecutor(8) as pool:
        asked = resolver(server, timeout=5.0)
        lookups = [pool.submit(asked.lookup, "example.jp", "A", deadline()) for _ in range(8)]
        while not server.questions:
            pass
        gate.set()
        assert {lookup.result().names for lookup in lookups} == {("192.0.2.1",)}
    assert len(server.questions) == 1


def test_warm_answers_are_at_hand() -> None:
    """A warmed question is not asked again. `warm` raises no error, and does nothing if all threads are busy."""
    gate = threading.Event()

    def reply(query: dns.message.Message, over_tcp: bool) -> bytes | list[bytes] | None:
        gate.wait(5)
        return answering("example.jp. 9 IN A 192.0.2.1")(query, over_tcp)

    with serving(reply) as server:
        asked = resolver(server, warmers=1, timeout=5.0)
        asked.warm("example.jp", "A")
        for number in range(100):
            asked.warm(f"n{number}.example.jp", "A")
        asked.warm("no..name", "A")
        gate.set()
        assert asked.lookup("example.jp", "A", deadline()).names == ("192.0.2.1",)
        asked.close()
        asked.warm("late.example.jp", "A")
    names = [name for name, _ in server.questions]
    assert names.count("example.jp") == 1
    assert len(names) <= 8


def test_observer_hears_of_questions_not_of_hits() -> None:
    """`on_query` is called once for every question that was sent, and not for answers from the cache."""
    heard: list[tuple[str, float]] = []
    with serving(answering("example.jp. 300 IN A 192.0.2.1")) as server:
        servers = (f"127.0.0.1:{server.address[1]}",)
        asked = DnsResolver(DnsOptions(servers=servers), CLOCK, lambda *event: heard.append(event))
        for _ in range(3):
            asked.lookup("example.jp", "A", deadline())
    assert [outcome for outcome, _ in heard] == ["answer"]
    assert heard[0][1] >= 0


def test_budget_is_for_the_whole_message() -> None:
    """When the budget of a message is spent, every further question is a temporary error."""
    clock = FixedClock()

    class Slow:
        def lookup(self, name: str, rtype: str, deadline: float) -> Answer:
            clock.seconds = min(deadline, clock.seconds + 3)
            asked.append(deadline - clock.seconds)
            return Answer(Found.NODATA)

        def warm(self, name: str, rtype: str) -> None: ...

    asked: list[float] = []
    budget = Budget(Slow(), 8.0, clock)
    start = clock.seconds
    for number in range(5):
        budget.lookup(f"n{number}.example.jp", "A", start + 60)
    assert clock.seconds - start == 8.0


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("127.0.0.1", ("127.0.0.1", 53)),
        ("127.0.0.1:5353", ("127.0.0.1", 5353)),
        ("::1", ("::1", 53)),
        ("[::1]:5353", ("::1", 5353)),
        ("[::1]", ("::1", 53)),
    ],
)
def test_servers(text: str, parsed: tuple[str, int]) -> None:
    """Addresses of both families are read, with and without a port."""
    assert parse_server(text) == parsed


@pytest.mark.parametrize(
    "text", ["", "dns.example.jp", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "[::1"]
)
def test_server_names_are_refused(text: str) -> None:
    """A server that is no address, or has no valid port, is refused by the options."""
    with pytest.raises(ValueError, match=r".*"):
        DnsOptions(servers=(text,))


def test_resolv_conf(tmp_path: Path) -> None:
    """The name servers of resolv.conf are read; invalid lines are skipped; without any it is loopback."""
    path = tmp_path / "resolv.conf"
    assert system_servers(path) == (("127.0.0.1", 53),)
    path.write_text(
        "search a\nnameserver 192.0.2.53\nnameserver nonsense\n# nameserver 192.0.2.1\nnameserver ::1\n"
    )
    assert system_servers(path) == (("192.0.2.53", 53), ("::1", 53))
