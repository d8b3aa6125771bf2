"""Our address parser compared with two others, on many thousand generated fields.

The others are the two parsers of Python: `getaddresses` follows RFC 822, `_header_value_parser` RFC 5322. Each
represents a family of mail programs. If our parser sees no problem in a field, all three must name one domain.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from email._header_value_parser import get_address_list
from email.utils import getaddresses

import pytest

from sekisho.address import parse

FIELDS = 20_000
"""Generated fields for each seed."""
PIECES = (
    "a@good.example", "b@evil.example", "<a@good.example>", "<b@evil.example>", "Taro", "山田", '"Taro"',
    '"b@evil.example"', "(b@evil.example)", "(c)", ",", ";", ":", "@", "<", ">", '"', "\\", "(", ")", " ", "\r\n ",
    "\t", "group:", "good.example", ".", "a..b@good.example", "x.@good.example", "<@evil.example:a@good.example>",
    "[192.0.2.1]", "a@good.example.", "via", "'", "a@good", "日本語.example", "@evil.example>", "=?utf-8?q?x?=",
)  # fmt: skip
_REST = re.compile(r"[>\"'),;(<\s].*", re.DOTALL)


def domains(addresses: Iterable[str]) -> set[str]:
    """The domains that another parser found, without the punctuation that it leaves on them."""
    found = (
        _REST.sub("", each.rpartition("@")[2].lower().strip()).rstrip(".")
        for each in addresses
        if "@" in each
    )
    return {each for each in found if each}


def rfc5322(value: str) -> set[str]:
    """The domains that Python's newer parser finds; none if it raises an error."""
    try:
        found, _ = get_address_list(value)
    except Exception:
        return set()
    return domains(each.addr_spec or "" for each in found.all_mailboxes)


@pytest.mark.parametrize("seed", range(3))
def test_three_parsers_name_one_domain_or_the_author_is_ambiguous(seed: int) -> None:
    """In a field without problems, the other parsers find no second domain."""
    rng = random.Random(seed)
    clean = 0
    for _ in range(FIELDS):
        value = "".join(rng.choices(PIECES, k=rng.randint(1, 6)))
        found = parse(value)
        if found.problems or len(found.mailboxes) != 1:
            continue
        clean += 1
        unfolded = value.replace("\r\n", "")
        others = domains(each for _, each in getaddresses([unfolded])) | rfc5322(unfolded)
        assert others <= {found.mailboxes[0].domain}, value
    assert clean > FIELDS // 50
