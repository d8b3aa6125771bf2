"""Which domains asked for quarantine or reject when their DMARC record was last read.

A worker that judges puts the domain into a small set in memory. A thread writes the set to the file, so no message
waits for the disk. A note is used only while DNS fails. The worst that a false note can do is that mail is tagged
which would not be; as soon as DNS answers again, the domain's own record counts.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Iterable
from pathlib import Path

from sekisho.events import keeping
from sekisho.judgement import Judged
from sekisho.memory.table import TimeTable
from sekisho.ports import Clock

LOG = logging.getLogger("sekisho.memory")
MAGIC = b"sekisho-dmarc-01"
SETS = 4096  # times 8 places: 32,768 domains in 768 kB; in a full set the oldest is replaced
KEEP_SECONDS = 30 * 86_400.0  # then a note no longer counts
NOTE_AGAIN_SECONDS = 86_400.0  # between two notes of one domain
FLUSH_SECONDS = 5.0  # between two writes
MAX_WAITING_DOMAINS = (
    2_000  # domains that wait to be written; also domains that a process knows to be written
)
ENFORCING = frozenset({("policy.dmarc", "quarantine"), ("policy.dmarc", "reject")})


class PolicyNotes:
    """Implements `ports.KnownPolicies` and `ports.Observer`. Belongs to the process that made it."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Raises OSError."""
        self._table = TimeTable(path, MAGIC, SETS)
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: set[str] = set()
        self._written: dict[str, float] = {}  # domain: monotonic seconds
        self._stop = threading.Event()
        self._failing = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread that writes what waits, every `FLUSH_SECONDS`."""
        self._thread = threading.Thread(target=self._run, name="policies", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and write what waits."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self.flush()
        self._table.close()

    def age(self, domain: str) -> float | None:
        """Seconds since the domain was last noted; None if it was not, or if the note has expired."""
        try:
            when = self._table.get(self._key(domain))
        except OSError as error:
            self._failed(error)
            return None
        if when is None:
            return None
        age = self._clock.now().timestamp() - when
        # If the clock was set back, a note may lie in the future.
        return max(0.0, age) if math.isfinite(age) and age < KEEP_SECONDS else None

    def judged(self, judged: Judged) -> None:
        """Note the author domain if its policy was read and is enforcing."""
        for result in judged.evidence.of("dmarc"):
            if result.domain and not ENFORCING.isdisjoint(result.properties) and not result.recorded:
                self._note(result.domain)

    def crashed(self, stage: str, error: Exception) -> None:
        """Does nothing: a crashed check read no policy."""

    def flush(self) -> None:
        """Write what waits. Never raises."""
        with self._lock:
            waiting, self._waiting = self._waiting, set()
        try:
            self._write(waiting)
            self._failing = False
        except OSError as error:
            self._failed(error)

    def _note(self, domain: str) -> None:
        known = self._written.get(domain)
        if known is not None and self._clock.monotonic() - known < NOTE_AGAIN_SECONDS:
            return
        with self._lock:
            if len(self._waiting) < MAX_WAITING_DOMAINS:
                self._waiting.add(domain)

    def _write(self, domains: Iterable[str]) -> None:
        now, moment = self._clock.now().timestamp(), self._clock.monotonic()
        for domain in domains:
            key = self._key(domain)
            rows = self._table.rows(key)
            own = next((row for row in rows if row.key == key), None)
            self._table.put(key, now, own or min(rows, key=lambda row: row.when))
            if len(self._written) >= MAX_WAITING_DOMAINS:
                self._written = {}
            self._written[domain] = moment

    def _run(self) -> None:
        while not self._stop.wait(FLUSH_SECONDS):
            self.flush()

    def _key(self, domain: str) -> bytes:
        return self._table.key_of(domain.encode("utf-8", "surrogatepass"))

    def _failed(self, error: OSError) -> None:
        if not self._failing:
            keeping.MEMORY_FAILED.failed(
                LOG, error, "DMARC policies that were seen cannot be written down or read"
            )
        self._failing = True
