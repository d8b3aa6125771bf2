"""What is said of licences is what the libraries say of themselves, and what is distributed carries its licence."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from importlib.metadata import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ROW = re.compile(r"^\| ([a-z0-9][a-z0-9.-]*) \| (.+?) \|$", re.MULTILINE)


def locked() -> list[str]:
    """The libraries of the lock file, by name."""
    return re.findall(
        r"^([a-z0-9][\w.-]*)(?:\[[^\]]*\])?==", (ROOT / "requirements.lock").read_text("utf-8"), re.M
    )


def licence_of(name: str) -> str:
    """In the words of the library's own metadata (PEP 639, else the older field, else the classifier)."""
    found = metadata(name)
    classified = [each for each in found.get_all("Classifier") or [] if each.startswith("License")]
    named = found.get("License-Expression") or found.get("License")
    shown = named or classified[0].rpartition(" :: ")[2]
    return str(shown).partition("\n")[0]


def test_every_library_is_listed_as_it_says_itself() -> None:
    """docs/licences.md has a row for each library of the lock file, and no other."""
    listed = dict(ROW.findall((ROOT / "docs" / "licences.md").read_text("utf-8")))
    assert listed == {name: licence_of(name) for name in locked()}


def test_what_is_built_carries_its_licence(tmp_path: Path) -> None:
    """The wheel says MIT and holds the text (PEP 639)."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=100)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as files:
        (text,) = [name for name in files.namelist() if name.endswith(".dist-info/licenses/LICENSE")]
        assert files.read(text) == (ROOT / "LICENSE").read_bytes()
        (described,) = [name for name in files.namelist() if name.endswith(".dist-info/METADATA")]
        assert b"License-Expression: MIT\n" in files.read(described)
