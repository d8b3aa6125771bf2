"""What DNS answered: the type that every look-up returns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Found(StrEnum):
    """How a look-up ended. `TEMPERROR` (SERVFAIL, time-out, budget spent) is not an absence."""

    ANSWER = "answer"
    NODATA = "nodata"
    NXDOMAIN = "nxdomain"
    TEMPERROR = "temperror"


@dataclass(frozen=True, slots=True)
class Answer:
    """The records of one type at one name.

    Shapes by type: A, AAAA: address text; MX: `(preference, host)`; PTR, NS, CNAME: host without the final
    dot, lower case; TXT: the joined character strings as bytes.
    """

    found: Found
    records: tuple[object, ...] = ()

    @property
    def texts(self) -> tuple[bytes, ...]:
        """The records of a TXT answer."""
        return tuple(record for record in self.records if isinstance(record, bytes))

    @property
    def names(self) -> tuple[str, ...]:
        """Addresses or hosts; of MX, the hosts."""
        return tuple(
            record[1] if isinstance(record, tuple) else str(record)
            for record in self.records
            if not isinstance(record, bytes)
        )
