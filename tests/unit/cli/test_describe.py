"""What is generated is up to date, true, and says what an admin needs to know."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from sekisho.checks.table import KINDS
from sekisho.cli import describe
from sekisho.config import Config, groups, load, restart_values
from sekisho.events import schema
from sekisho.message import Recipient
from sekisho.policy import COMBINATIONS, RecipientOptions, RecipientRules

ROOT = Path(__file__).parents[3]
COMMENTED = re.compile(r"^#(?=[a-z_]+ = |\[)", re.MULTILINE)


@pytest.mark.parametrize(
    ("file", "made"),
    [
        ("config/sekisho.toml", describe.example),
        ("docs/options.md", describe.markdown),
        ("docs/checks.md", describe.checks),
        ("docs/events.md", schema.markdown),
        ("docs/events.schema.json", schema.document),
    ],
)
def test_generated_files_are_up_to_date(file: str, made: Callable[[], str]) -> None:
    """The committed file is what the program would write now: `make docs` was run."""
    assert (ROOT / file).read_text("utf-8") == made(), f"{file} is stale: run `make docs`"


def test_the_example_is_the_defaults(tmp_path: Path) -> None:
    """As packaged, the file changes nothing."""
    file = tmp_path / "sekisho.toml"
    file.write_text(describe.example(), "utf-8")
    assert load(file) == Config()


def test_every_commented_option_is_the_default(tmp_path: Path) -> None:
    """Taking away every # changes nothing: what is shown is what holds, in a form that a file may have."""
    file = tmp_path / "sekisho.toml"
    file.write_text(COMMENTED.sub("", describe.example()), "utf-8")
    config = load(file)
    assert config.model_copy(update={"recipients": {}}) == Config()
    rules = RecipientRules.of(config.mode, config.policy, config.recipients)
    special, default = rules.rules_for(Recipient("a@example.jp")), rules.default
    assert (special.mode, special.thresholds, special.max_action, special.subject_mark) == (
        default.mode,
        default.thresholds,
        default.max_action,
        default.subject_mark,
    )


def test_the_example_starts_in_shadow() -> None:
    """What is packaged changes no mail, and says so in a line that is not commented out."""
    assert tomllib.loads(describe.example())["mode"] == "shadow"


def every_option() -> Iterator[tuple[str, str, type[BaseModel]]]:
    for name, _, model in groups():
        for key in model.model_fields:
            yield name, key, model


def test_every_option_is_described() -> None:
    """No option without a sentence, and every option is in both documents."""
    markdown, example = describe.markdown(), describe.example()
    names = {name for name, _, _ in groups()}
    for name, key, model in every_option():
        about = model.model_fields[key].description or ""
        assert about.endswith("."), f"{name}.{key} needs a sentence"
        if name or key not in names:
            assert f"| `{key}` |" in markdown
            assert re.search(rf"^#?{key} = ", example, re.MULTILINE)


def test_bounds_and_choices_are_shown() -> None:
    """What an option may hold stands beside it: numbers with their bounds, words with their choices."""
    example, markdown = describe.example(), describe.markdown()
    assert 'mode = "shadow"  # shadow or enforce\n' in example
    assert "#scan_bytes = 10_000_000  # 10_000 to 100_000_000\n" in example
    assert "#retry_window_days = 5.0  # above 0, at most 60\n" in example
    assert '#max_action = "reject"  # accept, tag, quarantine or reject\n' in example
    assert '| `level` | `"info"` | `debug`, `info`, `warning` or `error` |' in markdown
    assert "| `progress_interval` | `5.0` | 0.02 to 10 |" in markdown


def test_no_number_is_without_bounds() -> None:
    """Every number can be mistyped by a thousand, so every number has a least and a most."""
    for name, key, model in every_option():
        schema = model.model_json_schema()["properties"][key]
        for each in schema.get("anyOf", [schema]):
            if each.get("type") in {"integer", "number"}:
                bounded = {"minimum", "exclusiveMinimum"} & each.keys() and "maximum" in each
                assert bounded, f"{name}.{key} has no bounds"


def test_recipients_can_differ_in_what_policy_says() -> None:
    """Options of a recipient have the name, and so the meaning, of the general ones."""
    assert set(RecipientOptions.model_fields) <= {"mode", *type(Config().policy).model_fields}


def test_every_finding_and_combination_is_listed() -> None:
    """docs/checks.md holds every finding with its points and both sentences, and what decides alone."""
    text = describe.checks()
    for kind in KINDS:
        assert f"| `{kind.id}` | {kind.points:g} | " in text
    for row in COMBINATIONS:
        assert f"| `{row.name}` | {row.least.word} |" in text


def test_tables_hold_together() -> None:
    """Every row of a table has as many cells as its head, whatever a sentence holds."""
    for text in (describe.markdown(), describe.checks()):
        for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1


def test_values_that_toml_needs_quoted() -> None:
    """Any default survives the way through TOML."""
    for value in ('a"b\\c\n', "日本", True, 0, 12_345, -0.5, [1, "x"], {"a.b": 2.0}):
        assert tomllib.loads(f"v = {describe.toml(value)}")["v"] == value


def test_every_option_says_what_puts_a_change_in_force() -> None:
    """Reload or restart, from the one declaration, in the document and in the example."""
    rows = [line.split(" | ") for line in describe.markdown().splitlines() if line.startswith("| `")]
    assert {row[3] for row in rows} == {"reload", "restart"}
    restart = {name.rpartition(".")[2] for name in restart_values(Config())}
    assert {row[0].strip("| `") for row in rows if row[3] == "restart"} == restart
    example = [line for line in describe.example().splitlines() if line.endswith("needs a restart")]
    assert {line.partition(" = ")[0].strip("#") for line in example} == restart
