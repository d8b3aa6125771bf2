"""Does the client's address have a name that leads back to it? (RFC 8601 section 3, `iprev`)

Postfix has asked already: its `{client_name}` is `unknown` unless forward and reverse agree, and
`{client_resolve}` says why. A name that could not be looked up for the moment is temperror; a client about
which nothing was said is unknown and gives no result.

It cannot see more than Postfix: with peer-name look-up switched off everything is unknown.
"""

from __future__ import annotations

from sekisho.evidence import NOTHING, Evidence, Finding, FindingKind, Signal
from sekisho.message import Client, Message
from sekisho.ports import Context
from sekisho.results import AuthResult, MethodResult

NO_IPREV = FindingKind(
    "auth.no_iprev",
    1.0,
    "The sending server {address} has no confirmed host name ({why}).",
    "送信元サーバー {address} には、正引きと逆引きが一致するホスト名がありません（{why}）。",
    signals=frozenset({Signal.UNNAMED_SERVER}),
)
KINDS = (NO_IPREV,)

# Postfix's {client_resolve}. RFC 8601 has permerror for a missing PTR; here both show as `fail`.
RESOLVED = {
    "ok": (AuthResult.PASS, ""),
    "forged": (AuthResult.FAIL, "name does not lead back"),
    "fail": (AuthResult.FAIL, "no name"),
    "temp": (AuthResult.TEMPERROR, "temporary failure"),
}


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """One `iprev` result from the client's facts, and a finding when the address has no confirmed name."""
    client = message.envelope.client
    if client.address is None:
        return NOTHING
    word, why = judge(client)
    if word is AuthResult.UNKNOWN:
        return NOTHING
    name = client.name if word is AuthResult.PASS else None
    result = MethodResult("iprev", word, name, why, (("policy.iprev", client.address),))
    if word is not AuthResult.FAIL:
        return Evidence((result,), degraded=("dns",) if word is AuthResult.TEMPERROR else ())
    return Evidence((result,), findings=(Finding(NO_IPREV, {"address": client.address, "why": why}),))


def judge(client: Client) -> tuple[AuthResult, str]:
    """The word for a client and why. A name without `{client_resolve}` was confirmed by whoever names it;
    `unknown` without it may as well be a temporary failure."""
    nameless = client.name in (None, "", "unknown")
    if client.resolve is not None:
        word, why = RESOLVED.get(client.resolve.lower(), (AuthResult.UNKNOWN, ""))
        return (AuthResult.FAIL, "no name") if word is AuthResult.PASS and nameless else (word, why)
    return (AuthResult.UNKNOWN, "") if nameless else (AuthResult.PASS, "")
