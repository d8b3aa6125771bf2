"""A pymilter filter that does nothing, for comparison in the benchmark.

    python -m lab.idle SOCKET [--everything]

By default it asks for no callback, so the cost of having any milter is measured. With `--everything` it takes
connection, envelope, headers and body, as every content filter must, and accepts them.
"""

from __future__ import annotations

import sys

import Milter


class Idle(Milter.Base):  # type: ignore[misc]
    """Asks for no callback."""


class Taking(Milter.Base):  # type: ignore[misc]
    """Takes everything that a content filter needs, and replies only at the end."""

    @Milter.noreply  # type: ignore[untyped-decorator]
    def connect(self, *_: object) -> int:
        return int(Milter.CONTINUE)

    @Milter.noreply  # type: ignore[untyped-decorator]
    def hello(self, _: str) -> int:
        return int(Milter.CONTINUE)

    @Milter.noreply  # type: ignore[untyped-decorator]
    def envfrom(self, *_: object) -> int:
        return int(Milter.CONTINUE)

    @Milter.noreply  # type: ignore[untyped-decorator]
    def envrcpt(self, *_: object) -> int:
        return int(Milter.CONTINUE)

    @Milter.noreply  # type: ignore[untyped-decorator]
    def header(self, *_: object) -> int:
        return int(Milter.CONTINUE)

    @Milter.noreply  # type: ignore[untyped-decorator]
    def eoh(self) -> int:
        return int(Milter.CONTINUE)

    @Milter.noreply  # type: ignore[untyped-decorator]
    def body(self, _: bytes) -> int:
        return int(Milter.CONTINUE)

    def eom(self) -> int:
        return int(Milter.CONTINUE)


def main() -> None:
    Milter.factory = Taking if "--everything" in sys.argv else Idle
    Milter.set_flags(0)
    Milter.runmilter("idle", f"unix:{sys.argv[1]}", 600)


if __name__ == "__main__":
    main()
