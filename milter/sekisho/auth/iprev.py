"""iprev: does the client's address have a name that leads back to it? (RFC 8601 section 3)

Postfix has asked DNS already: its `{client_name}` is `unknown` unless forward and reverse look-up agree, and
`{client_resolve}` says why. So there is no query here.

It cannot see more than Postfix: with peer-name look-up switched off everything is unknown.
"""

from __future__ import annotations

from types import MappingProxyType

from sekisho.message import Client
from sekisho.results import AuthResult, MethodResult

# Postfix's {client_resolve}. RFC 8601 has permerror for a missing PTR; here both show as `fail`.
RESOLVED = MappingProxyType(
    {
        "ok": (AuthResult.PASS, ""),
        "forged": (AuthResult.FAIL, "name does not lead back"),
        "fail": (AuthResult.FAIL, "no name"),
        "temp": (AuthResult.TEMPERROR, "temporary failure"),
    }
)


def evaluate(client: Client) -> MethodResult:
    """The iprev result for a client. Only a pass has a domain, the client's name; `reason` says why it is no pass.

    The result is `unknown` where Postfix said nothing. A name that could not be looked up for the moment is temperror.
    """
    result, reason = _result_of(client)
    name = client.name if result is AuthResult.PASS else None
    properties = (("policy.iprev", client.address),) if client.address is not None else ()
    return MethodResult("iprev", result, name, reason, properties)


def _result_of(client: Client) -> tuple[AuthResult, str]:
    """A name without `{client_resolve}` was confirmed by the program that names it. `unknown` without it may be a
    temporary failure."""
    nameless = client.name in (None, "", "unknown")
    if client.resolve is not None:
        result, why = RESOLVED.get(client.resolve.lower(), (AuthResult.UNKNOWN, ""))
        return (AuthResult.FAIL, "no name") if result is AuthResult.PASS and nameless else (result, why)
    return (AuthResult.UNKNOWN, "") if nameless else (AuthResult.PASS, "")
