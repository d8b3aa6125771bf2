"""No pattern of the package costs more than its text is long: n against 2n, with inputs made from its own parse tree.

A pattern that is slower than linear fails, unless the code hands it so little text that the whole of it costs less
than 50 ms (`BOUNDED`). Only what one search costs is seen here: that no code searches the same text again and again is
told by the shapes of `lab/hostile.py`.
"""

from __future__ import annotations

import math
import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from types import FrameType
from typing import Any

import pytest
from tests.attackers.patterns import Use, collected, hostile
from tests.slices import sliced

from sekisho import vocabulary
from sekisho.checks.facts import voices
from sekisho.message import delimiters
from sekisho.vocabulary import patterns

BOUNDED = {
    ("sekisho.checks.facts.voices", "STARTS"): voices.CONTEXT_CHARS,
}
"""Characters that these are given at most, by the constant of the code that bounds them."""
SHIPPED = vocabulary.load(None).checks


def _held(holder: object) -> list[object]:
    """What the fields of an object hold; nothing for one without fields."""
    return [getattr(holder, each.name) for each in fields(holder)] if is_dataclass(holder) else []


COMMON_WORDS = re.compile(patterns.plain(map(re.escape, ["担当", "御中", "株式会社", "事務局"])))
WHOLE_WORD = re.compile(r"(?<![\w@./-])taro(?![\w@./-])", re.IGNORECASE)
TARO = re.compile("taro", re.IGNORECASE)
DYNAMIC = {
    "sekisho.brands.exchanged": [re.compile("友反|丼友|ノレ")],
    "sekisho.checks.facts.domain_names": [re.compile(r"\b(?i:taro)\b"), re.compile(r"\b[T](?i:aro)\b")],
    "sekisho.checks.facts.other_identity": [re.compile(r"(?<!\w)(?:Taro|TARO)(?!\w)"), TARO],
    "sekisho.checks.facts.voices": [TARO],
    "sekisho.checks.facts.inside": [re.compile(r"(?<![a-z0-9-])taro(?![a-z0-9])")],
    "sekisho.checks.identity.word_names": [WHOLE_WORD],
    "sekisho.message.delimiters": [delimiters._nearly(b"b"), delimiters._line(b"b")],
    "sekisho.checks.identity.recipient": [re.compile(r"(?<![a-z0-9])taro(?![a-z0-9])")],
    "sekisho.privacy": [re.compile(r"(?<!\w)taro(?!\w)", re.IGNORECASE)],
    "sekisho.text.language": [re.compile("[个们这]")],
    "sekisho.vocabulary.patterns": [
        made
        for holder in (SHIPPED, *_held(SHIPPED))
        for made in _held(holder)
        if isinstance(made, re.Pattern)
    ],
    "sekisho.vocabulary.compiled": [COMMON_WORDS],
}
"""Modules that make patterns out of what they are given: those that they make of what is shipped, else one that is like
them."""
SIZES = (250, 1_000, 4_000, 16_000)
SUSPECT = 0.001
"""Seconds for 16,000 characters from which a pattern is measured more closely: 60 nanoseconds for each."""
EXPONENT = 1.2
MOST = 0.05
"""Seconds that the whole of a bounded text may cost."""
ENOUGH = 5
"""Inputs that are slow at less than the full size, after which no more are tried."""
ATTEMPTS = 12
HANGS = 1.0
"""Seconds after which one search is given up."""

USES, UNKNOWN = collected()
BY_NAME = {f"{use.module}.{use.name[:60]}": use for use in USES}


@pytest.mark.parametrize("name", sliced(BY_NAME, 4))
def test_a_search_costs_no_more_than_the_text_is_long(name: str) -> None:
    """From n to 2n, the time of the worst input that was found grows by an exponent of 1.2 at most."""
    timed(BY_NAME[name])


def timed(use: Use) -> None:
    bound = BOUNDED.get((use.module, use.name))
    if bound is not None:
        assert all(best(use, texts, bound) < MOST for texts in hostile(use.pattern))
        return
    for size, _, texts in suspects(use):
        grown = exponent(use, texts, size)
        assert grown <= EXPONENT, f"{use.pattern.pattern!r} grows by {grown:.2f} on {texts}"


def test_no_pattern_escapes() -> None:
    """Patterns that only exist when a function runs are in the list of those, and nothing else makes patterns."""
    assert {name.partition(":")[0] for name in UNKNOWN} == set(DYNAMIC)
    assert {use.pattern for use in USES} == {use.pattern for use in BY_NAME.values()}
    assert len(USES) > 200


def test_bounds_are_those_of_patterns_that_are_there() -> None:
    """The table of bounds holds no pattern that has gone."""
    assert set(BOUNDED) <= {(use.module, use.name) for use in USES}


@pytest.mark.parametrize("module", DYNAMIC)
def test_patterns_made_at_run_time_are_linear(module: str) -> None:
    """What the module makes of the shipped words, or one that is made as it makes them."""
    anchored = module.startswith("sekisho.cli")
    for pattern in DYNAMIC[module]:
        timed(Use(pattern, module, "made", frozenset({"match" if anchored else "search"})))


@pytest.mark.parametrize(
    "pattern", [r"\s+x", r'"(?:[^"\\]|\\.)*"(?=@)', r"[;\s]\s*+[^\s=;]++\s*+=", r"(?:a|ab)*c"]
)
def test_the_timer_finds_what_is_slow(pattern: str) -> None:
    """Patterns of the kinds that were found in the package: the timer itself is tested."""
    use = Use(re.compile(pattern), "here", "slow", frozenset({"search"}))
    assert any(exponent(use, texts, size) > EXPONENT for size, _, texts in suspects(use))


def suspects(use: Use) -> list[tuple[int, float, tuple[str, str, str]]]:
    """The three inputs that look worst: those that are slow at the smallest size, then by what they cost."""
    found = []
    early = 0
    for texts in hostile(use.pattern):
        if size := suspected(use, texts):
            found.append((size, -seconds(use, made(use, texts, size)), texts))
            early += size < SIZES[-1]
        if early == ENOUGH:
            break
    return sorted(found)[:3]


def suspected(use: Use, texts: tuple[str, str, str]) -> int:
    """The size of the input at which its cost is worth a closer look; 0 if it never is."""
    for size in SIZES:
        spent = seconds(use, made(use, texts, size))
        if spent > SUSPECT * (SIZES[-1] / size) ** 0.5 or (size == SIZES[-1] and spent > SUSPECT):
            return size
    return 0


def exponent(use: Use, texts: tuple[str, str, str], size: int) -> float:
    """By which power the cost grows with the input: the least of several measurements, since other programs can
    only make one larger. Past the first ones the input is larger, and other work matters less."""
    found = math.inf
    for _ in range(ATTEMPTS):
        small, large = best(use, texts, size), best(use, texts, 2 * size)
        if large >= HANGS:
            return math.inf
        found = min(found, math.log2(large / small))
        if found <= EXPONENT:
            break
        size = min(2 * size, 64_000) if large < 0.02 else size
    return found


def best(use: Use, texts: tuple[str, str, str], size: int) -> float:
    """The least of three measurements; one is enough of what hangs."""
    text = made(use, texts, size)
    spent = seconds(use, text)
    return min(spent, seconds(use, text), seconds(use, text)) if spent < HANGS else spent


def made(use: Use, texts: tuple[str, str, str], size: int) -> Any:
    """The input of about that many characters, in what the pattern reads."""
    before, unit, after = texts
    text = before + unit * max((size - len(before) - len(after)) // len(unit), 1) + after
    return text.encode("latin-1") if isinstance(use.pattern.pattern, bytes) else text


def seconds(use: Use, text: Any) -> float:
    """Processor time of the search as the code does it, over the whole text; `HANGS` if it would take longer."""
    started = time.thread_time()
    try:
        with given_up_after(HANGS):
            if use.anchored:
                (use.pattern.match if "match" in use.methods else use.pattern.fullmatch)(text)
            else:
                for _ in use.pattern.finditer(text):
                    pass
    except TimeoutError:
        return HANGS
    return max(time.thread_time() - started, 1e-9)


@contextmanager
def given_up_after(limit: float) -> Iterator[None]:
    """TimeoutError after so many seconds: the search looks at signals from time to time."""

    def late(signal_number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
