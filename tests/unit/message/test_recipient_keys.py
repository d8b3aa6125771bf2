"""Two spellings of a recipient that Postfix delivers to one mailbox have one key."""

from __future__ import annotations

import pytest

from sekisho.message.recipient_keys import key_of


@pytest.mark.parametrize(
    ("spelling", "key"),
    [
        ("Taro@Example.JP", "taro@example.jp"),
        ("\u017fekretariat@example.jp", "sekretariat@example.jp"),
        ("stra\u00dfe@example.jp", "strasse@example.jp"),
        ("o\ufb03ce@example.jp", "office@example.jp"),
        ("x@stra\u00dfe.example", "x@strasse.example"),
        ("x@\uff45xample.jp", "x@example.jp"),
        ("\u65e5\u672c@\u4f8b\u3048.example", "\u65e5\u672c@xn--r8jz45g.example"),
        ('"a..b"@docomo.ne.jp', "a..b@docomo.ne.jp"),
        ("Stra\u00dfe.example", "strasse.example"),
    ],
)
def test_case_goes_by_full_folding(spelling: str, key: str) -> None:
    """As Postfix's tables fold it, and not by lower case alone."""
    assert key_of(spelling) == key
