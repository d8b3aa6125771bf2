"""`sekisho brands`: what the registry knows, and what is wrong in its files."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.program import ROOT
from tests.unit.cli.conftest import Command

GOOD = """
id = "our-bank"
names = ["わが銀行", "Our Bank"]
sources = ["ourbank.example"]
[domains]
"ourbank.co.jp" = { confidence = "high", owner_page = true, sources = ["ourbank.co.jp/mail", "Wikidata"] }
"ourbank.example.jp" = { confidence = "low" }
[verify]
ja = "公式アプリで確認してください。"
en = "Look in the official app."
"""


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    folder = tmp_path / "brands.d"
    folder.mkdir()
    (folder / "our-bank.toml").write_text(GOOD, "utf-8")
    return folder


@pytest.fixture
def config(tmp_path: Path, overlay: Path) -> Path:
    file = tmp_path / "sekisho.toml"
    file.write_text(f'[brands]\noverlay = "{overlay}"\n', "utf-8")
    return file


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    file = tmp_path / "shipped.toml"
    file.write_text('[brands]\noverlay = ""\n', "utf-8")
    return file


def test_the_shipped_brands_lint_clean(sekisho: Command, shipped: Path) -> None:
    """What is delivered needs no mending: status 0 and not a line but the count."""
    done = sekisho("brands", "lint", "--config", shipped)
    assert (done.status, done.err) == (0, "")
    assert done.out.endswith(" brands, no flaws\n")
    assert len(done.out.splitlines()) == 1


def test_the_example_of_the_documents_lints_clean(sekisho: Command, config: Path, overlay: Path) -> None:
    """What docs/operating.md shows as a brand file is one that lint has nothing to say against."""
    page = (ROOT / "docs/operating.md").read_text("utf-8")
    example = page.partition("**Brands** (")[2].partition("```toml\n")[2].partition("```")[0]
    (overlay / "example-rail.toml").write_text(example, "utf-8")
    done = sekisho("brands", "lint", "--config", config)
    assert (done.status, len(done.out.splitlines())) == (0, 1), done.out


def test_lint_names_the_site_s_own_flaws(sekisho: Command, config: Path, overlay: Path) -> None:
    """A flaw in the overlay is status 1 and a line with file, code, value and reason; without it status 0."""
    assert sekisho("brands", "lint", "--config", config).status == 0
    (overlay / "our-shop.toml").write_text('id = "our-shop"\nnames = ["OS"]\n', "utf-8")
    done = sekisho("brands", "lint", "--config", config)
    assert done.status == 1
    own = [line for line in done.out.splitlines() if line.startswith(f"{overlay}/our-shop.toml: ")]
    assert any(line.startswith(f"{overlay}/our-shop.toml: short: 'OS' ") for line in own)
    rows = sekisho("brands", "lint", "--config", config, "--format", "json").json
    assert len(rows) == len(own)
    assert all(row.keys() == {"file", "brand", "code", "value", "reason"} for row in rows)


def test_files_that_do_not_load_stop_every_command(sekisho: Command, config: Path, overlay: Path) -> None:
    """All faults of all files, on stderr, status 2."""
    (overlay / "torn.toml").write_text("id = ", "utf-8")
    (overlay / "empty.toml").write_text("", "utf-8")
    for arguments in (["lint"], ["list"], ["show", "our-bank"]):
        done = sekisho("brands", *arguments, "--config", config)
        assert (done.status, done.out) == (2, "")
        said = done.err.splitlines()
        assert {line.split(": ")[0] for line in said} == {f"{overlay}/torn.toml", f"{overlay}/empty.toml"}


def test_list_has_every_brand_with_the_domains_that_prove_it(sekisho: Command, config: Path) -> None:
    """Shipped and own ones, by id; an unconfirmed domain proves nothing and is not listed."""
    rows = sekisho("brands", "list", "--config", config, "--format", "json").json
    ids = [row["id"] for row in rows]
    assert ids == sorted(set(ids))
    assert {"our-bank", "amazon-jp", "eki-net"} <= set(ids)
    (own,) = (row for row in rows if row["id"] == "our-bank")
    assert own == {
        "id": "our-bank",
        "name": "わが銀行",
        "organisation": None,
        "confirmed_domains": ["ourbank.co.jp"],
    }
    text = sekisho("brands", "list", "--config", config).out
    (line,) = (line for line in text.splitlines() if line.startswith("our-bank "))
    assert "わが銀行" in line
    assert line.rstrip().endswith("ourbank.co.jp")
    assert len(text.splitlines()) > len(rows)


def test_a_brand_that_is_switched_off_is_not_there(sekisho: Command, config: Path, overlay: Path) -> None:
    """`enabled = false` in the overlay takes a shipped brand out, and the command shows it."""
    (overlay / "eki-net.toml").write_text(
        'id = "eki-net"\nnames = ["えきねっと"]\nenabled = false\n', "utf-8"
    )
    rows = sekisho("brands", "list", "--config", config, "--format", "json").json
    assert "eki-net" not in {row["id"] for row in rows}
    assert sekisho("brands", "show", "eki-net", "--config", config).status == 2


def test_show_says_what_each_domain_is_worth(sekisho: Command, config: Path, overlay: Path) -> None:
    """All of the file, readable, with the file it stands in."""
    done = sekisho("brands", "show", "our-bank", "--config", config)
    assert done.status == 0
    for text in (
        f"{overlay}/our-bank.toml",
        "わが銀行、Our Bank",
        "Look in the official app.",
        "公式アプリで",
    ):
        assert text in done.out
    lines = {line.split()[0]: line for line in done.out.splitlines()}
    assert "proves the brand" in lines["ourbank.co.jp"]
    assert "not confirmed" in lines["ourbank.example.jp"]


def test_show_says_whom_to_ask_and_to_tell(sekisho: Command, shipped: Path) -> None:
    """Telephone numbers and addresses of the brand, in the lists and in JSON."""
    done = sekisho("brands", "show", "paypal", "--config", shipped)
    lines = [line.split() for line in done.out.splitlines() if line]
    assert ["call", "+1-888-221-1161"] in lines
    assert ["report", "to", "phishing@paypal.com"] in lines
    shown = sekisho("brands", "show", "paypal", "--config", shipped, "--format", "json").json
    assert shown["telephones"] == ["+1-888-221-1161"]


def test_show_finds_a_brand_by_any_of_its_names(sekisho: Command, shipped: Path) -> None:
    """In whatever width or case the name is typed; JSON holds the whole file."""
    for name in ("eki-net", "えきねっと", "エキネット"):
        brand = sekisho("brands", "show", name, "--config", shipped, "--format", "json").json
        assert brand["id"] == "eki-net"
        assert brand["file"].endswith("brands/eki-net.toml")
        assert brand["confirmed_domains"]
        assert brand.keys() >= {"names", "domains", "policies", "verify", "sources"}


def test_an_unknown_brand_is_wrong_usage(sekisho: Command, shipped: Path) -> None:
    """Status 2, and those that are spelled almost so."""
    done = sekisho("brands", "show", "eki-nett", "--config", shipped)
    assert (done.status, done.out) == (2, "")
    assert "did you mean eki-net" in done.err
