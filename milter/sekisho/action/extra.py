"""The fields that are written only where `policy.extra_headers` says so: for other filters, and for delivery.

`X-Sekisho-Score` and `X-Sekisho-Symbols` say the same as X-Sekisho-Verdict and X-Sekisho-Reason, for programs. The
`X-Spam-` fields are those of SpamAssassin, which Sieve's `spamtest` and most mailbox servers read. They decide where a
message is put, so they say what is *done*: they never mark mail for more than `max_action` allows, nor mail that an
allow entry lets through, and their score is on the same side of every threshold as the verdict, even if a combination
decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from sekisho.verdict import AddHeader, Disposition, Outcome, Verdict

MAX_STARS = 50
MAX_SYMBOLS = 50
MAX_LINE_CHARS = 76


def for_programs(names: Sequence[str], verdict: Verdict, weights: Mapping[str, float]) -> Iterator[AddHeader]:
    """Those that say what was decided. `weights` are the points of each finding."""
    if "X-Sekisho-Symbols" in names:
        ranked = sorted(weights.items(), key=lambda item: -item[1])[:MAX_SYMBOLS]
        symbols = [f"{name}({points:g})" for name, points in ranked]
        yield AddHeader("X-Sekisho-Symbols", _folded(symbols, len("X-Sekisho-Symbols: ")) or "none")
    if "X-Sekisho-Score" in names:
        yield AddHeader("X-Sekisho-Score", f"{verdict.score:.1f}")


def for_delivery(
    names: Sequence[str], outcomes: Sequence[Outcome], weights: Mapping[str, float]
) -> Iterator[AddHeader]:
    """Those by which a mailbox server sorts, for the recipients that get the message, all in enforce."""
    judged = [each for each in outcomes if each.verdict.judged]
    if judged:
        strictest = max(judged, key=lambda each: (each.applied, each.verdict.disposition))
        for name, value in _VALUES.items():
            if name in names and (text := value(strictest, weights)):
                yield AddHeader(name, text)


def _marked(outcome: Outcome) -> bool:
    return outcome.applied is Disposition.TAG


def score(outcome: Outcome) -> float:
    """The score in points, on the side of the thresholds on which the message is treated."""
    verdict = outcome.verdict
    limits = verdict.thresholds
    if not _marked(outcome):
        return verdict.score if verdict.score < limits.tag else 0.0
    least = {Disposition.QUARANTINE: limits.quarantine, Disposition.REJECT: limits.reject}
    return max(verdict.score, least.get(verdict.disposition, limits.tag))


def _flag(outcome: Outcome, _: Mapping[str, float]) -> str:
    return "YES" if _marked(outcome) else "NO"


def _level(outcome: Outcome, _: Mapping[str, float]) -> str:
    return "*" * min(MAX_STARS, max(0, int(score(outcome))))


def _score(outcome: Outcome, _: Mapping[str, float]) -> str:
    return f"{score(outcome):.1f}"


def _status(outcome: Outcome, weights: Mapping[str, float]) -> str:
    words = "Yes" if _marked(outcome) else "No"
    head = f"{words}, score={score(outcome):.1f} required={outcome.verdict.thresholds.tag:.1f}"
    names = [name for name, points in weights.items() if points][:MAX_SYMBOLS] or ["none"]
    return f"{head}\n tests={_folded(names, len(' tests='))}"


_VALUES: Mapping[str, Callable[[Outcome, Mapping[str, float]], str]] = MappingProxyType(
    {"X-Spam-Status": _status, "X-Spam-Level": _level, "X-Spam-Score": _score, "X-Spam-Flag": _flag}
)


def _folded(words: Sequence[str], taken: int) -> str:
    """The words with commas between them, on lines of bounded length. `taken` is what stands before them."""
    lines = [""]
    for word in words:
        if lines[-1] and taken + len(lines[-1]) + len(word) > MAX_LINE_CHARS:
            lines, taken = [*lines, ""], 1
        lines[-1] += f"{word}, "
    return "\n ".join(line.rstrip() for line in lines).rstrip(",")
