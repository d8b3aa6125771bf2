"""What a person does with held mail: one service for the command line, and later for API and pages.

`Review` lists, shows, releases, deletes, allows, labels and reports, and records who did it. `documents` gives its
answers as JSON values; `trace` finds where one message is. Nothing here formats text for people. The caller says who
the person is (`who`).
"""

from sekisho.review.abuse_report import Reporter
from sekisho.review.naming import NoSuchEntryError
from sekisho.review.service import (
    AgesUnknownError,
    Closed,
    MailLabel,
    NoAuthorError,
    Review,
)

__all__ = [
    "AgesUnknownError",
    "Closed",
    "MailLabel",
    "NoAuthorError",
    "NoSuchEntryError",
    "Reporter",
    "Review",
]
