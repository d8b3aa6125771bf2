"""Brand files: what loads, what is refused, and that everything wrong is said at once."""

from pathlib import Path

import pytest

from sekisho.brands.files import BrandFileError, load
from sekisho.package_data import shipped

GOOD = 'id = "{id}"\nnames = ["{name}"]\nsources = ["example.jp"]\n'


def write(folder: Path, id: str, content: str | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / f"{id}.toml"
    file.write_text(content if content is not None else GOOD.format(id=id, name=id.title()), "utf-8")
    return folder


def test_an_overlay_replaces_adds_and_takes_out(tmp_path: Path) -> None:
    """A site changes the registry without touching the shipped files."""
    shipped, site = tmp_path / "shipped", tmp_path / "site"
    for id in ("one", "two", "three"):
        write(shipped, id)
    write(site, "two", GOOD.format(id="two", name="Other"))
    write(site, "three", GOOD.format(id="three", name="Three") + "enabled = false\n")
    write(site, "four")
    brands = load(shipped, site)
    assert [(brand.id, brand.names[0]) for brand in brands] == [
        ("four", "Four"),
        ("one", "One"),
        ("two", "Other"),
    ]


def test_enabled_false_is_all_that_a_file_needs(tmp_path: Path) -> None:
    """It takes a shipped brand out. For a brand that is not shipped it is an error: the id is probably mistyped."""
    shipped, site = tmp_path / "shipped", tmp_path / "site"
    for id in ("one", "two", "three"):
        write(shipped, id)
    write(site, "one", "enabled = false\n")
    write(site, "two", 'id = "two"\nenabled = false\n')
    assert [brand.id for brand in load(shipped, site)] == ["three"]
    file = write(site, "four", "enabled = false\n") / "four.toml"
    with pytest.raises(BrandFileError) as caught:
        load(shipped, site)
    assert caught.value.faults == (f"{file}: enabled: there is no shipped brand four to take out",)


def test_an_absent_overlay_is_empty_and_an_absent_registry_is_an_error(tmp_path: Path) -> None:
    """A site without own brands is ordinary; a program without brands is broken."""
    assert len(load(write(tmp_path / "shipped", "one"), tmp_path / "none")) == 1
    with pytest.raises(BrandFileError):
        load(tmp_path / "none")


def test_every_fault_of_every_file_is_named(tmp_path: Path) -> None:
    """An admin mends everything in one go: file, key and reason of each fault."""
    write(tmp_path, "syntax", "id = ")
    write(tmp_path, "key", GOOD.format(id="key", name="Key") + "nmaes = []\n")
    write(tmp_path, "other", GOOD.format(id="another", name="Other"))
    write(tmp_path, "empty", 'id = "empty"\nnames = []\n')
    write(
        tmp_path,
        "domains",
        GOOD.format(id="domains", name="D") + '[domains]\n"Bad_Name" = { confidence = "sure" }\n',
    )
    write(tmp_path, "policy", GOOD.format(id="policy", name="P") + '[[policies]]\nkind = "never_lies"\n')
    write(
        tmp_path,
        "low",
        GOOD.format(id="low", name="L") + '[domains]\n"a.jp" = { confidence = "low", confirmed = true }\n',
    )
    (tmp_path / "bytes.toml").write_bytes(b'id = "\xff"')
    with pytest.raises(BrandFileError) as caught:
        load(tmp_path)
    found = (fault.removeprefix(f"{tmp_path}/").split(": ") for fault in caught.value.faults)
    faults = {(file.removesuffix(".toml"), key.partition(".")[0]) for file, key, *_ in found}
    assert {each for each in faults if each[0] not in {"syntax", "bytes"}} == {
        ("key", "nmaes"),
        ("other", "id"),
        ("empty", "names"),
        ("domains", "domains"),
        ("policy", "policies[0]"),
        ("low", "domains"),
    }
    assert {file for file, _ in faults} >= {"syntax", "bytes"}, "those that have no keys"
    assert str(caught.value).splitlines() == list(caught.value.faults)


def test_the_shipped_registry_loads() -> None:
    """What is shipped is never refused by what ships it."""
    assert len(load()) == len(list(shipped("brands").glob("*.toml"))) >= 137


def test_a_fault_speaks_of_a_brand_file(tmp_path: Path) -> None:
    """A value of the wrong kind is named in plain words, without a hint that belongs to files of words."""
    write(tmp_path, "flat", 'id = "flat"\nnames = "F"\n[domains]\n"f.jp" = "high"\n')
    with pytest.raises(BrandFileError) as caught:
        load(tmp_path)
    assert [fault.removeprefix(f"{tmp_path}/") for fault in caught.value.faults] == [
        "flat.toml: names: must be a list (is 'F')",
        "flat.toml: domains.\"f.jp\": must be a table of keys (is 'high')",
    ]


@pytest.mark.parametrize(
    ("number", "good"),
    [
        ("0120-285-250", True),
        ("+1-888-221-1161", True),
        ("#9110", False),
        ("call us", False),
        ("0120", False),
    ],
)
def test_a_telephone_number_is_one(tmp_path: Path, number: str, good: bool) -> None:
    """Digits in groups, as people write them; a text beside the number is refused."""
    write(tmp_path, "tel", GOOD.format(id="tel", name="Tel") + f'telephones = ["{number}"]\n')
    if good:
        assert load(tmp_path)[0].telephones == (number,)
    else:
        with pytest.raises(BrandFileError, match=r"tel\.toml: telephones\[0\]"):
            load(tmp_path)


def test_japanese_brokers_say_what_they_never_ask() -> None:
    """They are imitated to get passwords; most have said, or are bound, not to ask for them by mail."""
    policies = {
        each.id: each.policies for each in load() if (each.sector, each.country) == ("securities", "JP")
    }
    assert len([each for each in policies.values() if each]) >= 12
    assert all(policy.source for each in policies.values() for policy in each)
