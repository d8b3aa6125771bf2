"""A sync that failed is never tried again as if it had worked: the kernel may have dropped what it could not write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from lab.faults.shim import Rule, Shim, calls, io_error

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed"),
]

HOLDER = """
import json, os, sys
from pathlib import Path
from sekisho.ports import StoreUnavailable
from sekisho.store.database import StoreOptions
from sekisho.store.quarantine import Quarantine
from tests.unit.store.kit import SetClock, hold
url, control, rule = sys.argv[1:]
store = Quarantine.open(StoreOptions(url=url), SetClock())
hold(store, b"first", ["a@x"])
Path(control).write_text(rule)
try:
    hold(store, b"second" + os.urandom(9000), ["a@x"])
    refused = ""
except StoreUnavailable as error:
    refused = str(error)
Path(control).unlink()
name = hold(store, b"third", ["a@x"])
print(json.dumps([refused, len(store.list()), store.content(name).decode()]), flush=True)
os._exit(0)
"""


@pytest.mark.parametrize("rule", [io_error("sync", "-wal"), io_error("write", "-wal")], ids=["sync", "write"])
def test_after_an_error_of_the_disk_the_log_is_written_again(tmp_path: Path, rule: Rule) -> None:
    """The message is refused and not in the list. The next one is held, and its part of the log begins where that of
    the refused one began: nothing is built on what may not be on the disk."""
    (tmp_path / "store").mkdir()
    shim = Shim(tmp_path / "shim", tmp_path / "store")
    environment = shim.environment(record=True)
    url = f"sqlite:///{tmp_path}/store/quarantine.db"
    done = subprocess.run(
        [sys.executable, "-c", HOLDER, url, environment["SHIM_CONTROL"], str(rule)],
        env=os.environ | environment | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    refused, held, content = json.loads(done.stdout)
    assert "the disk reports an error" in refused
    assert (held, content) == (2, "third")
    log = [call for call in calls(shim.trace) if call.name.endswith("-wal")]
    ends = [0, *(number for number, call in enumerate(log) if call.kind in "SF")]
    begins = [log[end + 1].offset for end in ends if end + 1 < len(log)]
    assert begins[-1] == begins[-2] if rule.calls == "sync" else begins[-1] >= begins[-2]
