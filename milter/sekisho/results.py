"""The result of an authentication method for one identifier. `auth` returns these types, `evidence` keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class AuthResult(StrEnum):
    """The result words of RFC 8601 section 2.7, and `unknown`: the method was not tried, which is not `none`."""

    PASS = "pass"  # noqa: S105 - a result word
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    POLICY = "policy"  # verified, but not acceptable to us (weak key, `l=`, From not signed)
    TEMPERROR = "temperror"
    PERMERROR = "permerror"
    UNKNOWN = "unknown"


RECORDED_WORDS: Mapping[str, AuthResult] = MappingProxyType(
    {word.value: word for word in AuthResult}
    | {
        "hardfail": AuthResult.FAIL,  # older writers
        "error": AuthResult.TEMPERROR,
        "bestguesspass": AuthResult.NEUTRAL,  # nobody published it
    }
)
"""The words in which other receivers record a result, and what they mean."""


@dataclass(frozen=True, slots=True)
class MethodResult:
    """The result of one authentication method about one identifier.

    `method` is the RFC 8601 name: `spf`, `dkim`, `arc`, `dmarc` or `iprev`. `domain` is the identifier's domain in
    ASCII lower case (SPF: MAIL FROM or HELO; DKIM: `d=`; DMARC: the author domain; ARC: the newest sealer; iprev: the
    client's name), or None where none can be read. `reason` is plain text, empty for most results. `properties` are
    RFC 8601 `ptype.property` pairs, unquoted. Names without a dot are for our own checks and are never written in a
    field: `via` and `mechanism` (SPF), `key` (DKIM), `at` (DMARC). `recorded` marks a result that another receiver
    found and a case contains.
    """

    method: str
    result: AuthResult
    domain: str | None = None
    reason: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    recorded: bool = False

    def get(self, name: str) -> str | None:
        """The first property of that name; None if there is none."""
        return next((value for key, value in self.properties if key == name), None)

    @property
    def undecided(self) -> bool:
        """True if a look-up failed that might have given a pass. A neutral result because the message is larger than
        the limit is decided, since the sender chooses the size."""
        return self.result is AuthResult.TEMPERROR
