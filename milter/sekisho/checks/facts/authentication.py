"""The findings of results that failed, and whether a failed look-up leaves the author undecided. A result that another
receiver recorded gives the same finding as our own."""

from __future__ import annotations

from types import MappingProxyType

from sekisho.evidence import AUTHOR_METHODS, AuthorStatus, Evidence, FindingKind
from sekisho.results import AuthResult

SPF_FAIL = FindingKind(
    "auth.spf_fail",
    1.0,
    "{domain} does not allow {address} to send its mail (SPF fail).",
    "{domain} は {address} からの送信を許可していません（SPF fail）。",
)
SPF_SOFTFAIL = FindingKind(
    "auth.spf_softfail",
    0.5,
    "{domain} does not expect {address} to send its mail (SPF softfail).",
    "{domain} は {address} からの送信を想定していません（SPF softfail）。",
)
DKIM_FAIL = FindingKind(
    "auth.dkim_fail",
    0,
    "The DKIM signature of {domain} does not hold: {reason}.",
    "{domain} の DKIM 署名が成立しません: {reason}",
)
DMARC_FAIL = FindingKind(
    "auth.dmarc_fail",
    2.0,
    "Nothing proves that {domain} sent this (DMARC fail; it asks for: {policy}).",
    "{domain} から送られたことを示す認証がありません（DMARC fail、ドメインの方針: {policy}）。",
)
FAILURES = MappingProxyType(
    {
        ("spf", AuthResult.FAIL): SPF_FAIL,
        ("spf", AuthResult.SOFTFAIL): SPF_SOFTFAIL,
        ("dkim", AuthResult.FAIL): DKIM_FAIL,
        ("dmarc", AuthResult.FAIL): DMARC_FAIL,
    }
)
"""The finding of a method and a result."""


def author_is_undecided(seen: Evidence) -> bool:
    """True if nothing proves the author, and a temporary error is all that keeps us from saying that nothing can.
    Where nobody looked (no DNS at all), there is no temporary error."""
    failed = any(
        each.result is AuthResult.TEMPERROR for each in seen.results if each.method in AUTHOR_METHODS
    )
    return failed and seen.author_status is AuthorStatus.UNKNOWN
