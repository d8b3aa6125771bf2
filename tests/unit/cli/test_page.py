"""The reader's page: claim, proof, contradiction, and what would have to be true for the message to pass."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import FAKE, GENUINE, Command, mail, write

from sekisho.checks.identity.impersonation import STRANGER
from sekisho.cli.output import console
from sekisho.cli.page import show
from sekisho.evidence import Place

HEADS = (
    "Claim",
    "Proof",
    "Contradiction",
    "What else was found",
    "Where to verify",
    "What would have to be true",
)


def ways(report: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each for each in report["passes_if"] if each["way"] == kind]


def test_a_page_in_the_order_of_doubt(sekisho: Command, fake: Path) -> None:
    """Who it says it is, who is proven, the contradiction, the rest, where to verify, what would let it pass."""
    out = sekisho("check", fake).out
    places = [out.index(head) for head in HEADS]
    assert places == sorted(places)
    assert out.index("brand.display_name") < out.index("What else was found") < out.index("auth.no_iprev")
    assert "Message Center" in out
    assert "メッセージセンター" in out


@pytest.mark.parametrize(
    ("language", "there", "missing"), [("en", "Claim", "名乗り"), ("ja", "名乗り", "Claim")]
)
def test_one_language(language: str, there: str, missing: str, sekisho: Command, fake: Path) -> None:
    """--lang leaves the other language out, findings included."""
    out = sekisho("check", fake, "--lang", language).out
    assert there in out
    assert missing not in out
    assert ("The display name says" in out) is (language == "en")


@pytest.mark.parametrize("place", Place)
def test_no_english_word_for_a_place_in_japanese(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """`--lang ja` names each place in Japanese alone, and its labels are Japanese, too."""
    report = {
        "file": "1", "verdict": "tag", "score": 5.0, "decided_by": "2", "thresholds": None, "proofs": [],
        "claims": [{"brand": None, "where": str(place), "text": "３"}], "findings": [], "degraded": ["4"],
        "auth": {"5": "6"},
    }  # fmt: skip
    show(console(), report, "ja")
    out = capsys.readouterr().out
    assert place.ja in out
    assert re.findall(r"[A-Za-z]+", out.replace(place.ja, "")) == ["TAG"]


def test_mail_that_passes_says_by_how_much(sekisho: Command, genuine: Path) -> None:
    """No conditions, no advice: how far it is from being tagged."""
    done = sekisho("check", genuine)
    assert "5 points below the tag" in done.out
    assert "What would have to be true" not in done.out
    assert sekisho("check", genuine, "--format", "json").json["passes_if"] == []


def test_the_brand_itself_would_be_judged_as_told(sekisho: Command, fake: Path, tmp_path: Path) -> None:
    """What is told of a proven sender is what the same mail gets when the brand sends it."""
    (way,) = ways(sekisho("check", fake, "--format", "json").json, "proof")
    assert (way["brand"], way["domains"][0]) == ("amazon-jp", "amazon.co.jp")
    auth = {
        "spf": "pass",
        "spf_domain": "amazon.co.jp",
        "dkim": "pass",
        "dkim_domain": "amazon.co.jp",
        "dmarc": "pass",
    }
    facts = {key: value for key, value in FAKE.items() if key != "dns"} | {"auth": auth}
    raw = mail("Amazon.co.jp <mail@amazon.co.jp>", "アカウントが停止されました")
    real = sekisho("check", write(tmp_path / "real.eml", raw, facts), "--format", "json").json
    assert (way["verdict"], way["score"]) == (real["verdict"], real["score"]) == ("accept", 1.0)
    assert way["left"] == ["auth.no_iprev"]


def test_the_brands_own_domain_only_lacks_proof(sekisho: Command, tmp_path: Path) -> None:
    """An exact spoof keeps its author, and passes once a proof of that very domain is there."""
    file = write(tmp_path / "m.eml", mail("Amazon <a@amazon.com>"), {**FAKE, "envelope_from": "a@amazon.com"})
    (way,) = ways(sekisho("check", file, "--format", "json").json, "proof")
    assert way["domains"][0] == "amazon.com"
    assert way["verdict"] == "accept"


def test_the_findings_that_would_have_to_go(sekisho: Command, fake: Path) -> None:
    """Both that decide on it: the combination's finding, and what alone would still be enough to tag. What counted in
    part beside the first one (a stack) counts whole without it."""
    report = sekisho("check", fake, "--format", "json").json
    (way,) = ways(report, "without")
    assert way["findings"] == ["brand.display_name", "display_name.host"]
    left = {each["id"]: each["points"] for each in report["findings"] if each["id"] not in way["findings"]}
    assert left[STRANGER.id] < STRANGER.points
    points = sum((left | {STRANGER.id: STRANGER.points}).values())
    assert (way["verdict"], way["score"]) == ("accept", pytest.approx(points))


def test_no_finding_is_named_that_could_stay(sekisho: Command, tmp_path: Path) -> None:
    """Of a dozen findings those that the verdict rests on, whatever combinations decide beside the points."""
    raw = mail(
        "Amazon <a@stranger.example>, Rakuten <b@other.example>",
        "Amazon",
        "https://amazon.co.jp@203.0.113.9/ https://amazon.co.jp.login.example/",
    )
    report = sekisho("check", write(tmp_path / "m.eml", raw, FAKE), "--format", "json").json
    (way,) = ways(report, "without")
    points = {each["id"]: each["points"] for each in report["findings"]}
    assert "author.several_addresses" in way["findings"]
    left = sum(points.values()) - sum(points[name] for name in way["findings"])
    assert left == pytest.approx(way["score"])
    assert left < 5
    for name in way["findings"]:
        assert name == "author.several_addresses" or left + points[name] >= 5


def test_a_list_that_decides_is_named(sekisho: Command, genuine: Path, tmp_path: Path) -> None:
    """No finding has to go where an entry of the block list decides."""
    config = tmp_path / "c.toml"
    config.write_text('[lists]\nblock = ["flower.example"]\n', "utf-8")
    done = sekisho("check", genuine, "--config", config, "--format", "json")
    assert done.json["passes_if"] == [{"way": "list", "entry": "flower.example"}]
    assert "flower.example of the block list" in sekisho("check", genuine, "--config", config).out


def test_a_brand_that_is_only_spoken_of_is_not_asked_about(sekisho: Command, tmp_path: Path) -> None:
    """Advice and conditions are about who is imitated, not about every name in the text."""
    file = write(tmp_path / "m.eml", mail("Amazon <info@stranger.example>", body="Pay by PayPal."), FAKE)
    report = sekisho("check", file, "--format", "json").json
    assert "paypal" in report["brands"]
    assert [each["brand"] for each in ways(report, "proof")] == ["amazon-jp"]
    out = sekisho("check", file).out
    assert "PayPal" not in out[out.index("Where to verify") :]


def test_organisations_and_platforms_are_told_apart(sekisho: Command, tmp_path: Path) -> None:
    """A proof says what it is worth: the brand's own domain, a customer of a mail service, a shared platform."""
    auth = {
        "spf": "pass",
        "spf_domain": "amazonses.com",
        "dkim": "pass",
        "dkim_domain": "amazon.co.jp",
        "dmarc": "pass",
    }
    facts = {key: value for key, value in GENUINE.items() if key != "dns"} | {"auth": auth}
    file = write(tmp_path / "m.eml", mail("Amazon <info@amazon.co.jp>"), facts)
    out = sekisho("check", file, "--lang", "en").out
    assert "by DKIM: the sender's domain, Amazon's own" in out
    assert "by SPF: a platform that many send through" in out
    auth = {"spf": "pass", "spf_domain": "gmail.com"}
    file.with_suffix(".json").write_text(json.dumps({**facts, "auth": auth}), "utf-8")
    file.write_bytes(mail("Hanako <hanako@gmail.com>"))
    assert "a customer of this mail service" in sekisho("check", file, "--lang", "en").out
