"""The stub resolver: cache, single flight and asking ahead, on recursive name servers."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from sys import getsizeof
from typing import NamedTuple

from sekisho.dns_answer import Answer, Found
from sekisho.ports import Clock
from sekisho.resolver.exchange import Exchange
from sekisho.resolver.message import TEMPERROR_TTL, Reading
from sekisho.resolver.names import NXDOMAIN, TEMPERROR, plain
from sekisho.resolver.options import DnsOptions, parse_server, system_servers

MIN_TTL = 2.0  # seconds; one message asks the same thing more than once, whatever TTL is published
MAX_KEPT = 8192  # bytes of one entry; a domain with fifty records of TXT is below
_ENTRY = 350
"""Bytes of an entry apart from name and records: table, key, answer, numbers (measured: up to 310)."""


@dataclass(slots=True)
class Flight:
    """A question under way: the first to ask goes, the others wait for what it brings. `late`: it brought nothing
    because its own deadline was over."""

    landed: threading.Event = field(default_factory=threading.Event)
    answer: Answer = TEMPERROR
    late: bool = False


class Entry(NamedTuple):
    """What is remembered of one question: until when (monotonic), and the memory that it takes."""

    answer: Answer
    until: float
    size: int


class Cache:
    """Answers by question, least recently used out first. Thread-safe; nothing outlives `max_ttl`.

    Bounded by number and by bytes, since whoever publishes an answer chooses its size. An answer over `MAX_KEPT` is
    not kept at all: it would push out a hundred others, and genuine ones are smaller."""

    def __init__(self, size: int, most_bytes: int, clock: Clock) -> None:
        self._size = size
        self._most_bytes = most_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[str, str], Entry] = OrderedDict()
        self._bytes = 0

    def get(self, key: tuple[str, str]) -> Answer | None:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            if self._clock.monotonic() >= entry.until:
                self._bytes -= self._entries.pop(key).size
                return None
            self._entries.move_to_end(key)
            return entry.answer

    def put(self, key: tuple[str, str], answer: Answer, ttl: float) -> None:
        size = entry_bytes(key, answer)
        with self._lock:
            if key in self._entries:
                self._bytes -= self._entries.pop(key).size
            if size > MAX_KEPT:
                return
            self._entries[key] = Entry(answer, self._clock.monotonic() + ttl, size)
            self._bytes += size
            while len(self._entries) > self._size or self._bytes > self._most_bytes:
                self._bytes -= self._entries.popitem(last=False)[1].size

    def __len__(self) -> int:
        return len(self._entries)


def entry_bytes(key: tuple[str, str], answer: Answer) -> int:
    """The memory that an answer takes in the cache, with the question that it answers."""
    records = answer.records
    parts = [*records, *(host for each in records if isinstance(each, tuple) for host in each)]
    return _ENTRY + getsizeof(key[0]) + getsizeof(records) + sum(map(getsizeof, parts))


class DnsResolver:
    """`ports.Resolver` on recursive name servers. Thread-safe; make it after the fork.

    `on_query(outcome, seconds)` is told of every question that left the cache unanswered; outcomes are the
    words of `dns_answer.Found`. Threads exist only once `warm` is called.
    """

    def __init__(
        self, options: DnsOptions, clock: Clock, on_query: Callable[[str, float], None] | None = None
    ) -> None:
        self._options = options
        self._clock = clock
        self._on_query = on_query
        self._servers = tuple(map(parse_server, options.servers)) or system_servers()
        self._cache = Cache(options.cache_size, options.cache_bytes, clock)
        self._flights: dict[tuple[str, str], Flight] = {}
        self._lock = threading.Lock()
        self._room = threading.Semaphore(8 * options.warmers)
        self._pool: ThreadPoolExecutor | None = None
        if options.warmers:
            self._pool = ThreadPoolExecutor(options.warmers, thread_name_prefix="dns")

    def lookup(self, name: str, rtype: str, deadline: float) -> Answer:
        """Answer from the cache, or ask until `deadline` (monotonic) or the time-out, whichever is first."""
        asked = plain(name)
        if asked is None:
            return NXDOMAIN
        key = (asked, rtype)
        return self._cache.get(key) or self._fly(key, deadline)

    def warm(self, name: str, rtype: str) -> None:
        """Ask ahead on a thread of our own; dropped when all are busy, since nobody depends on it."""
        asked = plain(name)
        if asked is None or self._pool is None or self._cache.get((asked, rtype)):
            return
        if not self._room.acquire(blocking=False):
            return
        try:
            self._pool.submit(self._warm, (asked, rtype))
        except RuntimeError:  # the pool is closed: the process is leaving
            self._room.release()

    def close(self) -> None:
        """Take no more questions ahead; those under way end by their time-out."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _warm(self, key: tuple[str, str]) -> None:
        try:
            self._fly(key, self._clock.monotonic() + self._options.timeout)
        finally:
            self._room.release()

    def _fly(self, key: tuple[str, str], deadline: float) -> Answer:
        """Ask, or wait for another thread that asks the same. Where that one was late, ask again: in all no longer
        than one question may take."""
        until = min(deadline, self._clock.monotonic() + self._options.timeout)
        while True:
            with self._lock:
                flight = self._flights.get(key)
                if flight is None:
                    own = self._flights[key] = Flight()
                    break
            flight.landed.wait(max(0.0, until - self._clock.monotonic()))
            if not flight.late or self._clock.monotonic() >= until:
                return flight.answer
            deadline = until
        return self._lead(key, own, deadline)

    def _lead(self, key: tuple[str, str], flight: Flight, deadline: float) -> Answer:
        try:
            flight.answer = self._cache.get(key) or self._ask(key, deadline)
            failed = flight.answer.found is Found.TEMPERROR
            flight.late = failed and self._clock.monotonic() >= deadline
        finally:
            with self._lock:
                del self._flights[key]
            flight.landed.set()
        return flight.answer

    def _ask(self, key: tuple[str, str], deadline: float) -> Answer:
        started = self._clock.monotonic()
        until = min(deadline, started + self._options.timeout)
        reading = Reading(TEMPERROR, TEMPERROR_TTL)
        if started < until:
            reading = self._exchange(key, until)
        if reading.answer.found is not Found.TEMPERROR or until < deadline:
            self._cache.put(key, reading.answer, self._lifetime(reading))
        if self._on_query is not None:
            self._on_query(reading.answer.found.value, self._clock.monotonic() - started)
        return reading.answer

    def _lifetime(self, reading: Reading) -> float:
        absent = reading.answer.found in (Found.NXDOMAIN, Found.NODATA)
        most = self._options.negative_ttl if absent else self._options.max_ttl
        return max(MIN_TTL, min(reading.ttl, most))

    def _exchange(self, key: tuple[str, str], until: float) -> Reading:
        """Ask over UDP until somebody answers; a truncated answer is fetched over TCP (RFC 7766)."""
        exchange = Exchange(*key, clock=self._clock, until=until)
        try:
            return exchange.run(self._servers)
        finally:
            exchange.close()
