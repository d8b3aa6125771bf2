"""One fuzz target under atheris, with our code instrumented for coverage. Run by `tests.fuzz.run`."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["sekisho"]):
    from tests.fuzz.targets import TARGETS

if __name__ == "__main__":
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
