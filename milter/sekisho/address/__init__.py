"""Addresses in hostile mail: header fields, free text, SMTP paths.

- `parse`: the mailboxes that an address field names, and what two mail programs may read differently in it
  (RFC 5322 sections 3.4 and 4.4, RFC 6532).
- `addresses_in`, `hosts_in`: the addresses and hosts that a display name or a line of text shows.
- `split_path`: local part and domain of a MAIL FROM or RCPT TO path (RFC 5321 section 4.1.2).
- `without_extension`: the mailbox behind an address with an extension.

It cannot see the decoded display name (encoded words stay encoded here), whether a domain exists, or whether a mailbox
exists. Domains are given as written, in lower case; `domains.to_ascii` checks them.
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
