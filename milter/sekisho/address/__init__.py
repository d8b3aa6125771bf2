"""Addresses in hostile mail: header fields, free text, SMTP paths.

What it answers: which mailboxes an address field names, and everything about it on which two mail programs
could disagree (RFC 5322 3.4 and 4.4, RFC 6532); which addresses and hosts a display name or a line of text
shows; what stands in a MAIL FROM or RCPT TO path (RFC 5321 4.1.2); whose mailbox an address with an extension is.

What it cannot see: the display name as decoded (encoded words stay encoded here), whether a domain exists,
and whether a mailbox does. Domains are given as written, lower case; `domains.to_ascii` judges them.
"""

from sekisho.address.extension import unquoted, without_extension
from sekisho.address.fields import AddressList, parse
from sekisho.address.paths import Path, split_path
from sekisho.address.shown import addresses_in, hosts_in
from sekisho.address.spec import Mailbox

__all__ = [
    "AddressList",
    "Mailbox",
    "Path",
    "addresses_in",
    "hosts_in",
    "parse",
    "split_path",
    "unquoted",
    "without_extension",
]
