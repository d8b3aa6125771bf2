"""How the libraries of this room ask DNS."""

from __future__ import annotations

from collections.abc import Callable

from sekisho.dns_answer import Answer

Lookup = Callable[[str, str], Answer]
"""`lookup(name, type)`, as in `lookup("example.jp", "TXT")`. It never raises: a look-up that failed is an Answer with
`Found.TEMPERROR`."""
LookupFor = Callable[[str | None], Lookup]
"""How to ask for what a domain publishes. Names of strangers may be asked for with less time than the author's."""
