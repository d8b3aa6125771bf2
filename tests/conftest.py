"""Options and fixtures of the whole suite."""

from __future__ import annotations

import functools
import gc
import importlib
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from tests.events_support import Validation

from sekisho import brands, vocabulary
from sekisho.brands import Brand, BrandIndex
from sekisho.compose import judging
from sekisho.package_data import shipped
from sekisho.vocabulary import BrandWords, LoadedWords

HERE = Path(__file__).parent
DAEMONS = (HERE / "system", HERE / "wire")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write what is found as the expectation of the golden mails",
    )


def pytest_configure() -> None:
    """The commands speak English here and know of no screen, whatever the developer's own locale and terminal are."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANGUAGE", "COLUMNS", "LINES"):
        os.environ.pop(name, None)
    os.environ["LANG"] = "C.UTF-8"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever starts daemons has a turn of its own; under load, starting Postfix may take its time."""
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in DAEMONS):
            item.add_marker(pytest.mark.system)
            item.add_marker(pytest.mark.timeout(300))


def pytest_collection_finish() -> None:
    """Thousands of tests stay to the end: the garbage collector need not walk them again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """At the end they go as usual, or libraries that count their objects would complain of leaks."""
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def what_is_shipped_is_read_once() -> Iterator[None]:
    """An operator's process puts the registry together once; here hundreds of commands run in one process, and the
    shipped files stay as they are. What is kept is the real thing; a site's own files are read every time."""
    module = importlib.import_module("sekisho.brands.files")  # in the package, that name is the function's
    folder, read, load_words = shipped("brands"), module.read, vocabulary.load
    kept, shipped_words = functools.cache(read), functools.cache(load_words)

    @functools.cache
    def registry() -> tuple[tuple[Brand, ...], BrandIndex]:
        listed = brands.load()
        return listed, BrandIndex(listed, shipped_words().brands)

    def index(listed: Iterable[Brand], words: BrandWords) -> BrandIndex:
        same, known = registry()
        return known if listed == same and words is shipped_words().brands else BrandIndex(listed, words)

    def words(overlay: Path | None = None) -> LoadedWords:
        return load_words(overlay) if overlay is not None and overlay.exists() else shipped_words()

    def reader(file: Path) -> object:
        return kept(file) if file.parent == folder else read(file)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "read", reader)
        patch.setattr(vocabulary, "load", words)
        patch.setattr(judging, "BrandIndex", index)
        yield


@pytest.fixture(scope="session")
def log_validation() -> Iterator[Validation]:
    """Watches whatever the program logs in this process."""
    handler, ours = Validation(), logging.getLogger("sekisho")
    ours.addHandler(handler)
    yield handler
    ours.removeHandler(handler)


@pytest.fixture(autouse=True)
def every_event_fits_its_schema(log_validation: Validation) -> Iterator[None]:
    """docs/events.md is a promise to programs: no test may make the program write anything else."""
    yield
    wrong, log_validation.faults = log_validation.faults, []
    assert wrong == []
