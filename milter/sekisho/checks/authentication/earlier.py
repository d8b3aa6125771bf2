"""What did filters before us find, where the operator believes them?

A filter that changes the message (a virus scanner's note in the text) breaks signatures that held before. So if
`trust.believe_earlier` is set, a pass of SPF or DKIM in the results of `trust.earlier_filters` counts like our own.
Nothing else of them does: our own look-ups tell what failed. `auth.earlier_filters` says which fields are theirs.

It cannot see whether an earlier filter was itself deceived.
"""

from __future__ import annotations

from collections.abc import Iterator

from sekisho.auth import authres, earlier_filters
from sekisho.domains import to_ascii
from sekisho.evidence import NOTHING, Evidence
from sekisho.message import Message
from sekisho.ports import Context
from sekisho.results import AuthResult, MethodResult

PROPERTY = {"spf": "smtp.mailfrom", "dkim": "header.d"}
MAX_FIELDS = 10
MAX_RESULTS = 5


def check(message: Message, seen: Evidence, context: Context) -> Evidence:
    """The passes that we do not have ourselves, shown as recorded."""
    if not context.believe_earlier or context.resolver is None:
        return NOTHING
    own = {(each.method, each.domain) for each in seen.results if each.result is AuthResult.PASS}
    found = dict.fromkeys(each for each in _passes(message, context) if (each.method, each.domain) not in own)
    return Evidence(results=tuple(found)[:MAX_RESULTS])


def _passes(message: Message, context: Context) -> Iterator[MethodResult]:
    fields = earlier_filters.results(
        message.headers.fields, context.earlier_filters, message.envelope.queue_id
    )
    for field in tuple(fields)[:MAX_FIELDS]:
        parsed = authres.parse(field.value.decode("utf-8", "replace"))
        for each in parsed.results if parsed else ():
            name = PROPERTY.get(each.method, "")
            domain = to_ascii((each.get(name) or "").rpartition("@")[2])
            if each.result == AuthResult.PASS and domain is not None:
                yield MethodResult(
                    each.method, AuthResult.PASS, domain, properties=((name, domain),), recorded=True
                )
