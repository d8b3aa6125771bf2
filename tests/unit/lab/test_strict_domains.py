"""Marking strict domains in brand files: exactly those with the source, once, and nothing else of a file."""

from __future__ import annotations

from pathlib import Path

from lab import strict_domains

from sekisho import brands

FILE = """id = "bank"
names = ["Bank"]
sources = ["bank.example"]

[domains]
"bank.example" = { confidence = "high", source = "bank.example" }
"mail.bank.example" = { confidence = "low" }
"""
WHITELIST = {"source": "some dmarc_whitelist"}
FACTS = {
    "bank": {
        "domains": [
            {"domain": "bank.example", "sources": [{"source": "a directory"}, WHITELIST]},
            {"domain": "mail.bank.example", "sources": [{"source": "a directory"}]},
            {"domain": "new.bank.example", "sources": [WHITELIST]},
        ]
    },
    "nobody": {"domains": [{"domain": "nobody.example", "sources": [WHITELIST]}]},
}


def test_marked_once_and_only_those_with_the_source(tmp_path: Path) -> None:
    """The file loads afterwards, and running it again changes nothing."""
    path = tmp_path / "bank.toml"
    path.write_text(FILE)
    counts = strict_domains.run(FACTS, tmp_path)
    assert counts == {"marked": 1, "no entry": 1, "no brand": 1}
    after = path.read_text()
    assert after == FILE.replace('"bank.example" }', '"bank.example", strict = true }')
    (brand,) = brands.load(tmp_path)
    assert [name for name, entry in brand.domains.items() if entry.strict] == ["bank.example"]
    assert strict_domains.run(FACTS, tmp_path)["already"] == 1
    assert path.read_text() == after
