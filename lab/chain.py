"""sekisho and other filters at one Postfix, in a given order.

Milters are entries of `smtpd_milters`. amavis is a content filter: mail leaves the queue, passes it, and comes back by
an smtpd of its own. So before it, or behind it, sekisho's milter is at the first smtpd or at that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lab.cases import Lab
from lab.dns import DnsServer
from lab.neighbours import Amavis, Neighbour
from lab.postfix import Postfix
from lab.sekisho import Sekisho
from lab.sink import Sink


@dataclass
class ChainPostfix(Postfix):
    """Postfix with filters around sekisho: `before`, then `milters`, then `after`."""

    before: Sequence[Neighbour] = ()
    after: Sequence[Neighbour] = ()

    def _services(self) -> str:
        text = super()._services()
        amavis = next((each for each in (*self.before, *self.after) if isinstance(each, Amavis)), None)
        if amavis is None:
            return text
        first = text.index(" smtpd\n")
        mine = " ".join(self.milters)
        early, late = ("", mine) if amavis in self.before else (mine, "")
        options = (
            f" smtpd\n  -o {{smtpd_milters={early}}}\n  -o content_filter=smtp:[127.0.0.1]:{amavis.port}\n"
        )
        back = f"127.0.0.1:{amavis.next_port} inet n - n - - smtpd\n"
        back += f"  -o {{smtpd_milters={late}}}\n  -o content_filter=\n"
        return text[:first] + options + text[first + len(" smtpd\n") :] + back

    def _main(self) -> dict[str, str]:
        listed = [*entries(self.before), *self.milters, *entries(self.after)]
        return {**super()._main(), "smtpd_milters": " ".join(listed)}


@dataclass
class Chain(Lab):
    """A lab whose parts, Postfix excepted, belong to somebody else: several chains share one daemon."""

    dns: DnsServer = field(default_factory=DnsServer)
    sink: Sink = field(default_factory=Sink)
    sekisho: Sekisho | None = None  # type: ignore[assignment]
    before: Sequence[Neighbour] = ()
    after: Sequence[Neighbour] = ()

    def __enter__(self) -> Chain:
        assert self.sekisho is not None
        postfix = ChainPostfix(
            self.place,
            self.sink.port,
            [self.sekisho.milter()],
            name="-".join(["p", *names(self.before), "s", *names(self.after)]),
            before=self.before,
            after=self.after,
        )
        self.postfix = self._stack.enter_context(postfix)
        return self


def names(some: Sequence[Neighbour]) -> list[str]:
    return [each.directory.name for each in some]


def entries(some: Sequence[Neighbour]) -> list[str]:
    """Those that are milters, as entries of `smtpd_milters`."""
    return [each.milter() for each in some if not isinstance(each, Amavis)]
