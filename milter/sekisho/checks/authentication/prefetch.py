"""Ask DNS now for what the next checks will ask: the keys of the signatures, and the author's DMARC record.

The answers then arrive together instead of one after the other. Postfix shows a milter headers and body in one go,
after the last byte has arrived, so they cannot be asked for earlier. The SPF record is asked for at MAIL FROM.

It finds nothing, waits for nothing, and may ask for a name too many.
"""

from __future__ import annotations

from sekisho.auth import dkim
from sekisho.evidence import NOTHING, Evidence
from sekisho.message import Message
from sekisho.ports import Context


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """Begin the look-ups; no evidence."""
    if context.resolver is None:
        return NOTHING
    for field in dkim.chosen(message.headers, message.author.domain):
        name = dkim.key_name(field)
        if name is not None:
            context.resolver.warm(name, "TXT")
    if message.author.domain is not None:
        context.resolver.warm(f"_dmarc.{message.author.domain}", "TXT")
    return NOTHING
