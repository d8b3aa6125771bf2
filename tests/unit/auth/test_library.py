"""The methods of authentication can be imported, and so tested, without the judgement."""

from __future__ import annotations

import subprocess
import sys

IMPORTED = """
import sys
from sekisho.auth import arc, authres, dkim, dmarc, forged_fields, identifiers, iprev, keys, signatures, spf
print(*sorted({name.split(".")[1] for name in sys.modules if name.startswith("sekisho.")}))
"""


def test_nothing_of_the_judgement_is_imported() -> None:
    """Neither Evidence nor a check is loaded with the libraries, by whatever way."""
    done = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True)
    rooms = set(done.stdout.split())
    assert {"auth", "results", "message"} <= rooms
    assert rooms.isdisjoint({"evidence", "checks", "policy", "verdict", "ports"})
