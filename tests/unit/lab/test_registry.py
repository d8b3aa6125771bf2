"""Working facts into brand files: what is graded how, what of a file stays, and that a second run changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from lab.registry import brand_file, decisions, facts, figures, work
from lab.registry.decisions import Decisions

from sekisho import brands

FILE = """# A comment of the admin.
id = "bank"
names = ["Bank of Examples", "BoE"]
ordinary = ["BoE"]
organisation = "wrong-group"
sector = "bank"
lures = ["Your account", "stopped"]

[domains]
"bank.example" = { confidence = "low", strict = true }
"mail.bank.example" = { confidence = "medium", use = ["mail"], source = "www.bank.example/mail" }
"else.example" = { confidence = "low" }
"otp.example" = { confidence = "high", use = ["mail"], source = "blog.example/otp" }
"nameless.example" = { confidence = "low" }
"customers.example" = { confidence = "low" }
"hand.example" = { confidence = "medium", names_owner = true, use = ["web"], sources = ["www.bank.example/hand"] }

[verify]
ja = "アプリで確認してください。"
en = "Look in the app."

# A note on its policies.
[[policies]]
kind = "no_link"
source = "www.bank.example/policy"
"""
OTHER = """id = "other"
names = ["Other Bank"]
sector = "bank"

[verify]
ja = "アプリで確認してください。"
en = "Look in the app."
"""


def row(domain: str, confidence: str, *sources: tuple[str, str, str], **more: object) -> dict[str, object]:
    """A row of the facts; a source is its name, what it says, and its level."""
    listed = [{"source": name, "says": says, "level": level} for name, says, level in sources]
    return {"domain": domain, "confidence": confidence, "sources": listed, **more}


OWNER = ("Wikidata official website", 'owner "Bank of Examples"', "exact")
DIRECTORY = ("2factorauth directory", 'owner "Bank"', "exact")
NAMELESS = ("UT1 bank list", "a bank's site (no owner named)", "exact")
COPY = ("MISP bank-website", "a bank's site (no owner named)", "exact")
PARENT = ("Kagi bangs", "about bank.example", "parent")
PAGE = ("https://www.bank.example/mail", "lists it as sender", "exact")
FACTS = {
    "bank": {
        "country": "JP",
        "domains": [
            row("bank.example", "high", OWNER, DIRECTORY, NAMELESS, seen_as=["web"]),
            row("mail.bank.example", "high", PAGE, seen_as=["mail"]),
            row("else.example", "low", ("Kagi bangs", 'owner "Else"', "exact")),
            row("otp.example", "high", OWNER, DIRECTORY),
            row("nameless.example", "medium", NAMELESS, COPY),
            row("customers.example", "high", OWNER, DIRECTORY, shared="mailbox"),
        ],
        "candidates": [
            row("bank.example.org", "high", OWNER, DIRECTORY, role=["web"]),
            row("bank.example.net", "medium", NAMELESS),
            row("bank.fr", "medium", DIRECTORY, role=["mail", "web"]),
            row("casino.example.org", "high", OWNER, DIRECTORY),
        ],
    }
}
SENDERS = [
    {
        "names": ["Bank", "カスタマ"],
        "domains": ["bank-mail.jp", "otp.example"],
        "source": "MilterAgent (MIT), senders",
    },
    {"org": "somebody", "domains": ["unmapped.jp"], "source": ["public reports"]},
]
MISSING = {
    "jpcert": [
        {
            "name": "NEW BANK",
            "domains": [
                {
                    "domain": "newbank.jp",
                    "confidence": "high",
                    "sources": ['Wikidata ("New")', '2factorauth ("N")'],
                },
                {"domain": "namesake.jp", "confidence": "medium", "sources": ['Wikidata ("Namesake")']},
            ],
        }
    ]
}
DECIDED = Decisions.model_validate(
    {
        "short": decisions.load().short,
        "alone": ["bank"],
        "drop": {"bank": ["else.example"]},
        "platform": {"otp.example": ["bank", "other"]},
        "sender": {"bank-mail.jp": "bank"},
        "spelling": {"bank": {"names": ["ＢＯＥ Group"], "companions": ["account"]}},
        "brand": {
            "new-bank": {
                "row": "NEW BANK",
                "domains": ["newbank.jp"],
                "names": ["New Bank"],
                "sector": "bank",
            },
            "name-only": {
                "names": ["Nobody Knows"],
                "ordinary": ["Nobody Knows"],
                "sector": "bank",
                "country": "FR",
            },
        },
    }
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of facts."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name, content in (("domain_facts", FACTS), ("senders", SENDERS), ("missing_brands", MISSING)):
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of brand files."""
    made = tmp_path / "brands"
    made.mkdir()
    (made / "bank.toml").write_text(FILE, "utf-8")
    (made / "other.toml").write_text(OTHER, "utf-8")
    return made


def worked(data: Path, folder: Path) -> dict[str, brands.Brand]:
    """The brands after a run."""
    list(work.run(facts.load(data, DECIDED), folder))
    return {brand.id: brand for brand in brands.load(folder)}


def test_each_domain_is_graded_by_what_its_sources_say(data: Path, folder: Path) -> None:
    """Two independent sources or a page of the owner are high; lists without names do not prove; customers' domains
    neither."""
    entries = worked(data, folder)["bank"].domains
    graded = {name: (entry.confidence, entry.proves) for name, entry in entries.items()}
    assert graded == {
        "bank.example": ("high", True),
        "mail.bank.example": ("high", True),
        "nameless.example": ("medium", False),
        "customers.example": ("high", False),
        "hand.example": ("medium", True),
        "bank.fr": ("medium", True),
        "bank-mail.jp": ("medium", True),
    }
    assert entries["bank.example"].sources == ("Wikidata", "2factorauth")
    assert entries["bank.example"].use == ("web",)
    assert entries["mail.bank.example"].owner_page
    assert entries["customers.example"].flags == ("mailbox",)
    assert entries["bank-mail.jp"].use == ("mail",)


def test_what_a_person_wrote_stays(data: Path, folder: Path) -> None:
    """Comments, names, lures, policies, `strict`, and entries that no fact is about."""
    bank = worked(data, folder)["bank"]
    text = (folder / "bank.toml").read_text("utf-8")
    assert text.startswith("# A comment of the admin.\nid =")
    assert text.endswith(FILE[FILE.index("[verify]") :])
    assert '"hand.example" = { confidence = "medium", names_owner = true, use = ["web"]' in text
    assert 'lures = ["Your account", "stopped"]\n' in text
    assert bank.domains["bank.example"].strict
    assert bank.names == ("Bank of Examples", "BoE", "ＢＯＥ Group")
    assert bank.companions == ("account",)


def test_contradictions_are_mended(data: Path, folder: Path) -> None:
    """A domain of somebody else leaves, a shared platform becomes a place that may write, and who shares no owner
    shares no proof."""
    known = worked(data, folder)
    assert known["bank"].organisation is None
    assert known["bank"].senders == known["other"].senders == ("otp.example",)
    assert not {"else.example", "otp.example", "casino.example.org", "unmapped.jp"} & {*known["bank"].domains}


def test_missing_brands_are_added(data: Path, folder: Path) -> None:
    """With the domains that were chosen of a row, or none; a recipient is told what brands of the sector tell."""
    known = worked(data, folder)
    assert list(known["new-bank"].domains) == ["newbank.jp"]
    assert known["new-bank"].domains["newbank.jp"].confidence == "high"
    assert known["name-only"].domains == {}
    assert known["name-only"].ordinary == ("Nobody Knows",)
    assert known["name-only"].verify == known["bank"].verify


def test_a_second_run_changes_nothing(data: Path, folder: Path) -> None:
    """Nor does it say that it changed something."""
    worked(data, folder)
    before = {file.name: file.read_text("utf-8") for file in folder.iterdir()}
    assert list(work.run(facts.load(data, DECIDED), folder)) == []
    assert before == {file.name: file.read_text("utf-8") for file in folder.iterdir()}


def test_newer_facts_replace_older_ones(data: Path, folder: Path) -> None:
    """A source that is gone no longer counts; a page that a person cited does."""
    worked(data, folder)
    newer = {"bank": {**FACTS["bank"], "domains": [row("bank.example", "medium", NAMELESS)]}}
    (data / "domain_facts.yaml").write_text(yaml.safe_dump(newer), "utf-8")
    entry = worked(data, folder)["bank"].domains["bank.example"]
    assert (entry.confidence, entry.sources, entry.proves, entry.strict) == ("medium", ("UT1",), False, True)
    assert worked(data, folder)["bank"].domains["mail.bank.example"].owner_page


def test_figures(data: Path, folder: Path) -> None:
    """Brands are counted against the facts, before and after."""
    known = facts.load(data, DECIDED)
    assert "brands with a high domain: 1 of 1" in figures.lines(
        known, folder
    )  # otp.example, which is not its own
    assert "    not bank" not in figures.lines(known, folder)
    list(work.run(known, folder))
    printed = list(figures.lines(known, folder))
    assert printed[:2] == [
        "brands with a high domain: 1 of 1",
        "  Japanese: 1 of 1; the facts give one for 1",
    ]
    assert "brands in all: 4, added: 3" in printed


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("senders", "a.example", 'names = ["B"]\nsenders = ["a.example"]\nsources = [\n    "x",\n]\n'),
        ("aliases", 'say "b"', 'names = ["B"]\naliases = ["say \\"b\\""]\nsources = [\n    "x",\n]\n'),
        ("sources", "y", 'names = ["B"]\nsources = ["x", "y"]\n'),
    ],
)
def test_a_list_of_the_head(key: str, value: str, expected: str) -> None:
    """It stands where the model has it; one that is there grows."""
    text = 'id = "b"\nnames = ["B"]\nsources = [\n    "x",\n]\n\n[domains]\n'
    assert brand_file.with_list(text, key, [value]) == f'id = "b"\n{expected}\n[domains]\n'


def test_a_brand_without_domains_gets_them_before_the_rest() -> None:
    """The table of domains is made where files have it."""
    text = brand_file.with_domain(OTHER, "other.example", {"confidence": "low"})
    assert '"other.example" = { confidence = "low" }\n\n[verify]\n' in text
    assert brand_file.entries(text) == {"other.example": {"confidence": "low"}}
    assert brand_file.without_domain(text, "other.example").count("other.example") == 0
