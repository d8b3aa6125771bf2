"""What of ours a stranger's domain imitates, as we write it."""

from __future__ import annotations

import pytest
from tests.auth_support import NAME_WORDS

from sekisho.site import Site, SiteOptions


@pytest.mark.parametrize(
    ("domain", "of"),
    [
        ("examp1e.co.jp", "example.co.jp"),
        ("examp1e.jp", "example.jp"),
        ("examp1e.top", "example.jp"),
        ("exampletrading-login.top", "Example Trading"),
        ("example-trading.top", "Example Trading"),
    ],
)
def test_what_is_imitated_is_named_as_we_write_it(domain: str, of: str) -> None:
    """The domain that the imitation is nearest to, and the name of the configuration."""
    options = SiteOptions(domains=("example.jp", "example.co.jp"), names=("Example Trading",))
    found = Site.of(options, NAME_WORDS).lookalike(domain)
    assert found is not None
    assert found.of == of
