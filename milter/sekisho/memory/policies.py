"""Which domains asked for quarantine or reject when their DMARC record was last met.

Workers note it as they judge: the domain goes into a small set, and a thread of its own writes the set down, so that no
message waits for a disk. A note matters only while DNS fails, so a poisoned one can at worst have mail tagged that
would not be; the domain's own record, once it is seen again, is what counts.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterable
from pathlib import Path

from sekisho.judgement import Judged
from sekisho.memory.table import TimeTable
from sekisho.ports import Clock

LOG = logging.getLogger("sekisho.memory")
MAGIC = b"sekisho-dmarc-01"
SETS = 4096  # times 8 places: 32,768 domains in 768 kB; of a full set the oldest gives way
KEEP = 30 * 86_400.0  # seconds after which a note no longer counts
AGAIN = 86_400.0  # seconds between two notes of one domain
FLUSH = 5.0  # seconds
MOST = 2_000  # domains that wait to be written, and that one process remembers to have written
ENFORCING = frozenset({("policy.dmarc", "quarantine"), ("policy.dmarc", "reject")})


class PolicyNotes:
    """Implements `ports.KnownPolicies` and `ports.Observer`. Belongs to the process that made it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Raises OSError."""
        self._table = TimeTable(path, MAGIC, SETS)
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: set[str] = set()
        self._written: dict[str, float] = {}  # monotonic
        self._stop = threading.Event()
        self._failing = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Write down what waits, every few seconds, on a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="policies", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and write down what waits."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.flush()
        self._table.close()

    def age(self, domain: str) -> float | None:
        try:
            when = self._table.get(self._key(domain))
        except OSError as error:
            self._failed(error)
            return None
        if when is None:
            return None
        age = self._clock.now().timestamp() - when
        # A clock that was put back makes notes that are younger than now.
        return max(0.0, age) if math.isfinite(age) and age < KEEP else None

    def judged(self, judged: Judged) -> None:
        """Note the author domain if its policy was read and is enforcing."""
        for result in judged.evidence.of("dmarc"):
            if result.domain and not ENFORCING.isdisjoint(result.properties) and not result.recorded:
                self._note(result.domain)

    def crashed(self, stage: str, error: Exception) -> None:
        """Nothing to note."""

    def flush(self) -> None:
        """Write down what waits. Never raises."""
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        try:
            self._write(waiting)
            self._failing = False
        except OSError as error:
            self._failed(error)

    def _note(self, domain: str) -> None:
        known = self._written.get(domain)
        if known is not None and self._clock.monotonic() - known < AGAIN:
            return
        with self._lock:
            if len(self._waiting) < MOST:
                self._waiting.add(domain)

    def _write(self, domains: Iterable[str]) -> None:
        now, moment = self._clock.now().timestamp(), self._clock.monotonic()
        for domain in domains:
            key = self._key(domain)
            rows = self._table.rows(key)
            own = next((row for row in rows if row.key == key), None)
            self._table.put(key, now, own or min(rows, key=lambda row: row.when))
            if len(self._written) >= MOST:
                self._written = {}
            self._written[domain] = moment

    def _run(self) -> None:
        while not self._stop.wait(FLUSH):
            self.flush()

    def _key(self, domain: str) -> bytes:
        return self._table.key_of(domain.encode("utf-8", "surrogatepass"))

    def _failed(self, error: OSError) -> None:
        if not self._failing:
            LOG.error("policies that were met cannot be noted or looked up: %s", error)
        self._failing = True
