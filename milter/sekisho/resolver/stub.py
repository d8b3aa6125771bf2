"""The stub resolver: it asks recursive name servers, caches answers, and sends equal questions once."""

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
from sekisho.resolver.message import TEMPERROR_TTL_SECONDS, TimedAnswer
from sekisho.resolver.names import NXDOMAIN, TEMPERROR, query_name
from sekisho.resolver.options import DnsOptions, parse_server, system_servers

MIN_TTL_SECONDS = 2.0  # one message asks a question more than once, even if its TTL is 0
MAX_ENTRY_BYTES = 8192  # a domain with fifty TXT records takes less
_ENTRY_OVERHEAD_BYTES = 350
"""Bytes of a cache entry without name and records: table, key, answer, numbers (measured: up to 310)."""


@dataclass(slots=True)
class PendingQuery:
    """A question that is being asked. One thread asks, and the others wait for `done` and its answer.

    `out_of_time`: there is no answer, since the deadline of the thread that asked was over.
    """

    done: threading.Event = field(default_factory=threading.Event)
    answer: Answer = TEMPERROR
    out_of_time: bool = False


class CachedAnswer(NamedTuple):
    """A cached answer: `until` is the monotonic time at which it ends, `size` the bytes of memory that it takes."""

    answer: Answer
    until: float
    size: int


class Cache:
    """A thread-safe cache of answers by question; the least recently used one is dropped first.

    It is bounded by the number of answers (`size`) and by their bytes (`most_bytes`), since the owner of a zone chooses
    the size of an answer. An answer over `MAX_ENTRY_BYTES` is not kept: it would take the place of a hundred others,
    and genuine answers are smaller.
    """

    def __init__(self, size: int, most_bytes: int, clock: Clock) -> None:
        self._size = size
        self._most_bytes = most_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: OrderedDict[tuple[str, str], CachedAnswer] = OrderedDict()
        self._bytes = 0

    def get(self, key: tuple[str, str]) -> Answer | None:
        """The answer to a question (name and type), or None if it is not cached or has expired."""
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
        """Keep an answer for `ttl` seconds."""
        size = entry_bytes(key, answer)
        with self._lock:
            if key in self._entries:
                self._bytes -= self._entries.pop(key).size
            if size > MAX_ENTRY_BYTES:
                return
            self._entries[key] = CachedAnswer(answer, self._clock.monotonic() + ttl, size)
            self._bytes += size
            while len(self._entries) > self._size or self._bytes > self._most_bytes:
                self._bytes -= self._entries.popitem(last=False)[1].size

    def __len__(self) -> int:
        return len(self._entries)


def entry_bytes(key: tuple[str, str], answer: Answer) -> int:
    """The bytes of memory that an answer takes in the cache, with its question."""
    records = answer.records
    parts = [*records, *(host for each in records if isinstance(each, tuple) for host in each)]
    return _ENTRY_OVERHEAD_BYTES + getsizeof(key[0]) + getsizeof(records) + sum(map(getsizeof, parts))


class DnsResolver:
    """`ports.Resolver` with recursive name servers. Thread-safe. Make it after the fork.

    `on_query(outcome, seconds)` is called for every question that the cache could not answer. Outcomes are the values
    of `dns_answer.Found`. Threads are started by the first calls of `warm`.
    """

    def __init__(
        self, options: DnsOptions, clock: Clock, on_query: Callable[[str, float], None] | None = None
    ) -> None:
        self._options = options
        self._clock = clock
        self._on_query = on_query
        self._servers = tuple(map(parse_server, options.servers)) or system_servers()
        self._cache = Cache(options.cache_size, options.cache_bytes, clock)
        self._pending: dict[tuple[str, str], PendingQuery] = {}
        self._lock = threading.Lock()
        self._warm_slots = threading.Semaphore(8 * options.warmers)
        self._pool: ThreadPoolExecutor | None = None
        if options.warmers:
            self._pool = ThreadPoolExecutor(options.warmers, thread_name_prefix="dns")

    def lookup(self, name: str, rtype: str, deadline: float) -> Answer:
        """The answer from the cache, or from a name server by `deadline` (monotonic) or the time-out."""
        asked = query_name(name)
        if asked is None:
            return NXDOMAIN
        key = (asked, rtype)
        return self._cache.get(key) or self._shared_lookup(key, deadline)

    def warm(self, name: str, rtype: str) -> None:
        """Ask a question in advance, on a thread of the resolver. If all threads are busy, it is not asked."""
        asked = query_name(name)
        if asked is None or self._pool is None or self._cache.get((asked, rtype)):
            return
        if not self._warm_slots.acquire(blocking=False):
            return
        try:
            self._pool.submit(self._warm, (asked, rtype))
        except RuntimeError:  # the pool is closed, since the process ends
            self._warm_slots.release()

    def close(self) -> None:
        """Ask no more questions in advance. Those that are being asked end by their time-out."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _warm(self, key: tuple[str, str]) -> None:
        try:
            self._shared_lookup(key, self._clock.monotonic() + self._options.timeout)
        finally:
            self._warm_slots.release()

    def _shared_lookup(self, key: tuple[str, str], deadline: float) -> Answer:
        """Ask, or wait for another thread that asks the same question. If that thread was out of time, ask again. Both
        together take no longer than one question may take."""
        until = min(deadline, self._clock.monotonic() + self._options.timeout)
        while True:
            with self._lock:
                pending = self._pending.get(key)
                if pending is None:
                    own = self._pending[key] = PendingQuery()
                    break
            pending.done.wait(max(0.0, until - self._clock.monotonic()))
            if not pending.out_of_time or self._clock.monotonic() >= until:
                return pending.answer
            deadline = until
        return self._lookup_for_all(key, own, deadline)

    def _lookup_for_all(self, key: tuple[str, str], pending: PendingQuery, deadline: float) -> Answer:
        try:
            pending.answer = self._cache.get(key) or self._ask(key, deadline)
            failed = pending.answer.found is Found.TEMPERROR
            pending.out_of_time = failed and self._clock.monotonic() >= deadline
        finally:
            with self._lock:
                del self._pending[key]
            pending.done.set()
        return pending.answer

    def _ask(self, key: tuple[str, str], deadline: float) -> Answer:
        started = self._clock.monotonic()
        until = min(deadline, started + self._options.timeout)
        result = TimedAnswer(TEMPERROR, TEMPERROR_TTL_SECONDS)
        if started < until:
            result = self._exchange(key, until)
        if result.answer.found is not Found.TEMPERROR or until < deadline:
            self._cache.put(key, result.answer, self._lifetime(result))
        if self._on_query is not None:
            self._on_query(result.answer.found.value, self._clock.monotonic() - started)
        return result.answer

    def _lifetime(self, result: TimedAnswer) -> float:
        absent = result.answer.found in (Found.NXDOMAIN, Found.NODATA)
        most = self._options.negative_ttl if absent else self._options.max_ttl
        return max(MIN_TTL_SECONDS, min(result.ttl, most))

    def _exchange(self, key: tuple[str, str], until: float) -> TimedAnswer:
        """Ask over UDP, and over TCP if the answer is truncated (RFC 7766)."""
        exchange = Exchange(*key, clock=self._clock, until=until)
        try:
            return exchange.run(self._servers)
        finally:
            exchange.close()
