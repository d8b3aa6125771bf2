from .abuse_report import Reporter
from .service import (
    AgesUnknownError,
    Closed,
    MailLabel,
    NoAuthorError,
    NoSuchEntryError,
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
