"""Our address parser beside two others, on many thousand generated fields.

The others are the two parsers of Python: `getaddresses`, after RFC 822, and `_header_value_parser`, after RFC 5322.
Each stands for a family of mail programs. Where we call a field clean, all three must name one domain; where they do
not, the author is ambiguous and we must have said so.
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
"""For each seed."""
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
    """By Python's newer parser; nothing where it gives up with an error."""
    try:
        found, _ = get_address_list(value)
    except Exception:
        return set()
    return domains(each.addr_spec or "" for each in found.all_mailboxes)


@pytest.mark.parametrize("seed", range(3))
def test_three_parsers_name_one_domain_or_the_author_is_ambiguous(seed: int) -> None:
    """Of the fields that we call clean, none has a second domain in the eyes of the others."""
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
