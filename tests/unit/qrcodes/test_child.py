"""The program that decodes pictures: what it can still do after it has dropped its rights."""

from __future__ import annotations

import subprocess
import sys

import pytest

GIVEN_UP = """
import os, socket, sys
from sekisho.qrcodes import child
from sekisho.qrcodes.image import in_image
child.drop_rights()
try:
    {deed}
except (OSError, MemoryError) as error:
    print("refused", type(error).__name__)
else:
    print("done")
"""


def told(deed: str) -> str:
    """The output of a process that executes a statement after it has dropped its rights."""
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
    """The program can open no file, no socket and no other descriptor, and take no more memory than a picture needs."""
    assert (
        told(deed).startswith(("refused", "Traceback"))
        if "RLIMIT" in deed
        else told(deed).startswith("refused")
    )


def test_pictures_are_still_read() -> None:
    """Images of all five formats are read afterwards, since their readers were imported before."""
    kinds = "('PNG', 'JPEG', 'GIF', 'WEBP', 'BMP')"
    setup = f"from tests.qrcodes_support import picture; made = [picture('https://a.test/', each) for each in {kinds}]"
    program = GIVEN_UP.format(deed="print([in_image(each).texts for each in made])").replace(
        "child.drop_rights()", f"{setup}; child.drop_rights()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd="."
    )
    assert done.stdout.splitlines() == [str([("https://a.test/",)] * 5), "done"], done.stderr
