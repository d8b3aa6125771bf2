"""The look-up of DNS records that the methods use."""

from __future__ import annotations

from collections.abc import Callable

from sekisho.dns_answer import Answer

Lookup = Callable[[str, str], Answer]
"""`lookup(name, type)`, as in `lookup("example.jp", "TXT")`. It never raises: a look-up that failed is an Answer with
`Found.TEMPERROR`."""
LookupFor = Callable[[str | None], Lookup]
"""Gives the look-up to use for a domain. The look-up for a domain that the sender chose may get less time than the one
for the author's domain."""
