"""The real `postmap` answers, and no text of a stranger can steer it."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest
from tests.unit.directory.kit import Scene

from sekisho.directory import TableError, missing, query
from sekisho.directory.postmap import askable


def test_found_and_not_found(scene: Scene) -> None:
    """One process answers all keys; what is not there is left out."""
    table = scene.table("t", "a@example.jp one", "b@example.jp two, three", "山田 x@example.jp")
    keys = ["a@example.jp", "nobody@example.jp", "B@EXAMPLE.jp", "山田"]
    found = query(table, keys, 10, scene.place)
    assert found == {"a@example.jp": "one", "B@EXAMPLE.jp": "two, three", "山田": "x@example.jp"}
    assert query(table, ["nobody@example.jp"], 10, scene.place) == {}


@pytest.mark.parametrize("kind", ["hash", "btree", "lmdb"])
def test_tables_that_postmap_makes(kind: str, scene: Scene) -> None:
    """Compiled tables work like text ones."""
    types = subprocess.run(["postconf", "-c", scene.place, "-m"], capture_output=True, text=True, check=True)
    if kind not in types.stdout.split():
        pytest.skip(f"this Postfix has no {kind}")
    path = scene.place / "compiled"
    path.write_text("example.jp ours\n", "utf-8")
    subprocess.run(["postmap", "-c", scene.place, f"{kind}:{path}"], check=True)
    assert query(f"{kind}:{path}", ["example.jp", "other.jp"], 10, scene.place) == {"example.jp": "ours"}


HOSTILE = (
    "a\nb@example.jp",
    "a\0b@example.jp",
    "a\tb@example.jp",
    "a\u2028b",
    "a\x85b",
    "\ud800@example.jp",
    " a@example.jp",
    "a" * 400,
    "",
)


@pytest.mark.parametrize("key", HOSTILE)
def test_what_is_not_one_line_is_not_asked(key: str, scene: Scene) -> None:
    """A key that could become two keys, or none, finds nothing."""
    assert not askable(key)
    assert query(scene.table("t", "b@example.jp found"), [key], 10, scene.place) == {}


@pytest.mark.parametrize(
    "key", ["-q", "-", "--", "-c/etc", "%s", "%n%n", "$(id)", "`id`", "a*", "';--", "#x", ":include:/x"]
)
def test_keys_are_only_keys(key: str, scene: Scene) -> None:
    """Options, expansions and quotes are plain text on the standard input."""
    assert query(scene.table("t", "x y"), [key, "x"], 10, scene.place) == {"x": "y"}
    if not key.startswith("#"):
        assert query(scene.table("u", f"{key} y"), [key], 10, scene.place) == {key: "y"}


def test_a_failure_is_not_an_absence(scene: Scene) -> None:
    """`postmap` ends with 1 in both cases."""
    with pytest.raises(TableError, match="open database"):
        query(f"texthash:{scene.place}/absent", ["x"], 10, scene.place)
    with pytest.raises(TableError, match="unsupported dictionary type"):
        query("nosuch:x", ["x"], 10, scene.place)
    with pytest.raises(TableError, match=r"main\.cf"):
        query("texthash:/x", ["x"], 10, scene.place / "elsewhere")


def test_a_table_that_hangs_is_given_up(scene: Scene, tmp_path: Path) -> None:
    """The time is bounded, whatever the table does."""
    fifo = tmp_path / "fifo"
    subprocess.run(["mkfifo", fifo], check=True)
    begun = time.monotonic()
    with pytest.raises(TableError, match=r"no answer within 0\.3 seconds"):
        query(f"texthash:{fifo}", ["x"], 0.3, scene.place)
    assert time.monotonic() - begun < 2.0


def test_what_is_not_installed_is_told_by_option(scene: Scene) -> None:
    """The type of a table, and the package that has it."""
    found = missing([("directory.people", "nosuch:/x"), ("directory.groups", "texthash:/x")], scene.place)
    assert found == (
        "directory.people: this Postfix has no tables of the type nosuch; `postconf -m` lists its types",
    )
    assert missing([]) == ()


def test_without_postfix(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, with the package."""
    monkeypatch.setattr("sekisho.directory.postmap._PATH", str(scene.place))
    assert missing([("directory.domains", "hash:/x")]) == (
        "directory.domains: postmap is not installed here; install Postfix (package postfix)",
    )
    with pytest.raises(TableError, match="postmap is not installed"):
        query("hash:/x", ["x"], 1)
