"""What would let a message pass, with the judgement handed in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from tests.auth_support import NAME_WORDS
from tests.unit.store.kit import message

from sekisho.brands import BrandIndex, load
from sekisho.explain import Rejudge, Weighed, ways_to_pass
from sekisho.explain.whatif import written_from
from sekisho.message import Envelope, read
from sekisho.policy import Rules
from sekisho.policy.decide import decide
from sekisho.ports import Recorded
from sekisho.verdict import Disposition

RAW = b"From: =?utf-8?q?Amazon?= <a@x.example>\r\n\tfolded\r\nSubject: x\r\nFROM: b@y.example\r\n\r\nbody\r\n"
BANK = """
id = "a-bank"
names = ["A Bank"]
[domains."a-bank.example"]
confidence = "high"
use = ["mail"]
source = "https://a-bank.example/"
"""


def weighed(weights: Mapping[str, float], blocked: str | None = None) -> Weighed:
    rules = Rules()
    verdict = decide(weights, rules, allowed=None, blocked=blocked, block=Disposition.QUARANTINE)
    return Weighed(verdict, weights)


def without(weights: Mapping[str, float], blocked: str | None = None) -> Rejudge:
    """Judged again by the real policy; by the checks never."""

    def left(ids: Collection[str]) -> Weighed:
        return weighed({name: points for name, points in weights.items() if name not in ids}, blocked)

    def never(raw: bytes | None, sender: str, recorded: Recorded) -> Weighed:
        raise AssertionError("no brand is accused")

    return Rejudge(as_sent=never, without=left)


EMPTY = BrandIndex((), NAME_WORDS)


def test_a_message_that_passes_has_no_way() -> None:
    """Nothing is judged again."""
    assert ways_to_pass(message(), weighed({"a.b": 1.0}), (), EMPTY, without({})) == []


def test_the_fewest_findings_that_would_have_to_go() -> None:
    """The heaviest first; one that could stay is not named."""
    points = {"link.a": 1.0, "link.b": 6.0, "link.c": 3.0}
    (way,) = ways_to_pass(message(), weighed(points), (), EMPTY, without(points))
    assert way == {"way": "without", "findings": ["link.b"], "verdict": "accept", "score": 4.0}


def test_what_a_combination_rests_on_goes_first() -> None:
    """Points alone would have named the heavy one."""
    points = {"brand.display_name": 0.5, "link.a": 4.0}
    (way,) = ways_to_pass(message(), weighed(points), (), EMPTY, without(points))
    assert way["findings"] == ["brand.display_name"]


def test_an_entry_of_the_block_list_is_named() -> None:
    """No finding has to go where an entry decides."""
    judged = weighed({"a.b": 1.0}, "x.example")
    assert ways_to_pass(message(), judged, (), EMPTY, without({"a.b": 1.0}, "x.example")) == [
        {"way": "list", "entry": "x.example"}
    ]


def test_the_brand_itself_is_judged_as_sent(tmp_path: Path) -> None:
    """The message comes again from a confirmed domain of the accused brand, with a recorded aligned pass."""
    (tmp_path / "a-bank.toml").write_text(BANK)
    registry = BrandIndex(load(tmp_path), NAME_WORDS)
    asked: list[tuple[bytes | None, str, Recorded]] = []

    def as_sent(raw: bytes | None, sender: str, recorded: Recorded) -> Weighed:
        asked.append((raw, sender, recorded))
        return weighed({"auth.no_iprev": 1.0, "link.brand_in_host": 0.5})

    points = {"brand.display_name": 6.0, "auth.no_iprev": 1.0}
    again = Rejudge(as_sent, without(points).without)
    proof, _ = ways_to_pass(read(RAW, Envelope()), weighed(points), ["a-bank", "unknown"], registry, again)
    ((raw, sender, recorded),) = asked
    assert proof == {
        "way": "proof", "brand": "a-bank", "domains": ["a-bank.example"], "verdict": "accept", "score": 1.5,
        "left": ["auth.no_iprev"], "new": ["link.brand_in_host"],
    }  # fmt: skip
    assert sender == "mail@a-bank.example"
    assert raw is not None
    assert recorded == Recorded("pass", "a-bank.example", "pass", "a-bank.example", "pass")


def test_a_message_written_anew_has_one_author() -> None:
    """Every From field gives way to one; the rest of the message stays."""
    raw = written_from(read(RAW, Envelope()), "a.example")
    assert raw.lower().count(b"from:") == 1
    assert raw.startswith(b"From: ")
    assert b"<mail@a.example>\r\n" in raw
    assert raw.endswith(b"Subject: x\r\n\r\nbody\r\n")
