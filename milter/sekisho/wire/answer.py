"""An action carried out through libmilter at end-of-message: the edits in order, then the reply."""

from __future__ import annotations

from typing import Any

import Milter

from sekisho.judging.collect import as_parsed
from sekisho.judging.replies import UnwritableError, header_name, header_value, line, present_name, smtp_reply
from sekisho.message import Recipient
from sekisho.verdict import Action, AddHeader, ChangeHeader, Edit, Reply

_KEPT = (Reply.ACCEPT, Reply.HOLD)  # only a message that goes on has edits


def edit_and_reply(context: Any, action: Action, spaced: bool) -> int:
    """Make the edits and give the reply; returns libmilter's status (SMFIS_...). `spaced`: the MTA adds no space after
    the colon (SMFIP_HDR_LEADSPC was negotiated).

    Raises UnwritableError, or what libmilter raises for an edit. Then no reply was given, and a refusal undoes the
    edits.
    """
    if action.reply in _KEPT:
        for edit in action.edits:
            _edit(context, edit, spaced)
    return reply(context, action)


def reply(context: Any, action: Action) -> int:
    """Give only the reply; returns libmilter's status (SMFIS_...)."""
    if action.reply is Reply.ACCEPT:
        return int(Milter.ACCEPT)
    if action.reply is Reply.DISCARD:
        return int(Milter.DISCARD)
    if action.reply is Reply.HOLD:
        context.quarantine(line(action.smtp[2]) if action.smtp else "sekisho")
        return int(Milter.ACCEPT)
    refused = action.reply is Reply.REJECT
    code, enhanced, text = smtp_reply(action.smtp, "5" if refused else "4")
    context.setreply(code, enhanced, text.replace("%", "%%"))  # libmilter takes it as a format
    return int(Milter.REJECT if refused else Milter.TEMPFAIL)


def _edit(context: Any, edit: Edit, spaced: bool) -> None:
    lead = " " if spaced else ""
    if isinstance(edit, AddHeader):
        context.addheader(header_name(edit.name), lead + header_value(edit.value), 0)
    elif isinstance(edit, ChangeHeader):
        value = lead + header_value(edit.value) if edit.value else ""
        context.chgheader(present_name(edit.name), edit.index, value)
    else:
        context.delrcpt(_named(edit.recipient))


def _named(recipient: Recipient) -> str:
    """The argument of SMFIR_DELRCPT. Postfix silently deletes nothing if it does not read the same address as in RCPT.

    Both are read by the same parser (tok822_parse), so the same text gives the same address. But only RCPT removes
    brackets and a route before (cleanup_milter.c, cleanup_del_rcpt). Raises UnwritableError for bytes that are no
    UTF-8: pymilter cannot send them.
    """
    if not recipient.deletable:
        raise UnwritableError("a recipient with bytes that are no UTF-8")
    return as_parsed(recipient.raw)
