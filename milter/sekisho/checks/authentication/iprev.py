"""Does the client's address have a name that leads back to it? (RFC 8601 section 3; `auth.iprev` evaluates)

A client about which nothing was said is unknown and gives no result.

It cannot see more than Postfix: with peer-name look-up switched off everything is unknown.
"""

from __future__ import annotations

from sekisho.auth import iprev
from sekisho.evidence import NOTHING, Evidence, FindingKind, Signal
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.results import AuthResult

NO_IPREV = FindingKind(
    "auth.no_iprev",
    1.0,
    "The sending server {address} has no confirmed host name ({why}).",
    "送信元サーバー {address} には、正引きと逆引きが一致するホスト名がありません（{why}）。",
    signals=frozenset({Signal.UNNAMED_SERVER}),
)
KINDS = (NO_IPREV,)


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One `iprev` result from the client's facts, and a finding when the address has no confirmed name."""
    client = message.envelope.client
    if client.address is None:
        return NOTHING
    result = iprev.evaluate(client)
    if result.result is AuthResult.UNKNOWN:
        return NOTHING
    if result.result is not AuthResult.FAIL:
        return Evidence((result,), degraded=("dns",) if result.result is AuthResult.TEMPERROR else ())
    return Evidence((result,), findings=(NO_IPREV.found(address=client.address, why=result.reason),))
