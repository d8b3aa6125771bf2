"""Which text may be an authenticated identifier. The rules are strict: identifiers are looked up, compared and printed.

An author's domain is letters, digits and hyphens (`domains.to_ascii`). What SPF and DKIM look up may also hold
underscores (RFC 8552), and nothing else: no NUL, quote, parenthesis, space or control character of a message ever
becomes an identifier.
"""

from __future__ import annotations

import re

from sekisho import domains
from sekisho.bounded_cache import remembered

LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
LOOKUP_NAME = re.compile(rf"{LABEL}(?:\.{LABEL})*\Z")


def lookup_domain(text: str) -> str | None:
    """A domain of at least two labels as it is looked up, in ASCII lower case; None if the text is none.

    >>> lookup_domain("Mail_1.Example.jp")
    'mail_1.example.jp'
    >>> lookup_domain("legitimate.example(a.attack.example")
    """
    domain = selector(text)
    return domain if domain is not None and "." in domain else None


@remembered(8192)
def selector(text: str) -> str | None:
    """A DKIM selector, or any other name of one label or more that is only looked up, in ASCII lower case; None if the
    text is none."""
    if text.isascii() and "xn--" not in text.lower():
        name = text.lower().removesuffix(".")
        return name if len(name) <= 253 and LOOKUP_NAME.match(name) else None
    return domains.to_ascii(text)


def split_sender(path: str) -> tuple[str, str]:
    """MAIL FROM as local part and domain. The last `@` divides, since a quoted local part may hold others."""
    local, _, domain = path.rpartition("@")
    return local, domain
