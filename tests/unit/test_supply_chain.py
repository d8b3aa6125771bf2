"""What is built is the same each time and says what it is made of. What is unknown of a library is not good."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tests.unit.test_lock_files import locked

from sekisho import __version__

ROOT = Path(__file__).parent.parent.parent
MATERIALS = ROOT / "packaging/sekisho.cdx.json"
EPOCH = "1767225600"  # any time that both builds are given


def materials() -> dict[str, Any]:
    return dict(json.loads(MATERIALS.read_text("utf-8")))


def test_the_bill_of_materials_is_that_of_the_lock() -> None:
    """Every library of requirements.lock in its version, with its licence, and nothing else: `make sbom`."""
    components = materials()["components"]
    assert {each["purl"] for each in components} == {
        f"pkg:pypi/{name}@{rest.split()[0]}" for name, rest in locked("requirements.lock").items()
    }
    # Its metadata has the licence in no field that the format knows; docs/licences.md has it.
    assert [each["name"] for each in components if "licenses" not in each] == ["ahocorasick_rs"]
    assert materials()["metadata"]["component"]["version"] == __version__
    assert "file:" not in MATERIALS.read_text("utf-8")


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    """Wheel and source archive do not depend on the folder, on the times and modes of files, or on who builds."""
    digests = [built(tmp_path / name, umask) for name, umask in (("one", 0o022), ("another-folder", 0o077))]
    assert digests[0] == digests[1]
    assert sorted(name.rpartition(".")[2] for name in digests[0]) == ["gz", "whl"]


def built(folder: Path, umask: int) -> dict[str, str]:
    """The digests of both archives, from a copy of the source that was made just now."""
    before = os.umask(umask)
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        )
        for name in filter(None, listed.stdout.split("\0")):
            if not name.startswith("tests/") and (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, folder / name)
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-d", str(folder / "dist")],
            cwd=folder, check=True, capture_output=True, timeout=100, env={**os.environ, "SOURCE_DATE_EPOCH": EPOCH},
        )  # fmt: skip
    finally:
        os.umask(before)
    (wheel,) = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        assert files.read(f"sekisho-{__version__}.dist-info/sboms/sekisho.cdx.json") == MATERIALS.read_bytes()
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in (folder / "dist").iterdir()}


GOOD = {"name": "idna", "version": "3.20", "vulns": []}
WEAK = {"name": "idna", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.20"]}]}
SKIPPED = {"name": "rich", "skip_reason": "not found"}


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ({"dependencies": [GOOD]}, 0, "1 libraries, and no vulnerability is known of any"),
        ({"dependencies": [GOOD, WEAK]}, 1, "idna 1.0: PYSEC-1; mended in: 3.20"),
        ({"dependencies": [SKIPPED, WEAK]}, 1, "idna 1.0: PYSEC-1; mended in: 3.20"),
        ({"dependencies": [GOOD, SKIPPED]}, 2, "1 of 2 libraries are unknown"),
        ({"dependencies": []}, 2, "nothing is known: pip-audit gave no answer"),
        ([], 2, "nothing is known: pip-audit gave no answer"),
        (None, 2, "nothing is known: pip-audit gave no answer"),
    ],
)
def test_what_could_not_be_looked_up_is_no_pass(answer: object, status: int, said: str) -> None:
    """`make audit` passes only if every library was looked up."""
    text = "" if answer is None else json.dumps(answer)
    command = [sys.executable, str(ROOT / "packaging/audit.py")]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, said in done.stdout + done.stderr) == (status, True)
    assert len((done.stdout + done.stderr).splitlines()) == 1
