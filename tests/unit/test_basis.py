"""What single files are judged with."""

from __future__ import annotations

from pathlib import Path

from sekisho import compose
from sekisho.basis import SHIPPED, Basis
from sekisho.config import Config


def test_nothing_of_the_machine_is_in_the_shipped_state() -> None:
    """No overlay, also not in the usual place, and not the host's name; everything else is the default."""
    assert (SHIPPED.brands.overlay, SHIPPED.vocabulary.overlay) == (None, None)
    assert compose.own_name(SHIPPED) == "sekisho.invalid"
    usual = Config().model_dump(exclude={"authserv_id", "brands", "vocabulary"})
    assert SHIPPED.model_dump(exclude={"authserv_id", "brands", "vocabulary"}) == usual


def test_the_lists_of_the_store_are_not_read(tmp_path: Path) -> None:
    """Not even a file that cannot be read makes a difference where the lists do not count."""
    config = SHIPPED.model_copy(
        update={"store": SHIPPED.store.model_copy(update={"url": f"sqlite:///{tmp_path}/q.db"})}
    )
    (tmp_path / "lists.json").write_text("{", "utf-8")
    assert compose.offline(config).knowledge.lists.version == -1
    assert compose.offline(config, lists=False).knowledge.lists.version == 0


def test_what_is_said_of_it(tmp_path: Path) -> None:
    """`shipped` is said only of the shipped state as it is; overlays are named if they are there."""
    there, missing = tmp_path / "there", tmp_path / "missing"
    there.mkdir()
    assert Basis.shipped().judged_with(0) == "shipped"
    said = {"config": None, "lists_version": 0, "overlays": []}
    assert Basis.shipped(there).judged_with(0) == {**said, "registry": str(there)}
    config = Config.model_validate({"brands": {"overlay": there}, "vocabulary": {"overlay": missing}})
    used = {"config": "/x\\x1b.toml", "lists_version": 7, "overlays": [str(there)]}
    assert Basis(config, Path("/x\x1b.toml")).judged_with(7) == used
