"""A site's own words reach everything that is built from words, when the configuration is loaded and loaded again."""

from __future__ import annotations

from pathlib import Path

import pytest

from sekisho import compose
from sekisho.config import ConfigError


def configured(folder: Path) -> Path:
    words = folder / "vocabulary.d"
    words.mkdir()
    file = folder / "sekisho.toml"
    file.write_text(
        f'[vocabulary]\noverlay = "{words}"\n[brands]\noverlay = ""\n'
        f'[store]\nurl = "sqlite:///{folder}/q.db"\n[site]\ndomains = ["kaisha.example"]\n',
        "utf-8",
    )
    return file


def test_a_load_takes_up_what_has_changed(tmp_path: Path) -> None:
    """Checks, brands, our own domains, lures and providers: as a reload (SIGHUP) does it."""
    file = configured(tmp_path)
    _, before = compose.load(file)
    words = tmp_path / "vocabulary.d"
    (words / "site.toml").write_text(
        'program_endings.add = ["sldprt"]\ntrade_words.add = ["kyc"]\n'
        'lures.en.theme.tax.add = ["zakat + due"]\n',
        "utf-8",
    )
    (words / "providers.toml").write_text('[mailbox]\nours = ["post.example"]\n', "utf-8")
    _, after = compose.load(file)

    def seen(known: compose.Knowledge) -> tuple[bool, ...]:
        return (
            "sldprt" in known.vocabulary.files.program_endings,
            known.registry.lookalike("amazonkyc.top") is not None,
            known.site.lookalike("kaishakyc.top") is not None,
            bool(known.registry.read("The zakat is due").cues),
            known.providers.kind("post.example") == "mailbox",
        )

    assert seen(before) == (False,) * 5
    assert seen(after) == (True,) * 5


def test_a_fault_in_the_words_stops_the_load(tmp_path: Path) -> None:
    """The configuration in force stays, and every fault of every file is told."""
    file = configured(tmp_path)
    words = tmp_path / "vocabulary.d"
    (words / "site.toml").write_text('greeting.add = ["dear"]\n', "utf-8")
    (words / "providers.toml").write_text('[mailboxes]\nours = ["post.example"]\n', "utf-8")
    with pytest.raises(ConfigError) as caught:
        compose.load(file)
    assert [error.partition(": ")[0] for error in caught.value.errors] == [
        f"{words}/site.toml",
        f"{words}/providers.toml",
    ]
