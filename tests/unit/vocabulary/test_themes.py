"""The themes of lures: one table says everything that the checks say of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho.vocabulary import VocabularyFileError, shipped_themes
from sekisho.vocabulary.themes import load

GOOD = '[theme.tax]\npoints = 0.8\nen = "It is."\nja = "です。"\nnotice_en = "tax"\nnotice_ja = "税"\n'
ASKED = '[action.pay]\nen = "pay"\nja = "支払う"\n'


def test_the_order_of_the_file_is_kept(tmp_path: Path) -> None:
    """The most telling stands first, and is named where a text speaks of several."""
    file = tmp_path / "themes.toml"
    file.write_text(GOOD + GOOD.replace("tax]", "account]") + ASKED, "utf-8")
    assert list(load(file).theme) == ["tax", "account"]
    assert next(iter(shipped_themes().theme)) == "sextortion"


def test_flags_name_themes() -> None:
    """What is official, what is about money or access, and what is answered."""
    themes = shipped_themes()
    assert themes.named("answered") == {
        "unpaid", "free_period", "refund", "tax", "prize", "fund", "errand", "business", "court",
    }  # fmt: skip
    assert themes.named("money") == themes.named("answered") - {"errand", "business"} | {
        "payment", "sextortion", "violence", "subsidy",
    }  # fmt: skip
    assert themes.named("authority") == {"court", "subsidy", "pension", "tax"}
    assert {"account", "mailbox", "identity", "payment"} <= themes.named("access")
    assert {name for name, each in themes.action.items() if each.access_or_money} == {
        "login", "pay", "card", "gift_cards", "coins",
    }  # fmt: skip
    assert not {"romance", "prize", "sextortion"} & themes.named("official")


def test_every_fault_is_named(tmp_path: Path) -> None:
    """What is missing, unknown or of the wrong kind; and a file that is no TOML."""
    file = tmp_path / "themes.toml"
    file.write_text(GOOD.replace("0.8", '"high"') + 'loud = true\n[theme.Tax]\nen = ""\n', "utf-8")
    with pytest.raises(VocabularyFileError) as caught:
        load(file)
    keys = {fault.removeprefix(f"{file}: ").partition(": ")[0] for fault in caught.value.faults}
    assert {"theme.tax.points", "theme.tax.loud", "theme.Tax", "theme.Tax.ja", "action"} <= keys
    for content in ("[theme", ""):
        file.write_text(content, "utf-8")
        with pytest.raises(VocabularyFileError):
            load(file)
