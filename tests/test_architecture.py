"""The layers of the house, held by a machine: who may import whom, and who alone may touch the world."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "milter"
PACKAGE = SOURCE / "sekisho"

# A module may import from layers above its own, never from its own row's neighbours or from below.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset(
        {
            "address",
            "domains",
            "text",
            "markup",
            "charsets",
            "qrcodes",
            "dns_answer",
            "options",
            "private_files",
            "bounded_cache",
            "package_data",
            "data_files",
            "plain_errors",
        }
    ),
    frozenset(
        {
            "results",
            "message",
            "evidence",
            "verdict",
            "judgement",
            "held",
            "known",
            "stages",
            "processes",
            "words",
        }
    ),
    frozenset({"ports", "events"}),
    frozenset(
        {
            "vocabulary",
            "brands",
            "providers",
            "forwarders",
            "resolver",
            "smtp_client",
            "decoder",
            "clock",
            "trust",
            "site",
            "directory",
            "privacy",
        }
    ),
    frozenset({"auth"}),
    frozenset({"checks", "policy", "action"}),
    frozenset({"store", "guard", "release", "journal", "metrics", "log", "observers", "explain", "memory"}),
    frozenset({"pipeline", "cases"}),
    frozenset({"review", "runtime_changes"}),
    frozenset({"judging"}),
    frozenset({"wire", "smtp"}),
    frozenset({"config"}),
    frozenset({"compose", "basis", "case_runner"}),
    frozenset({"daemon", "preconditions", "doctor", "status", "evaluation"}),
    frozenset({"maintenance"}),
    frozenset({"service"}),
    frozenset({"cli"}),
)

# Neighbours of one layer that may know each other, each with its reason.
NEIGHBOURS = {
    ("address", "bounded_cache"),  # answers are remembered in one way
    ("domains", "bounded_cache"),
    ("charsets", "bounded_cache"),
    ("data_files", "plain_errors"),  # every error of a file is said in one way
    ("private_files", "plain_errors"),
    ("qrcodes", "markup"),  # character references are undone in one bounded way
    (
        "brands",
        "vocabulary",
    ),  # names and lures are found in one pass, and a brand's policies are about themes
    ("site", "brands"),  # our own domains are protected as a brand's are
    ("site", "vocabulary"),  # and with the same words beside them
    ("site", "trust"),  # who may send in our name is told by networks and domains
    ("verdict", "message"),  # an action names recipients
    ("evidence", "results"),  # what the methods of authentication found
    ("evidence", "message"),  # a destination is that of a link
    ("judgement", "message"),  # it puts the three together
    ("judgement", "evidence"),
    ("judgement", "verdict"),
    ("held", "message"),  # a copy is a recipient's
    ("known", "evidence"),  # names and cues are read in one pass
    ("review", "runtime_changes"),  # an author that is allowed is an entry of a list
    ("case_runner", "basis"),  # what the cases are judged with
    ("case_runner", "compose"),  # single files meet the daemon's own assembly
    ("metrics", "log"),  # label values are words of those who own the fact
    ("metrics", "observers"),
}

# The only modules that may import a library that does I/O or holds state.
SINGLE_IMPORTERS = {
    "Milter": {"wire"},
    "milter": {"wire"},
    "aiosmtpd": {"smtp"},
    "dns": {"resolver"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "sqlite3": {"store"},
    "psycopg": {"store"},
    "smtplib": {"smtp_client"},
    "prometheus_client": {"metrics"},
    "click": {"cli"},
    "rich": {"cli"},
    "dkim": {"auth"},
    "spf": {"auth"},
    "PIL": {"qrcodes"},
    "zxingcpp": {"qrcodes"},
}

# The rooms of the store, and which of the others each may know.
STORE_LAYERS: dict[str, set[str]] = {
    "database": set(),
    "audit": {"database"},
    "quarantine": {"audit", "database"},
    "lists": {"audit", "database"},
}

PURE = (
    "policy",
    "address",
    "domains",
    "text",
    "markup",
    "charsets",
    "dns_answer.py",
    "brands/index.py",
    "verdict.py",
    "results.py",
    "evidence.py",
)
IMPURE = {"time", "datetime", "random", "secrets", "logging", "socket", "os", "threading"}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    """The first name below the package: `checks` for checks/authentication/spf.py, `pipeline` for pipeline.py."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@functools.cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """What a file says that these rules are about, wherever in it that stands; each file is read once."""
    kinds = (ast.Import, ast.ImportFrom, ast.Attribute, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return tuple(node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, kinds))


def imports(path: Path) -> Iterator[str]:
    """Every module name that a file imports, wherever in it the import stands."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(name: str) -> int:
    return next(index for index, names in enumerate(LAYERS) if name in names)


def ours(path: Path) -> set[str]:
    """The rooms of ours that a file imports, its own left out."""
    rooms = {name.split(".")[1] for name in imports(path) if name.startswith("sekisho.") and name.count(".")}
    return {each for each in rooms if any(each in names for names in LAYERS)} - {room(path)}


def test_every_room_has_a_layer() -> None:
    """A module that stands in no layer has no rules, so there must be none."""
    rooms = {room(path) for path in modules()} - {"__init__", "__main__", "data"}
    assert rooms - {name for names in LAYERS for name in names} == set()


def test_the_map_shows_the_layers_as_they_are() -> None:
    """docs/flow.md has the same rooms in the same order, layer by layer."""
    table = (ROOT / "docs" / "flow.md").read_text("utf-8").partition("| layer | rooms |")[2].splitlines()[2:]
    shown = [frozenset(re.findall(r"`(\w+)`", line)) for line in table if line.startswith("|")]
    assert shown == list(LAYERS)


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_upwards(path: Path) -> None:
    """A module imports only from layers above its own, or a neighbour that the table names."""
    own = room(path)
    if own in {"__init__", "__main__"}:
        return
    wrong = {other for other in ours(path) if not (layer(other) < layer(own) or (own, other) in NEIGHBOURS)}
    assert wrong == set()


def test_every_neighbour_is_needed() -> None:
    """A reason for an import that is gone would excuse the next one."""
    assert NEIGHBOURS - {(room(path), other) for path in modules() for other in ours(path)} == set()


@pytest.mark.parametrize("inner", STORE_LAYERS)
def test_the_rooms_of_the_store_know_only_what_is_below_them(inner: str) -> None:
    """`history` will use the database alone, so it must not bring tables of the quarantine or of the lists along."""
    wrong = {
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in sorted((PACKAGE / "store" / inner).rglob("*.py"))
        for name in imports(path)
        if name.startswith("sekisho.store.") and name.split(".")[2] not in {inner, *STORE_LAYERS[inner]}
    }
    assert wrong == set()
    assert list(imports(PACKAGE / "store" / "__init__.py")) == [], "it would import all rooms with each"


@pytest.mark.parametrize("library", sorted(SINGLE_IMPORTERS))
def test_single_importers(library: str) -> None:
    """What does I/O or holds state is imported by its own room alone."""
    importers = {
        room(path) for path in modules() if library in {name.split(".")[0] for name in imports(path)}
    }
    assert importers <= SINGLE_IMPORTERS[library]


def test_authentication_is_a_library() -> None:
    """The methods of authentication return results: what these are worth, only the checks know."""
    known = {other for path in modules() if room(path) == "auth" for other in ours(path)}
    assert known == {"results", "message", "domains", "dns_answer", "bounded_cache"}


@pytest.mark.parametrize("name", PURE)
def test_the_decision_core_is_pure(name: str) -> None:
    """Leaves, policy and brand matching have no clock, randomness, logger or I/O: same evidence, same verdict."""
    place = PACKAGE / name
    paths = [place.with_suffix(".py")] if place.with_suffix(".py").is_file() else sorted(place.rglob("*.py"))
    assert paths, f"{name} is gone; the table of pure modules must follow"
    for path in paths:
        assert {each.split(".")[0] for each in imports(path)} & IMPURE == set(), path


def test_the_wall_clock_is_read_in_one_place() -> None:
    """Nobody but the clock asks what time it is; what is judged must be repeatable."""
    readers = {
        str(path.relative_to(PACKAGE))
        for path in modules()
        for node in nodes(path)
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today"}
        and isinstance(node.value, ast.Name)
        and node.value.id in {"datetime", "date"}
    }
    assert readers == {"clock.py"}


def test_the_words_for_a_judgement_are_not_in_the_command_line() -> None:
    """Every door shows the same words: they stand in both languages where the evidence is explained."""
    japanese = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
    doors = [path for path in modules() if room(path) == "cli"]
    assert [path.name for path in doors if japanese.search(path.read_text("utf-8"))] == []


def test_the_source_root_is_no_package() -> None:
    """pymilter owns the names Milter, milter and mime: milter/__init__.py would shadow its C extension."""
    assert not (SOURCE / "__init__.py").exists()
    assert not {"mime.py", "Milter.py", "milter.py"} & {path.name for path in SOURCE.iterdir()}


def test_no_check_imports_a_check() -> None:
    """Modules of checks/ import `facts` and no other room: what a check found reaches a later one by the evidence.

    Beside the rooms stand the table of all checks, `examine`, which runs them, and `options`, which any may import.
    """
    inside = {_below_checks(path): path for path in modules() if room(path) == "checks"}
    found = {
        (name, other)
        for name, path in inside.items()
        if "." in name
        for module in imports(path)
        if (other := module.removeprefix("sekisho.checks.")) in inside
        if other != "options" and not other.startswith("facts.")
    }
    assert found == set()


def _below_checks(path: Path) -> str:
    """The name of a module below `checks`: `identity.claims`."""
    return ".".join(path.relative_to(PACKAGE / "checks").with_suffix("").parts)


def test_no_class_has_the_name_of_another() -> None:
    """One word for one thing: only a port (a Protocol of `ports`) and what implements it share a name."""
    places: dict[str, list[Path]] = {}
    for path in modules():
        for node in nodes(path):
            if isinstance(node, ast.ClassDef) and not (room(path) == "ports" and _is_protocol(node)):
                places.setdefault(node.name, []).append(path)
    twice = {name for name, paths in places.items() if len(paths) > 1}
    assert twice == set()


def _is_protocol(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Protocol" for base in node.bases)


def test_functions_and_modules_stay_short() -> None:
    """Functions over 40 lines and modules over 400 are split, not excused."""
    long = [
        f"{path.relative_to(PACKAGE)}:{node.lineno} {node.name}"
        for path in modules()
        for node in nodes(path)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or 0) - node.lineno >= 40
    ]
    large = [
        str(path.relative_to(PACKAGE))
        for path in modules()
        if len(path.read_text("utf-8").splitlines()) > 400
    ]
    assert (long, large) == ([], [])


LAZY_ROOMS = sorted(path.parent for path in PACKAGE.rglob("__init__.pyi"))


@pytest.mark.parametrize("room_path", LAZY_ROOMS, ids=lambda path: path.name)
def test_a_lazy_room_gives_what_its_stub_says(room_path: Path) -> None:
    """`from sekisho.brands import load` is the function in every order of imports, and never a module of its name."""
    name = "sekisho." + ".".join(room_path.relative_to(PACKAGE).parts)
    stub = ast.parse((room_path / "__init__.pyi").read_text("utf-8"))
    given = {
        alias.name: each.module
        for each in stub.body
        if isinstance(each, ast.ImportFrom)
        for alias in each.names
    }
    inner = sorted({module for module in given.values() if module})
    program = f"""
import importlib, types
for module in {inner!r}:
    importlib.import_module("{name}." + module)
room = importlib.import_module("{name}")
for exported, module in {given!r}.items():
    value = getattr(room, exported)
    assert isinstance(value, types.ModuleType) == (module is None), exported
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(SOURCE)},
    )
    assert done.returncode == 0, done.stderr


def test_a_short_command_brings_no_check() -> None:
    """`sekisho --help` loads no option and no library of the daemon; `quarantine list` nothing that judges."""
    for arguments, foreign in (
        (["--help"], ("sekisho.config", "pydantic", "sqlalchemy", "sekisho.checks", "sekisho.cli.japanese")),
        (
            ["quarantine", "list", "--config", "/dev/null"],
            ("sekisho.checks.table", "sekisho.pipeline", "dkim", "alembic"),
        ),
    ):
        program = f"""
import sys
sys.argv = ["sekisho", *{arguments!r}]
from sekisho.cli import main
try:
    main()
except SystemExit:
    print(*[each for each in {foreign!r} if each in sys.modules], file=sys.stderr)
"""
        done = subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            env={"PYTHONPATH": str(SOURCE)},
        )
        assert done.stderr.splitlines()[-1].strip() == "", arguments
