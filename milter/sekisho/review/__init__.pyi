from .abuse_report import Reporter
from .naming import NoSuchEntryError
from .service import (
    AgesUnknownError,
    Closed,
    MailLabel,
    NoAuthorError,
    NoSuchRecipientError,
    Review,
)

__all__ = [
    "AgesUnknownError",
    "Closed",
    "MailLabel",
    "NoAuthorError",
    "NoSuchEntryError",
    "NoSuchRecipientError",
    "Reporter",
    "Review",
]
