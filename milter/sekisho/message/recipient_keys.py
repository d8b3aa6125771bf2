"""How a recipient is compared and looked up: by address, by mailbox and by domain."""

from __future__ import annotations

from sekisho.address import unquoted, without_extension
from sekisho.bounded_cache import remembered
from sekisho.domains import to_ascii


@remembered(4096)  # recipients get mail every day
def key_of(name: str) -> str:
    """A recipient's address or domain as it is compared: without case, without quotes, the domain in ASCII. (Postfix
    passes `a..b@docomo.ne.jp` as `"a..b"@docomo.ne.jp`.) The case goes by Unicode's full folding, as in Postfix's
    tables: there `straße@` is the mailbox `strasse@`."""
    local, at, domain = name.casefold().rpartition("@")
    return f"{unquoted(local)}{at}{to_ascii(domain) or domain}"


def mailbox_of(key: str, delimiters: str) -> str:
    """An address as `key_of` gives it, without its extension."""
    local, at, domain = key.rpartition("@")
    bare = without_extension(local, delimiters)
    return key if bare == local else f"{bare}{at}{domain}"


def widening(name: str, delimiters: str) -> tuple[str, ...]:
    """The keys under which a recipient is looked up, the narrowest first: the address, the address without its
    extension, the domain."""
    exact = key_of(name)
    mailbox, domain = mailbox_of(exact, delimiters), exact.rpartition("@")[2]
    return (exact, domain) if mailbox == exact else (exact, mailbox, domain)
