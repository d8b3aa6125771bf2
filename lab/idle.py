"""A pymilter filter that does nothing, as the yardstick of the benchmark.

    python -m lab.idle SOCKET [--everything]

By default it asks for no callback at all, so what is measured is a milter's bare presence. With
`--everything` it takes connection, envelope, headers and body, as any filter that looks at mail must, and
lets them pass.
"""

from __future__ import annotations

import sys

import Milter


class Idle(Milter.Base):  # type: ignore[misc]
    """Asks for nothing."""


class Taking(Milter.Base):  # type: ignore[misc]
    """Takes everything that a content filter needs and answers nothing until the end."""

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
