from .author import mailboxes
from .envelope import ELSEWHERE, AliasTarget, Client, Envelope, Forged, Recipient
from .key import key_of, message_key
from .limits import Limits
from .model import (
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
from .pictures import with_codes
from .read import read

__all__ = [
    "ELSEWHERE",
    "AliasTarget",
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
