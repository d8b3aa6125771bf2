"""What all resolvers use: the three answers without records, and the form of a name in a query."""

from __future__ import annotations

import re
from typing import Final

from sekisho.dns_answer import Answer, Found

TEMPERROR: Final = Answer(Found.TEMPERROR)
NXDOMAIN: Final = Answer(Found.NXDOMAIN)
NODATA: Final = Answer(Found.NODATA)

_LABELS = re.compile(r"[^.]{1,63}(?:\.[^.]{1,63})*+")
MAX_CHAIN = 10  # CNAMEs followed for one question


def query_name(name: str) -> str | None:
    """The name for a query: lower case, no final dot; None if it is no DNS name (RFC 1035 section 2.3.4).

    >>> query_name("_DMARC.Example.JP.")
    '_dmarc.example.jp'
    """
    name = name.removesuffix(".").lower()
    if len(name) > 253 or not name.isascii() or "\\" in name:
        return None
    return name if _LABELS.fullmatch(name) else None
