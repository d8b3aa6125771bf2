"""The verdict for each recipient, and what is done for that recipient without regard to the others.

Pure: the caller passes the current lists and the guard's stance. The same evidence, rules, lists and stance give the
same judgement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from sekisho.judgement import Examined, Judgement
from sekisho.message import Message, Recipient
from sekisho.policy.decide import decide, unjudged, weigh
from sekisho.policy.lists import Lists, Sender
from sekisho.policy.recipient_rules import RecipientRules
from sekisho.policy.rules import Rules
from sekisho.policy.table import WAITS_FOR_DNS
from sekisho.ports import Stance
from sekisho.verdict import OPT_OUT, Disposition, Mode, Outcome, Verdict

NO_RECIPIENTS = (Recipient(""),)
"""A case without recipients is judged by the default rules."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Decides by the rules of the recipients. Built by `compose`, shared by all messages.

    `block` is what an entry of the block list decides; `points` are the points of findings that differ from the shipped
    ones; `rollout_key` is the secret that decides which messages a roll-out reaches.
    """

    rules: RecipientRules
    block: Disposition
    points: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    rollout_key: bytes = b""

    def wanted(self, message: Message) -> bool:
        """True if the mail of any recipient is to be judged."""
        recipients = message.envelope.recipients or NO_RECIPIENTS
        return any(self.rules.rules_for(each).filtered for each in recipients)

    def judge(self, examined: Examined, lists: Lists, stance: Stance) -> Judgement:
        """The verdict and the outcome of each recipient."""
        message = examined.message
        weights = weigh(examined.evidence, self.points)
        sender = Sender.of(message, examined.evidence, examined.moment)
        waits = WAITS_FOR_DNS in weights
        outcomes = []
        for recipient in message.envelope.recipients or NO_RECIPIENTS:
            rules = self._rules(message, recipient, stance)
            why = examined.unjudged or (None if rules.filtered else OPT_OUT)
            if why is not None:
                outcomes.append(Outcome(recipient, unjudged(rules, why), Disposition.ACCEPT))
                continue
            allowed = lists.allow.match(sender, recipient)
            blocked = lists.block.match(sender, recipient)
            verdict = decide(weights, rules, allowed=allowed, blocked=blocked, block=self.block)
            outcomes.append(outcome(recipient, verdict, rules, waits=waits))
        delivered = examined.unfinished is not None and any(map(would_deliver, outcomes))
        return Judgement(examined, weights, tuple(outcomes), examined.unfinished if delivered else None)

    def _rules(self, message: Message, recipient: Recipient, stance: Stance) -> Rules:
        """The recipient's rules for this message, by stance and roll-out."""
        rules = in_stance(self.rules.rules_for(recipient), stance)
        if rules.rollout < 100:
            return rules.drawn(self.rollout_key, message.digest, self.rules.mailbox(recipient))
        return rules


def in_stance(rules: Rules, stance: Stance) -> Rules:
    """The rules bounded by the stance: a pause means shadow, the guard's fall-back means tagging at most."""
    if stance is Stance.PAUSED:
        return replace(rules, mode=Mode.SHADOW)
    return rules.bounded(Disposition.TAG) if stance is Stance.TAGGING else rules


def outcome(recipient: Recipient, verdict: Verdict, rules: Rules, *, waits: bool = False) -> Outcome:
    """What is done for one recipient without regard to the others. Shadow does nothing; `max_action` bounds the rest.

    `waits`: the look-ups that could prove the author failed, and may succeed later.
    """
    if rules.mode is Mode.SHADOW:
        return Outcome(recipient, verdict, Disposition.ACCEPT)
    if verdict.disposition is Disposition.TEMPFAIL:
        return Outcome(recipient, verdict, Disposition.TEMPFAIL)
    deferrable = waits and rules.max_action >= Disposition.TAG and not verdict.allowed
    applied = min(verdict.disposition, rules.max_action)
    return Outcome(recipient, verdict, applied, rules.subject_mark, deferrable)


def would_deliver(outcome: Outcome) -> bool:
    """True if the recipient's mail is judged in enforce and the verdict itself would deliver the message."""
    verdict = outcome.verdict
    enforced = verdict.judged and verdict.mode is Mode.ENFORCE and not verdict.allowed
    return enforced and verdict.disposition < Disposition.QUARANTINE
