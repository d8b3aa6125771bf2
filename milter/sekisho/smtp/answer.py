"""One message: judged, edited, handed over, answered. It waits for all of that, so it is called on a thread.

| action | done here | reply |
| --- | --- | --- |
| accept | the edited message goes to the next hop, for the recipients that still get it | that of the next hop |
| discard (all copies are in the store) | nothing goes to the next hop | 250 |
| temporary failure | nothing | 451 |
| reject | before the queue: nothing | 550 |
| reject, after the queue; hold | the message is kept in the store | 250, or 451 without the store |

The pipeline itself knows that there is no hold queue, and after the queue no refusal (`MtaAbilities`). So the last row
comes only from a message whose judgement failed before.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace

from sekisho.events.mail import HANDLER_FAILED, KEPT_UNJUDGED
from sekisho.judging.collect import Collector
from sekisho.judging.fallbacks import EDIT, WIRE
from sekisho.judging.handlers import OnFailure
from sekisho.judging.judging_pool import JudgingPool
from sekisho.judging.replies import UnwritableError, smtp_reply
from sekisho.message import Client, Envelope, Forged, Recipient
from sekisho.smtp.commands import PathCommand
from sekisho.smtp.edits import edited
from sekisho.smtp.incoming import ReceivedMail, collect
from sekisho.smtp.next_hop import NextHop, Transaction
from sekisho.smtp.replies import LATER
from sekisho.smtp_client import SmtpReply
from sekisho.stages import Failure
from sekisho.verdict import Action, DeleteRecipient, Reply

LOG = logging.getLogger("sekisho.smtp")


@dataclass(slots=True)
class IncomingMail:
    """One message that comes in. `on_failure` is what holds for its recipients so far if it cannot be decided. `gone`:
    the MTA has ended the connection, so it will send the message again."""

    transaction: Transaction
    client: Client
    queue_id: str | None
    recipients: list[tuple[PathCommand, Recipient]] = field(default_factory=list)
    on_failure: OnFailure | None = None
    gone: bool = False

    def take(self, command: PathCommand, on_failure: OnFailure) -> None:
        """The next hop has taken this recipient."""
        self.recipients.append((command, command.recipient))
        self.on_failure = max(on_failure, self.on_failure or on_failure)

    def wanted(self) -> bool:
        """False if nobody would hear the reply."""
        return not self.gone

    @property
    def envelope(self) -> Envelope:
        """The envelope, as far as it is known."""
        mail = self.transaction.mail
        return Envelope(
            sender=mail.address,
            raw_sender=mail.raw_sender,
            parameters=mail.parameters,
            recipients=tuple(recipient for _, recipient in self.recipients),
            client=self.client,
            queue_id=self.queue_id,
        )


@dataclass(frozen=True, slots=True)
class Decided:
    """A message that came in whole, its envelope, and what is to be done. `unjudged`: the stage that failed, if the
    recipients get it unjudged."""

    received: ReceivedMail
    envelope: Envelope
    action: Action
    unjudged: Failure | None = None


@dataclass(frozen=True, slots=True)
class Answering:
    """What answers the messages of one session. `refuses`: a refusal reaches the server that sends the message."""

    pool: JudgingPool
    next_hop: NextHop
    refuses: bool

    def answer(self, mail: IncomingMail, raw: bytes) -> SmtpReply:
        """The reply to a message. Never raises."""
        collector = self.pool.collector(spaced=True)
        collector.called(mail.queue_id)
        try:
            decided = self._decided(mail, collector, collect(raw, mail.client, collector))
            try:
                return self._carried_out(mail, decided)
            except UnwritableError:
                self.pool.error(EDIT)
                self.pool.remember(collector)
                return self._carried_out(mail, self._unedited(mail, decided))
        except BaseException as error:
            HANDLER_FAILED.failed(LOG, error, "a message could not be answered")
            return self._after_defect(mail, raw, collector)

    def _after_defect(self, mail: IncomingMail, raw: bytes, collector: Collector) -> SmtpReply:
        """A defect of ours must not delay mail of recipients in shadow. Other mail comes again, and is kept then."""
        try:
            self.pool.error(WIRE)
            self.pool.remember(collector)
            if self.pool.fallbacks.level(mail.on_failure) is not OnFailure.ACCEPT:
                return LATER
            self.pool.accepted(WIRE)
            return self.next_hop.hand_over(mail.transaction, None, raw, mail.wanted)
        except BaseException as error:
            HANDLER_FAILED.failed(LOG, error, "a message could not be answered")
            return LATER

    def _unedited(self, mail: IncomingMail, decided: Decided) -> Decided:
        """The same message with what holds after an edit that cannot be made."""
        forged = decided.envelope.forged or Forged()
        failed, stage = self.pool.fallbacks.fitting(self.pool.fallback(EDIT), mail.on_failure, forged)
        return replace(decided, action=failed, unjudged=stage)

    def _decided(self, mail: IncomingMail, collector: Collector, received: ReceivedMail) -> Decided:
        envelope = replace(
            mail.envelope,
            dropped=collector.dropped,
            forged=collector.forged,
            body_digests=collector.body_digests(),
            whole=received.judged() if collector.cut else None,
        )
        job = self.pool.submit(collector, envelope, False)
        action = self.pool.result(job, lambda: None)
        return Decided(
            received, envelope, *self.pool.fallbacks.fitting(action, mail.on_failure, collector.forged)
        )

    def _carried_out(self, mail: IncomingMail, decided: Decided) -> SmtpReply:
        """Raises UnwritableError before anything was sent."""
        action = decided.action
        if action.reply is Reply.ACCEPT:
            return self._handed_over(mail, decided)
        self.next_hop.reset()
        if action.reply is Reply.HOLD or (action.reply is Reply.REJECT and not self.refuses):
            action = self.pool.keep(decided.received.judged(), decided.envelope)
            KEPT_UNJUDGED.write(LOG, id=action.reference, done=_KEPT[action.reply])
        if action.reply is Reply.DISCARD:
            return SmtpReply(250, f"2.0.0 Ok: queued as {action.reference}")
        refused = action.reply is Reply.REJECT
        code, enhanced, text = smtp_reply(action.smtp, "5" if refused else "4")
        return SmtpReply(int(code), f"{enhanced} {text}")

    def _handed_over(self, mail: IncomingMail, decided: Decided) -> SmtpReply:
        withheld = {each.recipient for each in decided.action.edits if isinstance(each, DeleteRecipient)}
        left = [command for command, recipient in mail.recipients if recipient not in withheld]
        raw = edited(decided.received.raw, decided.action.edits)
        reply = self.next_hop.hand_over(mail.transaction, left if withheld else None, raw, mail.wanted)
        if decided.unjudged and reply.ok:
            self.pool.accepted(decided.unjudged)
        return reply


_KEPT = {Reply.DISCARD: "kept in the quarantine", Reply.TEMPFAIL: "deferred, since the store cannot keep it"}
