"""What a sender publishes in DNS does not fill a worker: the cache is bounded by the memory that it takes."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dns_support import CLOCK, deadline, resolver, serving

from sekisho.dns_answer import Answer, Found
from sekisho.resolver import Budget, DnsOptions
from sekisho.resolver.stub import MAX_ENTRY_BYTES, Cache, entry_bytes

LARGE = 60_000


def wildcard(size: int) -> Callable[[dns.message.Message, bool], bytes]:
    """Every name has TXT records of that many octets together, and each its own."""

    def reply(query: dns.message.Message, over_tcp: bool) -> bytes:
        response = dns.message.make_response(query)
        if not over_tcp:
            response.flags |= dns.flags.TC
            return response.to_wire()
        name = query.question[0].name
        mark = name.to_text()[:200].encode()
        strings = [mark.ljust(min(250, size - at), b"x") for at in range(0, size, 250)]
        text = " ".join(f'"{each.decode()}"' for each in strings)
        response.answer.append(dns.rrset.from_text(name, 3600, "IN", "TXT", text))
        return response.to_wire(max_size=65_535)

    return reply


def test_large_answers_are_answered_and_not_kept() -> None:
    """Twenty-five answers of 60 kB under a wildcard reach who asked and leave nothing behind."""
    with serving(wildcard(LARGE)) as server:
        asked = resolver(server)
        asked.lookup("first.example", "TXT", deadline())
        gc.collect()
        tracemalloc.start()
        for number in range(25):
            (text,) = asked.lookup(f"n{number}.example", "TXT", deadline()).texts
            assert len(text) == LARGE
        del text
        gc.collect()
        left = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
    assert left < 500_000


def test_answers_below_that_push_each_other_out() -> None:
    """Answers that may be kept take as many bytes as the option allows, however many there are; the newest stay."""
    with serving(wildcard(7_000)) as server:
        asked = resolver(server, cache_bytes=100_000)
        for number in range(60):
            asked.lookup(f"n{number}.example", "TXT", deadline())
        before = len(server.questions)
        asked.lookup("n59.example", "TXT", deadline())
        assert len(server.questions) == before
        asked.lookup("n0.example", "TXT", deadline())
        assert len(server.questions) > before


def test_one_message_asks_once() -> None:
    """What cannot be kept for others is remembered for the message: asking again, or ahead, costs no more questions."""
    with serving(wildcard(LARGE)) as server:
        budget = Budget(resolver(server, warmers=0), 8.0, CLOCK)
        for name in ("a.example", "A.example", "a.example"):
            budget.warm(name, "TXT")
            assert len(budget.lookup(name, "TXT", deadline()).texts[0]) == LARGE
    assert server.questions == [("a.example", False), ("a.example", True)]  # the one answer, over UDP and TCP


RECORDS = st.one_of(
    st.binary(max_size=9_000),
    st.text(max_size=60),
    st.tuples(st.integers(0, 65_535), st.text(max_size=60)),
)
QUESTIONS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(1, 250), st.lists(RECORDS, max_size=20)), max_size=40
)


@given(QUESTIONS, st.integers(0, 30_000), st.integers(0, 8))
def test_the_bounds_hold_whatever_is_put_in(
    questions: list[tuple[int, int, list[object]]], most: int, number: int
) -> None:
    """After every answer the cache is within both bounds, holds nothing over 8 kB, and tells nothing but what it was
    last given."""
    cache = Cache(number, most, CLOCK)
    told: dict[tuple[str, str], Answer] = {}
    for name, length, records in questions:
        key, answer = (str(name) * length, "TXT"), Answer(Found.ANSWER, tuple(records))
        cache.put(key, answer, 300.0)
        told[key] = answer
        held = {each: found for each in told if (found := cache.get(each)) is not None}
        assert all(found == told[each] for each, found in held.items())
        sizes = [entry_bytes(each, found) for each, found in held.items()]
        assert len(sizes) <= number
        assert sum(sizes) <= most
        assert max(sizes, default=0) <= MAX_ENTRY_BYTES


@pytest.mark.parametrize(
    "answer",
    [
        lambda n: Answer(Found.NXDOMAIN),
        lambda n: Answer(Found.ANSWER, (b"v=spf1 %d " % n * 20,)),
        lambda n: Answer(Found.ANSWER, tuple((n, f"mx{n}-{each}.example.jp") for each in range(1000, 1020))),
        lambda n: Answer(Found.ANSWER, tuple(f"192.0.{n % 200}.{each}" for each in range(60))),
    ],
    ids=["absence", "text", "hosts", "addresses"],
)
def test_the_estimate_is_honest(answer: Callable[[int], Answer]) -> None:
    """What entries are taken to be is no less than what they take, and no more than twice that."""
    cache = Cache(10_000, 1_000_000_000, CLOCK)
    estimate = 0
    gc.collect()
    tracemalloc.start()
    for number in range(3_000):
        key, given_ = (f"name{number}.of.some.length.example.jp", "TXT"), answer(number)
        estimate += entry_bytes(key, given_)
        cache.put(key, given_, 300.0)
    del key, given_
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert taken <= estimate <= 2 * taken


def test_the_whole_cache_as_shipped() -> None:
    """With the options as shipped, a million answers of 8 kB leave a worker with 16 MB and not with gigabytes."""
    options = DnsOptions()
    assert options.cache_bytes <= 20_000_000
    cache = Cache(options.cache_size, options.cache_bytes, CLOCK)
    tracemalloc.start()
    for number in range(20_000):
        cache.put((f"n{number}.example", "TXT"), Answer(Found.ANSWER, (b"x" * 7_000,)), 300.0)
    assert tracemalloc.get_traced_memory()[0] < 1.1 * options.cache_bytes
    tracemalloc.stop()
