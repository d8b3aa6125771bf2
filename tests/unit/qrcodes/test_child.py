"""What the program that decodes pictures can still do once it has given up the rest."""

from __future__ import annotations

import subprocess
import sys

import pytest

GIVEN_UP = """
import os, socket, sys
from sekisho.qrcodes import child
from sekisho.qrcodes.image import in_image
child.give_up()
try:
    {deed}
except (OSError, MemoryError) as error:
    print("refused", type(error).__name__)
else:
    print("done")
"""


def told(deed: str) -> str:
    """What a process says that tries this after it has given up everything."""
    done = subprocess.run(
        [sys.executable, "-c", GIVEN_UP.format(deed=deed)], capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or done.stderr


@pytest.mark.parametrize(
    "deed",
    [
        "open('/etc/passwd').close()",
        "open('/tmp/sekisho-child-test', 'w').close()",
        "socket.socket()",
        "socket.create_connection(('127.0.0.1', 25))",
        "os.pipe()",
        "os.dup(0)",
        "os.memfd_create('x')",
        "bytes(200_000_000)",
    ],
)
def test_what_decoding_does_not_need_is_refused(deed: str) -> None:
    """No file, no socket, no descriptor of any kind, no more memory than a picture may take."""
    assert (
        told(deed).startswith(("refused", "Traceback"))
        if "RLIMIT" in deed
        else told(deed).startswith("refused")
    )


def test_pictures_are_still_read() -> None:
    """Every reader was there before."""
    kinds = "('PNG', 'JPEG', 'GIF', 'WEBP', 'BMP')"
    setup = f"from tests.qrcodes_support import picture; made = [picture('https://a.test/', each) for each in {kinds}]"
    program = GIVEN_UP.format(deed="print([in_image(each).texts for each in made])").replace(
        "child.give_up()", f"{setup}; child.give_up()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd="."
    )
    assert done.stdout.splitlines() == [str([("https://a.test/",)] * 5), "done"], done.stderr
