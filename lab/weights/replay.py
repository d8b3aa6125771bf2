"""Verdicts by the policy's own code, from stored findings, with other points and thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lab.weights.gather import Mail
from sekisho.checks.table import KINDS
from sekisho.evidence import Evidence
from sekisho.policy import PolicyOptions, Rules
from sekisho.policy.decide import decide, weigh
from sekisho.verdict import Disposition, Mode, Verdict

KIND = {kind.id: kind for kind in KINDS}
Row = dict[str, object]


def verdict(mail: Mail, points: Mapping[str, float], options: PolicyOptions | None = None) -> Verdict:
    """The policy's verdict on the mail's findings."""
    evidence = Evidence(findings=tuple(KIND[name].found() for name in mail.found))
    rules = Rules.of(Mode.ENFORCE, options or PolicyOptions())
    return decide(weigh(evidence, points), rules, allowed=None, blocked=None, block=Disposition.REJECT)


def rows(
    mails: Iterable[Mail], points: Mapping[str, float], options: PolicyOptions | None = None
) -> list[Row]:
    """Rows as `sekisho evaluate` counts them."""
    judged = ((mail, verdict(mail, points, options)) for mail in mails)
    return [
        {
            "folder": mail.collection,
            "label": mail.label,
            "verdict": each.disposition.word,
            "score": each.score,
        }
        for mail, each in judged
    ]


def differing(mails: Sequence[Mail], points: Mapping[str, float]) -> int:
    """How many verdicts differ from those of the pipeline. It must be 0; otherwise the replay is wrong."""
    return sum(verdict(mail, points).disposition.word != mail.verdict for mail in mails)
