"""The message: its envelope, headers, text, links and parts, read from bytes once and never changed."""

from sekisho.message.author import mailboxes
from sekisho.message.envelope import Client, Envelope, Forged, Recipient
from sekisho.message.key import key_of, message_key
from sekisho.message.model import (
    Author,
    Field,
    Headers,
    InnerMessage,
    Link,
    Message,
    Page,
    Part,
    Problem,
    Shown,
)
from sekisho.message.pictures import with_codes
from sekisho.message.read import Limits, read

__all__ = [
    "Author",
    "Client",
    "Envelope",
    "Field",
    "Forged",
    "Headers",
    "InnerMessage",
    "Limits",
    "Link",
    "Message",
    "Page",
    "Part",
    "Problem",
    "Recipient",
    "Shown",
    "key_of",
    "mailboxes",
    "message_key",
    "read",
    "with_codes",
]
