"""The named identity: the one organisation that the message speaks as, and why."""

from __future__ import annotations

from sekisho.evidence import NOTHING, Evidence, NamedIdentity, Place, Strength, Why
from sekisho.message import Message
from sekisho.ports import Context


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """The identity alone; none if the message speaks as nobody."""
    for claim in seen.claims:
        if claim.brand and claim.where is Place.DISPLAY_NAME and claim.strength is Strength.STRONG:
            identity = NamedIdentity(
                claim.brand, context.registry.name(claim.brand), claim.where, (Why.NAMED,)
            )
            return Evidence(identity=identity)
    return NOTHING
